//! 32-bit arm from version 7 on, with words in plain Rust.

pub use super::plain::{advance, divides, load_16, slice_in};

/// Uses `pld`, which never faults.
#[inline(always)]
pub fn prefetch_to_read(p: *const u8) {
    // SAFETY: a hint; no memory is accessed.
    unsafe {
        core::arch::asm!("pld [{p}]", p = in(reg) p, options(readonly, nostack, preserves_flags));
    }
}

/// The same: not all processors have a form for a store.
#[inline(always)]
pub fn prefetch(p: *const u8) {
    prefetch_to_read(p);
}

/// Thread-local memory by the initial-exec model.
pub mod elf {
    /// How far behind an instruction the program counter is that it reads.
    const AHEAD: usize = if cfg!(target_feature = "thumb-mode") { 4 } else { 8 };

    /// How far the calling thread's word lies from the thread's pointer.
    #[inline(always)]
    fn offset() -> usize {
        let offset: usize;
        // SAFETY: reads the word in the code, and the entry of the loader's table that it leads to. Both never change.
        unsafe {
            core::arch::asm!(
                "ldr {o}, 3f",
                "2: add {o}, pc, {o}",
                "ldr {o}, [{o}]",
                "b 4f",
                ".balign 4",
                "3: .word oximalloc_0_1_thread(GOTTPOFF) - ((2b + {ahead}) - .)",
                "4:",
                o = out(reg) offset,
                ahead = const AHEAD,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        offset
    }

    #[inline(always)]
    fn word() -> *mut *const u8 {
        core::ptr::with_exposed_provenance_mut(tag().wrapping_add(offset()))
    }

    /// The calling thread's word.
    #[inline(always)]
    pub fn load() -> *const u8 {
        // SAFETY: this thread's own 4 bytes of initialised thread-local memory.
        unsafe { word().read() }
    }

    /// Change the calling thread's word.
    #[inline(always)]
    pub fn store(value: *const u8) {
        // SAFETY: as in `load`.
        unsafe { word().write(value) };
    }

    /// The thread's pointer: the address of the thread control block.
    #[inline(always)]
    pub fn tag() -> usize {
        let value: usize;
        // SAFETY: reads a register.
        unsafe {
            core::arch::asm!("mrc p15, 0, {v}, c13, c0, 3", v = out(reg) value, options(pure, nomem, nostack, preserves_flags));
        }
        value
    }
}
