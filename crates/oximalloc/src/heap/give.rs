//! How blocks leave a stack that is full: half of them to the depot, or a few to their pages, all blocks in a row of one page at a
//! time. To the depot they go by pointer alone. Each that goes to its page may cost two cache lines that nobody has touched for
//! long, its own and that of the page's record: so only a few go at a time.

use super::depot;
use super::record::Heap;
use super::theap::{Moved, Theap};
use crate::arena::map;
use crate::base::config::SLICE;
use crate::base::sync::Ordering;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::Block;
use core::ptr;

/// Blocks of a page, linked.
pub(super) struct Run {
    page: *mut Page,
    first: *mut Block,
    last: *mut Block,
    pub(super) count: usize,
}

/// How many blocks a thread keeps at most that gives blocks of many pages and takes none: each of them may keep a page that is
/// free but for it. (So that it soon runs out of them, too, where it goes on: what waits to be purged waits for a slow path.)
const SCATTERED: usize = 4;

/// How many blocks of a bin a thread keeps that only frees them; and how many go to their pages at a time.
pub(super) fn few(bin: Bin) -> usize {
    (bin.stack_base() / 4).max(1)
}

/// The most blocks of a deep stack that go to their pages at a time.
const OLDEST: usize = 32;

impl Theap {
    /// Free a block that the fast path did not push: push it, and if there is no room grow the stack or give some back.
    ///
    /// # Safety
    /// - the block is out and the caller's; its page is of this theap's heap and of that bin; the theap is the thread's.
    pub unsafe fn push_slow(&self, bin: Bin, block: *mut Block) {
        self.assert_in_step();
        let b = bin.index();
        self.open_if_new(bin);
        if self.is_shut() {
            // The stack is off: all goes to the pages, so that the heartbeat ticks.
            // SAFETY: the block is ours.
            unsafe { self.give_run(b, Theap::last_run(&raw const block as *const *mut u8, 1)) };
            Moved::add(&self.side[b].moved.given, 1);
            return;
        }
        let room = &self.side[b].room;
        // Once, unless a function of the program's that is called meanwhile fills it again.
        while self.depth(b) >= room.get() as usize {
            // Beyond its base it grows where it would have saved going to the pages and back.
            let again = self.side[b].ran_empty.replace(false);
            let most = self.room_for(bin, again);
            if (room.get() as usize) < most {
                self.grow(bin, most);
            }
            if self.depth(b) >= room.get() as usize {
                self.make_room(bin, again);
            }
        }
        self.lower_full(b);
        self.set_limit(b);
        // SAFETY: there is room now.
        unsafe { self.push(b, block as *mut u8) };
    }

    /// Put the newer half of a full stack into the depot, or all where it did not run empty `again`; else give a few to their
    /// pages.
    fn make_room(&self, bin: Bin, again: bool) {
        let b = bin.index();
        let (room, scattered) = (&self.side[b].room, &self.side[b].scattered);
        let depth = self.depth(b);
        let n = if again { depth.div_ceil(2) } else { depth };
        // SAFETY: the stack is ours.
        unsafe {
            if !self.is_main() || !depot::put(self, bin, n) {
                // A function of the program's that was called meanwhile may have taken some.
                let n = few(bin).min(self.depth(b));
                let runs = if self.is_deep(bin) { self.give_oldest(b, n) } else { self.give_stack(b, n) };
                if runs > n / 4 {
                    scattered.set(scattered.get().saturating_add(runs as u8));
                }
            }
        }
        if self.is_scattered(bin) {
            // A few less at each free, down to those.
            let least = SCATTERED.min(few(bin)).max(self.depth(b) + 1);
            room.set(room.get().min(least as u32));
            self.set_limit(b);
        }
        self.free_tick();
    }

    /// Whether the thread gave blocks of many pages since it last took some.
    fn is_scattered(&self, bin: Bin) -> bool {
        self.side[bin.index()].scattered.get() as usize >= bin.stack_base()
    }

    /// How many blocks a full stack may hold: few where the thread has only freed such blocks so far, or gives blocks of
    /// many pages; more where the stack `ran_empty` since it was last full, the more the fewer threads there are.
    fn room_for(&self, bin: Bin, ran_empty: bool) -> usize {
        let base = bin.stack_base();
        if ran_empty {
            let theaps = self.heap().stats.theaps.current();
            (bin.stack_max() / theaps.max(1) as usize).max(base)
        } else if self.is_scattered(bin) {
            few(bin).min(SCATTERED)
        } else if self.side[bin.index()].moved.taken.load(Ordering::Relaxed) == 0 {
            few(bin)
        } else {
            base
        }
    }

    /// Give the `n` newest blocks of a stack back to their pages; says in how many runs of one page. (The newest, so that no
    /// word of the others moves.)
    ///
    /// # Safety
    /// - the caller is the theap's thread (or has it from the pool).
    pub unsafe fn give_stack(&self, b: usize, mut n: usize) -> usize {
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
                let run = Theap::last_run(self.base(b).add(1 + depth - n), n);
                self.set_depth(b, depth - run.count);
                Moved::add(&self.side[b].moved.given, run.count as u32);
                n -= run.count;
                self.give_run(b, run);
            }
            runs += 1;
        }
    }

    /// Give the `n` oldest blocks of a deep stack back, at most [`OLDEST`]: those that it goes on with are the ones that lie in the
    /// processor's cache. Says in how many runs of one page.
    ///
    /// # Safety
    /// - as for [`Theap::give_stack`]; `n` is at most the depth.
    unsafe fn give_oldest(&self, b: usize, n: usize) -> usize {
        let mut oldest = [ptr::null_mut(); OLDEST];
        let n = n.min(OLDEST);
        // SAFETY: the blocks are ours, and off the stack.
        unsafe {
            self.take_oldest(b, n, oldest.as_mut_ptr());
            self.give_all(b, &oldest[..n])
        }
    }

    /// Give blocks back to their pages; says in how many runs of one page. They are not counted here.
    ///
    /// # Safety
    /// - they are blocks of that bin, out, and the caller's alone: on no stack.
    #[inline(never)]
    pub(super) unsafe fn give_all(&self, b: usize, blocks: &[*mut u8]) -> usize {
        let (mut n, mut runs) = (blocks.len(), 0);
        while n > 0 {
            // SAFETY: by the contract.
            unsafe {
                let run = Theap::last_run(blocks.as_ptr(), n);
                n -= run.count;
                self.give_run(b, run);
            }
            runs += 1;
        }
        runs
    }

    /// Take the `n` newest blocks off a stack, to the words at `to`. They are counted as given.
    ///
    /// # Safety
    /// - as for [`Theap::give_stack`]; `n` is at most the depth, and there is room for as many words.
    pub(super) unsafe fn take_off(&self, b: usize, n: usize, to: *mut *mut u8) {
        let left = self.depth(b) - n;
        // SAFETY: words of the stack.
        unsafe { ptr::copy_nonoverlapping(self.base(b).add(1 + left), to, n) };
        self.set_depth(b, left);
        Moved::add(&self.side[b].moved.given, n as u32);
    }

    /// Link those of the `n` blocks of an array, at least one, that lie in a row in one page, up to the last.
    ///
    /// # Safety
    /// - they are blocks of one bin, out, and the caller's.
    #[inline]
    pub(super) unsafe fn last_run(at: *const *mut u8, n: usize) -> Run {
        // SAFETY: by the contract; each block lies in a page that lives as long as the block is out.
        unsafe {
            let first = *at.add(n - 1) as *mut Block;
            let page = map::get(first as *const u8) as *mut Page;
            let (mut last, mut count) = (first, 1);
            while count < n {
                let next = *at.add(n - 1 - count);
                if (next as usize ^ first as usize) >= SLICE {
                    break;
                }
                Block::set_next(last, next as *mut Block);
                last = next as *mut Block;
                count += 1;
            }
            Run { page, first, last, count }
        }
    }

    /// Give a run back. It is not counted here.
    ///
    /// # Safety
    /// - its blocks are out, and the caller's alone: on no stack.
    pub(super) unsafe fn give_run(&self, b: usize, Run { page, first, last, count }: Run) {
        // SAFETY: by the contract; the page attached to this bin is the only one whose lists are ours.
        unsafe {
            if page == self.side[b].page.get() {
                (*page).give_local(first, last, count as u32);
            } else {
                let then = (*page).give(first, last, count as u32);
                self.settle(page, then);
            }
        }
    }

    /// Give one block of a page that is not attached to this theap, or has no owner that lives.
    ///
    /// # Safety
    /// - the block is of the page, out, and the caller's.
    pub unsafe fn give_now(&self, page: *mut Page, block: *mut Block) {
        let _step = self.step();
        // SAFETY: by the contract; the page lives as long as the block is out.
        unsafe {
            // Charged to the page's heap, and before the page may be gone.
            let heap = Heap::of_page((*page).heap());
            let then = if (*page).bin() == Bin::SINGLE {
                (*page).give_single()
            } else {
                heap.count_alone(self.number(), (*page).bin().index());
                (*page).give(block, block, 1)
            };
            self.settle(page, then);
        }
    }
}
