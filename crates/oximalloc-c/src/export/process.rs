//! What the process has besides this library, asked by name (weakly, as a fully static program has no loader to ask),
//! whether it may be unmapped before the process ends, and whose the functions are that others are defined by.
//!
//! A program that has an `operator new` of its own, or a `malloc`, has it by a name that comes before ours. By the standard an
//! operator that it has not, as `delete` with a size, does what its own does; and `strdup` is freed by its `free`. So
//! these call what the process has by the name (`build.rs` keeps such names from being bound to ours).

use core::ffi::{CStr, c_char, c_void};
use oximalloc::raw;

core::arch::global_asm!(
    ".weak dlsym",
    ".weak oximalloc_stays",
    ".hidden oximalloc_stays",
    ".pushsection .data.rel.ro.oximalloc_loader, \"aw\", @progbits",
    ".balign 8",
    ".globl oximalloc_loader",
    ".hidden oximalloc_loader",
    "oximalloc_loader:",
    ".quad dlsym",
    ".quad oximalloc_stays",
    ".quad realloc",
    // Words that assembly uses by name.
    ".globl oximalloc_new, oximalloc_new_array, oximalloc_new_aligned, oximalloc_new_aligned_array",
    ".hidden oximalloc_new, oximalloc_new_array, oximalloc_new_aligned, oximalloc_new_aligned_array",
    ".globl oximalloc_delete, oximalloc_delete_array",
    ".hidden oximalloc_delete, oximalloc_delete_array",
    "oximalloc_new: .quad _Znwm",
    "oximalloc_new_array: .quad _Znam",
    "oximalloc_new_aligned: .quad _ZnwmSt11align_val_t",
    "oximalloc_new_aligned_array: .quad _ZnamSt11align_val_t",
    "oximalloc_delete: .quad _ZdlPv",
    "oximalloc_delete_array: .quad _ZdaPv",
    ".quad _ZdlPvSt11align_val_t",
    ".quad _ZdaPvSt11align_val_t",
    ".popsection",
);

/// What the linker and the loader found; the order is that of the table above.
#[repr(C)]
pub struct Found {
    dlsym: Option<unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void>,
    /// Not 0 in `libmimalloc.so`, which is never unmapped (`build.rs`).
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
}

unsafe extern "C" {
    #[link_name = "oximalloc_loader"]
    static FOUND: Found;
}

/// What was found.
#[inline(always)]
pub fn found() -> &'static Found {
    // SAFETY: the table is read-only and complete when this library runs.
    unsafe { &FOUND }
}

/// The address of `name` in a library, or in the first of the process that has it (`RTLD_DEFAULT`).
///
/// # Safety
/// - `library` is one that is loaded, or `RTLD_DEFAULT`.
#[cold]
pub unsafe fn symbol(library: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    let dlsym = found().dlsym?;
    // SAFETY: the contract, and a C string.
    let address = unsafe { dlsym(library, name.as_ptr()) };
    (!address.is_null()).then_some(address)
}

/// Whether the C library and the loader have their memory from here, which they use until the process is gone: buffers of
/// output, open files, what is known of loaded libraries. True where nobody can say.
#[cold]
pub fn is_its_malloc() -> bool {
    // SAFETY: RTLD_DEFAULT; what the process has by these names has these types, and each block is freed by what made it.
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

/// Whether the process may go on when this library's destructors run: it is a part of another one, which is unmapped, or ends
/// with the process; that cannot be told apart.
#[inline]
pub fn may_be_unmapped() -> bool {
    found().stays == 0 && !is_its_malloc()
}
