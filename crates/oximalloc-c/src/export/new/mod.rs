//! C++'s operators new and delete, by the names that the Itanium ABI gives them (64-bit `size_t`).
//!
//! `new` that fails calls the new-handler as long as there is one, then throws `std::bad_alloc` by the C++ runtime
//! of the process; the nothrow forms return null instead, also when the handler throws. Rust can neither throw nor be
//! unwound, so each `new` is a small piece of assembly around an attempt in Rust: invariant: no Rust frame is on the
//! stack while a handler runs or an exception flies.

mod runtime;
#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{again, again_nothrow, throwing};
#[cfg(not(target_arch = "x86_64"))]
mod other;
#[cfg(not(target_arch = "x86_64"))]
pub(crate) use other::{again, again_nothrow, throwing};

use core::ffi::c_void;
use oximalloc::raw;

/// One attempt of `new`.
pub(crate) extern "C" fn attempt(size: usize) -> *mut c_void {
    raw::malloc(size).cast()
}

/// One attempt of `new` at an alignment.
pub(crate) extern "C" fn attempt_aligned(size: usize, alignment: usize) -> *mut c_void {
    raw::aligned(size, alignment, 0).cast()
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
    _ZnwmRKSt9nothrow_t(size: usize, tag: *const c_void), attempt, again_nothrow, keep 1
}
throwing! {
    /// `operator new[](size_t, nothrow_t const&)`
    _ZnamRKSt9nothrow_t(size: usize, tag: *const c_void), attempt, again_nothrow, keep 1
}
throwing! {
    /// `operator new(size_t, align_val_t, nothrow_t const&)`
    _ZnwmSt11align_val_tRKSt9nothrow_t(size: usize, alignment: usize, tag: *const c_void),
    attempt_aligned, again_nothrow, keep 3
}
throwing! {
    /// `operator new[](size_t, align_val_t, nothrow_t const&)`
    _ZnamSt11align_val_tRKSt9nothrow_t(size: usize, alignment: usize, tag: *const c_void),
    attempt_aligned, again_nothrow, keep 3
}

/// The operators delete: the page knows the block's size and alignment, so all are one function.
macro_rules! delete {
    ($($cxx:literal $name:ident($($unused:ident: $type:ty),*);)*) => {$(
        #[doc = concat!("`operator ", $cxx, "`")]
        ///
        /// # Safety
        /// `p` is null or a block of this library that is not used again.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(p: *mut c_void $(, $unused: $type)*) {
            // SAFETY: the caller's promise about `p` is the same.
            unsafe { raw::free(p.cast()) }
        }
    )*};
}

delete! {
    "delete(void*)" _ZdlPv();
    "delete[](void*)" _ZdaPv();
    "delete(void*, size_t)" _ZdlPvm(_size: usize);
    "delete[](void*, size_t)" _ZdaPvm(_size: usize);
    "delete(void*, align_val_t)" _ZdlPvSt11align_val_t(_alignment: usize);
    "delete[](void*, align_val_t)" _ZdaPvSt11align_val_t(_alignment: usize);
    "delete(void*, size_t, align_val_t)" _ZdlPvmSt11align_val_t(_size: usize, _alignment: usize);
    "delete[](void*, size_t, align_val_t)" _ZdaPvmSt11align_val_t(_size: usize, _alignment: usize);
    "delete(void*, nothrow_t const&)" _ZdlPvRKSt9nothrow_t(_tag: *const c_void);
    "delete[](void*, nothrow_t const&)" _ZdaPvRKSt9nothrow_t(_tag: *const c_void);
    "delete(void*, align_val_t, nothrow_t const&)"
        _ZdlPvSt11align_val_tRKSt9nothrow_t(_alignment: usize, _tag: *const c_void);
    "delete[](void*, align_val_t, nothrow_t const&)"
        _ZdaPvSt11align_val_tRKSt9nothrow_t(_alignment: usize, _tag: *const c_void);
}
