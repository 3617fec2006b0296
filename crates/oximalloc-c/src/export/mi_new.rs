//! `operator new` under the names of `mi`, on systems where its frames are not written in assembly (Windows, macOS). So
//! there is no new-handler and no exception. A failed nothrow form returns null. A failed throwing form ends the process
//! with a message.

use crate::outcome::give_up;
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::raw;

/// Defines one exported function: an attempt, and what happens if that returns null.
macro_rules! throwing {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, $again:path, keep $count:tt) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As in C++.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> *mut c_void {
            // SAFETY: the caller's promises are those of the attempt. (Some attempts are safe.)
            #[allow(unused_unsafe)]
            let p = unsafe { $attempt($($arg),*) };
            if p.is_null() { $again() } else { p }
        }
    };
}
pub(crate) use throwing;

/// One attempt of a `new` whose block any function frees.
pub(crate) extern "C" fn attempt(size: usize) -> *mut c_void {
    raw::malloc(size).cast()
}

/// One attempt of `new` at an alignment.
pub(crate) extern "C" fn attempt_aligned(size: usize, alignment: usize) -> *mut c_void {
    raw::aligned(size, alignment, 0).cast()
}

/// Ends a throwing form that failed.
pub(crate) fn again() -> *mut c_void {
    give_up(format_args!("out of memory in operator new"))
}

/// Ends a nothrow form that failed.
pub(crate) fn again_nothrow() -> *mut c_void {
    null_mut()
}
