//! The set of a heap's pages. Each slice of address space has one bit, which says that a page of the heap begins
//! there.
//!
//! The bits are in chunks of 256 MiB of address space each. The chunks are on a list that only grows; a heap's record
//! keeps them for the next heap. A bit is set before its page is used, and cleared before the page's memory goes.
//! Moving a page to another heap may race with releasing it, which may leave a bit behind. So a bit only says *look
//! here*; the page's label decides (`page/label.rs`).
//!
//! A second bit for each slice says that the page there became LISTED since somebody last looked for holes in it
//! (`holes`). A thread lists a page before it sets this bit (Release). A thread that looks for holes clears the bit
//! (Acquire) before it looks at the page. So either the look finds the page listed, or the bit is set after it.

use crate::arena::meta::meta_alloc;
use crate::base::config::SLICE_SHIFT;
use crate::base::grow_list::{GrowList, Listed};
use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use crate::page::Page;
use core::cell::Cell;
use core::ptr;

const SLICES: usize = 4096;
const WORDS: usize = SLICES / 64;

/// The bits of one aligned range of `SLICES` slices.
struct Chunk {
    /// The range's number: its address divided by its size. Set before the chunk is published.
    number: usize,
    older: AtomicPtr<Chunk>,
    bits: [AtomicU64; WORDS],
    listed: [AtomicU64; WORDS],
}

// SAFETY: the list alone writes the link.
unsafe impl Listed for Chunk {
    fn older(&self) -> &AtomicPtr<Chunk> {
        &self.older
    }
}

/// A place in a set of pages, for a thread that looks at some of them now and at others later.
pub struct Cursor {
    chunk: Cell<Option<&'static Chunk>>,
    slice: Cell<usize>,
}

impl Cursor {
    /// Before the first page.
    pub const fn start() -> Cursor {
        Cursor { chunk: Cell::new(None), slice: Cell::new(0) }
    }
}

/// The set.
pub struct PageSet {
    all: GrowList<Chunk>,
    /// The chunk that was used last.
    recent: AtomicPtr<Chunk>,
}

fn place(start: *const u8) -> (usize, usize) {
    let slice = start.addr() >> SLICE_SHIFT;
    (slice / SLICES, slice % SLICES)
}

impl PageSet {
    /// The empty set.
    pub const fn new() -> PageSet {
        PageSet { all: GrowList::new(), recent: AtomicPtr::new(ptr::null_mut()) }
    }

    fn chunk(&self, number: usize) -> Option<&'static Chunk> {
        // Acquire: pairs with the Release below.
        // SAFETY: null or a chunk, which is never unmapped.
        if let Some(chunk) = unsafe { self.recent.load(Ordering::Acquire).as_ref() }
            && chunk.number == number
        {
            return Some(chunk);
        }
        let found = self.all.iter().find(|chunk| chunk.number == number)?;
        // Release: the chunk's number, for the Acquire above.
        self.recent.store(ptr::from_ref(found).cast_mut(), Ordering::Release);
        Some(found)
    }

    #[inline(never)]
    fn add(&self, number: usize) -> Option<&'static Chunk> {
        let fresh = meta_alloc(size_of::<Chunk>(), align_of::<Chunk>()).cast::<Chunk>();
        if fresh.is_null() {
            return None;
        }
        // SAFETY: fresh zeroed memory of ours, for ever; zero is a chunk without bits.
        let fresh = unsafe {
            (*fresh).number = number;
            &*fresh
        };
        // If another thread is faster, this memory is lost.
        Some(self.all.add_unless(fresh, || self.chunk(number)))
    }

    /// Enter the page that begins at `start`. Returns false if there is no memory for it.
    pub fn insert(&self, start: *const u8) -> bool {
        let (number, bit) = place(start);
        let Some(chunk) = self.chunk(number).or_else(|| self.add(number)) else { return false };
        // Relaxed: whoever looks at the page's record finds it through the page map, which orders the accesses.
        chunk.bits[bit / 64].fetch_or(1 << (bit % 64), Ordering::Relaxed);
        true
    }

    /// Remove the page that begins at `start`, if it is in the set.
    pub fn remove(&self, start: *const u8) {
        let (number, bit) = place(start);
        if let Some(chunk) = self.chunk(number) {
            chunk.bits[bit / 64].fetch_and(!(1 << (bit % 64)), Ordering::Relaxed);
        }
    }

    /// The page that begins at `start` is LISTED.
    pub fn note_listed(&self, start: *const u8) {
        let (number, bit) = place(start);
        if let Some(chunk) = self.chunk(number) {
            let (word, mask) = (&chunk.listed[bit / 64], 1 << (bit % 64));
            // Release, as in the file's head. The bit is written even if it is set already.
            word.fetch_or(mask, Ordering::Release);
        }
    }

    /// The next page from `cursor` on whose second bit is set, and the page's start. Clears the bit. At the end it
    /// returns None, and `cursor` starts over. Each of several callers needs its own cursor.
    #[cold]
    pub fn next_listed(&self, cursor: &Cursor) -> Option<(&'static Page, *const u8)> {
        if cursor.chunk.get().is_none() {
            cursor.chunk.set(self.all.newest());
            cursor.slice.set(0);
        }
        while let Some(chunk) = cursor.chunk.get() {
            while let Some(word) = chunk.listed.get(cursor.slice.get() / 64) {
                let bits = word.load(Ordering::Relaxed) & (u64::MAX << (cursor.slice.get() % 64));
                if bits == 0 {
                    cursor.slice.set((cursor.slice.get() / 64 + 1) * 64);
                    continue;
                }
                let slice = cursor.slice.get() / 64 * 64 + bits.trailing_zeros() as usize;
                cursor.slice.set(slice + 1);
                // Acquire: as in the file's head.
                word.fetch_and(!(1 << (slice % 64)), Ordering::Acquire);
                let start = ptr::without_provenance::<u8>((chunk.number * SLICES + slice) << SLICE_SHIFT);
                if let Some(page) = Page::at(start) {
                    return Some((page, start));
                }
            }
            cursor.chunk.set(GrowList::older(chunk));
            cursor.slice.set(0);
        }
        None
    }

    /// Call `visit` with each page that begins where a bit is set, and with that place, until it returns false.
    /// Returns whether it never did. If other threads free blocks of a page, the page may be gone by then, and its
    /// record may describe a page elsewhere.
    pub fn for_each(&self, mut visit: impl FnMut(&'static Page, *const u8) -> bool) -> bool {
        for chunk in self.all.iter() {
            for (w, word) in chunk.bits.iter().enumerate() {
                let mut bits = word.load(Ordering::Relaxed);
                while bits != 0 {
                    let slice = chunk.number * SLICES + w * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let start = ptr::without_provenance::<u8>(slice << SLICE_SHIFT);
                    if let Some(page) = Page::at(start)
                        && page.begins_at(start)
                        && !visit(page, start)
                    {
                        return false;
                    }
                }
            }
        }
        true
    }
}

impl Default for PageSet {
    fn default() -> Self {
        PageSet::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_places() {
        let set = PageSet::new();
        let at = |n: usize| ptr::without_provenance::<u8>(n << SLICE_SHIFT);
        assert!(set.insert(at(5)) && set.insert(at(SLICES)) && set.insert(at(9 * SLICES + 70)));
        let count =
            || set.all.iter().flat_map(|c| &c.bits).map(|w| w.load(Ordering::Relaxed).count_ones()).sum::<u32>();
        assert_eq!(count(), 3);
        set.remove(at(SLICES));
        set.remove(at(SLICES + 1));
        set.remove(at(77 * SLICES));
        assert_eq!(count(), 2);
        assert_eq!(set.all.iter().count(), 3);
        // Nothing lies at those places.
        assert!(set.for_each(|_, _| panic!("no page is there")));
    }
}
