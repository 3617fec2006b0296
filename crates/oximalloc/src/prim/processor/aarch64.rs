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

/// Thread-local memory by the model of descriptors. See the x86-64 form.
#[cfg(target_env = "musl")]
pub mod elf_late {
    /// Where the calling thread's word is, counted from the thread control block.
    #[inline(always)]
    fn place() -> usize {
        let place: usize;
        // SAFETY: the loader's function for a descriptor changes no other register than `x0`, and the flags. The call
        // changes `x1` and the link register.
        unsafe {
            core::arch::asm!(
                "adrp x0, :tlsdesc:oximalloc_0_1_thread",
                "ldr x1, [x0, :tlsdesc_lo12:oximalloc_0_1_thread]",
                "add x0, x0, :tlsdesc_lo12:oximalloc_0_1_thread",
                ".tlsdesccall oximalloc_0_1_thread",
                "blr x1",
                out("x0") place,
                out("x1") _,
                out("lr") _,
                options(pure, readonly),
            );
        }
        place
    }

    /// The calling thread's word.
    #[inline(always)]
    pub fn load() -> *const u8 {
        let value: *const u8;
        // SAFETY: reads this thread's own 8 bytes of initialised thread-local memory and nothing else.
        unsafe {
            core::arch::asm!(
                "mrs {v}, tpidr_el0",
                "ldr {v}, [{v}, {t}]",
                v = out(reg) value,
                t = in(reg) place(),
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
                "mrs {a}, tpidr_el0",
                "str {v}, [{a}, {t}]",
                v = in(reg) value,
                a = out(reg) _,
                t = in(reg) place(),
                options(nostack, preserves_flags),
            );
        }
    }
}
