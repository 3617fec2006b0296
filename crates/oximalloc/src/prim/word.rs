//! A few words that other threads may write, read as operands of instructions.
//!
//! The compiler does not fold an atomic load into the instruction that uses it; on the path of every free that costs
//! three instructions. Here they are written out for x86-64, and in plain Rust elsewhere. A load or a store of an aligned
//! word is a relaxed atomic one on x86-64. ThreadSanitizer does not see instructions that are written out: under `cfg(tsan)`
//! it gets the plain form.

#[cfg(any(not(target_arch = "x86_64"), tsan))]
use crate::base::seen::Seen;
use crate::base::sync::AtomicUsize;
#[cfg(any(not(target_arch = "x86_64"), tsan))]
use crate::base::sync::{AtomicU16, Ordering};

/// A range of addresses: `[base, base + (len << 16))`.
#[repr(C)]
pub struct Window {
    /// First address.
    pub base: AtomicUsize,
    /// Length in slices of 64 KiB; only grows.
    pub len: AtomicUsize,
}

/// The number of the slice in the window that `p` points into; and the window, whose address the compiler is to keep in
/// its register for what is read next to it.
///
/// # Safety
/// - there is a window.
#[inline(always)]
pub unsafe fn slice_in(window: *const Window, p: usize) -> Option<(usize, *const Window)> {
    #[cfg(all(target_arch = "x86_64", not(tsan)))]
    {
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
    #[cfg(any(not(target_arch = "x86_64"), tsan))]
    {
        // SAFETY: by the contract.
        let seen = unsafe { &*window };
        let index = p.wrapping_sub(seen.base.load(Ordering::Relaxed)) >> 16;
        (index < seen.len.load(Ordering::Relaxed)).then_some((index, window))
    }
}

/// The `u16` of number `i` of those that begin `AT` bytes from `base`.
///
/// # Safety
/// - there is such a number, that is written as an atomic only.
#[inline(always)]
pub unsafe fn load_16<const AT: usize>(base: *const u8, i: usize) -> usize {
    #[cfg(all(target_arch = "x86_64", not(tsan)))]
    {
        let value: usize;
        // SAFETY: reads the number, and clears the upper half of the register, as each write of the lower does.
        unsafe {
            core::arch::asm!("movzx {v:e}, word ptr [{b} + 2 * {i} + {at}]", v = lateout(reg) value, b = in(reg) base,
                i = in(reg) i, at = const AT, options(pure, readonly, nostack, preserves_flags));
        }
        value
    }
    #[cfg(any(not(target_arch = "x86_64"), tsan))]
    {
        // SAFETY: by the contract.
        let number = unsafe { &*(base.add(AT) as *const AtomicU16).add(i) };
        number.load(Ordering::Relaxed) as usize
    }
}

/// Whether the low 16 bits of `p` times the factor `at + AT` bytes from `base`, modulo 2^32, are below the bound behind it.
///
/// # Safety
/// - there are two `u32` at that place that no other thread writes.
#[inline(always)]
pub unsafe fn divides<const AT: usize>(base: *const u8, at: usize, p: usize) -> bool {
    #[cfg(all(target_arch = "x86_64", not(tsan)))]
    {
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
    #[cfg(any(not(target_arch = "x86_64"), tsan))]
    {
        // SAFETY: by the contract.
        let [factor, bound] = unsafe { *(base.add(at + AT) as *const [u32; 2]) };
        (p as u16 as u32).wrapping_mul(factor) < bound
    }
}

/// Add `BY` to the word (a `Seen`) that lies `at` bytes from `base`, which its thread alone writes.
///
/// # Safety
/// - there is such a word at that place.
#[inline(always)]
pub unsafe fn advance<const BY: isize>(base: *const u8, at: usize) {
    #[cfg(all(target_arch = "x86_64", not(tsan)))]
    // SAFETY: a word of this thread's.
    unsafe {
        core::arch::asm!("add qword ptr [{b} + {at}], {by}", b = in(reg) base, at = in(reg) at, by = const BY,
            options(nostack));
    }
    #[cfg(any(not(target_arch = "x86_64"), tsan))]
    // SAFETY: by the contract.
    unsafe {
        let word = &*(base.add(at) as *const Seen);
        word.set(word.get().wrapping_add_signed(BY));
    }
}

/// Have the line at `p` fetched, as it is to be written to soon. A hint: nothing is read, and a bad address does nothing.
///
/// x86-64: `prefetcht0`, which all processors have. It fetches a line that no other processor has for writing, too. `prefetchw`
/// is not in the base architecture, and was no faster where others had written to the line.
#[inline(always)]
pub fn prefetch(p: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint; no memory is accessed.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(p.cast());
    }
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    // SAFETY: a hint; no memory is accessed.
    unsafe {
        core::arch::asm!("prfm pstl1keep, [{p}]", p = in(reg) p, options(readonly, nostack, preserves_flags));
    }
    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", not(miri)))))]
    let _ = p;
}
