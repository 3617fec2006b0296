//! Access to a few words that other threads may write, in plain Rust. The compiler does not fold an atomic load into
//! the instruction that uses it. That costs three instructions on the path of every free, so a processor may have
//! instructions of its own instead.

use super::window::Window;
use crate::base::seen::Seen;
use crate::base::sync::{AtomicU16, Ordering};

/// The number of the slice in the window that `p` points into, and the window. The window is returned so that the
/// compiler keeps its address in the same register for what is read next to it. None if `p` lies outside of the window.
///
/// # Safety
/// - `window` points to a window.
#[inline(always)]
pub unsafe fn slice_in(window: *const Window, p: usize) -> Option<(usize, *const Window)> {
    // SAFETY: by the contract.
    let seen = unsafe { &*window };
    let index = p.wrapping_sub(seen.base.load(Ordering::Relaxed)) >> 16;
    (index < seen.len.load(Ordering::Relaxed)).then_some((index, window))
}

/// The `u16` with index `i` in the array that begins `AT` bytes after `base`.
///
/// # Safety
/// - there is such a `u16`, and it is written only as an atomic.
#[inline(always)]
pub unsafe fn load_16<const AT: usize>(base: *const u8, i: usize) -> usize {
    // SAFETY: by the contract.
    let number = unsafe { &*(base.add(AT) as *const AtomicU16).add(i) };
    number.load(Ordering::Relaxed) as usize
}

/// Whether the low 16 bits of `p`, times a factor, modulo 2^32, are below a bound. The factor lies `at + AT` bytes
/// after `base`, and the bound behind it.
///
/// # Safety
/// - there are two `u32` at that place that no other thread writes.
#[inline(always)]
pub unsafe fn divides<const AT: usize>(base: *const u8, at: usize, p: usize) -> bool {
    // SAFETY: by the contract.
    let [factor, bound] = unsafe { *(base.add(at + AT) as *const [u32; 2]) };
    (p as u16 as u32).wrapping_mul(factor) < bound
}

/// Add `BY` to the word (a `Seen`) that lies `at` bytes after `base`. Only the calling thread writes it.
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
