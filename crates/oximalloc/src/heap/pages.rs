//! The set of a heap's pages: one bit for each slice of address space at which one of them begins.
//!
//! In chunks that stand for 256 MiB each, on a list that only grows; a heap's record keeps them for the next heap.
//! A bit is set before a page is used and cleared before its memory goes. What moves a page to another heap may race
//! with what releases it and leave a bit behind: a bit says *look here*, and the page's label counts (`page/label.rs`).
//!
//! A second bit for each slice says that the page there became LISTED since somebody looked for holes in it (`holes`). Who
//! lists a page does so before it sets the bit (Release); who looks clears the bit (Acquire) before it looks: so either the
//! look finds the page listed, or the bit is set after it.

use crate::arena::map;
use crate::arena::meta::meta_alloc;
use crate::base::config::SLICE_SHIFT;
use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use crate::page::Page;
use core::cell::Cell;
use core::ptr;

const SLICES: usize = 4096;
const WORDS: usize = SLICES / 64;

/// The bits of one aligned range of `SLICES` slices.
struct Chunk {
    /// The range's number: its address over its size. Set before the chunk is published.
    number: usize,
    next: *mut Chunk,
    bits: [AtomicU64; WORDS],
    listed: [AtomicU64; WORDS],
}

/// A place in a set of pages, for one who looks at some of them now and at others later.
pub(super) struct Cursor {
    chunk: Cell<*const Chunk>,
    slice: Cell<usize>,
}

impl Cursor {
    /// Before the first.
    pub(super) const fn new() -> Cursor {
        Cursor { chunk: Cell::new(ptr::null()), slice: Cell::new(0) }
    }
}

/// The set.
pub struct PageSet {
    first: AtomicPtr<Chunk>,
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
        PageSet { first: AtomicPtr::new(ptr::null_mut()), recent: AtomicPtr::new(ptr::null_mut()) }
    }

    fn chunk(&self, number: usize) -> Option<&Chunk> {
        // Acquire: pairs with the Release in `add`, by way of the thread that stored `recent`.
        let recent = self.recent.load(Ordering::Acquire);
        // SAFETY: chunks are never unmapped.
        if let Some(chunk) = unsafe { recent.as_ref() }
            && chunk.number == number
        {
            return Some(chunk);
        }
        let found = self.chunks().find(|chunk| chunk.number == number)?;
        // Release: the chunk's number and links, for the Acquire above.
        self.recent.store((&raw const *found).cast_mut(), Ordering::Release);
        Some(found)
    }

    fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        // Acquire: pairs with the Release in `add`.
        let mut at = self.first.load(Ordering::Acquire);
        core::iter::from_fn(move || {
            // SAFETY: chunks on the list are valid and never unmapped.
            let chunk = unsafe { at.as_ref() }?;
            at = chunk.next;
            Some(chunk)
        })
    }

    #[inline(never)]
    fn add(&self, number: usize) -> Option<&Chunk> {
        let fresh = meta_alloc(size_of::<Chunk>(), align_of::<Chunk>()).cast::<Chunk>();
        if fresh.is_null() {
            return None;
        }
        loop {
            let first = self.first.load(Ordering::Relaxed);
            if let Some(chunk) = self.chunk(number) {
                // Another thread was faster; its memory is lost.
                return Some(chunk);
            }
            // SAFETY: fresh zeroed memory of ours, of which zeroed bits are a valid part.
            unsafe {
                (*fresh).number = number;
                (*fresh).next = first;
            }
            // Release: number and link, pairs with the Acquire in `chunks`.
            if self.first.compare_exchange(first, fresh, Ordering::Release, Ordering::Relaxed).is_ok() {
                // SAFETY: as in `chunks`.
                return unsafe { fresh.as_ref() };
            }
        }
    }

    /// Enter the page that begins at `start`; false without memory for it.
    pub fn insert(&self, start: *const u8) -> bool {
        let (number, bit) = place(start);
        let Some(chunk) = self.chunk(number).or_else(|| self.add(number)) else { return false };
        // Relaxed: who looks at the page's record does so through the page map, which orders it.
        chunk.bits[bit / 64].fetch_or(1 << (bit % 64), Ordering::Relaxed);
        true
    }

    /// Remove the page that begins at `start`, if it is in.
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
            // Release, and not without a write where it is set: as in the file's head.
            word.fetch_or(mask, Ordering::Release);
        }
    }

    /// The next page from `cursor` on whose second bit is set, which is cleared; and its start. None at the end, where
    /// `cursor` begins anew. Of several callers each needs a cursor of its own.
    #[cold]
    pub(super) fn next_listed(&self, cursor: &Cursor) -> Option<(*mut Page, *const u8)> {
        if cursor.chunk.get().is_null() {
            // Acquire: pairs with the Release in `add`.
            cursor.chunk.set(self.first.load(Ordering::Acquire));
            cursor.slice.set(0);
        }
        // SAFETY: chunks on the list are valid and never unmapped.
        while let Some(chunk) = unsafe { cursor.chunk.get().as_ref() } {
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
                let page = map::get(start) as *mut Page;
                if !page.is_null() {
                    return Some((page, start));
                }
            }
            cursor.chunk.set(chunk.next);
            cursor.slice.set(0);
        }
        None
    }

    /// Call `visit` for each page that begins where a bit is set, with that place, until it answers false; says whether it
    /// never did. A page that other threads free blocks of may be gone by then, and its record another page's elsewhere.
    pub fn for_each(&self, mut visit: impl FnMut(*mut Page, *const u8) -> bool) -> bool {
        for chunk in self.chunks() {
            for (w, word) in chunk.bits.iter().enumerate() {
                let mut bits = word.load(Ordering::Relaxed);
                while bits != 0 {
                    let slice = chunk.number * SLICES + w * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let start = ptr::without_provenance::<u8>(slice << SLICE_SHIFT);
                    let page = map::get(start) as *mut Page;
                    // SAFETY: the map leads to records, which are never unmapped.
                    if !page.is_null() && unsafe { (*page).begins_at(start) } && !visit(page, start) {
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
        let count = || set.chunks().flat_map(|c| &c.bits).map(|w| w.load(Ordering::Relaxed).count_ones()).sum::<u32>();
        assert_eq!(count(), 3);
        set.remove(at(SLICES));
        set.remove(at(SLICES + 1));
        set.remove(at(77 * SLICES));
        assert_eq!(count(), 2);
        assert_eq!(set.chunks().count(), 3);
        // Nothing lies at those places.
        assert!(set.for_each(|_, _| panic!("no page is there")));
    }
}
