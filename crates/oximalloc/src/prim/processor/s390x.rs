//! s390x, whose words begin with their highest byte, with words in plain Rust.

pub use super::plain::{advance, divides, load_16, slice_in};

/// Uses `pfd` for a load, which never faults.
#[inline(always)]
pub fn prefetch_to_read(p: *const u8) {
    // SAFETY: a hint; no memory is accessed.
    unsafe {
        core::arch::asm!("pfd 1, 0({p})", p = in(reg_addr) p, options(readonly, nostack, preserves_flags));
    }
}

/// Uses `pfd` for a store.
#[inline(always)]
pub fn prefetch(p: *const u8) {
    // SAFETY: a hint; no memory is accessed.
    unsafe {
        core::arch::asm!("pfd 2, 0({p})", p = in(reg_addr) p, options(readonly, nostack, preserves_flags));
    }
}

/// Thread-local memory by the initial-exec model.
pub mod elf {
    /// How far the calling thread's word lies from the thread's pointer.
    #[inline(always)]
    fn offset() -> usize {
        let offset: usize;
        // SAFETY: reads an entry of the loader's table, which never changes.
        unsafe {
            core::arch::asm!(
                "larl {o}, oximalloc_0_1_thread@INDNTPOFF",
                "lg {o}, 0({o})",
                o = out(reg_addr) offset,
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
        // SAFETY: this thread's own 8 bytes of initialised thread-local memory.
        unsafe { word().read() }
    }

    /// Change the calling thread's word.
    #[inline(always)]
    pub fn store(value: *const u8) {
        // SAFETY: as in `load`.
        unsafe { word().write(value) };
    }

    /// The thread's pointer: the address of the thread control block, in two access registers.
    #[inline(always)]
    pub fn tag() -> usize {
        let value: usize;
        // SAFETY: reads registers.
        unsafe {
            core::arch::asm!(
                "ear {v}, %a0",
                "sllg {v}, {v}, 32",
                "ear {v}, %a1",
                v = out(reg_addr) value,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        value
    }
}
