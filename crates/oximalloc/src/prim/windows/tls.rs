//! The calling thread: a thread-local pointer, which is read without a call, and the thread's tag.
//!
//! The pointer lies in the image's thread-local section. The loader makes a copy of that section for each thread, before
//! any code runs in the thread, and fills it from the image. So the pointer starts as the address of the static given to
//! `by_system!`, and no reader needs a test for "not yet". This is also true where the library is loaded late, for
//! the threads that exist by then. The thread's block (TEB) has an array with the addresses of the copies, one for each
//! image, and `_tls_index` is the image's place in it (Microsoft's "PE format", section ".tls"). Whatever names that
//! word also links the image's table for the loader, which is in the same object of the C runtime. That object marks the
//! section's end by a part named `.tls$ZZZ`; parts are sorted by name, and capital letters come first.

use core::arch::asm;

/// Whether the pointer starts as null, in place of the address of that static.
pub const STARTS_NULL: bool = false;

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
