//! The allocation functions of ISO C, POSIX and the C libraries.
//!
//! Each does what its manual page says. The comments here say only what that page leaves open. `realloc` to size 0
//! gives a minimal block. Freeing never changes `errno`. The functions are the `mi_*` ones under their standard names,
//! with one exception: `strdup`, `strndup` and `reallocarray` call the process's `realloc`, because a program may have
//! its own.

use super::rounded::rounded_block;
use crate::mi::{aligned, allocate, posix, query, text};
use crate::outcome::{new_block, product, resized};
use core::ffi::{c_char, c_int, c_void};
use core::ptr::null_mut;
use oximalloc::raw;

/// A block of `size` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn malloc(size: usize) -> *mut c_void {
    new_block(size)
}

/// `count` zeroed elements of `size` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    allocate::mi_calloc(count, size)
}

/// The block `p` with `size` bytes, moved if need be.
///
/// # Safety
/// `p` is null or a block of this library, and not used again unless null is returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(p: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { resized(p, size) }
}

/// Frees `p`.
///
/// # Safety
/// `p` is null or a block of this library that is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(p: *mut c_void) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free(p.cast()) }
}

/// [`free`] of SunOS.
///
/// # Safety
/// As [`free`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfree(p: *mut c_void) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free(p.cast()) }
}

/// [`free`] for what [`valloc`] gave.
///
/// # Safety
/// As [`free`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vfree(p: *mut c_void) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free(p.cast()) }
}

/// [`free`] of C23 for a block allocated with `size` bytes.
///
/// # Safety
/// As [`free`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free_sized(p: *mut c_void, size: usize) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free_sized(p.cast(), size) }
}

/// [`free`] of C23 for a block allocated with `size` bytes at `alignment`.
///
/// # Safety
/// As [`free`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free_aligned_sized(p: *mut c_void, _alignment: usize, size: usize) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free_sized(p.cast(), size) }
}

/// A block of `size` bytes at `alignment`, rounded up to a power of two.
#[unsafe(no_mangle)]
pub extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    rounded_block(size, alignment)
}

/// [`memalign`] of C11. The size need not be a multiple of the alignment. (Since 2.38, glibc's refuses an alignment
/// that is not a power of two. Programs that ran with an older glibc run here.)
#[unsafe(no_mangle)]
pub extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    rounded_block(size, alignment)
}

/// [`memalign`] of the Windows runtime, with the arguments in its order.
#[unsafe(no_mangle)]
pub extern "C" fn _aligned_malloc(size: usize, alignment: usize) -> *mut c_void {
    aligned::mi_malloc_aligned(size, alignment)
}

/// [`memalign`] that stores the block at `out` and returns an error number. It leaves `errno` alone.
///
/// # Safety
/// `out` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    // SAFETY: the caller's promise about `out` is the same.
    unsafe { posix::mi_posix_memalign(out, alignment, size) }
}

/// A block of `size` bytes at a page boundary.
#[unsafe(no_mangle)]
pub extern "C" fn valloc(size: usize) -> *mut c_void {
    posix::mi_valloc(size)
}

/// Whole pages for `size` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn pvalloc(size: usize) -> *mut c_void {
    posix::mi_pvalloc(size)
}

/// [`realloc`] to `count` elements of `size` bytes.
///
/// # Safety
/// As [`realloc`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn reallocarray(p: *mut c_void, count: usize, size: usize) -> *mut c_void {
    match product("reallocarray", count, size) {
        // SAFETY: the caller's promise about `p` is the same.
        Some(bytes) => unsafe { its_realloc(p, bytes) },
        None => null_mut(),
    }
}

/// NetBSD's function: gives the block at `*ptrp` room for `count` elements of `size` bytes. Returns an error number,
/// and leaves `errno` alone.
///
/// # Safety
/// `ptrp` may be read and written and holds null or a block of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn reallocarr(ptrp: *mut c_void, count: usize, size: usize) -> c_int {
    // SAFETY: the caller's promise about `ptrp` is the same.
    unsafe { posix::mi_reallocarr(ptrp, count, size) }
}

/// FreeBSD's [`realloc`] that frees `p` when it fails.
///
/// # Safety
/// `p` is null or a block of this library, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn reallocf(p: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { allocate::mi_reallocf(p, size) }
}

/// The process's [`realloc`], which may be the program's own.
///
/// # Safety
/// As [`realloc`].
unsafe fn its_realloc(p: *mut c_void, size: usize) -> *mut c_void {
    let realloc = crate::export::process::found().realloc;
    // SAFETY: the caller's promise.
    unsafe { realloc(p, size) }
}

fn block(size: usize) -> *mut c_void {
    // SAFETY: no block.
    unsafe { its_realloc(null_mut(), size) }
}

/// A copy of the string.
///
/// # Safety
/// `text` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strdup(text: *const c_char) -> *mut c_char {
    // SAFETY: the caller's promise about `text` is the same.
    unsafe { text::duplicate(block, text, usize::MAX) }
}

/// A copy of at most `n` bytes of the string.
///
/// # Safety
/// `text` is null, or a string, or `n` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strndup(text: *const c_char, n: usize) -> *mut c_char {
    // SAFETY: the caller's promise about `text` is the same.
    unsafe { text::duplicate(block, text, n) }
}

/// The number of bytes that may be used at `p`. 0 for null.
#[unsafe(no_mangle)]
pub extern "C" fn malloc_usable_size(p: *const c_void) -> usize {
    query::mi_usable_size(p)
}

/// macOS' name of [`malloc_usable_size`].
#[unsafe(no_mangle)]
pub extern "C" fn malloc_size(p: *const c_void) -> usize {
    query::mi_usable_size(p)
}

/// The number of bytes that a block of `size` bytes would have.
#[unsafe(no_mangle)]
pub extern "C" fn malloc_good_size(size: usize) -> usize {
    raw::good_size(size)
}
