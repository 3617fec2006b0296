//! Collecting: a thread now and then gives held blocks back, lets empty pages go, and lets the arenas purge.

use super::heartbeat;
use super::parked;
use crate::arena;
use crate::diag::options::{self, Opt};
use crate::diag::secure::is_on;
use crate::heap::blocks::transfer_cache;
use crate::heap::pages::{holes, large_cache, quarantine};
use crate::heap::state::theap::Theap;
use crate::heap::state::timer;
use crate::os;
use crate::prim::{Os, Process};

impl Theap {
    /// Called on every slow path of an allocation.
    #[inline]
    pub fn tick(&self) {
        heartbeat::call(self, false);
        let slow = self.count_slow_path();
        if slow.is_multiple_of(16) {
            self.tick_16(slow);
        }
    }

    #[cold]
    fn tick_16(&self, slow: u32) {
        let root = self.root();
        root.flush_outboxes();
        self.tick_timed();
        if cfg!(debug_assertions) && slow.is_multiple_of(256) {
            self.validate();
        }
        if slow as i64 >= options::get(Opt::GenericCollect).max(16) {
            self.restart_slow_paths();
            self.collect(false);
        }
    }

    /// Called when a free has given blocks back. A thread that only frees never calls [`Theap::tick`].
    pub fn free_tick(&self) {
        let slow = self.count_slow_path();
        if slow.is_multiple_of(64) {
            self.tick_timed();
        }
    }

    /// Do what is due by the clock.
    fn tick_timed(&self) {
        let (root, now) = (self.root(), Os::now_ms());
        parked::tick();
        if os::capabilities().decommit_part && root.idle.is_due(now) {
            root.look_for_idle(now);
        }
        tick_caches(root);
        holes::tick(self, now);
        arena::tick();
    }

    /// Flush the outboxes, give the newer half of each stack back, let empty pages go, and purge what is due. With
    /// `force`, give all of each stack back, and purge all free memory in all arenas.
    pub fn collect(&self, force: bool) {
        let _step = self.step();
        if force {
            heartbeat::call(self, true);
        }
        self.collect_own(force, force);
        if force {
            parked::retire_all();
            sweep_caches(self.root(), true);
            holes::purge_all(self);
            arena::purge_all();
        } else {
            self.tick_timed();
        }
    }

    /// With `force`, give all of each stack back, not half of it. With `retire`, also let pages go that are not empty,
    /// and drop the records that ended threads left. The caller makes sure that no other thread destroys the heap while
    /// those records are dropped.
    fn collect_own(&self, force: bool, retire: bool) {
        self.flush_outboxes();
        self.drain_returned();
        for b in self.open_bins() {
            self.cold(b).reclaims.restart();
            let depth = self.depth(b);
            let n = if force { depth } else { depth.div_ceil(2) };
            // SAFETY: the stack is this thread's and `n` at most its depth.
            unsafe { self.flush_newest(b, n) };
            self.retire_front(b, retire);
            self.sweep_available(b);
        }
        if retire {
            self.sweep_abandoned(self.heap());
        }
    }

    /// Only in a root: [`Theap::collect`] it and the thread's other theaps.
    #[cold]
    pub fn collect_thread(&'static self, force: bool) {
        let _step = self.step();
        // Other threads may end their heaps meanwhile.
        self.for_each_other_theap(|theap| {
            theap.collect_own(force, false);
            if force {
                holes::purge_all(theap);
            }
        });
        self.collect(force);
    }

    /// Only in a root: bytes of free blocks that the thread holds, in all its theaps. Blocks that were never handed out
    /// are not counted, because their memory was not touched. Large blocks are counted, whichever thread with this
    /// number freed them.
    pub fn thread_free_bytes(&self) -> usize {
        let mut bytes = self.free_bytes() + large_cache::bytes(self);
        self.for_each_other_theap(|theap| bytes += theap.free_bytes());
        bytes
    }

    fn free_bytes(&self) -> usize {
        self.open_bins().map(|b| self.free_bytes_of(b)).sum()
    }

    /// Only in a root: give up what is idle in all the thread's theaps.
    #[cold]
    fn look_for_idle(&self, now: u64) {
        let Some(delay) = arena::purge_delay() else { return };
        if self.is_empty_theap() || !self.idle.begin_look(now, delay) {
            return;
        }
        self.let_idle_go(true);
        // Other threads may end their heaps meanwhile.
        self.for_each_other_theap(|theap| theap.let_idle_go(false));
    }

    /// With `retire`, also let pages go that are not empty, as in a collect.
    fn let_idle_go(&self, retire: bool) {
        for b in self.open_bins() {
            let (depth, cold) = (self.depth(b), self.cold(b));
            if depth == 0 && cold.pages.front().is_none() {
                continue;
            }
            if self.idle.note(b, &cold.moved, depth) {
                // SAFETY: the stack is this thread's.
                unsafe { self.flush_newest(b, depth) };
                self.retire_front(b, retire);
            }
        }
    }
}

/// Sweep the caches that all threads share, if a sweep is due.
#[inline]
fn tick_caches(theap: &Theap) {
    if (os::capabilities().threads || os::capabilities().decommit_part) && timer::take_due() {
        sweep_caches(theap, false);
    }
}

/// Give back what nobody has taken from these caches since the last sweep; with `all`, give everything back.
#[cold]
pub fn sweep_caches(theap: &Theap, all: bool) {
    if all && is_on() {
        quarantine::flush(theap);
    }
    let left = transfer_cache::sweep(theap, all);
    if large_cache::sweep(theap, all) || left {
        timer::schedule_sweep(arena::purge_delay());
    }
}
