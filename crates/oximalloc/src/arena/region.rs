//! One arena: a reserved range cut into slices, and what is known about each slice.
//!
//! Its record lies in its own first slices. The rest of these is never handed out, so no block lies next to the record.
//! Bits tell the state of a slice. The bits of 64 slices, and what else is known of these slices, form a cache line.
//! (The lengths of the runs that can be claimed, see `bitmap::runs`, lie behind all lines.) The bits:
//! - *taken*: somebody owns the slice, or it belongs to the record, or it lies beyond the end. Claims set this bit and
//!   releases clear it. Only the owner writes the other bits (for *committed*, see [`Arena::widest`]).
//! - *dirty*: it may hold something other than zero, and counts as committed memory.
//! - *pending*: it is dirty and not taken, and waits for its purge. Its last owner sets this just before it becomes
//!   free.
//! - *committed*: it is accessible.
//! - *absent* and *gone*: it is not mapped, see `mapping`.
//! - *walled*: its last OS page is inaccessible, see `walls`.
//!
//! Invariant: the record is accessible as long as the arena exists. What it says of slices is changed only through
//! atomics. `slices` and `mapping` keep the bits true.

use super::backing::Backing;
use super::extent::Extent;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use crate::base::units::{SliceIndex, Slices};
use crate::bitmap::Bitmap;
use crate::bitmap::runs::{self, Runs};
use crate::diag::stats::PROCESS;
use crate::os;

/// The main subprocess.
pub(super) const MAIN: u32 = 0;
/// In [`Arena::open_to`]: claims must ask for the arena by its id.
const NOBODY: u32 = u32::MAX;

/// Slices that one word of a bitmap stands for: 4 MiB.
pub(super) const WORD: usize = 64;
/// At most this many slices are made accessible ahead of those claimed: 32 MiB.
pub(super) const AHEAD: usize = 8 * WORD;
/// `huge` does not decide about the first bytes of an arena, so that small programs stay small.
const SMALL: usize = 8 << 20;
const HEAD: usize = size_of::<Arena>().next_multiple_of(64);
/// Words in the line of 64 slices: seven bitmaps and a time stamp.
pub(super) const LINE: usize = 8;

/// The record of an arena.
#[repr(C)]
pub(super) struct Arena {
    start: *mut u8,
    slices: usize,
    words: usize,
    index: AtomicUsize,
    /// The subprocess whose claims it serves, or [`NOBODY`].
    open_to: AtomicU32,
    /// The subprocess that it belongs to.
    subproc: AtomicU32,
    /// The NUMA node that its memory comes from, or -1.
    numa: i32,
    whole: bool,
    backing: Backing,
    low: AtomicUsize,
    free_count: AtomicUsize,
    undecided: AtomicUsize,
    /// Links the arenas that are open to claims, in the order in which they were entered (`table`).
    next_open: AtomicPtr<Arena>,
    extent: Extent,
}

/// Whose an arena is, and what it is for.
#[derive(Clone, Copy)]
pub(super) struct Use {
    pub(super) subproc: u32,
    /// Claims must ask for it by its id.
    pub(super) exclusive: bool,
    pub(super) numa: i32,
}

/// Where the first part begins that `huge` decides upon, in an arena at `start`.
fn first(start: *mut u8) -> SliceIndex {
    // That may lie behind the last address there is.
    let up = start.addr().wrapping_add(SMALL).wrapping_neg() & (os::LARGE_PAGE - 1);
    SliceIndex((SMALL + up) / SLICE)
}

impl Arena {
    /// Slices that the record takes in an arena of `slices` slices.
    pub(super) fn record_slices(slices: usize) -> usize {
        let words = slices.div_ceil(WORD);
        Slices::of_bytes(HEAD + (words * LINE + runs::room(words)) * size_of::<u64>()).0
    }

    /// Make an arena of a range whose first `committed` slices are accessible.
    ///
    /// # Safety
    /// - the range is the caller's, begins at a multiple of a slice, has `slices` slices, and is as `backing` says;
    /// - `committed` is at least [`Arena::record_slices`], and nothing in that part is used.
    pub(super) unsafe fn create(
        start: *mut u8,
        slices: usize,
        committed: usize,
        backing: Backing,
        what_for: Use,
    ) -> *mut Arena {
        let record = Arena::record_slices(slices);
        if !backing.is_own() {
            // SAFETY: accessible and ours alone by the contract. (Our own reservations are zero already.)
            unsafe { start.write_bytes(0, Slices(record).bytes()) };
        }
        let arena = start.cast::<Arena>();
        let head = Arena {
            start,
            slices,
            words: slices.div_ceil(WORD),
            index: AtomicUsize::new(0),
            open_to: AtomicU32::new(if what_for.exclusive { NOBODY } else { what_for.subproc }),
            subproc: AtomicU32::new(what_for.subproc),
            numa: what_for.numa,
            whole: backing.is_pinned() && committed == slices,
            backing,
            low: AtomicUsize::new(0),
            free_count: AtomicUsize::new(slices - record),
            undecided: AtomicUsize::new(first(start).0),
            next_open: AtomicPtr::new(core::ptr::null_mut()),
            extent: Extent::new(),
        };
        // SAFETY: accessible, aligned, and ours alone by the contract.
        unsafe { arena.write(head) };
        // SAFETY: written above.
        let this = unsafe { &*arena };
        this.runs().set(0, record);
        this.runs().set(slices, this.words * WORD - slices);
        this.committed().set(0, committed);
        this.dirty().set(0, record);
        // There is no need to count bits, because no others are set yet.
        PROCESS.committed.add(if this.whole { this.bytes() } else { Slices(record).bytes() });
        arena
    }

    /// The words of the lines, beginning with word `which` of the first line.
    fn known(&self, which: usize) -> &[AtomicU64] {
        let at = HEAD + which * size_of::<u64>();
        // SAFETY: inside the record, for which `create` made room. The words are zero, or written only through atomics.
        unsafe { core::slice::from_raw_parts(self.start.add(at).cast::<AtomicU64>(), self.words * LINE - which) }
    }
    /// The runs of slices that are not taken.
    pub(super) fn runs(&self) -> Runs<'_, LINE> {
        let at = HEAD + self.words * LINE * size_of::<u64>();
        // SAFETY: inside the record, behind the lines; as above.
        let lacks =
            unsafe { core::slice::from_raw_parts(self.start.add(at).cast::<AtomicU64>(), runs::room(self.words)) };
        Runs::new(self.taken(), lacks)
    }
    pub(super) fn taken(&self) -> Bitmap<'_, LINE> {
        Bitmap::new(self.known(0))
    }
    pub(super) fn dirty(&self) -> Bitmap<'_, LINE> {
        Bitmap::new(self.known(1))
    }
    pub(super) fn pending(&self) -> Bitmap<'_, LINE> {
        Bitmap::new(self.known(2))
    }
    pub(super) fn committed(&self) -> Bitmap<'_, LINE> {
        Bitmap::new(self.known(3))
    }
    pub(super) fn absent(&self) -> Bitmap<'_, LINE> {
        Bitmap::new(self.known(5))
    }
    pub(super) fn gone(&self) -> Bitmap<'_, LINE> {
        Bitmap::new(self.known(6))
    }
    pub(super) fn walled(&self) -> Bitmap<'_, LINE> {
        Bitmap::new(self.known(7))
    }
    pub(super) fn extent(&self) -> &Extent {
        &self.extent
    }
    /// When the first of a word's pending slices began to wait, in milliseconds.
    pub(super) fn stamp(&self, word: usize) -> &AtomicU64 {
        &self.known(4)[word * LINE]
    }

    pub(super) fn words(&self) -> usize {
        self.words
    }
    pub(super) fn backing(&self) -> &Backing {
        &self.backing
    }
    /// Whether all of it counts as committed, as long as it exists.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }
    /// A hint: no slice of the words below this one was free a moment ago.
    pub(super) fn low(&self) -> &AtomicUsize {
        &self.low
    }
    /// Where the part begins of which nothing was claimed yet, and about which `huge` has not decided.
    pub(super) fn undecided(&self) -> usize {
        self.undecided.load(Ordering::Relaxed)
    }
    /// Note that this part begins at `to` or farther on.
    pub(super) fn decided_up_to(&self, to: SliceIndex) {
        self.undecided.fetch_max(to.0, Ordering::Relaxed);
    }
    /// How many words, from the first on, hold all slices that were ever claimed (and not unmapped since). Relaxed: a
    /// thread that looks for what another thread freed knows of that in a way that orders the two (for a scan that is
    /// due, `DUE` in `purge`). Otherwise it may overlook a recent claim. The next scan finds what such a claim leaves.
    pub(super) fn used_words(&self) -> usize {
        self.undecided.load(Ordering::Relaxed).div_ceil(WORD).min(self.words)
    }
    /// The caller owns the `n` slices at `i`, and unmaps them. If they are the last that were claimed, nothing is used
    /// from `i` on.
    pub(super) fn used_up_to(&self, i: SliceIndex, n: usize) {
        let used = self.undecided.load(Ordering::Relaxed);
        let less = i.0.max(first(self.start).0);
        if i.0 + n >= used && less < used {
            // If a claim farther on came in between, its number stays. A later claim enters its own.
            let _ = self.undecided.compare_exchange(used, less, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
    /// Bytes from its start to its end, mapped or not.
    pub(super) fn bytes(&self) -> usize {
        Slices(self.slices).bytes()
    }
    pub(super) fn index(&self) -> usize {
        self.index.load(Ordering::Relaxed)
    }
    /// Note its place in the table, before others see it there.
    pub(super) fn set_index(&self, index: usize) {
        self.index.store(index, Ordering::Relaxed);
    }
    pub(super) fn next_open(&self) -> &AtomicPtr<Arena> {
        &self.next_open
    }
    pub(super) fn start(&self) -> *mut u8 {
        self.start
    }
    pub(super) fn slices(&self) -> usize {
        self.slices
    }
    pub(super) fn free_slices(&self) -> usize {
        self.free_count.load(Ordering::Relaxed)
    }
    pub(super) fn contains(&self, p: *const u8) -> bool {
        p.addr().wrapping_sub(self.start.addr()) < self.bytes() && self.absent().none_set(self.index_of(p).0, 1)
    }
    /// Bytes that count as committed.
    pub(super) fn committed_bytes(&self) -> usize {
        if self.whole { self.bytes() } else { Slices(self.dirty().count()).bytes() }
    }

    /// Whether claims of that subprocess may be served from it.
    #[inline]
    pub(super) fn serves(&self, subproc: u32) -> bool {
        self.open_to.load(Ordering::Relaxed) == subproc
    }
    pub(super) fn is_exclusive(&self) -> bool {
        self.serves(NOBODY)
    }
    pub(super) fn is_pinned(&self) -> bool {
        self.backing.is_pinned()
    }
    /// Whether the system counts only accessible memory.
    pub(super) fn is_strict(&self) -> bool {
        self.backing.strict()
    }
    pub(super) fn is_own(&self) -> bool {
        self.backing.is_own()
    }
    pub(super) fn subproc(&self) -> u32 {
        self.subproc.load(Ordering::Relaxed)
    }
    pub(super) fn numa(&self) -> i32 {
        self.numa
    }
    /// Give it to another subprocess.
    pub(super) fn hand_to(&self, subproc: u32) {
        if !self.is_exclusive() {
            self.open_to.store(subproc, Ordering::Relaxed);
        }
        self.subproc.store(subproc, Ordering::Relaxed);
    }

    /// Take it for another subprocess if nothing in it is in use and it has room for `room` slices. (A claim of the
    /// main subprocess that is under way may still be served from it. Only that span is then not the new owner's.)
    pub(super) fn adopt(&self, room: usize, what_for: Use) -> bool {
        let spare = self.slices - Arena::record_slices(self.slices);
        let fits = self.is_own() && !self.is_pinned() && self.numa == what_for.numa && spare >= room;
        if !fits || self.free_slices() + self.gone_slices() != spare {
            return false;
        }
        let taken = self.open_to.compare_exchange(MAIN, what_for.subproc, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if taken {
            self.subproc.store(what_for.subproc, Ordering::Relaxed);
        }
        taken
    }

    pub(super) fn at(&self, i: SliceIndex) -> *mut u8 {
        self.start.wrapping_add(i.bytes())
    }
    pub(super) fn index_of(&self, p: *const u8) -> SliceIndex {
        SliceIndex(p.addr().wrapping_sub(self.start.addr()) / SLICE)
    }

    /// The first index from `i` on whose address is a multiple of `align` slices.
    pub(super) fn aligned_from(&self, i: usize, align: usize) -> usize {
        // The address has to be aligned, not the index. So this adds what the address lacks.
        i + ((self.start.addr() / SLICE + i).wrapping_neg() & (align - 1))
    }

    /// Whether free parts may be unmapped.
    pub(super) fn gives(&self) -> bool {
        os::capabilities().unmap_part && os::capabilities().decommit_part && self.extent.gives()
    }

    /// Nobody asked for the arena as it is, so free parts of it may be unmapped from now on.
    pub(super) fn let_give(&self) {
        self.extent.let_give();
    }

    /// How much of it is mapped, in bytes.
    #[cold]
    pub(super) fn present_bytes(&self) -> usize {
        // (Beyond its end nothing is absent.)
        self.bytes() - Slices(self.absent().count()).bytes()
    }

    /// Slices that could be mapped again.
    pub(super) fn gone_slices(&self) -> usize {
        self.extent.gone_slices()
    }

    /// The runs of slices in a range that are absent, and those that are not: start, length, and whether absent.
    pub(super) fn mapped_runs(&self, i: usize, n: usize) -> impl Iterator<Item = (usize, usize, bool)> {
        let (absent, end, mut at) = (self.absent(), i + n, i);
        core::iter::from_fn(move || {
            let start = at;
            let is_absent = start < end && absent.all_set(start, 1);
            while at < end && absent.all_set(at, 1) == is_absent {
                at += 1;
            }
            (start < end).then_some((start, at - start, is_absent))
        })
    }

    /// Call `work` with the widest part of `around` that has our slices `i..i + n` and no absent ones. Nothing in it
    /// becomes absent meanwhile. None, with nothing done, if another thread has the lock.
    #[inline]
    pub(super) fn widest<T>(
        &self,
        i: usize,
        n: usize,
        around: (usize, usize),
        work: impl FnOnce(usize, usize) -> T,
    ) -> Option<T> {
        self.extent.widest(self.absent(), (i, n), around, work)
    }

    /// In the child of a fork: no other thread has the lock, or is about to tell `runs` what it has freed.
    pub(super) fn fork_child(&self) {
        self.runs().forget();
        self.extent.forget_lock();
    }

    /// Note that slices are free, or about to be.
    pub(super) fn count_free(&self, n: usize) {
        self.free_count.fetch_add(n, Ordering::Relaxed);
    }

    /// Note that slices were taken.
    pub(super) fn count_taken(&self, n: usize) {
        self.free_count.fetch_sub(n, Ordering::Relaxed);
    }

    /// Unmap the arena, including its record. An arena that was given to us to manage is only forgotten.
    ///
    /// # Safety
    /// - nobody uses the arena, or anything in it, any more.
    pub(super) unsafe fn destroy(this: *mut Arena) {
        // SAFETY: by the contract.
        let arena = unsafe { &*this };
        PROCESS.committed.sub(arena.committed_bytes());
        if !arena.is_own() {
            PROCESS.reserved.sub(arena.bytes());
            return;
        }
        let (start, mut first) = (arena.start, 0);
        for (from, n, absent) in arena.mapped_runs(0, arena.slices) {
            if from == 0 {
                // This part has the record, which is still read.
                first = n;
            } else if !absent {
                // SAFETY: a mapped part of our reservation, which nobody uses by the contract.
                unsafe { os::release(arena.at(SliceIndex(from)), Slices(n).bytes()) };
            }
        }
        // SAFETY: as above. Nothing in it is read any more.
        unsafe { os::release(start, Slices(first).bytes()) };
    }
}
