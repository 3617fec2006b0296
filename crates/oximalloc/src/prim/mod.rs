//! What the allocator asks of the operating system and the processor. Nothing above this floor names either.
//!
//! `contract` says what a system must supply; a folder for each system supplies it. `processor` has a file for each
//! processor. `mock` stands in front of the system in unit tests: it fails, lies and forgets as the contract allows.

pub mod contract;
mod define;
mod errno;
pub mod processor;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(any(target_os = "linux", target_os = "android"))]
use linux as system;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
mod unix;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
use unix as system;
#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(target_family = "wasm")]
use wasm as system;
// What it does with ranges that were given back can be tested anywhere.
#[cfg(all(test, not(target_family = "wasm")))]
#[path = "wasm/free.rs"]
mod wasm_free;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as system;

#[cfg(not(any(unix, windows, target_family = "wasm")))]
compile_error!("no folder in `prim` implements `prim/contract.rs` for this system");

use system::Real;
#[cfg(all(test, not(target_family = "wasm")))]
pub use system::for_tests;
pub use system::tls;

#[cfg(test)]
pub mod mock;

/// The operating system.
#[cfg(not(test))]
pub type Os = Real;
/// The operating system, with the mock in front of it.
#[cfg(test)]
pub type Os = mock::Mock<Real>;

pub use contract::{
    At, Capabilities, Environment, Errno, Fault, Faults, Key, Memory, Module, Numa, Process, ProcessInfo, Threads,
};

/// Do something, and leave `errno` as it was.
#[inline(always)]
pub fn keep_errno<T>(work: impl FnOnce() -> T) -> T {
    let before = Os::errno();
    let result = work();
    Os::set_errno(before);
    result
}

/// The system must implement all of the contract.
const _: fn() = {
    fn is_complete<S: contract::System>() {}
    is_complete::<Os>
};
const _: fn() -> *const u8 = tls::load;
const _: fn(*const u8) = tls::store;
const _: fn() -> usize = tls::tag;

#[cfg(all(test, not(tsan)))]
mod tests;
