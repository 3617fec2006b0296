//! What the loader tells of: the start and the end of the process, and the end of each thread.
//!
//! It calls the functions in the image's table of TLS callbacks. They run in every thread that ends by returning or by
//! `ExitThread`, whoever made it, after the callbacks of fiber-local memory. The table is sorted by the names of sections,
//! and what this file adds is near its end. So it comes after the C runtime's entries, which destroy C++'s thread-local
//! objects, and after those of Rust's standard library.
//!
//! The table exists because `tls` names `_tls_index`.
//!
//! The end of the process comes in two ways. The C runtime calls what was registered with `atexit` when `main` returns
//! or the program calls `exit`, the earliest last; so this registers as the runtime starts. The loader also calls the
//! callbacks, for programs that end by `ExitProcess`.

use super::{process, thread};
use core::ffi::{c_int, c_void};
use core::ptr;
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::SystemServices::{DLL_PROCESS_ATTACH, DLL_PROCESS_DETACH, DLL_THREAD_DETACH};

type Callback = unsafe extern "system" fn(*mut c_void, u32, *mut c_void);
type Initializer = extern "C" fn();

#[used]
#[unsafe(link_section = ".CRT$XLY")]
static CALLBACK: Callback = told;

/// In the C runtime's table of constructors.
#[used]
#[unsafe(link_section = ".CRT$XCU")]
static INITIALIZER: Initializer = started;

unsafe extern "C" {
    fn atexit(function: extern "C" fn()) -> c_int;
}

/// Have the linker keep the entries. A file that nothing is called in may be left out of a program.
pub fn listen() {
    // SAFETY: live statics.
    unsafe {
        (&raw const CALLBACK).read_volatile();
        (&raw const INITIALIZER).read_volatile();
    }
}

extern "C" fn started() {
    extern "C" fn ended() {
        process::end();
    }
    // SAFETY: a function that lives as long as this image, whose runtime calls it.
    unsafe { atexit(ended) };
}

/// # Safety
/// - the loader calls it.
unsafe extern "system" fn told(image: *mut c_void, what: u32, _: *mut c_void) {
    match what {
        // The first thread loads the program. (Who loads a library is not known here.)
        // SAFETY: no memory is passed.
        DLL_PROCESS_ATTACH if unsafe { GetModuleHandleW(ptr::null()) } == image => thread::note_first(),
        DLL_PROCESS_DETACH => process::end(),
        DLL_THREAD_DETACH => thread::end(),
        _ => {}
    }
}
