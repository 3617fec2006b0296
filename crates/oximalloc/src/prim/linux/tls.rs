//! The calling thread: a thread-local pointer, which is read without a call, and the thread's tag.
//!
//! The pointer is addressed by ELF's initial-exec model. That takes two instructions, even in shared libraries, where
//! `thread_local!` would call `__tls_get_addr` (which may allocate). Its 8 bytes fit into the space that the dynamic
//! linker keeps for libraries that are loaded late. musl's keeps none, so there the pointer is addressed by descriptors.
//! That takes a call of a few instructions, which allocates nothing: musl makes the memory of a library when it loads the
//! library. In every thread it starts as the address of the static given to
//! `thread_pointer!`, so no reader needs a test for "not yet". The files in `processor` have the instructions, which
//! name the pointer's symbol.

pub use crate::prim::processor::elf::tag;
#[cfg(not(all(target_env = "musl", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub use crate::prim::processor::elf::{load, store};
#[cfg(all(target_env = "musl", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub use crate::prim::processor::elf_late::{load, store};

/// Defines the thread-local pointer, and `get` and `set`. In each thread it starts as the address of `$empty`, a
/// static.
#[macro_export]
#[doc(hidden)]
macro_rules! thread_pointer {
    ($type:ty, $empty:path) => {
        core::arch::global_asm!(
            ".section .tdata.oximalloc_0_1,\"awT\",@progbits",
            ".balign 8",
            ".globl oximalloc_0_1_thread",
            ".hidden oximalloc_0_1_thread",
            ".type oximalloc_0_1_thread,@object",
            ".size oximalloc_0_1_thread,8",
            "oximalloc_0_1_thread:",
            ".quad {empty}",
            ".previous",
            empty = sym $empty,
        );

        /// The calling thread's pointer.
        #[inline(always)]
        pub fn get() -> *const $type {
            $crate::prim::tls::load().cast()
        }

        /// Change the calling thread's pointer.
        pub fn set(value: *const $type) {
            $crate::prim::tls::store(value.cast());
        }
    };
}
