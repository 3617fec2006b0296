//! One arena: a reserved range cut into slices, and what is known about each slice.
//!
//! Its record lies in its own first slices, the rest of which is never handed out, so no block is next to it.
//! Four bits tell the state of a slice, and those of 64 slices, with what else is known of them, are a cache line (behind all
//! lines are the lengths of the runs that can be claimed, `bitmap::runs`):
//! - *taken*: somebody owns it, or it is the record's, or beyond the end; set and cleared by claim and release, and all else is
//!   written by the owner alone;
//! - *dirty*: may hold something other than zero, and counts as committed memory;
//! - *pending*: not taken and dirty, waiting for its purge (set by its last owner just before it becomes free);
//! - *committed*: accessible.
//!
//! Invariant: a slice that is handed out is dirty and committed, and not pending.

use super::backing::{Backing, Fate};
use crate::base::config::SLICE;
use crate::base::sync::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use crate::base::units::{SliceIndex, Slices};
use crate::bitmap::Bitmap;
use crate::bitmap::runs::{self, Runs};
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::os;

/// In [`Arena::open_to`]: claimed from only by its id.
const NOBODY: u32 = u32::MAX;

/// Slices that one word of a bitmap stands for: 4 MiB.
pub(super) const WORD: usize = 64;
/// Slices that are made accessible ahead of those claimed, at most: 32 MiB.
const AHEAD: usize = 8 * WORD;
const HEAD: usize = size_of::<Arena>().next_multiple_of(64);
/// Words of that line: four maps, a stamp, and room.
const LINE: usize = 8;

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
    /// All of it counts as committed, from the start to the end.
    whole: bool,
    backing: Backing,
    /// No bit below this word was free a moment ago; only a hint.
    low: AtomicUsize,
    free_count: AtomicUsize,
    /// Where the part begins of which nothing was claimed, and for which `huge` has not yet decided.
    undecided: AtomicUsize,
    /// Of those that are open to claims, the one entered next (`table`).
    next_open: AtomicPtr<Arena>,
}

/// Whose an arena is, and what for.
#[derive(Clone, Copy)]
pub(super) struct Use {
    pub(super) subproc: u32,
    /// Claimed from only by its id.
    pub(super) exclusive: bool,
    pub(super) numa: i32,
}

impl Arena {
    /// Slices that the record of an arena of so many slices takes.
    pub(super) fn record_slices(slices: usize) -> usize {
        let words = slices.div_ceil(WORD);
        Slices::of_bytes(HEAD + (words * LINE + runs::room(words)) * size_of::<u64>()).0
    }

    /// Make an arena of a range whose first `committed` slices are accessible.
    ///
    /// # Safety
    /// - the range is the caller's, of `slices` slices, a multiple of a slice in address, as `backing` says, and
    ///   `committed` is at least [`Arena::record_slices`], of which nothing is used.
    pub(super) unsafe fn create(
        start: *mut u8,
        slices: usize,
        committed: usize,
        backing: Backing,
        what_for: Use,
    ) -> *mut Arena {
        let record = Arena::record_slices(slices);
        if !backing.is_own() {
            // SAFETY: accessible and ours alone by the contract. Our own reservations are zero.
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
            undecided: AtomicUsize::new(super::huge::first(start).0),
            next_open: AtomicPtr::new(core::ptr::null_mut()),
        };
        // SAFETY: accessible, aligned, and ours alone by the contract.
        unsafe { arena.write(head) };
        // SAFETY: written above.
        let this = unsafe { &*arena };
        this.runs().set(0, record);
        this.runs().set(slices, this.words * WORD - slices);
        this.committed().set(0, committed);
        this.dirty().set(0, record);
        // Without a look at the maps, which are zero but for this.
        PROCESS.committed.add(if this.whole { this.bytes() } else { Slices(record).bytes() });
        arena
    }

    /// What is known of slices: the words of their lines, from number `which` of the first on.
    fn known(&self, which: usize) -> &[AtomicU64] {
        let at = HEAD + which * size_of::<u64>();
        // SAFETY: inside the record, which `create` made room for; zero or written through atomics only.
        unsafe { core::slice::from_raw_parts(self.start.add(at).cast::<AtomicU64>(), self.words * LINE - which) }
    }
    /// Of the slices that are not taken.
    fn runs(&self) -> Runs<'_, LINE> {
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
    /// When the first of a word's pending slices became so, in milliseconds.
    pub(super) fn stamp(&self, word: usize) -> &AtomicU64 {
        &self.known(4)[word * LINE]
    }

    pub(super) fn words(&self) -> usize {
        self.words
    }
    /// How many words from the first on have those of all slices that were ever claimed. Relaxed: who looks for what another
    /// thread freed knows of that by some way which orders the two (for a scan that is due, `DUE` in `purge`); else it may
    /// overlook a claim of just now, and what that leaves is in the next scan.
    pub(super) fn used_words(&self) -> usize {
        self.undecided.load(Ordering::Relaxed).div_ceil(WORD).min(self.words)
    }
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
        p.addr().wrapping_sub(self.start.addr()) < self.bytes()
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

    /// Take it for another subprocess, if nothing of it is in use and it has room for `room` slices. (A claim of the main
    /// one's that is under way may still be served from it; that span is then the only one that is not the new owner's.)
    pub(super) fn adopt(&self, room: usize, what_for: Use) -> bool {
        let spare = self.slices - Arena::record_slices(self.slices);
        let fits = self.is_own() && !self.is_pinned() && self.numa == what_for.numa && spare >= room;
        let main = super::Source::MAIN.subproc;
        if !fits || self.free_count.load(Ordering::Relaxed) != spare {
            return false;
        }
        let taken = self.open_to.compare_exchange(main, what_for.subproc, Ordering::Relaxed, Ordering::Relaxed).is_ok();
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

    /// Claim a run; says where it starts and whether its bytes are known to be zero.
    pub(super) fn claim(&self, n: usize, align: usize) -> Option<(SliceIndex, bool)> {
        if self.free_count.load(Ordering::Relaxed) < n {
            return None;
        }
        // The alignment is that of the address, so the index has that of what is missing to it.
        let phase = (self.start.addr() / SLICE).wrapping_neg() & (align - 1);
        let low = self.low.load(Ordering::Relaxed);
        let i = self.runs().claim(n, align, phase, low)?;
        if n == 1 && align == 1 && i / WORD != low {
            // A release in between may be overlooked; then its slice is found once the words above are full.
            let _ = self.low.compare_exchange(low, i / WORD, Ordering::Relaxed, Ordering::Relaxed);
        }
        Some((SliceIndex(i), self.own(SliceIndex(i), n)?))
    }

    /// Claim a run at a given place; says whether its bytes are known to be zero.
    pub(super) fn claim_at(&self, i: SliceIndex, n: usize) -> Option<bool> {
        if self.runs().claim_at(i.0, n) { self.own(i, n) } else { None }
    }

    /// Make what was just claimed usable; None, and free again, if the system refuses memory.
    fn own(&self, i: SliceIndex, n: usize) -> Option<bool> {
        self.free_count.fetch_sub(n, Ordering::Relaxed);
        // First, as `used_words` says, also where a part is committed and the rest is refused.
        let undecided = self.undecided.load(Ordering::Relaxed);
        if i.0 + n > undecided {
            self.decide(undecided, i.0 + n);
        }
        if !self.commit(i, n) {
            PROCESS.arena_rollback_count.add(1);
            self.set_free(i, n);
            return None;
        }
        // Not before: what is refused goes on to wait for its purge.
        super::purge::taken_again(self.pending().clear(i.0, n));
        Some(self.soil(i.0, n) == n && self.backing.is_clean())
    }

    /// A claim ends beyond what was decided upon.
    #[cold]
    fn decide(&self, from: usize, end: usize) {
        // Two at once may both decide, with one answer or the other.
        let to = super::huge::decide(self, SliceIndex(from), SliceIndex(end));
        self.undecided.fetch_max(to.0, Ordering::Relaxed);
    }

    /// Mark slices as dirty, and say how many were not.
    fn soil(&self, i: usize, n: usize) -> usize {
        if self.dirty().all_set(i, n) {
            return 0;
        }
        let fresh = self.dirty().set(i, n);
        if !self.whole {
            PROCESS.committed.add(Slices(fresh).bytes());
        }
        fresh
    }

    fn commit(&self, i: SliceIndex, n: usize) -> bool {
        let done = self.committed();
        if done.all_set(i.0, n) {
            return true;
        }
        if self.backing.has_fun() {
            return self.commit_runs(i.0, i.0 + n);
        }
        let exact = super::protects();
        let eager = options::get(Opt::ArenaEagerCommit);
        let commit = |from: usize, to: usize| {
            // SAFETY: inside our range.
            let ok = unsafe { self.backing.commit(self.at(SliceIndex(from)), Slices(to - from).bytes()) }.is_some();
            if ok {
                done.set(from, to - from);
            }
            ok
        };
        if !exact && eager == 1 && commit(0, self.slices) {
            return true;
        }
        // More than our own slices only where nobody takes access away, a purge or a guard: else ours could undo that. Not all
        // of the arena: in a process that locks its memory what is accessible is resident.
        let (first, end) = (i.0 / WORD * WORD, (i.0 + n).next_multiple_of(WORD));
        let ahead = if eager != 0 && os::overcommits() { end.min(AHEAD) } else { 0 };
        (!exact && !self.backing.strict() && commit(first, (end + ahead).min(self.slices))) || commit(i.0, i.0 + n)
    }

    /// Have the arena's own function commit those slices of a claimed range that are not. What it did before it refused
    /// stands.
    #[cold]
    fn commit_runs(&self, mut at: usize, end: usize) -> bool {
        let done = self.committed();
        while at < end {
            let accessible = done.all_set(at, 1);
            let to = (at + 1..end).find(|&i| done.all_set(i, 1) != accessible).unwrap_or(end);
            if !accessible {
                // SAFETY: inside our range.
                match unsafe { self.backing.commit(self.at(SliceIndex(at)), Slices(to - at).bytes()) } {
                    None => return false,
                    Some(true) => {}
                    Some(false) => {
                        self.soil(at, to - at);
                    }
                }
                done.set(at, to - at);
            }
            at = to;
        }
        true
    }

    /// Give slices back to the arena: their owner's last act.
    pub(super) fn set_free(&self, i: SliceIndex, n: usize) {
        self.free_count.fetch_add(n, Ordering::Relaxed);
        self.runs().release(i.0, n);
        self.low.fetch_min(i.0 / WORD, Ordering::Relaxed);
    }

    /// In the child of a fork: no other thread is about to say what it has freed.
    pub(super) fn fork_child(&self) {
        self.runs().forget();
    }

    /// Note that slices were taken by their mask, not through a claim.
    pub(super) fn count_taken(&self, n: usize) {
        self.free_count.fetch_sub(n, Ordering::Relaxed);
    }

    /// Give the memory of slices that the caller owns back to the system.
    pub(super) fn purge(&self, i: SliceIndex, n: usize) {
        let (p, bytes) = (self.at(i), Slices(n).bytes());
        // SAFETY: the caller owns the slices and nothing in them is used.
        let fate = unsafe { self.backing.give_back(p, bytes) };
        if fate == Fate::Kept {
            return;
        }
        PROCESS.arena_purges.add(1);
        if fate == Fate::Inaccessible {
            self.committed().clear(i.0, n);
        }
        PROCESS.committed.sub(Slices(self.dirty().clear(i.0, n)).bytes());
    }

    /// Unmap the arena, record and all; one that was given to us to manage is only forgotten.
    ///
    /// # Safety
    /// - nobody uses the arena, or anything in it, any more.
    pub(super) unsafe fn destroy(this: *mut Arena) {
        // SAFETY: by the contract; the fields are read before the record goes.
        let (start, bytes, committed, own) =
            unsafe { ((*this).start, (*this).bytes(), (*this).committed_bytes(), (*this).is_own()) };
        PROCESS.committed.sub(committed);
        if own {
            // SAFETY: the whole reservation, unused by the contract.
            unsafe { os::release(start, bytes) };
        } else {
            PROCESS.reserved.sub(bytes);
        }
    }
}
