//! 32-bit x86, with words in plain Rust.

pub use super::plain::{advance, divides, load_16, slice_in};

/// Uses `prefetcht0`, which never faults. Does nothing for processors without SSE.
#[inline(always)]
pub fn prefetch_to_read(p: *const u8) {
    // SAFETY: a hint; no memory is accessed.
    #[cfg(target_feature = "sse")]
    unsafe {
        core::arch::x86::_mm_prefetch::<{ core::arch::x86::_MM_HINT_T0 }>(p.cast());
    }
    #[cfg(not(target_feature = "sse"))]
    let _ = p;
}

/// The same, as for x86-64.
#[inline(always)]
pub fn prefetch(p: *const u8) {
    prefetch_to_read(p);
}

/// Thread-local memory by the initial-exec model. Data is not addressed relative to the instruction here, so a `call`
/// finds out where the code lies, and with that the table that has the word's offset.
pub mod elf {
    /// The calling thread's word.
    #[inline(always)]
    pub fn load() -> *const u8 {
        let value: *const u8;
        // SAFETY: reads this thread's own 4 bytes of initialised thread-local memory. The stack is as before.
        unsafe {
            core::arch::asm!(
                "calll 2f",
                "2: popl {v}",
                "3: addl $_GLOBAL_OFFSET_TABLE_ + (3b - 2b), {v}",
                "movl oximalloc_0_1_thread@GOTNTPOFF({v}), {v}",
                "movl %gs:({v}), {v}",
                v = out(reg) value,
                options(att_syntax, pure, readonly),
            );
        }
        value
    }

    /// Change the calling thread's word.
    #[inline(always)]
    pub fn store(value: *const u8) {
        // SAFETY: writes this thread's own 4 bytes of thread-local memory. The stack is as before.
        unsafe {
            core::arch::asm!(
                "calll 2f",
                "2: popl {t}",
                "3: addl $_GLOBAL_OFFSET_TABLE_ + (3b - 2b), {t}",
                "movl oximalloc_0_1_thread@GOTNTPOFF({t}), {t}",
                "movl {v}, %gs:({t})",
                v = in(reg) value,
                t = out(reg) _,
                options(att_syntax),
            );
        }
    }

    /// The address of the thread control block, which is its own first word (System V ABI for TLS).
    #[inline(always)]
    pub fn tag() -> usize {
        let value: usize;
        // SAFETY: reads that word.
        unsafe {
            core::arch::asm!("mov {v}, dword ptr gs:[0]", v = out(reg) value, options(pure, nomem, nostack, preserves_flags));
        }
        value
    }
}
