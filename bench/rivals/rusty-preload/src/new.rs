//! C++'s operators new and delete on rusty_alloc, so that they cost no further call into the C functions, as with the
//! other preloaded rivals. Without memory they end the process rather than throw: no measured program gets there.

use std::ffi::c_void;
use std::process::abort;

use rusty_alloc::alloc;

struct Abort;

impl alloc::OnOom for Abort {
    fn on_oom(_size: usize) -> *mut u8 {
        abort()
    }
}

#[unsafe(export_name = "_Znwm")]
extern "C" fn new(size: usize) -> *mut c_void {
    alloc::malloc_or_with::<Abort>(size).cast()
}

#[unsafe(export_name = "_Znam")]
extern "C" fn new_array(size: usize) -> *mut c_void {
    alloc::malloc_or_with::<Abort>(size).cast()
}

#[unsafe(export_name = "_ZnwmRKSt9nothrow_t")]
extern "C" fn new_nothrow(size: usize, _nothrow: *const c_void) -> *mut c_void {
    alloc::malloc(size).cast()
}

#[unsafe(export_name = "_ZnamRKSt9nothrow_t")]
extern "C" fn new_array_nothrow(size: usize, _nothrow: *const c_void) -> *mut c_void {
    alloc::malloc(size).cast()
}

#[unsafe(export_name = "_ZnwmSt11align_val_t")]
extern "C" fn new_aligned(size: usize, alignment: usize) -> *mut c_void {
    let block = alloc::malloc_aligned(size, alignment);
    if block.is_null() { abort() } else { block.cast() }
}

#[unsafe(export_name = "_ZnamSt11align_val_t")]
extern "C" fn new_array_aligned(size: usize, alignment: usize) -> *mut c_void {
    new_aligned(size, alignment)
}

#[unsafe(export_name = "_ZdlPv")]
unsafe extern "C" fn delete(block: *mut c_void) {
    // SAFETY: C++'s rule is the one asked for: null, or a block of this library, not freed yet.
    unsafe { alloc::free_inline(block.cast()) }
}

#[unsafe(export_name = "_ZdaPv")]
unsafe extern "C" fn delete_array(block: *mut c_void) {
    // SAFETY: as `delete`.
    unsafe { alloc::free_inline(block.cast()) }
}

#[unsafe(export_name = "_ZdlPvm")]
unsafe extern "C" fn delete_sized(block: *mut c_void, _size: usize) {
    // SAFETY: as `delete`.
    unsafe { alloc::free_inline(block.cast()) }
}

#[unsafe(export_name = "_ZdaPvm")]
unsafe extern "C" fn delete_array_sized(block: *mut c_void, _size: usize) {
    // SAFETY: as `delete`.
    unsafe { alloc::free_inline(block.cast()) }
}

#[unsafe(export_name = "_ZdlPvSt11align_val_t")]
unsafe extern "C" fn delete_aligned(block: *mut c_void, _alignment: usize) {
    // SAFETY: as `delete`.
    unsafe { alloc::free_inline(block.cast()) }
}

#[unsafe(export_name = "_ZdaPvSt11align_val_t")]
unsafe extern "C" fn delete_array_aligned(block: *mut c_void, _alignment: usize) {
    // SAFETY: as `delete`.
    unsafe { alloc::free_inline(block.cast()) }
}

#[unsafe(export_name = "_ZdlPvmSt11align_val_t")]
unsafe extern "C" fn delete_sized_aligned(block: *mut c_void, _size: usize, _alignment: usize) {
    // SAFETY: as `delete`.
    unsafe { alloc::free_inline(block.cast()) }
}

#[unsafe(export_name = "_ZdaPvmSt11align_val_t")]
unsafe extern "C" fn delete_array_sized_aligned(block: *mut c_void, _size: usize, _alignment: usize) {
    // SAFETY: as `delete`.
    unsafe { alloc::free_inline(block.cast()) }
}
