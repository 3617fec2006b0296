//! The library's start and end. The C runtime calls the function in this section when it initialises the image, and what
//! is registered there when the program ends or the DLL is unmapped.

use super::process::is_its_malloc;
use super::redirect;
use core::ffi::c_int;
use oximalloc::raw;

unsafe extern "C" {
    fn atexit(function: extern "C" fn()) -> c_int;
}

extern "C" fn load() {
    redirect::begin();
    raw::process_init();
    raw::end_is_told();
    // SAFETY: a function that lives as long as this image, whose runtime calls it.
    unsafe { atexit(unload) };
}

/// Blocks can still be allocated and freed. (A DLL that the runtime allocates from is never unmapped.)
extern "C" fn unload() {
    raw::process_done(is_its_malloc);
    if !is_its_malloc() {
        raw::forget_threads();
    }
}

#[used]
#[unsafe(link_section = ".CRT$XCU")]
static LOAD: extern "C" fn() = load;
