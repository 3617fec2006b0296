//! Linux with glibc or musl, through the `libc` crate.

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

impl System for Linux {}
