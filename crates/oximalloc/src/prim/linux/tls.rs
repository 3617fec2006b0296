//! The calling thread: a thread-local pointer, which is read without a call, and the thread's tag.
//!
//! The pointer is addressed by ELF's initial-exec model. That takes two instructions, even in shared libraries, where
//! `thread_local!` would call `__tls_get_addr` (which may allocate). Its 8 bytes fit into the space that the dynamic
//! linker keeps for libraries that are loaded late. musl's keeps none, so there the pointer is addressed by descriptors.
//! That takes a call of a few instructions, which allocates nothing: musl makes the memory of a library when it loads the
//! library. (On Android the pointer is another one: see `android.rs`.)
//!
//! In every thread it starts as the address of the static given to `by_system!`, so no reader needs a test for "not yet".
//! The files in `processor` have the instructions, which name the pointer's symbol.

#[cfg(not(target_os = "android"))]
pub use crate::prim::processor::elf::tag;
#[cfg(not(any(
    target_os = "android",
    all(target_env = "musl", any(target_arch = "x86_64", target_arch = "aarch64"))
)))]
pub use crate::prim::processor::elf::{load, store};
#[cfg(all(target_env = "musl", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub use crate::prim::processor::elf_late::{load, store};

#[cfg(target_os = "android")]
pub use super::android::{load, store, tag};

/// Whether the pointer starts as null, in place of the address of that static.
pub const STARTS_NULL: bool = cfg!(target_os = "android");
