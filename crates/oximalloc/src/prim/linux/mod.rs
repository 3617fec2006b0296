//! Linux with glibc, and Android, through the `libc` crate.

#[cfg(target_os = "android")]
mod android;
mod env;
mod errno;
mod fault;
#[cfg(test)]
pub mod for_tests;
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

impl System for Linux {}
