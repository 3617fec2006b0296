//! C++'s operators under protection. Ours tell what they know of a block: whether it is an array, and how many bytes were
//! asked for.
//!
//! Those of `new[]`, `delete[]` and `delete` with a size are jumps through words, which lead to `new` and `delete`. Without
//! protection it stays so. Under protection [`tell`] changes the words, once, before the program begins. Until then,
//! blocks do not say by which operator they were allocated, so no `delete` is wrong for them.
//!
//! The words lie in memory that the loader makes read-only (RELRO). It is writable only while they are changed.

use super::array_new;
use super::attempts::begin_to_tell;
use crate::export::process::symbol;
use core::ffi::{CStr, c_int, c_void};
use core::sync::atomic::{AtomicUsize, Ordering};
use oximalloc::raw;

/// The words, in the order of `export/process.rs`.
#[repr(C)]
struct Forwards {
    array_new: AtomicUsize,
    array_delete: AtomicUsize,
    sized_delete: AtomicUsize,
    sized_array_delete: AtomicUsize,
}

unsafe extern "C" {
    #[link_name = "oximalloc_forwards"]
    static FORWARDS: Forwards;
}

unsafe extern "C" fn array_delete(p: *mut c_void) {
    // SAFETY: the promise of the operator's caller.
    unsafe { raw::delete_array(p.cast(), None) }
}

unsafe extern "C" fn sized_delete(p: *mut c_void, size: usize) {
    // SAFETY: the promise of the operator's caller.
    unsafe { raw::delete_sized(p.cast(), size) }
}

unsafe extern "C" fn sized_array_delete(p: *mut c_void, size: usize) {
    // SAFETY: the promise of the operator's caller.
    unsafe { raw::delete_array(p.cast(), Some(size)) }
}

/// Let our operators tell what they know from now on. Not if the process has its own instead of one of
/// them: then they are defined by each other.
#[cold]
pub(crate) fn tell() {
    let words = words();
    if !words.iter().all(|word| is_ours(word.load(Ordering::Relaxed))) {
        return;
    }
    let targets = [
        array_new as *const () as usize,
        array_delete as *const () as usize,
        sized_delete as *const () as usize,
        sized_array_delete as *const () as usize,
    ];
    let Some(page) = OsPage::of_words() else { return };
    page.write(|| {
        for (word, target) in words.iter().zip(targets) {
            word.store(target, Ordering::Relaxed);
        }
        begin_to_tell();
    });
}

fn words() -> [&'static AtomicUsize; 4] {
    // SAFETY: the table is complete when this library runs. Nothing but `tell` writes to it.
    let words = unsafe { &FORWARDS };
    [&words.array_new, &words.array_delete, &words.sized_delete, &words.sized_array_delete]
}

/// Whether a function lies in this library. In a program that is linked statically there is no other.
fn is_ours(function: usize) -> bool {
    type Dladdr = unsafe extern "C" fn(*const c_void, *mut libc::Dl_info) -> c_int;
    const NAME: &CStr = c"dladdr";
    // SAFETY: RTLD_DEFAULT is allowed; a function of that name has that type; it only looks at addresses.
    unsafe {
        let Some(dladdr) = symbol(libc::RTLD_DEFAULT, NAME) else { return true };
        let dladdr: Dladdr = core::mem::transmute(dladdr);
        let base_of = |address: *const c_void| {
            let mut info: libc::Dl_info = core::mem::zeroed();
            if dladdr(address, &mut info) == 0 { core::ptr::null_mut() } else { info.dli_fbase }
        };
        let ours = base_of(array_delete as *const c_void);
        !ours.is_null() && ours == base_of(core::ptr::without_provenance(function))
    }
}

/// The OS pages of the words.
struct OsPage {
    start: usize,
    bytes: usize,
    /// The loader has made them read-only.
    is_read_only: bool,
}

impl OsPage {
    /// None if the program headers do not say what they are.
    fn of_words() -> Option<OsPage> {
        let page = raw::process::page_size();
        let words = (&raw const FORWARDS).addr();
        let (start, end) = (words & !(page - 1), (words + size_of::<Forwards>()).next_multiple_of(page));
        // (The linker of illumos does not tell where the file begins, and makes nothing read-only.)
        #[cfg(target_os = "illumos")]
        let is_read_only = false;
        #[cfg(not(target_os = "illumos"))]
        let is_read_only = super::relro::has(start, end, page)?;
        Some(OsPage { start, bytes: end - start, is_read_only })
    }

    /// Call `write` while the words can be written.
    fn write(&self, write: impl FnOnce()) {
        let protect = |access| {
            // SAFETY: whole OS pages that the loader made read-only, and that are so again afterwards. Nobody else
            // changes their access.
            unsafe { libc::mprotect(core::ptr::with_exposed_provenance_mut(self.start), self.bytes, access) == 0 }
        };
        if !self.is_read_only {
            write();
        } else if protect(libc::PROT_READ | libc::PROT_WRITE) {
            write();
            protect(libc::PROT_READ);
        }
    }
}
