//! The C library's functions for keys: values that each thread has of its own.
//!
//! Before glibc 2.34 they are in `libpthread.so.0`, which a program without threads need not have. `libmimalloc.so`
//! also works there. Its own table of these functions (see `build.rs` of the C library) takes the place of the one
//! below. There the references are weak, so the loader leaves them null in a program without `libpthread`. Such a
//! program may load a plugin later that brings `libpthread` and threads with it. So a function that is null is looked
//! for each time that it is needed.
//!
//! Invariant: a function that was found once is always found.

use crate::prim::contract::Destructor;
use core::ffi::{CStr, c_char, c_int, c_void};

core::arch::global_asm!(
    ".pushsection .data.rel.ro.oximalloc_0_1_keys, \"aw\", %progbits",
    ".balign 8",
    ".weak oximalloc_0_1_keys",
    ".hidden oximalloc_0_1_keys",
    "oximalloc_0_1_keys:",
    ".dc.a pthread_key_create",
    ".dc.a pthread_key_delete",
    ".dc.a pthread_setspecific",
    ".dc.a 0",
    ".popsection",
);

type Create = unsafe extern "C" fn(*mut libc::pthread_key_t, Option<Destructor>) -> c_int;
type Delete = unsafe extern "C" fn(libc::pthread_key_t) -> c_int;
type Set = unsafe extern "C" fn(libc::pthread_key_t, *const c_void) -> c_int;

/// What the linker and the loader found; the order is that of the table above.
#[repr(C)]
struct Found {
    create: *mut c_void,
    delete: *mut c_void,
    set: *mut c_void,
    /// Finds one of them by its name later. None if the others are never null.
    find: Option<unsafe extern "C" fn(*const c_char) -> *mut c_void>,
}

unsafe extern "C" {
    #[link_name = "oximalloc_0_1_keys"]
    static FOUND: Found;
}

/// `pthread_key_create`. None if the process has no threads yet.
#[inline]
pub fn create() -> Option<Create> {
    // SAFETY: the table is read-only and complete when this code runs; the function has that type.
    unsafe { Some(core::mem::transmute::<*mut c_void, Create>(function(FOUND.create, c"pthread_key_create")?)) }
}

/// `pthread_key_delete`, if there is a [`create`].
#[inline]
pub fn delete() -> Option<Delete> {
    // SAFETY: as in `create`.
    unsafe { Some(core::mem::transmute::<*mut c_void, Delete>(function(FOUND.delete, c"pthread_key_delete")?)) }
}

/// `pthread_setspecific`, if there is a [`create`].
#[inline]
pub fn set() -> Option<Set> {
    // SAFETY: as in `create`.
    unsafe { Some(core::mem::transmute::<*mut c_void, Set>(function(FOUND.set, c"pthread_setspecific")?)) }
}

/// What the loader found, or what there is by now.
#[inline]
fn function(found: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    if !found.is_null() {
        return Some(found);
    }
    // SAFETY: the table is read-only and complete when this code runs, and the name is a string.
    let late = unsafe { FOUND.find?(name.as_ptr()) };
    (!late.is_null()).then_some(late)
}
