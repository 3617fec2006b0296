//! C++'s operators new and delete. Without exceptions there is nothing to throw, and the new-handler is not known here.
//!
//! A failed nothrow form returns null. A failed throwing form ends the program with a message. An operator that the
//! program replaces does not stand for others: it has to replace all that it uses.

use crate::outcome::give_up;
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::raw;

/// Defines an exported operator of that name: an attempt, and what follows if it fails.
macro_rules! throwing {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, $again:path, keep $count:tt) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As in C++.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> *mut core::ffi::c_void {
            // SAFETY: the attempts ask for what the operator's caller promises.
            #[allow(unused_unsafe)]
            let p = unsafe { $attempt($($arg),*) };
            if p.is_null() { $again() } else { p }
        }
    };
}
pub(crate) use throwing;

/// Ends a throwing form that failed.
pub(crate) fn again() -> *mut c_void {
    give_up(format_args!("out of memory in operator new"))
}

/// Ends a nothrow form that failed.
pub(crate) fn again_nothrow() -> *mut c_void {
    null_mut()
}

/// One attempt of `new`.
pub(crate) fn attempt(size: usize) -> *mut c_void {
    raw::malloc(size).cast()
}

/// One attempt of `new` at an alignment.
pub(crate) fn attempt_aligned(size: usize, alignment: usize) -> *mut c_void {
    raw::aligned(size, alignment, 0).cast()
}

fn attempt_tagged(size: usize, _tag: *const c_void) -> *mut c_void {
    attempt(size)
}

fn attempt_aligned_tagged(size: usize, alignment: usize, _tag: *const c_void) -> *mut c_void {
    attempt_aligned(size, alignment)
}

throwing! {
    /// `operator new(size_t)`
    _Znwm(size: usize), attempt, again, keep 1
}
throwing! {
    /// `operator new[](size_t)`
    _Znam(size: usize), attempt, again, keep 1
}
throwing! {
    /// `operator new(size_t, align_val_t)`
    _ZnwmSt11align_val_t(size: usize, alignment: usize), attempt_aligned, again, keep 3
}
throwing! {
    /// `operator new[](size_t, align_val_t)`
    _ZnamSt11align_val_t(size: usize, alignment: usize), attempt_aligned, again, keep 3
}
throwing! {
    /// `operator new(size_t, nothrow_t const&)`
    _ZnwmRKSt9nothrow_t(size: usize, tag: *const c_void), attempt_tagged, again_nothrow, keep 1
}
throwing! {
    /// `operator new[](size_t, nothrow_t const&)`
    _ZnamRKSt9nothrow_t(size: usize, tag: *const c_void), attempt_tagged, again_nothrow, keep 1
}
throwing! {
    /// `operator new(size_t, align_val_t, nothrow_t const&)`
    _ZnwmSt11align_val_tRKSt9nothrow_t(size: usize, alignment: usize, tag: *const c_void),
    attempt_aligned_tagged, again_nothrow, keep 3
}
throwing! {
    /// `operator new[](size_t, align_val_t, nothrow_t const&)`
    _ZnamSt11align_val_tRKSt9nothrow_t(size: usize, alignment: usize, tag: *const c_void),
    attempt_aligned_tagged, again_nothrow, keep 3
}

/// Defines our operators delete. The page knows the block's size and alignment.
macro_rules! delete {
    ($($cxx:literal $name:ident($($unused:ident: $type:ty),*);)*) => {$(
        #[doc = concat!("`operator ", $cxx, "`")]
        ///
        /// # Safety
        /// `p` is null or a block of the operator new of this kind, and not used again.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(p: *mut c_void $(, $unused: $type)*) {
            // SAFETY: the caller's promise about `p` is the same.
            unsafe { raw::delete(p.cast()) }
        }
    )*};
}

delete! {
    "delete(void*)" _ZdlPv();
    "delete[](void*)" _ZdaPv();
    "delete(void*, size_t)" _ZdlPvm(_size: usize);
    "delete[](void*, size_t)" _ZdaPvm(_size: usize);
    "delete(void*, nothrow_t const&)" _ZdlPvRKSt9nothrow_t(_tag: *const c_void);
    "delete[](void*, nothrow_t const&)" _ZdaPvRKSt9nothrow_t(_tag: *const c_void);
    "delete(void*, align_val_t)" _ZdlPvSt11align_val_t(_alignment: usize);
    "delete[](void*, align_val_t)" _ZdaPvSt11align_val_t(_alignment: usize);
    "delete(void*, size_t, align_val_t)" _ZdlPvmSt11align_val_t(_size: usize, _alignment: usize);
    "delete[](void*, size_t, align_val_t)" _ZdaPvmSt11align_val_t(_size: usize, _alignment: usize);
    "delete(void*, align_val_t, nothrow_t const&)"
        _ZdlPvSt11align_val_tRKSt9nothrow_t(_alignment: usize, _tag: *const c_void);
    "delete[](void*, align_val_t, nothrow_t const&)"
        _ZdaPvSt11align_val_tRKSt9nothrow_t(_alignment: usize, _tag: *const c_void);
}
