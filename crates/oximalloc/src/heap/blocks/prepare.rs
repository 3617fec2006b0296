//! What becomes of blocks, under protection, when a page supplies them.
//!
//! Invariant: each block on a stack and in the transfer cache is free by its mark, and its head is clear. A block on a
//! list of its page is, too, but for the link in its first word. A block that was never handed out, or whose memory went
//! back to the system, has no mark.

use crate::diag::error::misuse;
use crate::heap::state::theap::Theap;
use crate::page::bins::Bin;
use crate::page::supply::From;
use crate::page::tag;
use crate::prim::Errno;

impl Theap {
    /// Make the blocks that a page has just supplied what blocks on a stack are.
    ///
    /// # Safety
    /// - the `n` words at `blocks` name blocks of that bin, which are the caller's.
    #[inline(never)]
    pub unsafe fn prepare(&self, bin: Bin, blocks: *const *mut u8, n: usize, from: From) {
        let Some(secured) = self.secured() else { return };
        let (bytes, keys) = (bin.block_size(), secured.keys());
        // SAFETY: by the contract.
        unsafe {
            if from != From::List {
                return tag::prepare(blocks, n, bytes, keys);
            }
            if let Some(damaged) = tag::unlink(blocks, n, bytes, keys) {
                misuse(
                    Errno::EFAULT,
                    format_args!(
                        "malloc: free block {damaged:p} of {bytes} bytes: its tag was overwritten after it was freed, or by an overflow"
                    ),
                );
            }
        }
    }
}
