//! The implementation for Linux and its kin, over the `libc` crate.

pub mod env;
pub mod memory;
pub mod numa;
pub mod process;
pub mod thread;
