//! What else the program has besides this library: nothing that could be asked for by name. The linker has found the
//! program's functions.

use core::ffi::c_void;

/// The program's functions that others are defined by.
pub struct Found {
    /// Of this name.
    pub realloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
}

/// What was found.
#[inline(always)]
pub fn found() -> Found {
    Found { realloc: crate::export::malloc::realloc }
}

/// Whether the C library allocates from here: it does, in a program that is linked with this library.
pub fn is_its_malloc() -> bool {
    true
}

/// Whether the C runtime's functions were redirected. Only Windows does that.
pub fn is_redirected() -> bool {
    false
}
