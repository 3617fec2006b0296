//! Linux with glibc or musl, and Android, through the `libc` crate.

#[cfg(target_os = "android")]
mod android;
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

#[cfg(not(target_os = "android"))]
use ::libc;
#[cfg(target_os = "android")]
use android as libc;

/// The system.
pub struct Linux;
pub use self::Linux as Real;

impl System for Linux {}
