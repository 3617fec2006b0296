//! POSIX systems other than Linux, through the `libc` crate: macOS, FreeBSD, NetBSD, OpenBSD, DragonFly, illumos and
//! Haiku. They are written by the systems' manuals. PORTING.md says which of them have run.
//!
//! What differs between them is in one file for each, the `system`: constants, and the few functions that are not the
//! same. The constants at the end say which these are, and their types. The other files are what all have in common. No
//! system here has stacks of calls, names of modules, or NUMA nodes yet.

mod env;
mod errno;
mod fault;
#[cfg(test)]
#[path = "../linux/for_tests.rs"]
pub mod for_tests;
mod memory;
mod process;
mod thread;
pub mod tls;
mod usage;
#[cfg(not(target_vendor = "apple"))]
mod usual;

#[cfg(target_vendor = "apple")]
#[path = "macos/mod.rs"]
mod system;

#[cfg(target_os = "dragonfly")]
#[path = "dragonfly.rs"]
mod system;

#[cfg(target_os = "freebsd")]
#[path = "freebsd.rs"]
mod system;

#[cfg(target_os = "haiku")]
#[path = "haiku.rs"]
mod system;

#[cfg(target_os = "illumos")]
#[path = "illumos.rs"]
mod system;

#[cfg(target_os = "netbsd")]
#[path = "netbsd.rs"]
mod system;

#[cfg(target_os = "openbsd")]
#[path = "openbsd.rs"]
mod system;

use super::contract::{Capabilities, Numa, ProcessInfo, System};
use core::ffi::{c_char, c_int};

/// The system.
pub struct Unix;
pub use self::Unix as Real;

impl System for Unix {}

/// What most of these systems can do.
const USUAL: Capabilities = Capabilities {
    unmap_part: true,
    decommit_part: true,
    // Where there is a call for it, it promises less than the contract asks.
    remap: false,
    advise_huge: false,
    protect: true,
    lock: true,
    fork: true,
    thread_end: true,
    sparse: true,
    threads: true,
    reports: true,
    address_bits: 47,
    // Programs and libraries lie at either end of these addresses.
    arenas_at: 1 << 45,
    arenas_spread: 1 << 43,
    granularity: 4096,
    large_page_shift: 21,
    huge_page_shift: 21,
};

impl Numa for Unix {
    fn nodes() -> usize {
        1
    }

    fn current_node() -> usize {
        0
    }

    unsafe fn prefer_node(_p: *mut u8, _size: usize, _node: usize) -> bool {
        false
    }
}

// What depends on threads' ends must not be lost in silence: a system without a word of them has to be thought of first.
const _: () = assert!(system::CAPABILITIES.thread_end, "the system does not tell of a thread's end");

// What the system has to supply.

/// What it can do.
const _: Capabilities = system::CAPABILITIES;
/// The address of the calling thread's `errno`.
const _: unsafe extern "C" fn() -> *mut c_int = system::errno_place;
/// Further flags of a mapping that is reserved.
const _: c_int = system::RESERVE_FLAGS;
/// Further flags of a mapping at certain addresses. With them, or by itself, the system takes these addresses if they
/// are free, and never replaces what is there. It fails then, or maps something elsewhere.
const _: c_int = system::PLACE_FLAGS;
/// The descriptor of a mapping that is no file's.
const _: fn() -> c_int = system::no_file;
/// As in the contract.
const _: fn(u8) = system::set_tag;
/// As in the contract.
const _: fn() -> bool = system::overcommits;
/// The limit of a process's address space, if there is one, and of its data.
const _: [Option<i32>; 2] = system::LIMITS;
/// Let the system take the memory of a range when memory is short. As [`Memory::reset`].
///
/// [`Memory::reset`]: super::contract::Memory::reset
const _: unsafe fn(*mut u8, usize) -> bool = system::reset;
/// Have the lowest bit of each byte say whether a page is resident. The system has as many pages as there are bytes
/// behind the address. False if it does not tell.
const _: fn(*const u8, usize, &mut [c_char]) -> bool = system::resident;
/// As in the contract.
const _: fn() -> u64 = system::now_ms;
/// As in the contract.
const _: fn() -> ProcessInfo = system::info;
/// How a thread says that it cannot be cancelled.
const _: c_int = system::CANCEL_DISABLE;
/// The list of `NAME=value` strings, which ends in a null. Itself null if it is not there yet.
const _: fn() -> *const *const c_char = system::environment;
/// As in the contract.
const _: fn() -> bool = system::is_secure;
/// As in the contract.
const _: fn() -> bool = system::is_first_thread;
/// Fill in random bytes, at most 256, without waiting. False if there are none yet. `errno` may change.
const _: fn(&mut [u8]) -> bool = system::random;
