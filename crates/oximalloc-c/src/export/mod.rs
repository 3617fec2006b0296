//! The standard names. A program that preloads or links this library allocates here through them. This folder also
//! holds everything else that depends on the system and the C library: no file outside it names these.

#[cfg(not(target_family = "wasm"))]
pub(crate) mod c_library;
#[cfg(any(all(target_os = "linux", target_env = "gnu"), target_family = "wasm"))]
pub mod glibc;
#[cfg(not(any(windows, target_family = "wasm", target_vendor = "apple")))]
mod life;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) mod loaded;
#[cfg(target_vendor = "apple")]
mod macos;
#[cfg(not(any(windows, target_vendor = "apple")))]
pub mod malloc;
#[cfg(not(any(windows, target_family = "wasm", target_vendor = "apple")))]
pub mod new;
#[cfg(any(windows, target_vendor = "apple"))]
#[path = "mi_new.rs"]
pub(crate) mod new;
#[cfg(not(any(windows, target_family = "wasm", target_vendor = "apple")))]
pub(crate) mod process;
#[cfg(not(windows))]
mod rounded;
#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(windows)]
mod windows;

#[cfg(target_vendor = "apple")]
pub(crate) use macos::process;
#[cfg(target_family = "wasm")]
pub(crate) use wasm::{c_library, new, process};
#[cfg(windows)]
pub(crate) use windows::process;
