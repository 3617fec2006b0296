//! What is said of free blocks that the program has damaged.

use super::block::Block;
use crate::diag::error::misuse;
use crate::prim::Errno;

/// A link was overwritten and now names `block`, which is no block of the page: it has blocks of `size` bytes from
/// `start` on. So many free blocks are lost.
#[cold]
pub fn link(block: *mut Block, start: *mut u8, size: usize, lost: u32) {
    misuse(
        Errno::EFAULT,
        format_args!(
            "malloc: a free block's link was overwritten ({block:p}, page of {size} byte blocks at {start:p}): the program wrote to freed memory; {lost} free blocks are lost"
        ),
    );
}

/// A block is free twice.
#[cold]
pub fn twice(block: *mut Block, size: usize) {
    misuse(
        Errno::EAGAIN,
        format_args!("free: double free: the block {block:p} of {size} bytes is twice among the free blocks"),
    );
}
