//! libmimalloc: the C and C++ interface of oximalloc, as a shared and a static library.
//!
//! `mi` holds the functions named `mi_*`, one file for each family. `export` holds the standard names, so that a
//! program that preloads or links the library uses it for everything. Each function is a short call of
//! `oximalloc::raw`. `outcome` holds what all of them share: it turns a null block into an `errno`.
//!
//! Invariant: nothing here keeps state, and nothing here unwinds.
#![cfg_attr(not(test), no_std)]

mod errno;
pub mod export;
pub mod mi;
mod outcome;

#[cfg(not(test))]
use core::panic::PanicInfo;

/// A panic is a bug of this library. Say where and stop, because the heap may be half changed.
#[cfg(not(test))]
#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    outcome::give_up(format_args!("{info}"))
}
