//! Turns what the core returns into what C expects: null and `errno`, and products that must not overflow.
//!
//! The core has already reported a failure. The failing paths here are cold, so that each caller stays a tail call or
//! an inlined fast path.

use crate::errno::{self, Code};
use core::ffi::c_void;
use core::fmt::{self, Write};
use core::ptr::null_mut;
use oximalloc::raw;
use oximalloc::raw::messages::error;
use oximalloc::raw::process::{Os, Process};

/// The block, or null with `errno` ENOMEM.
#[inline(always)]
pub fn block(p: *mut u8) -> *mut c_void {
    if p.is_null() { failed(Code::ENOMEM) } else { p.cast() }
}

/// A block of `size` bytes, or null with `errno` ENOMEM. The fast path is inlined; the rest is a tail call.
#[inline(always)]
pub fn new_block(size: usize) -> *mut c_void {
    raw::malloc_or(size, |size| generic(size).cast()).cast()
}

/// (Not cold, because every process comes here: see `build.rs`.)
#[inline(never)]
extern "C" fn generic(size: usize) -> *mut c_void {
    let ordinary = || block(raw::malloc_generic(size)).cast();
    raw::malloc_secured_or(size, ordinary).cast()
}

/// The block `p` with `size` bytes, moved if need be, or null with `errno` as for [`moved_block`]. A block that stays
/// in place needs no stack frame; the rest is a tail call.
///
/// # Safety
/// `p` is null or a block of this library, and not used again unless null is returned.
#[inline(always)]
pub unsafe fn resized(p: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    raw::realloc_or(p.cast(), size, |usable| unsafe { resize(p, size, usable) }.cast()).cast()
}

#[inline(never)]
unsafe extern "C" fn resize(p: *mut c_void, size: usize, usable: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    moved_block(unsafe { raw::realloc_of(p.cast(), size, usable) }, p)
}

/// The block that `old` became. Null with `errno` EINVAL if `old` was no block of ours, and with ENOMEM otherwise.
#[inline(always)]
pub fn moved_block(p: *mut u8, old: *mut c_void) -> *mut c_void {
    if p.is_null() { failed_to_move(old) } else { p.cast() }
}

#[cold]
#[inline(never)]
fn failed_to_move(old: *mut c_void) -> *mut c_void {
    let ours = old.is_null() || raw::is_block(old.cast());
    failed(if ours { Code::ENOMEM } else { Code::EINVAL })
}

/// The block. Null with `errno` EINVAL if `align` is not a power of two, and with ENOMEM otherwise.
#[inline(always)]
pub fn aligned_block(p: *mut u8, align: usize) -> *mut c_void {
    if p.is_null() { failed_aligned(align) } else { p.cast() }
}

/// Null, with `errno` set to `code`.
#[cold]
#[inline(never)]
pub fn failed(code: Code) -> *mut c_void {
    errno::set(code);
    null_mut()
}

#[cold]
#[inline(never)]
fn failed_aligned(align: usize) -> *mut c_void {
    failed(if align.is_power_of_two() { Code::ENOMEM } else { Code::EINVAL })
}

/// `count * size` bytes. `None`, reported and with `errno` ENOMEM, if the product overflows.
#[inline(always)]
pub fn product(function: &str, count: usize, size: usize) -> Option<usize> {
    let bytes = count.checked_mul(size);
    if bytes.is_none() {
        overflow(function, count, size);
    }
    bytes
}

#[cold]
#[inline(never)]
fn overflow(function: &str, count: usize, size: usize) {
    error(Code::EOVERFLOW, format_args!("{function}: {count} elements of {size} bytes are too large"));
    errno::set(Code::ENOMEM);
}

/// Stores the usable size of `p`, if the caller asked for it.
///
/// # Safety
/// `size` is null or may be written.
#[inline]
pub unsafe fn tell_size(p: *const u8, size: *mut usize) {
    if !size.is_null() {
        // SAFETY: not null, so the caller's promise covers it.
        unsafe { size.write(raw::usable_size(p)) };
    }
}

/// Ends the process on an error that nobody can handle. The message goes straight to stderr.
#[cold]
pub fn give_up(why: fmt::Arguments) -> ! {
    let _ = Stderr.write_fmt(format_args!("mimalloc: {why}\n"));
    Os::abort()
}

struct Stderr;

impl Write for Stderr {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        Os::write_stderr(text.as_bytes());
        Ok(())
    }
}
