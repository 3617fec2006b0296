//! Linux with glibc, through the `libc` crate.

mod elf;
mod env;
mod errno;
mod fault;
#[cfg(test)]
pub mod for_tests;
mod keys;
mod maps;
mod memory;
mod numa;
mod process;
mod stack;
mod thread;
pub mod tls;

use super::contract::System;

/// The system.
pub struct Linux;
pub use self::Linux as Real;

impl System for Linux {}
