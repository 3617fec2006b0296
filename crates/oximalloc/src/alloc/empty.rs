//! Blocks of no bytes: addresses, 16 bytes apart, in a slice to which nobody has access. So a program that reads or
//! writes such a block ends where it does so.
//!
//! ```text
//! region:  | 0 | 1 | 2 | ...                    | inaccessible, reserved at the first such request
//! TAKEN:     1   0   1   ...                      one bit for each
//! ```
//!
//! A claim sets a bit that was 0, and a free clears one that was set. Whoever changes the bit has the address.
//!
//! Only the main heap has such blocks, as those of other heaps end with their heap. They lie in no page, so visits do
//! not see them, and no statistic counts them. Where they run out, where the region cannot be reserved, and where that would
//! take memory, a request of no bytes gets a block of the smallest size.

use crate::base::config::SLICE;
use crate::base::sync::{AtomicPtr, AtomicU64, Ordering};
use crate::bitmap::Bitmap;
use crate::os;
use core::ptr::null_mut;

/// Bytes from one to the next: the alignment of all blocks.
const STEP: usize = 16;
const WORDS: usize = SLICE / STEP / 64;

static REGION: AtomicPtr<u8> = AtomicPtr::new(null_mut());
static TAKEN: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

fn taken() -> Bitmap<'static, 1> {
    Bitmap::new(&TAKEN)
}

/// A block of no bytes, if there is one left.
#[cold]
pub fn claim() -> Option<*mut u8> {
    let region = if os::capabilities().sparse { region()? } else { return None };
    let index = (0..WORDS).find_map(claim_in)?;
    Some(region.wrapping_add(index * STEP))
}

/// Claim a bit of one word. Ends: each turn another thread has claimed the bit.
fn claim_in(word: usize) -> Option<usize> {
    loop {
        let bit = taken().word(word).trailing_ones() as usize;
        if bit == 64 {
            return None;
        }
        if taken().claim_mask(word, 1 << bit) != 0 {
            return Some(word * 64 + bit);
        }
    }
}

/// Free the block of no bytes at `p`. False if there is none.
#[cold]
pub fn free(p: *const u8) -> bool {
    index(p).is_some_and(|i| taken().clear_mask(i / 64, 1 << (i % 64)) != 0)
}

/// Whether `p` is a block of no bytes.
#[cold]
pub fn is_block(p: *const u8) -> bool {
    index(p).is_some_and(|i| taken().all_set(i, 1))
}

/// Whether `p` points into the region.
pub fn is_in_region(p: *const u8) -> bool {
    let region = REGION.load(Ordering::Relaxed);
    os::capabilities().sparse && !region.is_null() && p.addr().wrapping_sub(region.addr()) < SLICE
}

/// The number of the block that starts at `p`, in use or not.
fn index(p: *const u8) -> Option<usize> {
    let offset = p.addr().wrapping_sub(REGION.load(Ordering::Relaxed).addr());
    (is_in_region(p) && offset.is_multiple_of(STEP)).then_some(offset / STEP)
}

/// The region. Of two threads that reserve it at once, one gives its own back.
fn region() -> Option<*mut u8> {
    let region = REGION.load(Ordering::Relaxed);
    if !region.is_null() {
        return Some(region);
    }
    let fresh = os::reserve(SLICE, SLICE, false, 0);
    if fresh.is_null() {
        return None;
    }
    match REGION.compare_exchange(null_mut(), fresh, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => Some(fresh),
        Err(first) => {
            // SAFETY: reserved above, and nobody else has it.
            unsafe { os::release(fresh, SLICE) };
            Some(first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_has_an_address_of_its_own_until_they_run_out() {
        let all: Vec<*mut u8> = std::iter::from_fn(claim).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), SLICE / STEP);
        assert!(all.iter().all(|&p| p.addr().is_multiple_of(STEP) && is_block(p) && !is_block(p.wrapping_add(1))));
        let (first, last) = (all[0], all[all.len() - 1]);
        assert!(free(last) && !free(last) && !is_block(last) && is_in_region(last));
        assert!(!free(first.wrapping_add(8)) && !free(first.wrapping_sub(STEP)) && !free(first.wrapping_add(SLICE)));
        assert_eq!((claim(), claim()), (Some(last), None));
        assert!(all.into_iter().all(|p| free(p)));
    }
}
