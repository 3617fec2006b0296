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

use crate::base::sync::{AtomicPtr, AtomicU32, Ordering};
use core::ffi::{c_int, c_void};
use core::mem::transmute;
use core::ptr::{self, null_mut};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::System::SystemServices::{DLL_PROCESS_ATTACH, DLL_PROCESS_DETACH, DLL_THREAD_DETACH};
use windows_sys::Win32::System::Threading::GetCurrentThreadId;

/// A `fn()` for the end of the process, or null.
static AT_END: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// A `fn()` for the end of each thread, or null.
static AT_THREAD_END: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// The number of the process's first thread. 0 if it is not known.
static FIRST: AtomicU32 = AtomicU32::new(0);

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
fn listen() {
    // SAFETY: live statics.
    unsafe {
        (&raw const CALLBACK).read_volatile();
        (&raw const INITIALIZER).read_volatile();
    }
}

/// Have `run` called at the end of the process, or when the image is unmapped. Only the first call has an effect.
pub fn at_end(run: fn()) {
    listen();
    // Relaxed, here and below: it is a function's address, which publishes nothing else.
    let _ = AT_END.compare_exchange(null_mut(), run as *mut (), Ordering::Relaxed, Ordering::Relaxed);
}

/// Have nothing called then.
pub fn nothing_at_end() {
    AT_END.store(nothing as fn() as *mut (), Ordering::Relaxed);
}

/// Have `run` called at the end of each thread.
pub fn at_thread_end(run: fn()) {
    listen();
    AT_THREAD_END.store(run as *mut (), Ordering::Relaxed);
}

/// Whether a thread is known to be the process's first one.
pub fn is_first(thread: u32) -> bool {
    FIRST.load(Ordering::Relaxed) == thread
}

fn nothing() {}

/// Call a `fn()`, unless it is null.
fn call(run: *mut ()) {
    if !run.is_null() {
        // SAFETY: only such functions are stored above.
        unsafe { transmute::<*mut (), fn()>(run)() }
    }
}

/// The end comes in two ways. The first one counts.
extern "C" fn ended() {
    call(AT_END.swap(nothing as fn() as *mut (), Ordering::Relaxed));
}

extern "C" fn started() {
    // SAFETY: a function that lives as long as this image, whose runtime calls it.
    unsafe { atexit(ended) };
}

/// # Safety
/// - the loader calls it.
unsafe extern "system" fn told(image: *mut c_void, what: u32, _: *mut c_void) {
    // SAFETY: no memory is passed.
    let (program, thread) = unsafe { (GetModuleHandleW(ptr::null()), GetCurrentThreadId()) };
    match what {
        // The first thread loads the program. (Who loads a library is not known here.)
        DLL_PROCESS_ATTACH if program == image => FIRST.store(thread, Ordering::Relaxed),
        DLL_PROCESS_DETACH => ended(),
        DLL_THREAD_DETACH => call(AT_THREAD_END.load(Ordering::Relaxed)),
        _ => {}
    }
}
