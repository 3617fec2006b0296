//! Linux with glibc, through the `libc` crate.

mod env;
mod errno;
#[cfg(test)]
pub mod for_tests;
mod memory;
mod numa;
mod process;
mod thread;
pub mod tls;

use super::contract::System;

/// The system.
pub struct Linux;

impl System for Linux {}
