//! What is said of a misuse: the function, the block and its size, and what was done to it.

use crate::diag::error::misuse;
use crate::page::keys::Keys;
use crate::page::tag::{HEAD, Said, TAG, Tagged};
use crate::prim::Errno;

/// A block at `p` is no block in use by its tag.
///
/// # Safety
/// - the block is one of a page in use.
#[cold]
#[inline(never)]
pub unsafe fn not_live(function: &str, block: Tagged, keys: &Keys) {
    let (p, most) = (block.start, block.bytes - TAG);
    // SAFETY: by the contract.
    if unsafe { block.is_free(keys) } {
        misuse(
            Errno::EAGAIN,
            format_args!("{function}: double free: the block {p:p} of up to {most} bytes was freed before"),
        );
    } else {
        misuse(
            Errno::EFAULT,
            format_args!(
                "{function}: the {TAG} bytes behind the block {p:p} of up to {most} bytes were overwritten, or it is no block"
            ),
        );
    }
}

/// The program wrote behind a block in use.
///
/// # Safety
/// - the block is the caller's.
#[cold]
#[inline(never)]
pub unsafe fn overflow(function: &str, block: Tagged, said: Said, keys: &Keys) {
    // SAFETY: by the contract.
    let at = unsafe { block.first_damaged(said.size, keys) }.unwrap_or(said.size);
    misuse(
        Errno::EFAULT,
        format_args!(
            "{function}: overflow: the block {:p} has {} bytes, and byte {} was written",
            block.start,
            said.size,
            at + 1
        ),
    );
}

/// A free block was written to.
///
/// # Safety
/// - the block is the caller's.
#[cold]
#[inline(never)]
pub unsafe fn written_after_free(block: Tagged, keys: &Keys) {
    let (p, most) = (block.start, block.bytes - TAG);
    // SAFETY: by the contract.
    let byte = |i: usize| unsafe { p.add(i).read() };
    match (0..HEAD).find(|&i| byte(i) != 0) {
        Some(i) => misuse(
            Errno::EFAULT,
            format_args!(
                "malloc: write after free: byte {} of the free block {p:p} of up to {most} bytes was written",
                i + 1
            ),
        ),
        None => {
            // SAFETY: by the contract.
            let is_live = unsafe { block.said(keys) }.is_some();
            misuse(
                Errno::EFAULT,
                format_args!(
                    "malloc: the {TAG} bytes behind the free block {p:p} of up to {most} bytes were {}",
                    if is_live { "those of a block in use" } else { "overwritten" }
                ),
            );
        }
    }
}

/// A pointer to the inside of a block is freed that was not handed out, or the start of one of whose inside a pointer
/// was.
#[cold]
#[inline(never)]
pub fn not_handed_out(function: &str, p: *const u8) {
    misuse(
        Errno::EINVAL,
        format_args!("{function}: invalid pointer {p:p}: it points into a block in use, but was not handed out for it"),
    );
}

/// The program wrote behind a block with a page of its own.
#[cold]
#[inline(never)]
pub fn large_overflow(function: &str, p: *const u8, size: usize, at: usize) {
    misuse(
        Errno::EFAULT,
        format_args!("{function}: overflow: the block {p:p} has {size} bytes, and byte {} was written", at + 1),
    );
}
