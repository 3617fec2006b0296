//! arm64, with words in plain Rust. It has run on emulators only.

pub use super::plain::{advance, divides, load_16, slice_in};

/// Uses `prfm` for a load.
#[inline(always)]
pub fn prefetch_to_read(p: *const u8) {
    // SAFETY: a hint; no memory is accessed.
    #[cfg(not(miri))]
    unsafe {
        core::arch::asm!("prfm pldl1keep, [{p}]", p = in(reg) p, options(readonly, nostack, preserves_flags));
    }
    #[cfg(miri)]
    let _ = p;
}

/// Uses `prfm` for a store.
#[inline(always)]
pub fn prefetch(p: *const u8) {
    // SAFETY: a hint; no memory is accessed.
    #[cfg(not(miri))]
    unsafe {
        core::arch::asm!("prfm pstl1keep, [{p}]", p = in(reg) p, options(readonly, nostack, preserves_flags));
    }
    #[cfg(miri)]
    let _ = p;
}

/// Thread-local memory by the initial-exec model.
pub mod elf {
    /// The calling thread's word.
    #[inline(always)]
    pub fn load() -> *const u8 {
        let value: *const u8;
        // SAFETY: reads this thread's own 8 bytes of initialised thread-local memory and nothing else.
        unsafe {
            core::arch::asm!(
                "adrp {v}, :gottprel:oximalloc_0_1_thread",
                "ldr {v}, [{v}, :gottprel_lo12:oximalloc_0_1_thread]",
                "mrs {t}, tpidr_el0",
                "ldr {v}, [{v}, {t}]",
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
        // SAFETY: writes this thread's own 8 bytes of thread-local memory and nothing else.
        unsafe {
            core::arch::asm!(
                "adrp {a}, :gottprel:oximalloc_0_1_thread",
                "ldr {a}, [{a}, :gottprel_lo12:oximalloc_0_1_thread]",
                "mrs {t}, tpidr_el0",
                "str {v}, [{a}, {t}]",
                v = in(reg) value,
                a = out(reg) _,
                t = out(reg) _,
                options(nostack, preserves_flags),
            );
        }
    }

    /// The address of the thread control block.
    #[inline(always)]
    pub fn tag() -> usize {
        let value: usize;
        // SAFETY: reads a register.
        unsafe {
            core::arch::asm!("mrs {v}, tpidr_el0", v = out(reg) value, options(pure, nomem, nostack, preserves_flags));
        }
        value
    }
}
