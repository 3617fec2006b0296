//! How slices of an arena are claimed, made accessible, freed and purged.
//!
//! Invariant: a slice that is handed out is dirty and committed, and not pending. Slices that the system refuses to
//! commit become free again. Everything except the claim itself is done by the slices' owner.

use super::backing::Fate;
use super::region::{AHEAD, Arena, WORD};
use super::{huge, reuse};
use crate::base::sync::{AtomicBool, Ordering};
use crate::base::units::{SliceIndex, Slices};
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::os;

/// See [`begin_protecting`].
static PROTECTS: AtomicBool = AtomicBool::new(false);

/// From now on, parts of spans in use are made inaccessible, so a claim commits its own slices and no others. (A claim
/// that is under way now may still give access to such a part.)
pub fn begin_protecting() {
    PROTECTS.store(true, Ordering::Relaxed);
}

fn protects() -> bool {
    PROTECTS.load(Ordering::Relaxed)
}

impl Arena {
    /// Claim a run. Returns where it starts, and whether its bytes are known to be zero.
    pub(super) fn claim(&self, n: usize, align: usize) -> Option<(SliceIndex, bool)> {
        if self.free_slices() < n {
            return None;
        }
        let phase = self.aligned_from(0, align);
        let low = self.low().load(Ordering::Relaxed);
        let i = self.runs().claim(n, align, phase, low.max(self.home(n)))?;
        if n == 1 && align == 1 && i / WORD != low {
            // This may overlook a release in between. Its slice is then found once the words above are full.
            let _ = self.low().compare_exchange(low, i / WORD, Ordering::Relaxed, Ordering::Relaxed);
        }
        Some((SliceIndex(i), self.own(SliceIndex(i), n)?))
    }

    /// Claim a run at a given place. Returns whether its bytes are known to be zero.
    pub(super) fn claim_at(&self, i: SliceIndex, n: usize) -> Option<bool> {
        if self.runs().claim_at(i.0, n) { self.own(i, n) } else { None }
    }

    /// Make slices usable that were just claimed. Returns whether their bytes are known to be zero. None if the system
    /// refuses memory; the slices are free again then.
    pub(super) fn own(&self, i: SliceIndex, n: usize) -> Option<bool> {
        self.count_taken(n);
        // This comes first, so that `used_words` also covers slices of which a part is committed and the rest is
        // refused.
        let undecided = self.undecided();
        if i.0 + n > undecided {
            self.decide(undecided, i, n);
        }
        if !self.commit(i, n) || !self.set_walls(i, n) {
            PROCESS.arena_rollback_count.add(1);
            self.set_free(i, n);
            return None;
        }
        // Only now: slices that were refused above still wait for their purge.
        reuse::taken_again(self.pending().clear(i.0, n));
        Some(self.mark_dirty(i.0, n) == n && self.backing().is_clean())
    }

    /// Decide about huge pages for a claim that ends beyond what was decided upon.
    #[cold]
    fn decide(&self, from: usize, i: SliceIndex, n: usize) {
        // Two threads may decide at once. Either answer will do.
        let to = huge::decide(self, SliceIndex(from), i, n);
        self.decided_up_to(to);
    }

    /// Mark slices as dirty. Returns how many were not.
    fn mark_dirty(&self, i: usize, n: usize) -> usize {
        if self.dirty().all_set(i, n) {
            return 0;
        }
        let fresh = self.dirty().set(i, n);
        if !self.is_whole() {
            PROCESS.committed.add(Slices(fresh).bytes());
        }
        fresh
    }

    fn commit(&self, i: SliceIndex, n: usize) -> bool {
        let done = self.committed();
        if done.all_set(i.0, n) {
            return true;
        }
        if self.backing().has_fun() {
            return self.commit_runs(i.0, i.0 + n);
        }
        let exact = protects();
        let eager = options::get(Opt::ArenaEagerCommit);
        let commit = |from: usize, to: usize| {
            // SAFETY: inside our range.
            let ok = unsafe { self.backing().commit(self.at(SliceIndex(from)), Slices(to - from).bytes()) }.is_some();
            if ok {
                self.forget_walls(from, to - from);
                done.set(from, to - from);
            }
            ok
        };
        if !os::capabilities().sparse {
            return commit(i.0, i.0 + n);
        }
        // Slices that are not ours are committed only where they are mapped.
        let wide = |from: usize, to: usize| self.widest(i.0, n, (from, to), commit) == Some(true);
        if !exact && eager == 1 && wide(0, self.slices()) {
            return true;
        }
        // Commit more than our own slices only if nobody takes access away (as a purge or a guard does), because this
        // commit could undo that. Do not commit all of the arena: in a process that locks its memory, what is
        // accessible is resident.
        let (first, end) = (i.0 / WORD * WORD, (i.0 + n).next_multiple_of(WORD));
        // Do not commit ahead if that counts against a limit of the process.
        if !exact && !self.backing().strict() {
            let limited = os::data_limit().is_some() && reuse::note_limited(true);
            let ahead = if eager != 0 && os::overcommits() && !limited { end.min(AHEAD) } else { 0 };
            if wide(first, (end + ahead).min(self.slices())) {
                return true;
            }
        }
        commit(i.0, i.0 + n)
    }

    /// Have the arena's own function commit those slices of a claimed range that are not committed. If it refuses some,
    /// what it did before stands.
    #[cold]
    fn commit_runs(&self, mut at: usize, end: usize) -> bool {
        let done = self.committed();
        while at < end {
            let accessible = done.all_set(at, 1);
            let to = (at + 1..end).find(|&i| done.all_set(i, 1) != accessible).unwrap_or(end);
            if !accessible {
                // SAFETY: inside our range.
                match unsafe { self.backing().commit(self.at(SliceIndex(at)), Slices(to - at).bytes()) } {
                    None => return false,
                    Some(true) => {}
                    Some(false) => {
                        self.mark_dirty(at, to - at);
                    }
                }
                done.set(at, to - at);
            }
            at = to;
        }
        true
    }

    /// Give slices back to the arena. This is their owner's last act.
    pub(super) fn set_free(&self, i: SliceIndex, n: usize) {
        self.count_free(n);
        self.unclaim(i, n);
    }

    /// The same for slices that already count as free.
    pub(super) fn unclaim(&self, i: SliceIndex, n: usize) {
        self.runs().release(i.0, n);
        self.low().fetch_min(i.0 / WORD, Ordering::Relaxed);
    }

    /// Give the memory of slices that the caller owns back to the system.
    pub(super) fn purge(&self, i: SliceIndex, n: usize) {
        let (p, bytes) = (self.at(i), Slices(n).bytes());
        // SAFETY: the caller owns the slices, and nothing in them is used.
        let fate = unsafe { self.backing().give_back(p, bytes) };
        if fate == Fate::Kept {
            return;
        }
        PROCESS.arena_purges.add(1);
        if fate == Fate::Inaccessible {
            self.committed().clear(i.0, n);
            self.forget_walls(i.0, n);
        }
        PROCESS.committed.sub(Slices(self.dirty().clear(i.0, n)).bytes());
    }
}
