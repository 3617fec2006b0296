//! libmimalloc: the C and C++ interface of oximalloc, as a shared and a static library.
//!
//! `mi` holds the functions named `mi_*`, one file a family; `export` holds the standard names, so that a program
//! that preloads or links the library uses it for everything. Each function is a short call of `oximalloc::raw`;
//! what all of them share, turning a null block into an `errno`, is in `outcome`.
//!
//! Invariant: nothing here keeps state, and nothing here unwinds.
#![cfg_attr(not(test), no_std)]

pub mod mi;
mod outcome;

#[cfg(unix)]
pub mod export;

#[cfg(not(test))]
use core::panic::PanicInfo;
#[cfg(all(unix, target_pointer_width = "64"))]
use export::process::is_its_malloc;
use oximalloc::raw;

/// A panic is a bug of this library: say where and stop, for the heap may be half changed.
#[cfg(not(test))]
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    outcome::give_up(format_args!("{info}"))
}

/// Runs when the library is loaded; allocations that come earlier start the process state themselves.
extern "C" fn load() {
    raw::process_init();
    raw::end_is_told();
}

/// Runs when the process ends, after the program's own `atexit` handlers; blocks can still be allocated and freed.
/// Or when the library is unmapped.
extern "C" fn unload() {
    raw::process_done(is_its_malloc);
    #[cfg(all(unix, target_pointer_width = "64"))]
    if export::process::may_be_unmapped() {
        raw::forget_threads();
    }
}

/// Whether memory from here may be used until the process is gone.
#[cfg(not(all(unix, target_pointer_width = "64")))]
fn is_its_malloc() -> bool {
    true
}

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
static LOAD: extern "C" fn() = load;

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".fini_array"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_term_func"))]
static UNLOAD: extern "C" fn() = unload;
