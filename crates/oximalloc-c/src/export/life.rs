//! The library's start and end. The loader calls these functions.

use super::process::{is_its_malloc, may_be_unmapped};
use oximalloc::raw;

/// Runs when the library is loaded. An allocation that comes earlier starts the process state itself.
extern "C" fn load() {
    raw::process_init();
    #[cfg(frames)]
    if raw::is_protected() {
        super::new::protected::tell();
    }
    raw::end_is_told();
}

/// Runs when the process ends, after the program's own `atexit` handlers, or when the library is unmapped. Blocks can
/// still be allocated and freed.
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
