//! How an owner takes blocks off the lists of its page.

use super::Page;
use crate::page::block::{Block, Links};
use crate::page::damage;
use crate::page::word::Chain;
use core::ptr;

/// Blocks smaller than a cache line are returned to their owner in lists (`heap/blocks/remote.rs`).
const LINE: usize = 64;
/// How many blocks smaller than a cache line a supply takes off a list at most. Each may be a cache miss, and an
/// allocation waits for all of them.
const WALK: u32 = 32;

impl Page {
    /// Move up to `want` free blocks from the page's lists to an array, the first to `last` and the others below it.
    /// They come from `free`, otherwise from `local_free`, otherwise from what other threads gave. Returns how many.
    /// None if the list was found corrupt: the list is given up, and the program's error function may have allocated
    /// and freed blocks of this size since.
    ///
    /// # Safety
    /// - the page is attached to the caller, and the `want` words that end with `last` are the caller's.
    #[inline]
    pub(in crate::page) unsafe fn take_listed(&self, want: u32, last: *mut *mut u8) -> Option<u32> {
        if self.free.get().is_null() {
            if self.local_count.get() > 0 {
                self.free.set(self.local_free.replace(ptr::null_mut()));
                self.free_count.set(self.local_count.replace(0));
            } else {
                let Chain { head, count } = self.word.take();
                if count > 0 {
                    self.free.set(self.block_at16(head));
                    self.free_count.set(count);
                }
            }
        }
        let have = self.free_count.get();
        if have == 0 {
            return Some(0);
        }
        // Such blocks come back from other threads, and name blocks further on.
        let small = self.block_size.get() < LINE;
        let n = want.min(have).min(if small { WALK } else { u32::MAX });
        let links = Links::now();
        // (So that the loop for plain links has no test.)
        // SAFETY: by the contract. There are as many blocks on a list that the owner holds.
        let block = unsafe {
            if links.are_plain() { self.walk(n, last, small, Links::PLAIN) } else { self.walk_coded(n, last, links) }
        };
        let block = match block {
            Ok(block) => block,
            Err(wrong) => {
                self.drop_corrupt_list(wrong);
                return None;
            }
        };
        self.free.set(if n == have { ptr::null_mut() } else { block });
        self.free_count.set(have - n);
        Some(n)
    }

    /// # Safety
    /// - as for [`Page::walk`].
    #[inline(never)]
    unsafe fn walk_coded(&self, n: u32, last: *mut *mut u8, links: Links) -> Result<*mut Block, *mut Block> {
        // SAFETY: by the contract.
        unsafe { self.walk(n, last, false, links) }
    }

    /// Write the first `n` blocks of `free` to an array, as in [`Page::take_listed`]. Returns the block behind them, or
    /// what a link names that is no block.
    ///
    /// # Safety
    /// - as for [`Page::take_listed`]; there are as many.
    #[inline(always)]
    unsafe fn walk(&self, n: u32, last: *mut *mut u8, ahead: bool, links: Links) -> Result<*mut Block, *mut Block> {
        let mut block = self.free.get();
        let contains = self.containing();
        for i in 0..n {
            if !contains(block) {
                return Err(block);
            }
            // SAFETY: the word is the caller's. The block is on a list that the owner holds.
            unsafe {
                last.sub(i as usize).write(block as *mut u8);
                if ahead {
                    Block::prefetch_ahead(block);
                }
                block = Block::next(block, links);
            }
        }
        Ok(block)
    }

    /// A link does not point to a block: somebody wrote to freed memory. Gives the list up, and then reports the error.
    #[cold]
    fn drop_corrupt_list(&self, block: *mut Block) {
        self.free.set(ptr::null_mut());
        damage::link(block, self.start(), self.block_size(), self.free_count.replace(0));
    }
}
