//! The library's start and end, as the loader tells of them.

use super::process::{is_its_malloc, may_be_unmapped};
use oximalloc::raw;

/// Runs when the library is loaded; allocations that come earlier start the process state themselves.
extern "C" fn load() {
    raw::process_init();
    raw::end_is_told();
}

/// Runs when the process ends, after the program's own `atexit` handlers; blocks can still be allocated and freed.
/// Or when the library is unmapped.
extern "C" fn unload() {
    raw::process_done(is_its_malloc);
    if may_be_unmapped() {
        raw::forget_threads();
    }
}

#[used]
#[unsafe(link_section = ".init_array")]
static LOAD: extern "C" fn() = load;

#[used]
#[unsafe(link_section = ".fini_array")]
static UNLOAD: extern "C" fn() = unload;
