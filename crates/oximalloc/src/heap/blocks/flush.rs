//! How blocks leave a stack that is full: half of them go to the transfer cache, or a few to their pages.
//!
//! To the transfer cache they go by pointer alone. A block that goes to its page may cost two cache lines that nobody has touched
//! for long, its own and that of the page's record. So only a few go at a time, and all that lie in a row of one page go together.

use super::run::flush_batch;
use super::transfer_cache;
use crate::heap::state::theap::Theap;
use crate::page::bins::Bin;
use crate::page::block::Block;
use core::ptr;

/// How many blocks a thread keeps at most that gives blocks of many pages and takes none: each of them may keep a page that is
/// free but for it. (So that it soon runs out of them, too, where it goes on: what waits to be purged waits for a slow path.)
const SCATTERED: usize = 4;

/// The most blocks of a deep stack that go to their pages at a time.
const OLDEST: usize = 32;

impl Theap {
    /// Free a block that the fast path did not push: push it, and if there is no room grow the stack or give some back.
    /// Says whether it gave some: then the caller lets time pass ([`Theap::free_tick`]).
    ///
    /// # Safety
    /// - the block is out and the caller's; its page is of this theap's heap and of that bin; the theap is the thread's.
    pub unsafe fn push_overflow(&self, bin: Bin, block: *mut Block) -> bool {
        self.assert_in_step();
        let b = bin.index();
        self.open_if_new(bin);
        if self.is_shut() {
            // The stack is off: all goes to the pages, so that the heartbeat ticks.
            // SAFETY: the block is ours.
            unsafe { self.return_run(b, Theap::newest_run(&raw const block as *const *mut u8, 1)) };
            self.cold(b).moved.count_given(1);
            return false;
        }
        let mut flushed = false;
        // Once, unless a function of the program's that is called meanwhile fills it again.
        while self.depth(b) >= self.room(b) {
            // Beyond its base it grows where it would have saved going to the pages and back.
            let again = self.note_full(b);
            let most = self.room_for(bin, again);
            if self.room(b) < most {
                self.grow(bin, most);
            }
            if self.depth(b) >= self.room(b) {
                self.make_room(bin, again);
                flushed = true;
            }
        }
        self.lower_full(b);
        self.set_limit(b);
        // SAFETY: there is room now.
        unsafe { self.push(b, block as *mut u8) };
        flushed
    }

    /// Put the newer half of a full stack into the transfer cache, or all where it did not run empty `again`; else give a few to their
    /// pages.
    fn make_room(&self, bin: Bin, again: bool) {
        let b = bin.index();
        let depth = self.depth(b);
        let n = if again { depth.div_ceil(2) } else { depth };
        // SAFETY: the stack is ours.
        unsafe {
            if !self.is_main() || !transfer_cache::put(self, bin, n) {
                // A function of the program's that was called meanwhile may have taken some.
                let n = flush_batch(bin).min(self.depth(b));
                let runs = if self.is_deep(bin) { self.flush_oldest(b, n) } else { self.flush_newest(b, n) };
                if runs > n / 4 {
                    self.note_scattered(b, runs);
                }
            }
        }
        if self.is_scattered(bin) {
            // A few less at each free, down to those.
            let least = SCATTERED.min(flush_batch(bin)).max(self.depth(b) + 1);
            self.lower_room(b, least);
        }
    }

    /// How many blocks a full stack may hold: few where the thread has only freed such blocks so far, or gives blocks of
    /// many pages; more where the stack `ran_empty` since it was last full, the more the fewer threads there are.
    fn room_for(&self, bin: Bin, ran_empty: bool) -> usize {
        let base = bin.stack_base();
        if ran_empty {
            let theaps = self.heap().stats.theaps.current();
            (bin.stack_max() / theaps.max(1) as usize).max(base)
        } else if self.is_scattered(bin) {
            flush_batch(bin).min(SCATTERED)
        } else if self.cold(bin.index()).moved.taken() == 0 {
            flush_batch(bin)
        } else {
            base
        }
    }

    /// Give the `n` newest blocks of a stack back to their pages; says in how many runs of one page. (The newest, so that no
    /// word of the others moves.)
    ///
    /// # Safety
    /// - the caller is the theap's thread (or has it from the pool).
    pub unsafe fn flush_newest(&self, b: usize, mut n: usize) -> usize {
        self.assert_in_step();
        let mut runs = 0;
        loop {
            // Memory that goes back with them may be one that the program manages, with a function that allocates and frees
            // such blocks itself: so a run is off the stack before it is given, and the depth is asked for each time.
            let depth = self.depth(b);
            n = n.min(depth);
            if n == 0 {
                return runs;
            }
            // SAFETY: the blocks on the stack, `base[1..=depth]`, are ours.
            unsafe {
                let run = Theap::newest_run(self.base(b).add(1 + depth - n), n);
                self.set_depth(b, depth - run.count);
                self.cold(b).moved.count_given(run.count);
                n -= run.count;
                self.return_run(b, run);
            }
            runs += 1;
        }
    }

    /// Give the `n` oldest blocks of a deep stack back, at most [`OLDEST`]: those that it goes on with are the ones that lie in the
    /// processor's cache. Says in how many runs of one page.
    ///
    /// # Safety
    /// - as for [`Theap::flush_newest`]; `n` is at most the depth.
    unsafe fn flush_oldest(&self, b: usize, n: usize) -> usize {
        let mut oldest = [ptr::null_mut(); OLDEST];
        let n = n.min(OLDEST);
        // SAFETY: the blocks are ours, and off the stack.
        unsafe {
            self.take_oldest(b, n, oldest.as_mut_ptr());
            self.return_all(b, &oldest[..n])
        }
    }
}
