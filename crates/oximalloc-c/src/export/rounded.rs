//! Alignments that are rounded up, as the older functions of C libraries do it.

use crate::outcome::aligned_block;
use core::ffi::c_void;
use oximalloc::raw;

/// A block of `size` bytes, aligned to `align` rounded up to a power of two, as in glibc's `memalign` (0 asks for no
/// alignment). Null with `errno` EINVAL if there is no such power, and with ENOMEM otherwise.
#[inline(always)]
pub(super) fn rounded_block(size: usize, align: usize) -> *mut c_void {
    raw::aligned_or(size, align, 0, |size, align, _| generic_rounded(size, align).cast()).cast()
}

#[inline(never)]
extern "C" fn generic_rounded(size: usize, align: usize) -> *mut c_void {
    let align = align.checked_next_power_of_two().unwrap_or(align);
    aligned_block(raw::aligned(size, align, 0), align)
}
