//! rusty_alloc as a preloadable malloc: the C functions that programs use, each one call of the crate's own.
//!
//! The crate frees without a layout, so its blocks need no header of ours. What is added here is what C promises and
//! the crate does not: `errno`, and the checks of an alignment.

mod new;

use std::ffi::{c_int, c_void};

use rusty_alloc::alloc;

const EINVAL: c_int = 22;
const ENOMEM: c_int = 12;

unsafe extern "C" {
    fn __errno_location() -> *mut c_int;
}

#[cold]
fn out_of_memory() -> *mut c_void {
    // SAFETY: the C library's errno of this thread is always there.
    unsafe { *__errno_location() = ENOMEM };
    std::ptr::null_mut()
}

/// Where the crate goes when it has no memory; costs the fast path nothing.
struct SetErrno;

impl alloc::OnOom for SetErrno {
    fn on_oom(_size: usize) -> *mut u8 {
        out_of_memory().cast()
    }
}

fn or_errno(block: *mut u8) -> *mut c_void {
    if block.is_null() { out_of_memory() } else { block.cast() }
}

#[unsafe(no_mangle)]
pub extern "C" fn malloc(size: usize) -> *mut c_void {
    alloc::malloc_or_with::<SetErrno>(size).cast()
}

#[unsafe(no_mangle)]
pub extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    or_errno(alloc::calloc(count, size))
}

/// # Safety
/// As C's: `block` is null or a block of this library, not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise is the one asked for.
    or_errno(unsafe { alloc::realloc(block.cast(), size) })
}

/// # Safety
/// As C's: `block` is null or a block of this library, not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(block: *mut c_void) {
    // SAFETY: the caller's promise is the one asked for. This one is meant for an exported free.
    unsafe { alloc::free_inline(block.cast()) }
}

/// # Safety
/// As C's: `block` is null or a block of this library, not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfree(block: *mut c_void) {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { alloc::free(block.cast()) }
}

/// # Safety
/// As C's: `block` is null or a block of this library, not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc_usable_size(block: *mut c_void) -> usize {
    // SAFETY: the caller's promise is the one asked for.
    unsafe { alloc::usable_size(block.cast()) }
}

/// # Safety
/// As C's: `result` may be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(result: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    if !alignment.is_power_of_two() || !alignment.is_multiple_of(size_of::<*mut c_void>()) {
        return EINVAL;
    }
    let block = alloc::malloc_aligned(size, alignment);
    if block.is_null() {
        return ENOMEM;
    }
    // SAFETY: the caller's promise.
    unsafe { *result = block.cast() };
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    or_errno(alloc::malloc_aligned(size, alignment))
}

#[unsafe(no_mangle)]
pub extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    or_errno(alloc::malloc_aligned(size, alignment))
}

#[unsafe(no_mangle)]
pub extern "C" fn valloc(size: usize) -> *mut c_void {
    or_errno(alloc::malloc_aligned(size, 4096))
}

/// # Safety
/// As C's: `block` is null or a block of this library, not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn reallocarray(block: *mut c_void, count: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise is the one asked for.
    or_errno(unsafe { alloc::reallocn(block.cast(), count, size) })
}
