//! How blocks go back to pages: a stack that is full gives its older half, all blocks in a row of one page at a time.

use super::record::Heap;
use super::theap::{Moved, Theap};
use crate::arena::map;
use crate::base::config::SLICE;
use crate::base::sync::Ordering;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::{AHEAD, Block};
use core::ptr;

/// How many of the `n` blocks at `at`, the first of which is, lie in the page of `bytes` (a power of two) at `start`
/// before another does not.
///
/// # Safety
/// - there are `n` blocks at `at`.
unsafe fn same_page(at: *const *mut u8, n: usize, start: usize, bytes: usize) -> usize {
    // SAFETY: by the contract.
    let blocks = unsafe { core::slice::from_raw_parts(at, n) };
    // Often all: a program that frees a structure. No branch for each, so that the compiler takes several at once.
    let all = blocks.iter().fold(0, |bits, b| bits | (*b as usize).wrapping_sub(start));
    if all < bytes {
        return n;
    }
    blocks.iter().position(|b| (*b as usize).wrapping_sub(start) >= bytes).unwrap_or(n)
}

impl Theap {
    /// Free a block that the fast path did not push: push it, and if there is no room grow the stack or give its older
    /// half back.
    ///
    /// # Safety
    /// - the block is out and the caller's; its page is of this theap's heap and of that bin; the theap is the thread's.
    pub unsafe fn push_slow(&self, bin: Bin, block: *mut Block) {
        let b = bin.index();
        self.open_if_new(bin);
        if self.is_shut() {
            // The stack is off: all goes to the pages, so that the heartbeat ticks.
            // SAFETY: the block is ours.
            unsafe { self.give_run(b, map::get(block as *const u8) as *mut Page, block, block, 1) };
            return;
        }
        let hot = &self.hot[b];
        if self.depth(b) >= hot.room.get() as usize {
            // Beyond its base it grows where it would have saved going to the pages and back.
            let again = self.side[b].ran_empty.replace(false);
            let most = if again { bin.stack_max() } else { bin.stack_base() };
            if (hot.room.get() as usize) < most {
                self.grow(bin, most);
            } else {
                // SAFETY: the stack is ours.
                unsafe { self.give_stack(b, (self.depth(b) / 2).max(1)) };
                self.free_tick();
            }
        }
        self.set_limit(b);
        // SAFETY: there is room now.
        unsafe {
            let top = hot.top.get().add(1);
            *top = block as *mut u8;
            hot.top.set(top);
        }
    }

    /// Give the `n` oldest blocks of a stack back to their pages.
    ///
    /// # Safety
    /// - the caller is the theap's thread (or has it from the pool); `n` is at most the depth.
    pub unsafe fn give_stack(&self, b: usize, n: usize) {
        let hot = &self.hot[b];
        let base = self.side[b].base.get();
        let depth = self.depth(b);
        // SAFETY: the blocks on the stack, `base[1..=depth]`, are ours, and each lies in a page that lives as long as
        // the block is out.
        unsafe {
            let bytes = Bin::at(b).slices() * SLICE;
            let mut i = 1;
            while i <= n {
                let first = *base.add(i) as *mut Block;
                let page = map::get(first as *const u8) as *mut Page;
                let run = same_page(base.add(i), n + 1 - i, (*page).start() as usize, bytes);
                for j in i..i + run - 1 {
                    let block = *base.add(j) as *mut Block;
                    Block::set_next(block, *base.add(j + 1) as *mut Block);
                    Block::set_ahead(block, *base.add((j + AHEAD).min(i + run - 1)) as *mut Block);
                }
                i += run;
                let (last, count) = (*base.add(i - 1) as *mut Block, run as u32);
                self.give_run(b, page, first, last, count);
            }
            ptr::copy(base.add(n + 1), base.add(1), depth - n);
            hot.top.set(hot.top.get().sub(n));
        }
    }

    /// Give a chain of blocks of one page back.
    ///
    /// # Safety
    /// - they are blocks of `page`, out, and ours.
    unsafe fn give_run(&self, b: usize, page: *mut Page, first: *mut Block, last: *mut Block, n: u32) {
        // SAFETY: by the contract; the page attached to this bin is the only one whose lists are ours.
        unsafe {
            if page == self.hot[b].page.get() {
                (*page).give_local(first, last, n);
            } else {
                let then = (*page).give(first, last, n);
                self.settle(page, then);
            }
        }
        Moved::add(&self.moved[b].given, n);
    }

    /// Give one block of a page that is not attached to this theap, or has no owner that lives.
    ///
    /// # Safety
    /// - the block is of the page, out, and the caller's.
    pub unsafe fn give_now(&self, page: *mut Page, block: *mut Block) {
        // SAFETY: by the contract; the page lives as long as the block is out.
        unsafe {
            // Charged to the page's heap, and before the page may be gone.
            let heap = Heap::of_page((*page).heap());
            let then = if (*page).bin() == Bin::SINGLE {
                (*page).give_single()
            } else {
                heap.moved[(*page).bin().index()].given.fetch_add(1, Ordering::Relaxed);
                (*page).give(block, block, 1)
            };
            self.settle(page, then);
        }
    }
}
