//! The calling thread: one pointer of thread-local memory, read without a call, and the thread's tag.
//!
//! The pointer is addressed by ELF's initial-exec model: two instructions, in shared libraries too, where
//! `thread_local!` would call `__tls_get_addr` (which may allocate). Its 8 bytes fit the space that the dynamic
//! linker keeps for libraries that are loaded late. It starts, in every thread, as the address of the static given
//! to `thread_pointer!`, so no reader needs a test for "not yet". The instructions are the processor's, and so is its name
//! there.

pub use crate::prim::processor::elf::{load, store, tag};

/// Defines the thread-local pointer, with `$empty` (a static) as its start in each thread, and `get` and `set`.
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
