//! What the loader tells of: the start and the end of the process, and the end of each thread.
//!
//! It calls the functions in the image's table of TLS callbacks. They run in every thread that ends by returning or by
//! `ExitThread`, whoever made it, after the callbacks of fiber-local memory. The table is sorted by the names of sections,
//! and what this file adds is near its end. So it comes after the C runtime's entries, which destroy C++'s thread-local
//! objects, and after those of Rust's standard library.
//!
//! The table exists because `tls` names `_tls_index`.

use super::{process, thread};
use core::ffi::c_void;
use windows_sys::Win32::System::SystemServices::{DLL_PROCESS_ATTACH, DLL_PROCESS_DETACH, DLL_THREAD_DETACH};

type Callback = unsafe extern "system" fn(*mut c_void, u32, *mut c_void);

#[used]
#[unsafe(link_section = ".CRT$XLY")]
static CALLBACK: Callback = told;

/// Have the linker keep the entry. A file that nothing is called in may be left out of a program.
pub fn listen() {
    // SAFETY: a live static.
    unsafe { (&raw const CALLBACK).read_volatile() };
}

/// # Safety
/// - the loader calls it.
unsafe extern "system" fn told(_image: *mut c_void, what: u32, with_program: *mut c_void) {
    match what {
        // An image that comes with the program is loaded by the first thread.
        DLL_PROCESS_ATTACH if !with_program.is_null() => thread::note_first(),
        DLL_PROCESS_DETACH => process::end(),
        DLL_THREAD_DETACH => thread::end(),
        _ => {}
    }
}
