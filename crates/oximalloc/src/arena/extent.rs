//! Which slices of an arena are mapped: free ones are given back to the system, addresses and all, and are mapped again
//! when they are needed. The arena's record stays, so that whoever goes through the arenas finds it.
//!
//! `bitmap::presence` tells how a slice passes from thread to thread.
//!
//! Invariant: only what is not absent is touched, made accessible or advised upon. Who does so with slices that are not its
//! own (`widest`) is in the lock of the arena, in which alone slices become absent. A thread that is stopped in there, or
//! that finds another in there, changes nothing but this: accesses are given to each claim alone, and what is free is
//! purged and stays mapped.

use super::region::{AHEAD, Arena, LINE, WORD};
use crate::base::config::SLICE;
use crate::base::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::base::try_lock::TryLock;
use crate::base::units::{SliceIndex, Slices};
use crate::bitmap::presence::Presence;
use crate::diag::stats::PROCESS;
use crate::os::{self, At};

/// What an arena knows of its parts.
pub(super) struct Extent {
    /// Free parts may be given back: nobody asked for the arena as it is.
    gives: AtomicBool,
    /// Slices that are gone. Of one that is just being mapped this is counted late.
    gone: AtomicUsize,
    lock: TryLock,
}

impl Extent {
    pub(super) fn new() -> Extent {
        Extent { gives: AtomicBool::new(false), gone: AtomicUsize::new(0), lock: TryLock::unlocked() }
    }

    /// In the child of a fork: nobody is in the lock.
    pub(super) fn forget_lock(&self) {
        self.lock.fork_child();
    }
}

/// What became of slices that were to be mapped again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brought {
    /// They are mapped, and the caller's.
    Ours,
    /// The system gives no more address space or memory.
    Refused,
    /// Another thread has some of them by now.
    Busy,
    /// Somebody else has the addresses.
    Occupied,
}

/// How many more slices are mapped with `n` at `i`: as many as are below, within bounds, and little where the process may not
/// have much.
fn ahead(i: SliceIndex, n: usize) -> usize {
    // Not asked where there was none: what is then too much is refused, and less is mapped.
    let limit = if super::purge::is_limited() { os::limit() } else { None };
    let most = limit.map_or(AHEAD, |bytes| bytes / SLICE / 64);
    i.0.clamp(WORD, AHEAD).min(most).saturating_sub(n)
}

impl Arena {
    fn bits(&self) -> Presence<'_, LINE> {
        Presence { taken: self.taken(), absent: self.absent(), gone: self.gone() }
    }

    /// Whether free parts may be given back.
    pub(super) fn gives(&self) -> bool {
        os::capabilities().unmap_part && self.extent().gives.load(Ordering::Relaxed)
    }

    /// Nobody asked for the arena as it is: free parts of it may be given back from now on.
    pub(super) fn let_give(&self) {
        self.extent().gives.store(true, Ordering::Relaxed);
    }

    /// What is mapped of it, in bytes.
    pub(super) fn present_bytes(&self) -> usize {
        // (Beyond its end nothing is absent.)
        self.bytes() - Slices(self.absent().count()).bytes()
    }

    /// Slices that could be mapped again.
    pub(super) fn gone_slices(&self) -> usize {
        self.extent().gone.load(Ordering::Relaxed)
    }

    /// Of an arena that is made: nothing from `from` on is mapped yet.
    pub(super) fn begin_gone(&self, from: SliceIndex) {
        let n = self.slices() - from.0;
        self.absent().set(from.0, n);
        self.taken().set(from.0, n);
        self.count_taken(n);
        self.extent().gone.store(n, Ordering::Relaxed);
        self.bits().leave(from.0, n);
    }

    /// The runs of slices in a range that are absent, and those that are not: start, length, and which they are.
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

    /// Do something with the widest part of `first..end` around our slices `i..i + n` that is not absent, while none of it can
    /// become so. None, and nothing done, when another thread is at such a thing.
    pub(super) fn widest<T>(
        &self,
        i: usize,
        n: usize,
        (first, end): (usize, usize),
        work: impl FnOnce(usize, usize) -> T,
    ) -> Option<T> {
        let _inside = self.extent().lock.enter()?;
        let absent = self.absent();
        let all = absent.none_set(first, end - first);
        let from =
            if all { first } else { (first..i).rev().find(|&at| absent.all_set(at, 1)).map_or(first, |at| at + 1) };
        let to = if all { end } else { (i + n..end).find(|&at| absent.all_set(at, 1)).unwrap_or(end) };
        Some(work(from, to))
    }

    /// Give our slices back to the system, addresses and all; false, and they are ours still, if that cannot be.
    #[cold]
    pub(super) fn give_up(&self, i: SliceIndex, n: usize) -> bool {
        {
            let Some(_inside) = self.extent().lock.enter() else { return false };
            self.absent().set(i.0, n);
        }
        // SAFETY: the slices are ours, and nothing in them is used.
        if !unsafe { os::release(self.at(i), Slices(n).bytes()) } {
            self.absent().clear(i.0, n);
            return false;
        }
        let dirty = Slices(self.dirty().clear(i.0, n)).bytes();
        if dirty > 0 {
            PROCESS.committed.sub(dirty);
            PROCESS.purge_calls.add(1);
            PROCESS.purged.add(dirty);
            PROCESS.arena_purges.add(1);
        }
        self.committed().clear(i.0, n);
        self.used_up_to(i, n);
        self.extent().gone.fetch_add(n, Ordering::Relaxed);
        self.bits().leave(i.0, n);
        true
    }

    /// Claim a run of which at least a part has to be mapped again; as [`Arena::claim`].
    #[cold]
    pub(super) fn claim_gone(&self, n: usize, align: usize) -> Option<(SliceIndex, bool)> {
        let end = self.slices();
        let mut at = 0;
        while self.gone_slices() > 0 && self.free_slices() + self.gone_slices() >= n {
            at = self.aligned_from(self.bits().next(at, end, true), align);
            if n > end.saturating_sub(at) {
                break;
            }
            let stop = self.bits().next(at, at + n, false);
            if stop < at + n {
                at = stop;
                continue;
            }
            match self.bring(SliceIndex(at), n) {
                Brought::Ours => return Some((SliceIndex(at), self.own(SliceIndex(at), n)?)),
                Brought::Refused => break,
                Brought::Busy => at += 1,
                // Not slice by slice: it may be long.
                Brought::Occupied => at += WORD,
            }
        }
        None
    }

    /// As [`Arena::claim_at`], where a part has to be mapped again.
    #[cold]
    pub(super) fn claim_gone_at(&self, i: SliceIndex, n: usize) -> Option<bool> {
        let fits = self.gone_slices() > 0 && i.0.checked_add(n).is_some_and(|end| end <= self.slices());
        if fits && self.bring(i, n) == Brought::Ours { self.own(i, n) } else { None }
    }

    /// Make slices ours that are free or gone, and map them; what is gone behind them is mapped with them, as far as is apt.
    #[cold]
    fn bring(&self, i: SliceIndex, n: usize) -> Brought {
        let bits = self.bits();
        if !bits.take(i.0, n) {
            // What was taken and put back is as free as it was.
            self.runs().note(i.0, n, true);
            return Brought::Busy;
        }
        let most = ahead(i, n).min(self.slices() - i.0 - n);
        let more = bits.take_more(i.0 + n, most);
        let mut got = self.map_again(i.0, n + more);
        if more > 0 {
            if got != Brought::Ours {
                got = self.map_again(i.0, n);
            }
            self.put_back(SliceIndex(i.0 + n), more);
        }
        if got != Brought::Ours {
            self.put_back(i, n);
        }
        got
    }

    #[cold]
    fn put_back(&self, i: SliceIndex, n: usize) {
        for (at, len, absent) in self.mapped_runs(i.0, n) {
            if absent { self.bits().leave(at, len) } else { self.unclaim(SliceIndex(at), len) }
        }
    }

    /// Map what is absent of our slices.
    #[cold]
    fn map_again(&self, i: usize, n: usize) -> Brought {
        let accessible = !self.is_strict();
        for (at, len, absent) in self.mapped_runs(i, n) {
            if !absent {
                continue;
            }
            let (p, bytes) = (self.at(SliceIndex(at)), Slices(len).bytes());
            match os::reserve_at(p, bytes, accessible) {
                At::Mapped => {}
                At::Refused => return Brought::Refused,
                At::Occupied => return Brought::Occupied,
            }
            // SAFETY: mapped just now, and ours.
            unsafe { super::huge::begin(p, bytes, self.numa()) };
            if accessible {
                self.committed().set(at, len);
            }
            self.absent().clear(at, len);
            self.extent().gone.fetch_sub(len, Ordering::Relaxed);
            // They are free ones, of which we have the bits: as such `own` counts them.
            self.count_free(len);
        }
        Brought::Ours
    }
}
