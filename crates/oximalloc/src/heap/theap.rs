//! The theap: what one thread allocates from, and the thread-local pointer to it.
//!
//! Each bin has a stack of free blocks (an array that ends, at its bottom, in a null: so a pop needs one test). What a
//! malloc and a free touch of it is [`Hot`]; the rest is [`Side`].
//!
//! A stack takes the blocks that its thread frees, whoever's page they are from: so what threads hand to each other
//! is used again where it is freed, without an atomic. That is right for the main heap alone, whose pages' slices are
//! in the table of fast frees. But blocks of up to [`SMALL`] times 16 bytes share cache lines: those of other threads'
//! pages go back (`remote`), so that threads do not go on with pieces of one line. To tell them apart costs nothing: the
//! hot parts of these bins lie in each theap at the place of its number, which is what the table has for its pages; a
//! part at another's place is all zero, and takes the generic path. A stack whose `limit` is its base takes none on the fast path: those of `empty`, so
//! that the first allocation or free of a thread takes the generic path; those of other heaps' theaps; and all while
//! they are shut.
//!
//! A thread has a theap for each heap that it allocates from. The first, for the main heap of its subprocess, is its
//! *root*: it holds what there is once a thread (chains, records, the table of the others).
//!
//! Invariants: `base <= top <= base + max` and the word at `base` is null; blocks on a stack count as out in their pages; `page`
//! is attached to this theap; all pages on `avail` are LISTED or DEAD.

use super::empty::{self, thread};
use super::guarded::Sampling;
use super::hold::Hold;
use super::idle::Idle;
use super::record::{Heap, MAIN, MAIN_ID};
use super::records::Records;
use super::remote::Out;
use super::shown::Shown;
use super::step::Steps;
use crate::arena::fast;
use crate::base::seen::Seen;
use crate::base::sync::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use crate::page::Page;
use crate::page::bins::{BINS, Bin, SLOTS, TABLE, least};
use crate::page::record::{Owner, bound32, inverse32};
use crate::page::stack::{Linked, Stack};
use crate::prim::processor;
use core::cell::Cell;
use core::mem::offset_of;
use core::ptr;

/// The owner's part of a bin. Words of the stack are named by their distance from the theap, in bytes: so zero is the
/// theap's first word, which is zero, a null; and a theap that is all zero has empty stacks. No stack lies on both sides
/// of its theap, so distances compare as addresses do.
#[repr(C)]
pub struct Hot {
    /// The topmost block, or the null at the base.
    pub top: Seen,
    /// Where a push has no room left.
    pub limit: Cell<usize>,
    /// The null at the bottom of the stack.
    pub base: Seen,
    /// `inverse32` of the block size, and `bound32`: together they tell block starts in a one-slice page.
    pub inverse: Cell<u32>,
    /// Behind `inverse`, as `processor::divides` takes it.
    pub bound: Cell<u32>,
}

/// The part of a bin that the fast paths do not touch, but for the stack's words while it has not grown. A slow path needs
/// its first cache line.
#[repr(C, align(128))]
pub struct Side {
    /// The page that supplies the stack.
    pub page: Cell<*mut Page>,
    /// Pages with room.
    pub avail: Cell<*mut Page>,
    /// Statistics.
    pub moved: Moved,
    /// Memory for the grown stack; null until it has grown.
    pub(super) deep: Cell<*mut *mut u8>,
    /// How many words above the first it has.
    pub(super) deep_words: Cell<u32>,
    /// Room of the stack now; grows with use.
    pub room: Cell<u32>,
    /// Pages of others taken over since the last collect: for an allocation, and at a free.
    pub reclaimed: Cell<(u16, u16)>,
    /// The stack ran empty since it was last full.
    pub ran_empty: Cell<bool>,
    /// Of how many pages it gave blocks since it last took some, not counting those that lay together.
    pub scattered: Cell<u8>,
    /// The base of the stack has risen in its array.
    pub(super) raised: Cell<bool>,
    /// The stack, until it has grown.
    pub(super) shallow: [Cell<*mut u8>; 1 + SHALLOW],
}

/// Blocks moved between pages and this theap, for statistics; written by the owner alone.
#[repr(C)]
pub struct Moved {
    /// Blocks taken from pages.
    pub taken: AtomicU64,
    /// Blocks given back to pages (any theap's).
    pub given: AtomicU64,
}

impl Moved {
    /// Count; the owner is the only writer, so no read-modify-write is needed.
    #[inline]
    pub fn add(cell: &AtomicU64, n: u32) {
        cell.store(cell.load(Ordering::Relaxed) + n as u64, Ordering::Relaxed);
    }
}

/// Room of a stack that has not grown beyond it.
pub(super) const SHALLOW: usize = 8;

/// One thread's part of a heap.
#[repr(C, align(64))]
pub struct Theap {
    /// The hot parts of the bins, but those of the smallest, which lie in `small`.
    hot: [Hot; BINS],
    /// Those of bins 1 to [`SMALL`] at the theap's number; zero at all others.
    small: [[Hot; SMALL]; NUMBERS],
    /// The theap's number, which it shares with others when there are more than [`NUMBERS`].
    number: Cell<u32>,
    /// Blocks of other threads' pages, of the smallest bins.
    pub outs: [Out; SMALL],
    /// The offset of the hot part for a request, by its `slot`. In the theap so that `malloc` needs no address of it.
    pub offsets: [u16; SLOTS],
    /// Tag of the thread; 0 when it has ended, or [`VANISHED`].
    tag: AtomicUsize,
    /// Pages with room that other threads return.
    pub returned: Stack<Page>,
    /// The heap it is a part of; null in an empty one, for the main heap of all.
    pub heap: AtomicPtr<Heap>,
    /// The heap's id; another one says that the heap has ended.
    pub heap_id: AtomicU64,
    /// The thread's first theap; null in an empty one.
    pub root: AtomicPtr<Theap>,
    /// Its place in the root's table.
    pub slot: Cell<u32>,
    /// Who works on it.
    pub hold: Hold,
    /// Whether a thread has it as its default.
    pub shown: Shown,
    /// Of a root: the thread's steps.
    pub steps: Steps,
    /// Of a root: its thread is counted in the process's statistics.
    pub counted: Cell<bool>,
    /// Of a root: one of the thread's heaps was deleted by another thread.
    pub stale: AtomicBool,
    /// Of a root: how often it came by since.
    pub stale_for: Cell<u32>,
    /// Of a root: the table of the thread's other theaps, by their heap's slot, and its length.
    pub parts: Cell<*mut Cell<*mut Theap>>,
    /// Length of `parts`.
    pub parts_len: Cell<u32>,
    /// Link in the heap's list of theaps.
    pub peer: AtomicPtr<super::record::Member>,
    /// Link in a list of theaps without a thread.
    link: AtomicPtr<Theap>,
    /// Link in the list of all theaps, which only grows.
    pub all: AtomicPtr<Theap>,
    /// Bins whose stacks were ever opened by this thread.
    pub opened: Cell<u128>,
    /// Page records in no use (`records`).
    pub records: Records,
    /// Slow paths taken since the last collect.
    pub slow: Cell<u32>,
    /// Of a root: the thread may have spare pages.
    pub has_spares: Cell<bool>,
    /// What the thread has not used for a while.
    pub idle: Idle,
    /// Of a root: the heartbeat.
    pub beat: Cell<u64>,
    /// Of a root: the thread is one of a pool, and takes no pages over when it frees.
    pub in_threadpool: Cell<bool>,
    /// Of a root: the thread is in the deferred-free function, or is not to call it.
    pub calling: Cell<bool>,
    /// Which allocations get a guarded block.
    pub sampling: Sampling,
    /// The other parts of the bins.
    pub side: [Side; BINS],
}

// SAFETY: a theap is shared for its atomics alone; its cells belong to the thread of `tag` (or, when that is 0, to
// whoever took it from the pool; or, in a child of fork, to the only thread).
unsafe impl Sync for Theap {}

impl Linked for Theap {
    fn link(&self) -> &AtomicPtr<Theap> {
        &self.link
    }
}

/// The tag of a theap whose thread is not in the child that was forked (`fork`). No thread's is that low.
pub const VANISHED: usize = 1;
/// Bins whose blocks share cache lines.
pub const SMALL: usize = 3;
/// Theaps in a row whose smallest blocks are told apart.
pub const NUMBERS: usize = 16;
/// Numbers given so far.
static NUMBERED: AtomicU32 = AtomicU32::new(0);

/// How many theaps were made so far.
pub fn made() -> usize {
    NUMBERED.load(Ordering::Relaxed) as usize
}

/// How many theaps of each number have a thread: on a line that is written when one starts or ends.
static LIVE: Live = Live([const { AtomicU32::new(0) }; NUMBERS]);

#[repr(align(64))]
struct Live([AtomicU32; NUMBERS]);

/// Whether a thread lives that has a theap of this number. A hint: as of a moment ago, for any of those that share the number,
/// and off by one in the child of a fork that met a thread in `set_tag`. Either way of a free is right.
pub fn lives(number: usize) -> bool {
    LIVE.0.get(number).is_some_and(|live| live.load(Ordering::Relaxed) != 0)
}

/// The offset of a bin's hot part in a theap of that number.
const fn place(number: usize, b: usize) -> usize {
    if b != 0 && b <= SMALL {
        offset_of!(Theap, small) + (number * SMALL + b - 1) * size_of::<Hot>()
    } else {
        offset_of!(Theap, hot) + b * size_of::<Hot>()
    }
}

/// [`Theap::bin_at`] takes these parts for one row.
const _: () = assert!(offset_of!(Theap, small) == offset_of!(Theap, hot) + BINS * size_of::<Hot>());

/// From a bin's hot part to its inverse.
pub const INVERSE: usize = offset_of!(Hot, inverse);

/// What an entry of the table of fast frees says of the blocks of its slice, for any thread.
#[repr(C)]
#[derive(Clone, Copy)]
struct Told {
    /// As in [`Hot`].
    inverse: u32,
    bound: u32,
    /// Bytes of a block.
    size: u32,
    /// [`least`] of it.
    least: u32,
}

/// By the number of the hot part that an entry is the offset of. The first is that of slices which are not open: no block
/// starts there.
static TOLD: [Told; BINS + SMALL * NUMBERS] = {
    let mut told = [Told { inverse: 0, bound: 0, size: 0, least: 0 }; BINS + SMALL * NUMBERS];
    let mut i = 1;
    while i < told.len() {
        let size = Bin::at(if i < BINS { i } else { (i - BINS) % SMALL + 1 }).block_size();
        told[i] = Told { inverse: inverse32(size), bound: bound32(size), size: size as u32, least: least(size) as u32 };
        i += 1;
    }
    told
};

/// Of the block that starts at `p`, if its slice is open: its bytes, and the least that it stays for when it shrinks
/// ([`least`]). Says nothing of whether it is in use.
#[inline(always)]
pub fn told(p: *const u8) -> Option<(usize, usize)> {
    let at = fast::get(p)? / (size_of::<Hot>() / size_of::<Told>());
    // SAFETY: entries are offsets of hot parts, of which `TOLD` has one for each.
    unsafe {
        processor::divides::<0>(TOLD.as_ptr().cast(), at, p as usize).then(|| {
            let told = &*TOLD.as_ptr().byte_add(at);
            (told.size as usize, told.least as usize)
        })
    }
}

impl Theap {
    /// The calling thread's, or an empty one (see `empty`); never null.
    #[inline(always)]
    pub fn current<'a>() -> &'a Theap {
        // SAFETY: the pointer is to zeros that are a theap, or to a theap, and theaps are never unmapped.
        unsafe { &*thread::get() }
    }

    /// With the life that theaps have.
    ///
    /// # Safety
    /// - it is empty or from `parts`, whose theaps are never unmapped.
    #[inline(always)]
    pub unsafe fn for_ever(&self) -> &'static Theap {
        let theap: *const Theap = self;
        // SAFETY: by the contract.
        unsafe { &*theap }
    }

    /// The heap that it is a part of.
    #[inline(always)]
    pub fn heap<'a>(&self) -> &'a Heap {
        // SAFETY: a heap's record, which is never unmapped.
        unsafe { self.heap.load(Ordering::Relaxed).as_ref() }.unwrap_or(&MAIN)
    }

    /// The thread's first theap; that of an empty one is empty.
    #[inline(always)]
    pub fn root<'a>(&self) -> &'a Theap {
        // SAFETY: a theap, which is never unmapped.
        unsafe { self.root.load(Ordering::Relaxed).as_ref() }.unwrap_or(empty::new())
    }

    /// Whether the calling thread has it.
    #[inline(always)]
    pub fn is_ours(&self) -> bool {
        self.tag.load(Ordering::Relaxed) == crate::prim::tls::tag()
    }

    /// Whether a thread has it.
    pub fn has_thread(&self) -> bool {
        self.tag.load(Ordering::Relaxed) > VANISHED
    }

    /// Whether its thread vanished in a fork, and nobody has it since.
    pub fn has_vanished(&self) -> bool {
        self.tag.load(Ordering::Relaxed) == VANISHED
    }

    /// It is that thread's now, or (0, [`VANISHED`]) nobody's.
    pub fn set_tag(&self, tag: usize) {
        let had = self.tag.swap(tag, Ordering::Relaxed);
        self.count_thread(had, tag);
    }

    /// It is the calling thread's now, unless (false) its thread has not vanished, or another thread has it.
    pub fn claim_vanished(&self) -> bool {
        let tag = crate::prim::tls::tag();
        // Relaxed: what its thread had done was seen before the child had a second thread.
        let claimed = self.tag.compare_exchange(VANISHED, tag, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if claimed {
            self.count_thread(VANISHED, tag);
        }
        claimed
    }

    fn count_thread(&self, had: usize, tag: usize) {
        let (live, theaps) = (&LIVE.0[self.number()], &self.heap().stats.theaps);
        match (had > VANISHED, tag > VANISHED) {
            (false, true) => {
                live.fetch_add(1, Ordering::Relaxed);
                theaps.add(1);
            }
            (true, false) => {
                live.fetch_sub(1, Ordering::Relaxed);
                theaps.sub(1);
            }
            _ => {}
        }
    }

    /// Its number, which others may have, too.
    #[inline(always)]
    pub fn number(&self) -> usize {
        self.number.get() as usize % NUMBERS
    }

    /// As the owner of pages.
    #[inline(always)]
    pub fn as_owner(&self) -> *mut Owner {
        &raw const *self as *mut Owner
    }

    /// The theap behind a page's owner.
    ///
    /// # Safety
    /// - `owner` is that of a page in use: theaps are never unmapped.
    #[inline(always)]
    pub unsafe fn of_owner<'a>(owner: *mut Owner) -> &'a Theap {
        // SAFETY: by the contract; the one place where an owner is turned back into a theap.
        unsafe { &*(owner as *const Theap) }
    }

    /// The hot part of a bin.
    #[inline(always)]
    pub fn hot(&self, b: usize) -> &Hot {
        debug_assert!(b < BINS);
        // SAFETY: at most BINS - 1.
        unsafe { self.hot_at(self.place_of(b.min(BINS - 1))) }
    }

    /// The hot part at an offset.
    ///
    /// # Safety
    /// - it is one of [`Theap::place_of`], of `offsets` or of the table of fast frees.
    #[inline(always)]
    pub unsafe fn hot_at(&self, at: usize) -> &Hot {
        // SAFETY: there is a hot part at such offsets, in each theap.
        unsafe { &*self.bytes().add(at).cast::<Hot>() }
    }

    /// Its first byte.
    #[inline(always)]
    pub fn bytes(&self) -> *const u8 {
        (&raw const *self).cast()
    }

    /// The offset of a bin's hot part.
    ///
    /// # Safety
    /// - `b` is below BINS.
    #[inline(always)]
    pub unsafe fn place_of(&self, b: usize) -> usize {
        // The sizes of the smallest bins are 16 times their number. No branch: it would be mispredicted.
        // SAFETY: far below the table's length.
        let small = unsafe { *self.offsets.get_unchecked(b) as usize };
        core::hint::select_unpredictable(
            b.wrapping_sub(1) < SMALL,
            small,
            offset_of!(Theap, hot) + b * size_of::<Hot>(),
        )
    }

    /// The word that lies so many bytes from the theap.
    #[inline(always)]
    pub fn word(&self, distance: usize) -> *mut *mut u8 {
        // The stacks' memory is exposed in `distance`, the theap's here: at 0 its first word is read.
        ptr::with_exposed_provenance_mut((&raw const *self).expose_provenance().wrapping_add(distance))
    }

    /// How far a word lies from the theap.
    pub(super) fn distance(&self, word: *mut *mut u8) -> usize {
        word.expose_provenance().wrapping_sub((&raw const *self).addr())
    }

    /// The entry of a bin's pages for the table of fast frees.
    pub fn entry(&self, bin: Bin) -> usize {
        place(self.number(), bin.index())
    }

    /// What an entry says: the bin and, of the smallest, the number of the theap it leads to; None for a closed slice's.
    pub fn bin_at(entry: usize) -> Option<(Option<usize>, Bin)> {
        let i = entry / size_of::<Hot>();
        match i.checked_sub(BINS) {
            Some(small) => Some((Some(small / SMALL), Bin::at(small % SMALL + 1))),
            None => (i != 0).then(|| (None, Bin::at(i))),
        }
    }

    /// Whether it is of the main heap of all, whose blocks any of its theaps' stacks may hold.
    #[inline(always)]
    pub fn is_main(&self) -> bool {
        self.heap_id.load(Ordering::Relaxed) == MAIN_ID
    }

    /// Numbers of the open bins.
    pub fn open_bins(&self) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.opened.get();
        core::iter::from_fn(move || {
            (left != 0).then(|| {
                let b = left.trailing_zeros() as usize;
                left &= left - 1;
                b
            })
        })
    }
}

impl Theap {
    /// Begin the theap at `this`: no bin is open, and so each stack is empty and full.
    ///
    /// # Safety
    /// - it is fresh zeroed memory of the caller's, for ever.
    pub unsafe fn begin(this: *mut Theap) -> &'static Theap {
        // Another thread's theap has the next number; after the last one they begin again.
        let number = NUMBERED.fetch_add(1, Ordering::Relaxed) as usize % NUMBERS;
        // SAFETY: by the contract; zeroed memory is a theap.
        unsafe {
            (*this).number.set(number as u32);
            // Without a branch on the bin: the smallest have the first slots, which come again.
            for (offset, bin) in (*this).offsets.iter_mut().zip(&TABLE) {
                *offset = (offset_of!(Theap, hot) + bin.index() * size_of::<Hot>()) as u16;
            }
            for (offset, bin) in (*this).offsets.iter_mut().zip(&TABLE).take(SMALL + 1) {
                *offset = place(number, bin.index()) as u16;
            }
            &*this
        }
    }
}

#[cfg(test)]
mod tests;
