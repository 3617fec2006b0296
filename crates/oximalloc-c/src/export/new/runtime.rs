//! The C++ runtime of the process, if it has one. The references are weak, so that a C program needs no runtime.
//!
//! A preloaded library is bound before a plugin brings libstdc++ along. So if a weak reference is empty, we look the
//! name up in the runtimes that have been loaded since. A fully static program has only what its linker took from the
//! archives, and a weak reference takes nothing. So what `cargo xtask install` writes has a strong reference beside
//! these, and cargo's own archive is linked with `-Wl,-u,_ZSt17__throw_bad_allocv`.

use crate::export::process::symbol;
use crate::outcome::give_up;
use core::ffi::{CStr, c_char, c_int, c_void};

/// What the linker and the loader found of the functions that we need. The order is that of the table below.
#[repr(C)]
struct Weak {
    get_new_handler: Option<GetNewHandler>,
    throw_bad_alloc: Option<Throw>,
}

/// A new-handler: frees memory, throws, or ends the process. Never called from Rust.
pub type Handler = unsafe extern "C" fn();
/// The C library's `dlopen`. We look it up by name, because linkers warn of it in static programs.
type Dlopen = unsafe extern "C" fn(*const c_char, c_int) -> *mut c_void;
/// `std::get_new_handler`
type GetNewHandler = unsafe extern "C" fn() -> Option<Handler>;
/// `std::__throw_bad_alloc`, or a function in its place. Never called from Rust.
pub type Throw = unsafe extern "C" fn();

core::arch::global_asm!(
    ".weak _ZSt15get_new_handlerv",
    ".weak _ZSt17__throw_bad_allocv",
    ".pushsection .data.rel.ro.oximalloc_cxx_runtime, \"aw\", %progbits",
    ".balign 8",
    ".globl oximalloc_cxx_runtime",
    ".hidden oximalloc_cxx_runtime",
    "oximalloc_cxx_runtime:",
    ".dc.a _ZSt15get_new_handlerv",
    ".dc.a _ZSt17__throw_bad_allocv",
    ".popsection",
);

unsafe extern "C" {
    #[link_name = "oximalloc_cxx_runtime"]
    static WEAK: Weak;
}

/// The runtimes that may be loaded late: GNU's, then LLVM's, which has the same names for these functions.
const LATE: [&CStr; 2] = [c"libstdc++.so.6", c"libc++.so.1"];

/// How `dlopen` is told to load nothing. Haiku's cannot be.
#[cfg(not(target_os = "haiku"))]
const NOLOAD: Option<c_int> = Some(libc::RTLD_NOLOAD);
#[cfg(target_os = "haiku")]
const NOLOAD: Option<c_int> = None;

/// The address of `name` in a C++ runtime that has been loaded since this library was.
fn late(name: &CStr) -> Option<*mut c_void> {
    // SAFETY: the table is read-only and complete when this library runs, the strings are C strings, RTLD_NOLOAD loads
    // nothing, and what the C library calls dlopen has that type.
    unsafe {
        let dlopen = core::mem::transmute::<*mut c_void, Dlopen>(symbol(libc::RTLD_DEFAULT, c"dlopen")?);
        LATE.iter().find_map(|library| {
            let handle = dlopen(library.as_ptr(), libc::RTLD_LAZY | NOLOAD?);
            if handle.is_null() { None } else { symbol(handle, name) }
        })
    }
}

/// The new-handler in force, if there is one.
pub extern "C" fn new_handler() -> Option<Handler> {
    // SAFETY: the table is read-only and complete when this library runs; `get_new_handler` has no precondition and
    // does not throw, and a function of that mangled name has that type.
    unsafe {
        let found = late_or(WEAK.get_new_handler, c"_ZSt15get_new_handlerv", |p| {
            core::mem::transmute::<*mut c_void, GetNewHandler>(p)
        });
        found.and_then(|get| get())
    }
}

/// The address to jump to in order to throw `std::bad_alloc`. Without a C++ runtime, jumping there ends the process.
pub extern "C" fn thrower() -> Throw {
    // SAFETY: the table is read-only and complete when this library runs; a function of that name has that type.
    unsafe {
        let found = late_or(WEAK.throw_bad_alloc, c"_ZSt17__throw_bad_allocv", |p| {
            core::mem::transmute::<*mut c_void, Throw>(p)
        });
        found.unwrap_or(nobody_to_throw)
    }
}

fn late_or<F>(weak: Option<F>, name: &CStr, typed: impl Fn(*mut c_void) -> F) -> Option<F> {
    weak.or_else(|| late(name).map(typed))
}

unsafe extern "C" fn nobody_to_throw() {
    give_up(format_args!("out of memory in operator new, and no C++ runtime to throw std::bad_alloc"))
}
