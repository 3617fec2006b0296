//! C++'s operators new and delete, under the names that the Itanium ABI gives them.
//!
//! A `new` that fails calls the new-handler as long as there is one. Then it throws `std::bad_alloc`, through the C++
//! runtime of the process. The nothrow forms return null instead, even if the handler throws. Rust can neither throw
//! nor be unwound, so each `new` is a small piece of assembly around an attempt in Rust. Invariant: no Rust frame is on
//! the stack while a handler runs or an exception is in flight.
//!
//! A program may replace any of the operators. Those that it does not replace are defined by those that it does, as in
//! the standard ([new.delete]): `new[]` calls `new`, the nothrow forms call the throwing ones, `delete` with a size
//! calls `delete` without one, and `delete[]` calls `delete`. The loader says whose these are (`export/process.rs`).
//! Under protection, ours pass on what they know (`protected`).

#[cfg(target_arch = "aarch64")]
pub(crate) mod aarch64;
mod attempts;
#[cfg(frames)]
pub(crate) mod catch;
#[cfg(not(frames))]
pub(crate) mod other;
#[cfg(frames)]
pub(crate) mod protected;
#[cfg(all(frames, not(target_os = "illumos")))]
mod relro;
#[cfg(frames)]
mod runtime;
#[cfg(target_arch = "s390x")]
pub(crate) mod s390x;
#[cfg(target_arch = "x86")]
pub(crate) mod x86;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86_64;

#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::{again, again_nothrow, throwing};
#[cfg(target_arch = "aarch64")]
use aarch64::{array_new, forward, nothrow};
#[cfg(not(frames))]
pub(crate) use other::{again, again_nothrow, throwing};
#[cfg(not(frames))]
use other::{forward, nothrow};
#[cfg(target_arch = "s390x")]
pub(crate) use s390x::{again, again_nothrow, throwing};
#[cfg(target_arch = "s390x")]
use s390x::{array_new, forward, nothrow};
#[cfg(target_arch = "x86")]
pub(crate) use x86::{again, again_nothrow, throwing};
#[cfg(target_arch = "x86")]
use x86::{array_new, forward, nothrow};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{again, again_nothrow, throwing};
#[cfg(target_arch = "x86_64")]
use x86_64::{array_new, forward, nothrow};

pub(crate) use attempts::{attempt, attempt_aligned};
use attempts::{attempt_array, attempt_new};

use crate::export::process::found;
use core::ffi::c_void;
use oximalloc::raw;

/// Defines our operators delete. The page knows the block's size and alignment.
macro_rules! delete {
    ($($cxx:literal $name:ident($($unused:ident: $type:ty),*) $(calls $other:ident($passed:ident))?;)*) => {$(
        #[doc = concat!("`operator ", $cxx, "`")]
        ///
        /// # Safety
        /// `p` is null or a block of the operator new of this kind, and not used again.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(p: *mut c_void $(, $unused: $type)*) {
            // SAFETY: the caller's promise about `p` is the same.
            unsafe { delete!(@ p $($other($passed))?) }
        }
    )*};
    (@ $p:ident) => { raw::free($p.cast()) };
    (@ $p:ident $other:ident($passed:ident)) => { (found().$other)($p, $passed) };
}

/// `operator delete(void*)`
///
/// # Safety
/// `p` is null or a block of the operator new of this kind, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _ZdlPv(p: *mut c_void) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::delete(p.cast()) }
}

delete! {
    "delete(void*, align_val_t)" _ZdlPvSt11align_val_t(_alignment: usize);
    "delete[](void*, align_val_t)" _ZdaPvSt11align_val_t(alignment: usize) calls delete_aligned(alignment);
    "delete(void*, align_val_t, nothrow_t const&)"
        _ZdlPvSt11align_val_tRKSt9nothrow_t(alignment: usize, _tag: *const c_void) calls delete_aligned(alignment);
    "delete[](void*, align_val_t, nothrow_t const&)"
        _ZdaPvSt11align_val_tRKSt9nothrow_t(alignment: usize, _tag: *const c_void) calls delete_aligned_array(alignment);
}

forward! {
    /// `operator delete[](void*)`
    _ZdaPv(p: *mut c_void), calls array_delete
}
forward! {
    /// `operator delete(void*, nothrow_t const&)`
    _ZdlPvRKSt9nothrow_t(p: *mut c_void, tag: *const c_void), calls delete
}
forward! {
    /// `operator delete[](void*, nothrow_t const&)`
    _ZdaPvRKSt9nothrow_t(p: *mut c_void, tag: *const c_void), calls delete_array
}

/// Defines the operators whose names say `size_t`: as an `unsigned long`, or as an `unsigned int`.
macro_rules! operators {
    (
        $new:ident, $new_aligned:ident, $array:ident, $array_aligned:ident, $new_nothrow:ident, $array_nothrow:ident,
        $new_aligned_nothrow:ident, $array_aligned_nothrow:ident, $sized:ident, $array_sized:ident,
        $sized_aligned:ident, $array_sized_aligned:ident $(,)?
    ) => {
        throwing! {
            /// `operator new(size_t)`
            $new(size: usize), attempt_new, again, keep 1, named new
        }
        throwing! {
            /// `operator new(size_t, align_val_t)`
            $new_aligned(size: usize, alignment: usize), attempt_aligned, again, keep 3, named new_aligned
        }
        forward! {
            /// `operator new[](size_t)`
            $array(size: usize) -> *mut c_void, calls array_new, named new_array
        }
        forward! {
            /// `operator new[](size_t, align_val_t)`
            $array_aligned(size: usize, alignment: usize) -> *mut c_void, calls new_aligned, named new_aligned_array
        }
        nothrow! {
            /// `operator new(size_t, nothrow_t const&)`
            $new_nothrow(size: usize, tag: *const c_void), attempt_new, keep 1, of new
        }
        nothrow! {
            /// `operator new[](size_t, nothrow_t const&)`
            $array_nothrow(size: usize, tag: *const c_void), attempt_array, keep 1, of new_array, new
        }
        nothrow! {
            /// `operator new(size_t, align_val_t, nothrow_t const&)`
            $new_aligned_nothrow(size: usize, alignment: usize, tag: *const c_void),
            attempt_aligned, keep 3, of new_aligned
        }
        nothrow! {
            /// `operator new[](size_t, align_val_t, nothrow_t const&)`
            $array_aligned_nothrow(size: usize, alignment: usize, tag: *const c_void),
            attempt_aligned, keep 3, of new_aligned_array, new_aligned
        }

        delete! {
            "delete(void*, size_t, align_val_t)"
                $sized_aligned(_size: usize, alignment: usize) calls delete_aligned(alignment);
            "delete[](void*, size_t, align_val_t)"
                $array_sized_aligned(_size: usize, alignment: usize) calls delete_aligned_array(alignment);
        }
        forward! {
            /// `operator delete(void*, size_t)`
            $sized(p: *mut c_void, size: usize), calls sized_delete
        }
        forward! {
            /// `operator delete[](void*, size_t)`
            $array_sized(p: *mut c_void, size: usize), calls sized_array_delete
        }
    };
}

#[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
operators! {
    _Znwm,
    _ZnwmSt11align_val_t,
    _Znam,
    _ZnamSt11align_val_t,
    _ZnwmRKSt9nothrow_t,
    _ZnamRKSt9nothrow_t,
    _ZnwmSt11align_val_tRKSt9nothrow_t,
    _ZnamSt11align_val_tRKSt9nothrow_t,
    _ZdlPvm,
    _ZdaPvm,
    _ZdlPvmSt11align_val_t,
    _ZdaPvmSt11align_val_t,
}
#[cfg(any(target_arch = "x86", target_arch = "arm"))]
operators! {
    _Znwj,
    _ZnwjSt11align_val_t,
    _Znaj,
    _ZnajSt11align_val_t,
    _ZnwjRKSt9nothrow_t,
    _ZnajRKSt9nothrow_t,
    _ZnwjSt11align_val_tRKSt9nothrow_t,
    _ZnajSt11align_val_tRKSt9nothrow_t,
    _ZdlPvj,
    _ZdaPvj,
    _ZdlPvjSt11align_val_t,
    _ZdaPvjSt11align_val_t,
}
