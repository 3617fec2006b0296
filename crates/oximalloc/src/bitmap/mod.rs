//! Bits that threads claim. A clear bit is free. The thread that sets it owns what it stands for until
//! [`Bitmap::release`].
//!
//! Invariant: between two releases, exactly one claimer sets a bit. A run is claimed word by word. Each step is a
//! compare-and-swap that sets all the bits of the word or none. If a word refuses, the claimer clears the bits that it
//! has set. So a run may be refused although it was free at some moment, but nothing is ever claimed twice, and no
//! thread waits for another. `runs` finds the runs to claim.
//!
//! Orderings: claims are Acquire and releases are Release, on the same words. So what the last owner did with the thing
//! that a bit stands for happens before what the next owner does. Plain flags are set with Release, and read and
//! cleared with Acquire.

pub mod presence;

use crate::base::sync::{AtomicU64, Ordering};

pub mod runs;

const BITS: usize = 64;

/// A bitmap in borrowed memory. It uses every `STEP`th word, beginning with the first, so several bitmaps can lie side
/// by side. A bitmap of any length is possible: surplus bits are claimed for ever.
#[derive(Clone, Copy)]
pub struct Bitmap<'a, const STEP: usize> {
    words: &'a [AtomicU64],
}

/// The words that hold the bits `i..i + n`, lowest first: the index of each word and the mask of the bits in it.
#[inline]
fn parts(i: usize, n: usize) -> impl Iterator<Item = (usize, u64)> {
    let end = i + n;
    let mut at = i;
    core::iter::from_fn(move || {
        (at < end).then(|| {
            let (word, bit) = (at / BITS, at % BITS);
            let len = (BITS - bit).min(end - at);
            at += len;
            (word, (u64::MAX >> (BITS - len)) << bit)
        })
    })
}

impl<'a, const STEP: usize> Bitmap<'a, STEP> {
    /// The bits of `words`.
    pub fn new(words: &'a [AtomicU64]) -> Bitmap<'a, STEP> {
        Bitmap { words }
    }

    fn words(&self) -> usize {
        self.words.len().div_ceil(STEP)
    }

    fn at(&self, word: usize) -> Option<&AtomicU64> {
        self.words.get(word * STEP)
    }

    /// The number of bits in the map.
    pub fn len(&self) -> usize {
        self.words() * BITS
    }

    fn holds(&self, i: usize, n: usize) -> bool {
        n > 0 && i.checked_add(n).is_some_and(|end| end <= self.len())
    }

    fn load(&self, word: usize) -> u64 {
        self.at(word).map_or(0, |w| w.load(Ordering::Relaxed))
    }

    /// The bits of one word, as they were a moment ago.
    pub fn word(&self, word: usize) -> u64 {
        self.load(word)
    }

    /// Claim exactly the bits `i..i + n`. False, with nothing changed, if one of them is not free.
    #[inline(never)]
    pub fn claim_at(&self, i: usize, n: usize) -> bool {
        if !self.holds(i, n) {
            return false;
        }
        for (w, mask) in parts(i, n) {
            if !self.take_all(w, mask) {
                let done = (w * BITS).saturating_sub(i);
                if done > 0 {
                    self.release(i, done);
                }
                return false;
            }
        }
        true
    }

    fn take_all(&self, w: usize, mask: u64) -> bool {
        let Some(word) = self.at(w) else { return false };
        let mut bits = word.load(Ordering::Relaxed);
        while bits & mask == 0 {
            // Acquire: pairs with the Release of the bits' last owners.
            match word.compare_exchange_weak(bits, bits | mask, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => bits = now,
            }
        }
        false
    }

    /// Claim the bits of `mask` in one word that are free. Returns those bits.
    pub fn claim_mask(&self, word: usize, mask: u64) -> u64 {
        match self.at(word) {
            // Acquire: pairs with the Release of the bits' last owners.
            Some(at) if !at.load(Ordering::Relaxed) & mask != 0 => !at.fetch_or(mask, Ordering::Acquire) & mask,
            _ => 0,
        }
    }

    /// Give the bits `i..i + n` back. Only their owner may do so.
    #[inline(never)]
    pub fn release(&self, i: usize, n: usize) {
        for (w, mask) in parts(i, n) {
            if let Some(word) = self.at(w) {
                // Release: pairs with the Acquire of the next thread that claims them.
                word.fetch_and(!mask, Ordering::Release);
            }
        }
    }

    /// Set the bits `i..i + n`. Returns how many were clear.
    #[inline(never)]
    pub fn set(&self, i: usize, n: usize) -> usize {
        let mut changed = 0;
        for (w, mask) in parts(i, n) {
            if let Some(word) = self.at(w) {
                // Release: pairs with the Acquire of the next thread that reads or clears them.
                changed += (mask & !word.fetch_or(mask, Ordering::Release)).count_ones() as usize;
            }
        }
        changed
    }

    /// Clear the bits `i..i + n`. Returns how many were set.
    #[inline(never)]
    pub fn clear(&self, i: usize, n: usize) -> usize {
        let mut changed = 0;
        for (w, mask) in parts(i, n) {
            let were = self.clear_mask(w, mask);
            if were != 0 {
                changed += were.count_ones() as usize;
            }
        }
        changed
    }

    /// Clear the bits of `mask` in one word. Returns those that were set.
    #[inline]
    pub fn clear_mask(&self, word: usize, mask: u64) -> u64 {
        match self.at(word) {
            // Acquire: pairs with the Release in `set`.
            Some(at) if at.load(Ordering::Relaxed) & mask != 0 => at.fetch_and(!mask, Ordering::Acquire) & mask,
            _ => 0,
        }
    }

    /// True if all bits of `i..i + n` are set. Acquire: the caller sees what was done before they were set.
    #[inline]
    pub fn all_set(&self, i: usize, n: usize) -> bool {
        // Acquire: pairs with the Release in `set`.
        parts(i, n).all(|(w, mask)| self.at(w).is_some_and(|word| word.load(Ordering::Acquire) & mask == mask))
    }

    /// True if none of the bits `i..i + n` is set.
    pub fn none_set(&self, i: usize, n: usize) -> bool {
        parts(i, n).all(|(w, mask)| self.load(w) & mask == 0)
    }

    /// How many bits are set.
    pub fn count(&self) -> usize {
        (0..self.words()).map(|w| self.load(w).count_ones() as usize).sum()
    }
}

#[cfg(test)]
mod tests;
