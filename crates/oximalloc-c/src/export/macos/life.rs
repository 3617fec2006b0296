//! The library's start and end. The loader calls `load`, and `exit` calls `unload`. The library is never unmapped
//! (`prim/unix/macos` sees to it).

use super::process::is_its_malloc;
use super::zone;
use oximalloc::raw;

extern "C" fn load() {
    raw::process_init();
    raw::end_is_told();
    // SAFETY: a function of the right type, which stays.
    unsafe { libc::atexit(unload) };
    zone::promote();
}

/// Blocks can still be allocated and freed.
extern "C" fn unload() {
    raw::process_done(is_its_malloc);
}

#[used]
#[unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs")]
static LOAD: extern "C" fn() = load;
