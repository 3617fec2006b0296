//! Blocks go back to their pages, a run of blocks of one page at a time.

use crate::base::config::SLICE;
use crate::heap::state::heap::Heap;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::{Block, Links};

/// Linked blocks of one page.
pub struct Run {
    first: *mut Block,
    last: *mut Block,
    /// How many.
    pub count: usize,
}

/// How many blocks of a bin a thread keeps if it only frees them. Also, how many blocks go to their pages at a time.
pub fn flush_batch(bin: Bin) -> usize {
    (bin.stack_base() / 4).max(1)
}

impl Theap {
    /// Look at an array of `n` blocks, at least one, from its end. Link the blocks there that lie in the same page as
    /// the last, up to the first that does not.
    ///
    /// # Safety
    /// - they are blocks of one bin, out, and the caller's.
    #[inline]
    pub unsafe fn newest_run(at: *const *mut u8, n: usize) -> Run {
        let links = Links::now();
        // (So that the loop for plain links has no test.)
        // SAFETY: by the contract.
        unsafe { if links.are_plain() { Self::run_of(at, n, Links::PLAIN) } else { Self::coded_run(at, n, links) } }
    }

    /// # Safety
    /// - as for [`Theap::newest_run`].
    #[inline(never)]
    unsafe fn coded_run(at: *const *mut u8, n: usize, links: Links) -> Run {
        // SAFETY: by the contract.
        unsafe { Self::run_of(at, n, links) }
    }

    /// # Safety
    /// - as for [`Theap::newest_run`].
    #[inline(always)]
    unsafe fn run_of(at: *const *mut u8, n: usize, links: Links) -> Run {
        // SAFETY: by the contract; each block lies in a page that lives as long as the block is out.
        unsafe {
            let first = *at.add(n - 1) as *mut Block;
            let (mut last, mut count) = (first, 1);
            while count < n {
                let next = *at.add(n - 1 - count);
                if (next as usize ^ first as usize) >= SLICE {
                    break;
                }
                Block::set_next(last, next as *mut Block, links);
                last = next as *mut Block;
                count += 1;
            }
            Run { first, last, count }
        }
    }

    /// Give a run back. It is not counted here.
    ///
    /// # Safety
    /// - its blocks are out, and the caller's alone: on no stack.
    #[inline(never)]
    pub unsafe fn return_run(&self, b: usize, Run { first, last, count }: Run) {
        // The page exists, because its blocks are out.
        let Some(page) = Page::at(first.cast()) else { return };
        // SAFETY: by the contract; the page attached to this bin is the only one whose lists are ours.
        unsafe {
            if self.cold(b).pages.is_front(page) {
                page.give_local(first, last, count as u32);
            } else {
                let then = page.give(first, last, count as u32);
                self.settle(page, then);
            }
        }
    }

    /// Give blocks back to their pages. Returns the number of runs of one page. The blocks are not counted here.
    ///
    /// # Safety
    /// - they are blocks of that bin, out, and the caller's alone: on no stack.
    #[inline(never)]
    pub unsafe fn return_all(&self, b: usize, blocks: &[*mut u8]) -> usize {
        let (mut n, mut runs) = (blocks.len(), 0);
        while n > 0 {
            // SAFETY: by the contract.
            unsafe {
                let run = Theap::newest_run(blocks.as_ptr(), n);
                n -= run.count;
                self.return_run(b, run);
            }
            runs += 1;
        }
        runs
    }

    /// Give one block back. Its page is not attached to this theap, or has no living owner.
    ///
    /// # Safety
    /// - the block is of the page, out, and the caller's.
    pub unsafe fn return_block(&self, page: &'static Page, block: *mut Block) {
        let _step = self.step();
        // SAFETY: by the contract; the page lives as long as the block is out.
        unsafe {
            // Count it for the page's heap, before the page may be gone.
            let heap = Heap::of_page(page.heap());
            let then = if page.bin() == Bin::SINGLE {
                page.give_single()
            } else {
                heap.count_alone(self.number(), page.bin().index());
                page.give(block, block, 1)
            };
            self.settle(page, then);
        }
    }
}
