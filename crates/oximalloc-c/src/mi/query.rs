//! Questions about a block, about a size, and about this library.

use core::ffi::{c_int, c_void};
use oximalloc::raw;

/// Major * 10000 + minor * 100 + patch of the interface that this library follows. `mimalloc.h` has the same number.
const INTERFACE: c_int = 30403;

/// The interface's version, `MI_MALLOC_VERSION`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_version() -> c_int {
    INTERFACE
}

/// The number of bytes that may be used at `p`. 0 for null. 0 for a pointer that is not ours, which is reported.
#[unsafe(no_mangle)]
pub extern "C" fn mi_usable_size(p: *const c_void) -> usize {
    raw::usable_size(p.cast())
}

/// [`mi_usable_size`], as glibc names it.
#[unsafe(no_mangle)]
pub extern "C" fn mi_malloc_usable_size(p: *const c_void) -> usize {
    raw::usable_size(p.cast())
}

/// [`mi_usable_size`], as macOS names it.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_malloc_size(p: *const c_void) -> usize {
    raw::usable_size(p.cast())
}

/// The number of bytes that a block of `size` bytes would have.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_good_size(size: usize) -> usize {
    raw::good_size(size)
}

/// [`mi_good_size`], as macOS names it.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_malloc_good_size(size: usize) -> usize {
    raw::good_size(size)
}

/// Whether the C runtime's functions were redirected here at run time. Only Windows does that.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_is_redirected() -> bool {
    crate::export::process::is_redirected()
}
