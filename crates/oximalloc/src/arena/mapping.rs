//! Free slices of an arena are unmapped, and are mapped again when they are needed. The arena's record stays, so that
//! whoever goes through the arenas finds it.
//!
//! `bitmap::presence` tells how a slice passes from thread to thread.
//!
//! Invariant: slices become absent only inside the arena's lock (`extent`). If a thread finds the lock taken, the
//! slices that it wants to unmap are purged instead and stay mapped.

use super::huge;
use super::region::{AHEAD, Arena, LINE, WORD};
use super::reuse::is_limited;
use crate::base::config::SLICE;
use crate::base::units::{SliceIndex, Slices};
use crate::bitmap::presence::Presence;
use crate::diag::stats::PROCESS;
use crate::os::{self, At};

/// What became of slices that were to be mapped again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brought {
    /// They are mapped, and are the caller's.
    Ours,
    /// The system gives no more address space or memory.
    Refused,
    /// Another thread has some of them.
    Busy,
    /// Somebody else has the addresses.
    Occupied,
}

/// How many more slices are mapped along with `n` slices at `i`: as many as lie below `i`, within bounds, and few if
/// the process has a low limit. Where what is mapped takes memory at once, an eighth of that.
fn ahead(i: SliceIndex, n: usize) -> usize {
    // The limit is not read if the process had none. If it has one by now, the system refuses, and less is mapped.
    let limit = if is_limited() { os::limit() } else { None };
    let most = limit.map_or(AHEAD, |bytes| bytes / SLICE / 64);
    let wanted = if os::capabilities().sparse { i.0.clamp(WORD, AHEAD) } else { (i.0 / 8).min(AHEAD) };
    wanted.min(most).saturating_sub(n)
}

impl Arena {
    fn bits(&self) -> Presence<'_, LINE> {
        Presence { taken: self.taken(), absent: self.absent(), gone: self.gone() }
    }

    /// For a new arena: nothing from `from` on is mapped yet.
    pub(super) fn begin_gone(&self, from: SliceIndex) {
        let n = self.slices() - from.0;
        self.absent().set(from.0, n);
        self.taken().set(from.0, n);
        self.count_taken(n);
        self.extent().count_gone(n);
        self.bits().leave(from.0, n);
    }

    /// Unmap our slices and leave them to nobody. False, and they are still ours, if that is impossible.
    #[cold]
    pub(super) fn give_up(&self, i: SliceIndex, n: usize) -> bool {
        {
            let Some(_inside) = self.extent().enter() else { return false };
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
        self.forget_walls(i.0, n);
        self.used_up_to(i, n);
        self.extent().count_gone(n);
        self.bits().leave(i.0, n);
        true
    }

    /// As [`Arena::claim`], for a run of which at least a part has to be mapped again.
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
                // Do not go on slice by slice, because what lies there may be long.
                Brought::Occupied => at += WORD,
            }
        }
        None
    }

    /// As [`Arena::claim_at`], for slices of which a part has to be mapped again.
    #[cold]
    pub(super) fn claim_gone_at(&self, i: SliceIndex, n: usize) -> Option<bool> {
        let fits = self.gone_slices() > 0 && i.0.checked_add(n).is_some_and(|end| end <= self.slices());
        if fits && self.bring(i, n) == Brought::Ours { self.own(i, n) } else { None }
    }

    /// Take slices that are free or gone, and map them. Some gone slices behind them are mapped too, and become free.
    #[cold]
    fn bring(&self, i: SliceIndex, n: usize) -> Brought {
        let bits = self.bits();
        if !bits.take(i.0, n) {
            // Some slices may have been taken and put back. `runs` must learn that they are free again.
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

    /// Map those of our slices that are absent.
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
            // SAFETY: mapped just now, and it is ours.
            unsafe { huge::begin(p, bytes, self.numa()) };
            if accessible {
                self.committed().set(at, len);
            }
            self.absent().clear(at, len);
            self.extent().count_back(len);
            // They count as free from now on, although we have them. `own` will count them as taken.
            self.count_free(len);
        }
        Brought::Ours
    }
}
