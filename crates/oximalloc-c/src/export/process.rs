//! What the process has besides this library, asked by name (weakly, as a fully static program has no loader to ask), and
//! whether it may be unmapped before the process ends.

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
    ".popsection",
);

/// What the linker and the loader found; the order is that of the table above.
#[repr(C)]
struct Found {
    dlsym: Option<unsafe extern "C" fn(*mut c_void, *const c_char) -> *mut c_void>,
    /// Not 0 in `libmimalloc.so`, which is never unmapped (`build.rs`).
    stays: usize,
}

unsafe extern "C" {
    #[link_name = "oximalloc_loader"]
    static FOUND: Found;
}

/// The address of `name` in a library, or in the first of the process that has it (`RTLD_DEFAULT`).
///
/// # Safety
/// - `library` is one that is loaded, or `RTLD_DEFAULT`.
#[cold]
pub unsafe fn symbol(library: *mut c_void, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the table is read-only and complete when this library runs; the contract, and a C string.
    let found = unsafe { FOUND.dlsym?(library, name.as_ptr()) };
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
        let ours = block.is_null() || raw::owns(block.cast());
        free(block);
        ours
    }
}

/// Whether the process may go on when this library's destructors run: it is a part of another one, which is unmapped, or ends
/// with the process; that cannot be told apart.
#[inline]
pub fn may_be_unmapped() -> bool {
    // SAFETY: as in `symbol`.
    let stays = unsafe { FOUND.stays != 0 };
    !stays && !is_its_malloc()
}
