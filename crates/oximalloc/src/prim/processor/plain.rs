//! In plain Rust: a few words that other threads may write. The compiler does not fold an atomic load into the instruction
//! that uses it; on the path of every free that costs three instructions, so a processor may write them out.

use super::window::Window;
use crate::base::seen::Seen;
use crate::base::sync::{AtomicU16, Ordering};

/// The number of the slice in the window that `p` points into; and the window, whose address the compiler is to keep in
/// its register for what is read next to it.
///
/// # Safety
/// - there is a window.
#[inline(always)]
pub unsafe fn slice_in(window: *const Window, p: usize) -> Option<(usize, *const Window)> {
    // SAFETY: by the contract.
    let seen = unsafe { &*window };
    let index = p.wrapping_sub(seen.base.load(Ordering::Relaxed)) >> 16;
    (index < seen.len.load(Ordering::Relaxed)).then_some((index, window))
}

/// The `u16` of number `i` of those that begin `AT` bytes from `base`.
///
/// # Safety
/// - there is such a number, that is written as an atomic only.
#[inline(always)]
pub unsafe fn load_16<const AT: usize>(base: *const u8, i: usize) -> usize {
    // SAFETY: by the contract.
    let number = unsafe { &*(base.add(AT) as *const AtomicU16).add(i) };
    number.load(Ordering::Relaxed) as usize
}

/// Whether the low 16 bits of `p` times the factor `at + AT` bytes from `base`, modulo 2^32, are below the bound behind it.
///
/// # Safety
/// - there are two `u32` at that place that no other thread writes.
#[inline(always)]
pub unsafe fn divides<const AT: usize>(base: *const u8, at: usize, p: usize) -> bool {
    // SAFETY: by the contract.
    let [factor, bound] = unsafe { *(base.add(at + AT) as *const [u32; 2]) };
    (p as u16 as u32).wrapping_mul(factor) < bound
}

/// Add `BY` to the word (a `Seen`) that lies `at` bytes from `base`, which its thread alone writes.
///
/// # Safety
/// - there is such a word at that place.
#[inline(always)]
pub unsafe fn advance<const BY: isize>(base: *const u8, at: usize) {
    // SAFETY: by the contract.
    unsafe {
        let word = &*(base.add(at) as *const Seen);
        word.set(word.get().wrapping_add_signed(BY));
    }
}
