//! The standard names. A program that preloads or links this library allocates here through them. This folder also
//! holds everything else that depends on the system and the C library: no file outside it names these.

pub(crate) mod c_library;
#[cfg(target_os = "linux")]
pub mod glibc;
#[cfg(not(target_vendor = "apple"))]
mod life;
#[cfg(target_vendor = "apple")]
mod macos;
#[cfg(not(target_vendor = "apple"))]
pub mod malloc;
#[cfg(not(target_vendor = "apple"))]
pub mod new;
#[cfg(not(target_vendor = "apple"))]
pub(crate) mod process;

#[cfg(target_vendor = "apple")]
pub(crate) use macos::{new, process};
