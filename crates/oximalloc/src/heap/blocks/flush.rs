//! How blocks leave a full stack. Half of them go to the transfer cache, or a few go to their pages.
//!
//! The transfer cache takes blocks by pointer alone. A block that goes to its page may cost two cache lines that
//! nobody has touched for a long time: its own, and that of the page's record. So only a few blocks go to their pages
//! at a time. A run of blocks of one page goes together.

use super::run::flush_batch;
use super::transfer_cache;
use crate::heap::state::theap::Theap;
use crate::page::bins::Bin;
use crate::page::block::Block;
use core::ptr;

/// The most blocks that a thread keeps if it gives blocks of many pages and takes none. Each of them may be the last
/// block that keeps its page. A small number also makes the thread's later frees take the slow path soon, and only
/// slow paths purge the memory that waits for it.
const SCATTERED: usize = 4;

/// The most blocks of a deep stack that go to their pages at a time.
const OLDEST: usize = 32;

impl Theap {
    /// Free a block that the fast path did not push. Push it here; if there is no room, grow the stack or give some
    /// blocks back. Returns whether blocks were given back: then the caller lets time pass ([`Theap::free_tick`]).
    ///
    /// # Safety
    /// - the block is out and the caller's; its page is of this theap's heap and of that bin; the theap is the calling
    ///   thread's.
    pub unsafe fn push_overflow(&self, bin: Bin, block: *mut Block) -> bool {
        self.assert_in_step();
        let b = bin.index();
        self.open_if_new(bin);
        if self.is_shut() {
            // The stack is shut. Every block goes to its page, so that the heartbeat ticks.
            // SAFETY: the block is ours.
            unsafe { self.return_run(b, Theap::newest_run(&raw const block as *const *mut u8, 1)) };
            self.cold(b).moved.count_given(1);
            return false;
        }
        let mut flushed = false;
        // This loop runs once, unless a callback of the program runs meanwhile and fills the stack again.
        while self.depth(b) >= self.room(b) {
            // The stack grows beyond its base only if that would have saved moving blocks to the pages and back.
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

    /// Put the newer half of a full stack into the transfer cache, or all of it if the stack did not run empty
    /// `again`. If the transfer cache refuses, give a few blocks to their pages.
    fn make_room(&self, bin: Bin, again: bool) {
        let b = bin.index();
        let depth = self.depth(b);
        let n = if again { depth.div_ceil(2) } else { depth };
        // SAFETY: the stack is ours.
        unsafe {
            if !self.is_main() || !transfer_cache::put(self, bin, n) {
                // A callback of the program may have run meanwhile and taken some.
                let n = flush_batch(bin).min(self.depth(b));
                let runs = if self.is_deep(bin) { self.flush_oldest(b, n) } else { self.flush_newest(b, n) };
                // The blocks of a delay line come from anywhere.
                if runs > n / 4 + self.delay_line(bin) {
                    self.note_scattered(b, runs);
                }
            }
        }
        if self.is_scattered(bin) {
            // The room shrinks by a few blocks at each free, down to this.
            let least = SCATTERED.min(flush_batch(bin)).max(self.depth(b) + 1);
            self.lower_room(b, least);
        }
    }

    /// How many blocks a full stack may hold. A thread that has only freed such blocks so far, or that gives blocks of
    /// many pages, may hold few. A stack that `ran_empty` since it was last full may hold more: its maximum divided by
    /// the number of threads, but at least its base.
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

    /// Give the `n` newest blocks of a stack back to their pages. Returns the number of runs of one page. The newest
    /// go because then no word of the others moves.
    ///
    /// # Safety
    /// - the caller is the theap's thread, or has taken the theap from the pool.
    pub unsafe fn flush_newest(&self, b: usize, mut n: usize) -> usize {
        self.assert_in_step();
        let mut runs = 0;
        loop {
            // Releasing a page may call a function of the program, if the program manages that memory. The function
            // may allocate and free such blocks itself. So a run leaves the stack before it is given, and the depth is
            // read again each time.
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

    /// Give the `n` oldest blocks of a deep stack back, at most [`OLDEST`]. The stack keeps the newest, which lie in
    /// the processor's cache. Returns the number of runs of one page.
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
