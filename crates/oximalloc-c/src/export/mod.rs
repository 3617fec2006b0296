//! The standard names: with them a program that preloads or links this library allocates here. And all else that depends
//! on the system and the C library: nothing outside this folder names these.

pub(crate) mod c_library;
pub mod glibc;
mod life;
pub mod malloc;
pub mod new;
pub(crate) mod process;
