//! x86-64. Here each load or store of an aligned word is a relaxed atomic one, so words that other threads may write
//! can be operands of other instructions. ThreadSanitizer does not see hand-written instructions, so under `cfg(tsan)`
//! it gets the plain form.

#[cfg(tsan)]
pub use super::plain::{advance, divides, load_16, slice_in};
#[cfg(not(tsan))]
pub use operands::{advance, divides, load_16, slice_in};

/// Words as operands.
#[cfg(not(tsan))]
mod operands {
    use super::super::window::Window;

    /// See `plain`.
    ///
    /// # Safety
    /// - as there.
    #[inline(always)]
    pub unsafe fn slice_in(window: *const Window, p: usize) -> Option<(usize, *const Window)> {
        let (mut index, mut window) = (p, window);
        // SAFETY: reads the words of the window, whose register stays as it is.
        unsafe {
            core::arch::asm!("sub {i}, qword ptr [{w}]", i = inout(reg) index, w = inout(reg) window,
                options(pure, readonly, nostack));
            index >>= 16;
            core::arch::asm!("cmp {i}, qword ptr [{w} + 8]", "jae {out}", i = in(reg) index, w = in(reg) window,
                out = label { return None }, options(nostack, readonly));
        }
        Some((index, window))
    }

    /// See `plain`.
    ///
    /// # Safety
    /// - as there.
    #[inline(always)]
    pub unsafe fn load_16<const AT: usize>(base: *const u8, i: usize) -> usize {
        let value: usize;
        // SAFETY: reads the number, and clears the upper half of the register, as each write of the lower does.
        unsafe {
            core::arch::asm!("movzx {v:e}, word ptr [{b} + 2 * {i} + {at}]", v = lateout(reg) value, b = in(reg) base,
                i = in(reg) i, at = const AT, options(pure, readonly, nostack, preserves_flags));
        }
        value
    }

    /// See `plain`.
    ///
    /// # Safety
    /// - as there.
    #[inline(always)]
    pub unsafe fn divides<const AT: usize>(base: *const u8, at: usize, p: usize) -> bool {
        let mut low = p as u16 as u32;
        // SAFETY: reads the factor and the bound.
        unsafe {
            core::arch::asm!("imul {t:e}, dword ptr [{b} + {i} + {at}]", t = inout(reg) low, b = in(reg) base,
                i = in(reg) at, at = const AT, options(pure, readonly, nostack));
            core::arch::asm!("cmp {t:e}, dword ptr [{b} + {i} + {at} + 4]", "jae {out}", t = in(reg) low, b = in(reg) base,
                i = in(reg) at, at = const AT, out = label { return false }, options(nostack, readonly));
        }
        true
    }

    /// See `plain`.
    ///
    /// # Safety
    /// - as there.
    #[inline(always)]
    pub unsafe fn advance<const BY: isize>(base: *const u8, at: usize) {
        // SAFETY: a word of this thread's.
        unsafe {
            core::arch::asm!("add qword ptr [{b} + {at}], {by}", b = in(reg) base, at = in(reg) at, by = const BY,
                options(nostack));
        }
    }
}

/// Uses `prefetcht0`, which never faults.
#[inline(always)]
pub fn prefetch_to_read(p: *const u8) {
    // SAFETY: a hint; no memory is accessed.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(p.cast());
    }
}

/// Uses `prefetcht0`, which all processors have. If no other processor has the line, it is fetched for writing too.
/// `prefetchw` is not in the base architecture, and was no faster when others had written to the line.
#[inline(always)]
pub fn prefetch(p: *const u8) {
    prefetch_to_read(p);
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
                "mov {v}, qword ptr [rip + oximalloc_0_1_thread@GOTTPOFF]",
                "mov {v}, qword ptr fs:[{v}]",
                v = out(reg) value,
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
                "mov {t}, qword ptr [rip + oximalloc_0_1_thread@GOTTPOFF]",
                "mov qword ptr fs:[{t}], {v}",
                v = in(reg) value,
                t = out(reg) _,
                options(nostack, preserves_flags),
            );
        }
    }

    /// The address of the thread control block, which is its own first word (System V ABI for TLS).
    #[inline(always)]
    pub fn tag() -> usize {
        let value: usize;
        // SAFETY: reads that word.
        unsafe {
            core::arch::asm!("mov {v}, qword ptr fs:[0]", v = out(reg) value, options(pure, nomem, nostack, preserves_flags));
        }
        value
    }
}

/// Thread-local memory by the model of descriptors. The loader may place it where it likes, so the library can be loaded
/// at any time. In a program, linkers make two instructions of these.
#[cfg(target_env = "musl")]
pub mod elf_late {
    /// Where the calling thread's word is, counted from the thread control block.
    #[inline(always)]
    fn place() -> usize {
        let place: usize;
        // SAFETY: the loader's function for a descriptor changes no other register than `rax`, and the flags. It uses
        // the stack, which is left as it was.
        unsafe {
            core::arch::asm!(
                "lea rax, [rip + oximalloc_0_1_thread@TLSDESC]",
                "call qword ptr [rax + oximalloc_0_1_thread@TLSCALL]",
                out("rax") place,
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
                "mov {v}, qword ptr fs:[{t}]",
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
                "mov qword ptr fs:[{t}], {v}",
                v = in(reg) value,
                t = in(reg) place(),
                options(nostack, preserves_flags),
            );
        }
    }
}
