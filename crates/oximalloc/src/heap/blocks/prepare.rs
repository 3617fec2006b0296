//! What becomes of blocks, under protection, when a page supplies them.
//!
//! Invariant: each block on a stack and in the transfer cache is free by its mark, and its head is clear. A block on a
//! list of its page is, too, but for the link in its first word. A block that was never handed out, or whose memory went
//! back to the system, has no mark.

use crate::diag::error::misuse;
use crate::diag::secure::{cleared, is_at_least};
use crate::heap::state::theap::Theap;
use crate::heap::state::theap::secured::Secured;
use crate::page::bins::Bin;
use crate::page::supply::From;
use crate::page::tag;
use crate::prim::Errno;
use core::ptr;

impl Theap {
    /// Make the blocks that a page has just supplied what blocks on a stack are.
    ///
    /// # Safety
    /// - the `n` words at `blocks` name blocks of that bin, which are the caller's.
    #[inline(never)]
    pub unsafe fn prepare(&self, bin: Bin, blocks: *mut *mut u8, n: usize, from: From) {
        let Some(secured) = self.secured() else { return };
        let (bytes, keys) = (bin.block_size(), secured.keys());
        // SAFETY: by the contract.
        unsafe {
            if from != From::List {
                tag::prepare(blocks, n, bytes, (from != From::Zero).then(cleared), keys);
                return shuffle(secured, blocks, n);
            }
            if let Some(damaged) = tag::unlink(blocks, n, bytes, keys) {
                misuse(
                    Errno::EFAULT,
                    format_args!(
                        "malloc: free block {damaged:p} of {bytes} bytes: its mark was overwritten after it was freed"
                    ),
                );
            }
        }
    }
}

/// Bring blocks that were never handed out into a random order, from level 2 on.
///
/// # Safety
/// - the `n` words are the caller's.
unsafe fn shuffle(secured: &Secured, blocks: *mut *mut u8, n: usize) {
    if !is_at_least(2) {
        return;
    }
    for last in (1..n).rev() {
        let other = secured.random() as usize % (last + 1);
        // SAFETY: by the contract.
        unsafe { ptr::swap(blocks.add(last), blocks.add(other)) };
    }
}
