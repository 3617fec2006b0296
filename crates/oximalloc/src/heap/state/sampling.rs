//! Which allocations of a theap get a guarded block (`blocks::guarded`): one in `rate` of those whose size lies within
//! bounds. A theap that does not sample pays nothing.

use crate::arena;
use crate::diag::options::{self, Opt};
use crate::os;
use crate::prim::{Os, Threads};
use core::cell::Cell;

/// Which allocations of a theap are guarded.
pub struct Sampling {
    /// One in this many allocations is guarded; 0 for none.
    rate: Cell<usize>,
    /// How many allocations within the bounds there are up to the next guarded one, including it; 1 to `rate`.
    left: Cell<usize>,
    min: Cell<usize>,
    max: Cell<usize>,
}

impl Sampling {
    /// Guard no allocation.
    pub const fn off() -> Sampling {
        Sampling { rate: Cell::new(0), left: Cell::new(0), min: Cell::new(0), max: Cell::new(0) }
    }

    /// A theap begins: take the bounds and the rate from the options.
    pub fn begin(&self) {
        let natural = |option| usize::try_from(options::get(option)).unwrap_or(0);
        self.set_bounds(options::size(Opt::GuardedMin), options::size(Opt::GuardedMax));
        self.set_rate(natural(Opt::GuardedSampleRate), natural(Opt::GuardedSampleSeed));
    }

    /// Guard one in `rate`, beginning with the `seed`th. With seed 0, begin with a random one of the first `rate`.
    pub fn set_rate(&self, rate: usize, seed: usize) {
        let rate = if os::capabilities().protect { rate } else { 0 };
        let first = match (rate, seed) {
            (0 | 1, _) => rate,
            (_, 0) => Os::random_seed() as usize % rate + 1,
            _ => (seed - 1) % rate + 1,
        };
        if rate != 0 {
            arena::begin_protecting();
        }
        self.left.set(first);
        self.rate.set(rate);
    }

    /// Guard only sizes from `min` to `max`.
    pub fn set_bounds(&self, min: usize, max: usize) {
        self.min.set(min);
        self.max.set(max);
    }

    /// Whether any allocation may be guarded.
    #[inline]
    pub fn is_on(&self) -> bool {
        os::capabilities().protect && self.rate.get() != 0
    }

    /// Count an allocation of `size` bytes. Returns whether it is to be guarded.
    #[inline]
    pub fn hit(&self, size: usize) -> bool {
        if !self.is_on() || size < self.min.get() || size > self.max.get() {
            return false;
        }
        let left = self.left.get() - 1;
        self.left.set(if left == 0 { self.rate.get() } else { left });
        left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn one_in_so_many_within_the_bounds() {
        let sampling = Sampling::off();
        assert!(!sampling.is_on() && !sampling.hit(0));
        sampling.set_bounds(10, 20);
        sampling.set_rate(3, 2);
        let hits: Vec<bool> = (0..8).map(|_| sampling.hit(10)).collect();
        assert_eq!(hits, [false, true, false, false, true, false, false, true]);
        assert!(!sampling.hit(9) && !sampling.hit(21));
        assert!(!sampling.hit(20) && !sampling.hit(20) && sampling.hit(20));
        sampling.set_rate(1, 77);
        assert!(sampling.hit(15) && sampling.hit(15));
        for _ in 0..100 {
            sampling.set_rate(5, 0);
            assert_eq!((0..5).filter(|_| sampling.hit(12)).count(), 1);
        }
        sampling.set_bounds(20, 10);
        assert!(!sampling.hit(15));
    }
}
