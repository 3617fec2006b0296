//! Windows, through the `windows-sys` crate.
//!
//! The system has two places for errors: the thread's *last error*, which its functions set, and `errno` of the C
//! library, which they do not touch. Each function here leaves both as they were.

mod env;
mod errno;
#[cfg(test)]
pub mod for_tests;
mod large;
mod loader;
mod memory;
mod numa;
mod process;
mod stack;
mod thread;
pub mod tls;
mod wide;

use super::contract::System;

/// The system.
pub struct Windows;
pub use self::Windows as Real;

impl System for Windows {}
