//! What the process has besides this library, asked by name: weakly, as a fully static program has no loader to ask.

use core::ffi::{CStr, c_char, c_void};
use oximalloc::raw;

core::arch::global_asm!(
    ".weak dlsym",
    ".pushsection .data.rel.ro.oximalloc_loader, \"aw\", @progbits",
    ".balign 8",
    ".globl oximalloc_loader",
    ".hidden oximalloc_loader",
    "oximalloc_loader:",
    ".quad dlsym",
    ".popsection",
);

unsafe extern "C" {
    #[link_name = "oximalloc_loader"]
    static DLSYM: Option<unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void>;
}

/// The address of `name` in a library, or in the first of the process that has it (`RTLD_DEFAULT`).
///
/// # Safety
/// - `library` is one that is loaded, or `RTLD_DEFAULT`.
#[cold]
pub unsafe fn symbol(library: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the word is read-only and complete when this library runs; the contract, and a C string.
    let found = unsafe { DLSYM?(library, name.as_ptr()) };
    (!found.is_null()).then_some(found)
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
        let ours = raw::owns(block.cast());
        free(block);
        ours
    }
}
