//! How blocks go back to pages: a stack that is full gives its older half, and blocks of other threads' pages are
//! chained and given a page at a time.
//!
//! Bounds: a theap holds at most [`OUTGOING`] chains, each of at most 32 blocks and 16 KiB. They are given at each
//! 16th slow path, at a collect and at the thread's end.

use super::record::{Heap, MAIN};
use super::theap::{Moved, OUTGOING, Theap};
use crate::arena::map;
use crate::base::config::SLICE;
use crate::base::sync::Ordering;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::{AHEAD, Block};
use core::ptr;

const CHAIN_BLOCKS: usize = 32;
const CHAIN_BYTES: usize = 16 * 1024;

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
    /// Free a block of a page whose stack belongs to this theap's thread, but could not take it: grow the stack or
    /// give its older half back.
    ///
    /// # Safety
    /// - the block is out and the caller's; the bin is that of its page, and open.
    pub unsafe fn push_slow(&self, bin: Bin, block: *mut Block) {
        let b = bin.index();
        let hot = &self.hot[b];
        let door = &self.door[b];
        let base = door.base.get();
        if self.is_shut() {
            // The stack is off: all goes to the pages, so that the heartbeat ticks.
            // SAFETY: the block is ours.
            unsafe { self.give_run(b, map::get(block as *const u8) as *mut Page, block, block, 1) };
            return;
        }
        let (room, max) = (door.room.get() as usize, bin.stack_max());
        if self.depth(b) >= room {
            if room < max {
                self.grow(bin);
            } else {
                // SAFETY: the stack is ours.
                unsafe { self.give_stack(b, (self.depth(b) / 2).max(1)) };
            }
        }
        // SAFETY: the room is at most the words behind `base`.
        hot.limit.set(unsafe { base.add(door.room.get() as usize) });
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
        let base = self.door[b].base.get();
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

    /// Free a block of a page that is not this thread's: of the main heap, chain it; of one that may be destroyed, give it
    /// at once, so that no chain ever has a block whose page is gone.
    ///
    /// # Safety
    /// - the block is out and the caller's.
    pub unsafe fn push_remote(&self, page: &Page, block: *mut Block) {
        let at = &raw const *page as *mut Page;
        if !ptr::eq(page.heap(), MAIN.as_page_heap()) {
            // SAFETY: by the contract.
            unsafe { self.give_now(at, block) };
            return;
        }
        let size = page.block_size();
        let out = &self.outgoing[(at as usize >> 7) % OUTGOING];
        // SAFETY: the chain's blocks and this one are ours.
        unsafe {
            if out.page.get() == at {
                Block::set_next(block, out.first.get());
                out.first.set(block);
                out.count.set(out.count.get() + 1);
            } else {
                if !out.page.get().is_null() {
                    self.give_outgoing(out);
                }
                out.page.set(at);
                out.first.set(block);
                out.last.set(block);
                out.count.set(1);
            }
            let count = out.count.get() as usize;
            if count >= CHAIN_BLOCKS || count * size >= CHAIN_BYTES {
                self.give_outgoing(out);
                self.remote_tick();
            }
        }
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

    /// # Safety
    /// - the chain is not empty.
    unsafe fn give_outgoing(&self, out: &super::theap::Outgoing) {
        let page = out.page.replace(ptr::null_mut());
        let n = out.count.get();
        // SAFETY: the page lives as long as the chain's blocks are out.
        unsafe {
            let b = (*page).bin().index();
            if self.heap().is_main() {
                Moved::add(&self.moved[b].given, n);
            } else {
                // A thread of another subprocess.
                MAIN.moved[b].given.fetch_add(n as u64, Ordering::Relaxed);
            }
            let then = (*page).give(out.first.get(), out.last.get(), n);
            self.settle(page, then);
        }
    }

    /// Call `visit` with the bin and the length of each chain. Any thread may ask, as for `depth_seen`; of a chain that
    /// is being given at that moment the length may be another's.
    pub fn chains_seen(&self, mut visit: impl FnMut(usize, usize)) {
        for out in &self.outgoing {
            // SAFETY: in the theap, and words; their owner stores whole words, and what is read is only counted. A page's
            // record is never unmapped.
            unsafe {
                if let Some(page) = out.page.as_ptr().read_volatile().as_ref() {
                    visit(page.bin().index(), (out.count.as_ptr().read_volatile() as usize).min(CHAIN_BLOCKS));
                }
            }
        }
    }

    /// Give all chains.
    pub fn give_all_outgoing(&self) {
        for out in &self.outgoing {
            if !out.page.get().is_null() {
                // SAFETY: not empty.
                unsafe { self.give_outgoing(out) };
            }
        }
    }
}
