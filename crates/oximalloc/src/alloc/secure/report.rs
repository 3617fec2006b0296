//! What is said of a misuse: the function, the block and its size, and what was done to it.

use crate::diag::error::misuse;
use crate::page::keys::Keys;
use crate::page::tag::{HEAD, Tagged, kind};
use crate::prim::Errno;

/// A block is no block in use by its mark.
///
/// # Safety
/// - the block is one of a page in use.
#[cold]
#[inline(never)]
pub unsafe fn not_live(function: &str, block: Tagged, keys: &Keys) {
    let (p, most) = (block.start, block.room());
    // SAFETY: by the contract.
    let (is_free, overflow) = unsafe { (block.is_free(keys), block.overflow(keys)) };
    if is_free {
        let frees = ["free", "free_sized", "delete", "delete[]"].contains(&function);
        let what = if frees { "double free" } else { "use after free" };
        misuse(
            Errno::EAGAIN,
            format_args!("{function}: {what}: the block {p:p} of up to {most} bytes was freed before"),
        );
    } else if let Some((size, at)) = overflow {
        told_overflow(function, p, size, at);
    } else {
        misuse(
            Errno::EFAULT,
            format_args!(
                "{function}: overflow: what lies behind the block {p:p} of up to {most} bytes was overwritten"
            ),
        );
    }
}

/// A call that frees has the wrong size.
#[cold]
#[inline(never)]
pub fn wrong_size(function: &str, p: *const u8, size: usize, believed: usize) {
    misuse(
        Errno::EINVAL,
        format_args!("{function}: wrong size: the block {p:p} has {size} bytes, but is freed as one of {believed}"),
    );
}

/// A block is freed by the function for another kind.
#[cold]
#[inline(never)]
pub fn wrong_kind(function: &str, p: *const u8, size: usize, is: u64) {
    let [by, with] = match is {
        kind::NEW => ["new", "delete"],
        kind::ARRAY => ["new[]", "delete[]"],
        _ => ["malloc", "free"],
    };
    misuse(
        Errno::EINVAL,
        format_args!(
            "{function}: wrong function: the block {p:p} of {size} bytes was allocated by {by}; {with} frees it"
        ),
    );
}

/// The program wrote to byte `at`, counted from 0, of a block that has `size` bytes.
#[cold]
#[inline(never)]
pub fn told_overflow(function: &str, p: *const u8, size: usize, at: usize) {
    misuse(
        Errno::EFAULT,
        format_args!("{function}: overflow: the block {p:p} has {size} bytes, and byte {} was written", at + 1),
    );
}

/// A free block was written to: at byte `at`, if that is known.
///
/// # Safety
/// - the block is the caller's.
#[cold]
#[inline(never)]
pub unsafe fn written_after_free(block: Tagged, at: Option<usize>, keys: &Keys) {
    let (p, most) = (block.start, block.room());
    // SAFETY: by the contract.
    let byte = |i: usize| unsafe { p.add(i).read() };
    match at.or_else(|| (0..HEAD).find(|&i| byte(i) != 0)) {
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
                    "malloc: the mark of the free block {p:p} of up to {most} bytes was {}",
                    if is_live {
                        "that of a block in use"
                    } else {
                        "overwritten: some of its bytes 25 to 32 were written"
                    }
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
