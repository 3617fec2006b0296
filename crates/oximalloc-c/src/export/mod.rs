//! The standard names: with them a program that preloads or links this library allocates here.

#[cfg(target_os = "linux")]
pub mod glibc;
pub mod malloc;
#[cfg(target_pointer_width = "64")]
pub mod new;
#[cfg(target_pointer_width = "64")]
pub(crate) mod process;
