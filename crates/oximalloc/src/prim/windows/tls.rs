//! The calling thread: a thread-local pointer, which is read without a call, and the thread's tag.
//!
//! The pointer lies in the image's thread-local section. The loader makes a copy of that section for each thread, before
//! any code runs in the thread, and fills it from the image. So the pointer starts as the address of the static given to
//! `thread_pointer!`, and no reader needs a test for "not yet". This is also true where the library is loaded late, for
//! the threads that exist by then. The thread's block (TEB) has an array with the addresses of the copies, one for each
//! image, and `_tls_index` is the image's place in it (Microsoft's "PE format", section ".tls"). Whatever names that
//! word also links the image's table for the loader, which is in the same object of the C runtime. That object marks the
//! section's end by a part named `.tls$ZZZ`; parts are sorted by name, and capital letters come first.

use core::arch::asm;

/// Defines the thread-local pointer, and `get` and `set`. In each thread it starts as the address of `$empty`, a
/// static.
#[macro_export]
#[doc(hidden)]
macro_rules! thread_pointer {
    ($type:ty, $empty:path) => {
        core::arch::global_asm!(
            ".section .tls$OXIMALLOC_0_1,\"dw\"",
            ".balign 8",
            ".globl oximalloc_0_1_thread",
            "oximalloc_0_1_thread:",
            ".quad {empty}",
            ".text",
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

/// The calling thread's word.
#[inline(always)]
pub fn load() -> *const u8 {
    let value: *const u8;
    // SAFETY: reads the thread's block, and this thread's own 8 bytes of initialised thread-local memory.
    unsafe {
        asm!(
            "mov {v:e}, dword ptr [rip + _tls_index]",
            "mov {t}, qword ptr gs:[0x58]",
            "mov {v}, qword ptr [{t} + 8 * {v}]",
            "mov {v}, qword ptr [{v} + oximalloc_0_1_thread@SECREL32]",
            v = out(reg) value,
            t = out(reg) _,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    value
}

/// Change the calling thread's word.
#[inline(always)]
pub fn store(value: *const u8) {
    // SAFETY: reads the thread's block, and writes this thread's own 8 bytes of thread-local memory.
    unsafe {
        asm!(
            "mov {i:e}, dword ptr [rip + _tls_index]",
            "mov {t}, qword ptr gs:[0x58]",
            "mov {t}, qword ptr [{t} + 8 * {i}]",
            "mov qword ptr [{t} + oximalloc_0_1_thread@SECREL32], {v}",
            v = in(reg) value,
            i = out(reg) _,
            t = out(reg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// The address of the thread's block, which is in one of its own words.
#[inline(always)]
pub fn tag() -> usize {
    let value: usize;
    // SAFETY: reads that word.
    unsafe {
        asm!("mov {v}, qword ptr gs:[0x30]", v = out(reg) value, options(pure, nomem, nostack, preserves_flags));
    }
    value
}
