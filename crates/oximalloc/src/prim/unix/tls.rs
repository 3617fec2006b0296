//! The calling thread: a thread-local pointer, and the thread's tag, which is even.
//!
//! On ELF systems the pointer is addressed by the initial-exec model, as on Linux. (OpenBSD's loader has room for such
//! memory only for what is loaded at the start: there a library with the allocator inside cannot be loaded later.) The
//! others have a word that starts as null.

#[cfg(not(any(target_vendor = "apple", target_os = "haiku")))]
pub use crate::prim::processor::elf::{load, store, tag};

#[cfg(any(target_vendor = "apple", target_os = "haiku"))]
pub use super::system::{load, store, tag};

/// Whether the pointer starts as null, in place of the address of a static.
pub const STARTS_NULL: bool = cfg!(any(target_vendor = "apple", target_os = "haiku"));
