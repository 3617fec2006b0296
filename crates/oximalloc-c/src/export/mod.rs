//! The standard names. A program that preloads or links this library allocates here through them. This folder also
//! holds everything else that depends on the system and the C library: no file outside it names these.

pub(crate) mod c_library;
#[cfg(not(windows))]
pub mod glibc;
#[cfg(not(windows))]
mod life;
#[cfg(not(windows))]
pub mod malloc;
#[cfg(not(windows))]
pub mod new;
#[cfg(not(windows))]
pub(crate) mod process;
#[cfg(windows)]
mod windows;

#[cfg(windows)]
pub(crate) use windows::{new, process};
