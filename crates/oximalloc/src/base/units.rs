//! Counts and indices as types of their own, so that bytes, slices and positions cannot be mixed up.

use crate::base::config::{SLICE, SLICE_SHIFT};

/// A number of slices.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Slices(pub usize);

impl Slices {
    /// The smallest number of slices that holds `bytes` bytes.
    #[inline]
    pub const fn of_bytes(bytes: usize) -> Slices {
        Slices(bytes / SLICE + !bytes.is_multiple_of(SLICE) as usize)
    }

    /// Bytes of this many slices. Saturates.
    #[inline]
    pub const fn bytes(self) -> usize {
        self.0.saturating_mul(SLICE)
    }
}

/// The position of a slice in its arena.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SliceIndex(pub usize);

impl SliceIndex {
    /// Distance in bytes from the arena's start.
    #[inline]
    pub const fn bytes(self) -> usize {
        self.0 << SLICE_SHIFT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_up_to_slices() {
        assert_eq!(Slices::of_bytes(0), Slices(0));
        assert_eq!(Slices::of_bytes(1), Slices(1));
        assert_eq!(Slices::of_bytes(SLICE), Slices(1));
        assert_eq!(Slices::of_bytes(SLICE + 1), Slices(2));
        assert_eq!(Slices::of_bytes(usize::MAX).bytes(), usize::MAX);
        assert_eq!(SliceIndex(3).bytes(), 3 * SLICE);
    }
}
