//! WebAssembly without threads: alone (`wasm32-unknown-unknown`), or with WASI (`wasm32-wasip1`).
//!
//! Alone there is no environment, no standard error, no clock, and no source of random numbers. With WASI they are
//! asked of the host directly, because the C library's functions for them allocate.
//!
//! Invariant: there is one thread. So statics here are cells.

mod env;
mod errno;
mod faults;
mod free;
mod memory;
mod numa;
mod process;
mod thread;
pub mod tls;
#[cfg(target_os = "wasi")]
mod wasi;

use super::contract::System;

#[cfg(target_feature = "atomics")]
compile_error!("WebAssembly with threads needs a thread-local pointer and locks that `prim/wasm` does not have");

/// The system.
pub struct Wasm;
pub use self::Wasm as Real;

impl System for Wasm {}

/// A value of a program that has one thread.
struct Single<T>(core::cell::Cell<T>);

// SAFETY: there is one thread (see the `compile_error!` above), so nothing is shared between threads.
unsafe impl<T> Sync for Single<T> {}

impl<T: Copy> Single<T> {
    const fn new(value: T) -> Single<T> {
        Single(core::cell::Cell::new(value))
    }
    #[inline(always)]
    fn get(&self) -> T {
        self.0.get()
    }
    #[inline(always)]
    fn set(&self, value: T) {
        self.0.set(value);
    }
}
