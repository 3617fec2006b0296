//! The standard names. A program that preloads or links this library allocates here through them. This folder also
//! holds everything else that depends on the system and the C library: no file outside it names these.

pub(crate) mod c_library;
#[cfg(target_env = "gnu")]
pub mod glibc;
mod life;
#[cfg(target_env = "gnu")]
pub(crate) mod loaded;
pub mod malloc;
pub mod new;
pub(crate) mod process;
