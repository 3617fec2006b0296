//! What else the process has besides this library. We ask by name, through weak references, because a fully static
//! program has no loader to ask. Also: whether the library may be unmapped before the process ends, and which functions
//! of the process define others.
//!
//! If a program has its own `operator new` or `malloc`, its name comes before ours. By the standard, an operator that
//! the program does not define, such as `delete` with a size, does what the program's own operator does. Likewise the
//! program's `free` frees what `strdup` returns. So these functions call whatever the process has by that name.
//! (`build.rs` keeps such names from being bound to ours.)

use core::ffi::{CStr, c_char, c_void};
use oximalloc::raw;

/// How the names of C++ functions say `size_t`: it is an `unsigned int`, or an `unsigned long`.
#[cfg(any(target_arch = "x86", target_arch = "arm"))]
macro_rules! size_letter {
    () => {
        "j"
    };
}
#[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
macro_rules! size_letter {
    () => {
        "m"
    };
}

core::arch::global_asm!(
    // In a section of its own, because `libmimalloc.so` has its own word in the place of this one (`build.rs`).
    ".weak dlsym",
    ".weak oximalloc_dlsym",
    ".hidden oximalloc_dlsym",
    ".pushsection .data.rel.ro.oximalloc_dlsym, \"aw\", %progbits",
    ".balign 8",
    "oximalloc_dlsym:",
    ".dc.a dlsym",
    ".popsection",
    ".weak oximalloc_stays",
    ".hidden oximalloc_stays",
    ".pushsection .data.rel.ro.oximalloc_loader, \"aw\", %progbits",
    ".balign 8",
    ".globl oximalloc_loader",
    ".hidden oximalloc_loader",
    "oximalloc_loader:",
    ".dc.a oximalloc_stays",
    ".dc.a realloc",
    // Words that assembly uses by name.
    ".globl oximalloc_new, oximalloc_new_array, oximalloc_new_aligned, oximalloc_new_aligned_array",
    ".hidden oximalloc_new, oximalloc_new_array, oximalloc_new_aligned, oximalloc_new_aligned_array",
    ".globl oximalloc_delete, oximalloc_delete_array",
    ".hidden oximalloc_delete, oximalloc_delete_array",
    ".globl oximalloc_array_new, oximalloc_array_delete, oximalloc_sized_delete, oximalloc_sized_array_delete",
    ".hidden oximalloc_array_new, oximalloc_array_delete, oximalloc_sized_delete, oximalloc_sized_array_delete",
    concat!("oximalloc_new: .dc.a _Znw", size_letter!()),
    concat!("oximalloc_new_array: .dc.a _Zna", size_letter!()),
    concat!("oximalloc_new_aligned: .dc.a _Znw", size_letter!(), "St11align_val_t"),
    concat!("oximalloc_new_aligned_array: .dc.a _Zna", size_letter!(), "St11align_val_t"),
    "oximalloc_delete: .dc.a _ZdlPv",
    "oximalloc_delete_array: .dc.a _ZdaPv",
    ".dc.a _ZdlPvSt11align_val_t",
    ".dc.a _ZdaPvSt11align_val_t",
    // Words that the operators jump through which are defined by another one.
    ".globl oximalloc_forwards",
    ".hidden oximalloc_forwards",
    "oximalloc_forwards:",
    concat!("oximalloc_array_new: .dc.a _Znw", size_letter!()),
    "oximalloc_array_delete: .dc.a _ZdlPv",
    "oximalloc_sized_delete: .dc.a _ZdlPv",
    "oximalloc_sized_array_delete: .dc.a _ZdaPv",
    ".popsection",
);

/// What the linker and the loader found; the order is that of the table above.
#[repr(C)]
pub struct Found {
    /// Not 0 in `libmimalloc.so`, which is never unmapped (see `build.rs`).
    stays: usize,
    /// The process's functions of these names.
    pub realloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    pub new: unsafe extern "C" fn(usize) -> *mut c_void,
    pub new_array: unsafe extern "C" fn(usize) -> *mut c_void,
    pub new_aligned: unsafe extern "C" fn(usize, usize) -> *mut c_void,
    pub new_aligned_array: unsafe extern "C" fn(usize, usize) -> *mut c_void,
    pub delete: unsafe extern "C" fn(*mut c_void),
    pub delete_array: unsafe extern "C" fn(*mut c_void),
    pub delete_aligned: unsafe extern "C" fn(*mut c_void, usize),
    pub delete_aligned_array: unsafe extern "C" fn(*mut c_void, usize),
    // Where `new::protected` is, these may change.
    #[cfg(not(frames))]
    pub array_new: unsafe extern "C" fn(usize) -> *mut c_void,
    #[cfg(not(frames))]
    pub array_delete: unsafe extern "C" fn(*mut c_void),
    #[cfg(not(frames))]
    pub sized_delete: unsafe extern "C" fn(*mut c_void),
    #[cfg(not(frames))]
    pub sized_array_delete: unsafe extern "C" fn(*mut c_void),
}

unsafe extern "C" {
    #[link_name = "oximalloc_loader"]
    static FOUND: Found;
    #[link_name = "oximalloc_dlsym"]
    static DLSYM: Option<Dlsym>;
}

type Dlsym = unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void;

/// What was found.
#[inline(always)]
pub fn found() -> &'static Found {
    // SAFETY: the table is read-only and complete when this library runs.
    unsafe { &FOUND }
}

/// The address of `name` in `library`. For `RTLD_DEFAULT`, the address in the first library of the process that has the
/// name.
///
/// # Safety
/// - `library` is one that is loaded, or `RTLD_DEFAULT`.
#[cold]
pub unsafe fn symbol(library: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the word is read-only and complete when this library runs.
    let found = unsafe { DLSYM };
    #[cfg(target_env = "gnu")]
    // SAFETY: a C string; and the C library's function of that name has that type.
    let found = found.or_else(|| unsafe {
        core::mem::transmute::<*mut c_void, Option<Dlsym>>(super::loaded::find(c"dlsym".as_ptr()))
    });
    // SAFETY: the contract, and a C string.
    let address = unsafe { found?(library, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

/// Whether the C library and the loader allocate from here. They use such memory until the process is gone: output
/// buffers, open files, records of loaded libraries. True if nobody can say.
#[cold]
pub fn is_its_malloc() -> bool {
    // SAFETY: RTLD_DEFAULT is allowed; functions of these names have these types; and the block is freed by the
    // allocator that made it.
    unsafe {
        let [Some(malloc), Some(free)] = [c"malloc", c"free"].map(|name| symbol(libc::RTLD_DEFAULT, name)) else {
            return true;
        };
        let malloc: unsafe extern "C" fn(usize) -> *mut c_void = core::mem::transmute(malloc);
        let free: unsafe extern "C" fn(*mut c_void) = core::mem::transmute(free);
        let block = malloc(1);
        let ours = block.is_null() || raw::owns(block.cast());
        free(block);
        ours
    }
}

/// Whether the C runtime's functions were redirected. Only Windows does that.
pub fn is_redirected() -> bool {
    false
}

/// Whether the process may go on when this library's destructors run. Then the library is a part of another one. That
/// one may be unmapped early, or end with the process; the two cases look the same.
#[inline]
pub fn may_be_unmapped() -> bool {
    found().stays == 0 && !is_its_malloc()
}
