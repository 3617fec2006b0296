//! Size classes. Invariant: the block size of a request's bin is at least the request rounded up to 16 bytes and
//! exceeds that by at most one eighth of itself (12.5 %).
//!
//! Bins 1 to 32 are the multiples of 16 up to 512 bytes, so that a small size finds its bin without a table. From
//! there every doubling is cut into eight steps, up to [`BLOCK_MAX`]. Whatever is larger has a page of its own.

/// Small requests, whose bin is `size` rounded up over 16.
pub const SMALL_MAX: usize = 512;
/// The largest block that shares a page with others.
pub const BLOCK_MAX: usize = 64 * 1024;
/// Slots of a theap: bin 0 stands for empty requests and stays shut.
pub const BINS: usize = 89;
/// The largest block of a page of a single slice.
pub const ONE_SLICE_MAX: usize = 32 * 1024;

/// The largest request in the table of [`Bin::of_any`].
pub const TABLE_MAX: usize = 1024;
static TABLE: [u8; TABLE_MAX / 16 + 1] = {
    let mut table = [0; TABLE_MAX / 16 + 1];
    let mut i = 0;
    while i < table.len() {
        table[i] = Bin::of(i * 16).0;
        i += 1;
    }
    table
};

/// [`Bin::stack_base`].
static BASE: [u8; 128] = {
    let mut base = [0; 128];
    let mut i = 0;
    while i < BINS {
        base[i] = Bin(i as u8).base();
        i += 1;
    }
    base
};

/// A size class, 1 to 88; 0 is the class of the empty request and 89 that of blocks with a page of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bin(u8);

impl Bin {
    /// The class of blocks that have a page of their own.
    pub const SINGLE: Bin = Bin(BINS as u8);

    /// The bin of a request of at most [`BLOCK_MAX`] bytes.
    #[inline(always)]
    pub const fn of(size: usize) -> Bin {
        if size <= SMALL_MAX {
            let round = if size == 0 { 16 } else { size + 15 };
            Bin((round / 16) as u8)
        } else {
            let s = size - 1;
            let exp = s.ilog2() as usize;
            let step = s >> (exp - 3);
            Bin((33 + (exp - 9) * 8 + (step - 8)) as u8)
        }
    }

    /// [`Bin::of`] without a branch, of a size from 1 on.
    #[inline(always)]
    pub fn of_unpredictable(size: usize) -> Bin {
        let s = size - 1;
        let exp = (s | SMALL_MAX).ilog2() as usize;
        let large = 25 + (exp - 9) * 8 + (s >> (exp - 3));
        Bin(core::hint::select_unpredictable(s < SMALL_MAX, s / 16 + 1, large) as u8)
    }

    /// The bin with that number, below [`BINS`].
    #[inline(always)]
    pub const fn at(index: usize) -> Bin {
        Bin(index as u8)
    }

    /// Its number.
    #[inline(always)]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Bytes of a block of this bin (0 for the two bins without a size).
    pub const fn block_size(self) -> usize {
        let b = self.0 as usize;
        if b <= 32 {
            b * 16
        } else if b < BINS {
            let exp = 9 + (b - 33) / 8;
            (9 + (b - 33) % 8) << (exp - 3)
        } else {
            0
        }
    }

    /// Slices of a fresh page: one, or two for blocks above half a slice. Larger pages, of which a thread has one attached
    /// for each bin, would spread what it uses over more memory.
    #[inline(always)]
    pub const fn slices(self) -> usize {
        1 + (self.index() > Bin::of(ONE_SLICE_MAX).index() && self.index() < BINS) as usize
    }

    /// [`Bin::of`], up to [`TABLE_MAX`] bytes by a table: for sizes that are not known when compiling a load costs less
    /// than a branch on them that is mispredicted.
    #[inline(always)]
    pub const fn of_any(size: usize) -> Bin {
        // A shift: `div_ceil` takes three instructions more, for sizes near the largest number.
        if size <= TABLE_MAX { Bin(TABLE[(size + 15) >> 4]) } else { Bin::of(size) }
    }

    /// How many freed blocks a thread may hold back in front of its pages without a sign that it takes them again: at
    /// most 128, and 16 KiB of blocks up to 256 bytes, 32 KiB up to 4 KiB, 64 KiB above.
    #[inline(always)]
    pub const fn stack_base(self) -> usize {
        BASE[self.index() % BASE.len()] as usize
    }

    const fn base(self) -> u8 {
        match self.block_size() {
            0 => 0,
            1..=128 => 128,
            129..=256 => 64,
            257..=1024 => 32,
            1025..=2048 => 16,
            2049..=4096 => 8,
            4097..=16384 => 4,
            16385..=32768 => 2,
            _ => 1,
        }
    }

    /// How many blocks may lie in the depot: at most 2048, and 64 to 128 KiB (the largest 256 KiB).
    pub const fn depot_max(self) -> usize {
        match self.block_size() {
            1..=64 => self.stack_base() * 16,
            257..=1024 => self.stack_base() * 8,
            8193.. => self.stack_base() * 2,
            _ => self.stack_base() * 4,
        }
    }

    /// And how many when it frees and takes in turns more than that: at most 2048, and 64 to 128 KiB (the largest 256 KiB).
    pub const fn stack_max(self) -> usize {
        match self.block_size() {
            1..=64 => self.stack_base() * 16,
            257..=1024 => self.stack_base() * 8,
            _ => self.stack_base() * 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_wastes_at_most_an_eighth() {
        for size in 1..=BLOCK_MAX {
            let block = Bin::of(size).block_size();
            let rounded = size.next_multiple_of(16);
            assert!(block >= rounded, "{size}: {block}");
            assert!((block - rounded) * 8 <= block, "{size}: {block}");
            assert_eq!(Bin::of_any(size), Bin::of(size));
            assert_eq!(Bin::of_unpredictable(size), Bin::of(size));
        }
    }

    #[test]
    fn bins_and_sizes_agree() {
        for b in 1..BINS {
            let bin = Bin::at(b);
            assert_eq!(Bin::of(bin.block_size()), bin);
            assert_eq!(Bin::of(Bin::at(b - 1).block_size() + 1), bin);
            assert_eq!(bin.slices(), 1 + (bin.block_size() > ONE_SLICE_MAX) as usize);
            let held = bin.stack_base() * bin.block_size();
            assert!(bin.stack_base() >= 1 && held <= 64 * 1024, "{b}: {held}");
        }
        assert_eq!([Bin::SINGLE.slices(), Bin::SINGLE.stack_base()], [1, 0]);
        assert_eq!(Bin::at(BINS - 1).block_size(), BLOCK_MAX);
        assert_eq!(Bin::of(0), Bin::of(16));
    }

    #[test]
    fn multiples_of_an_alignment_have_aligned_blocks() {
        for shift in 4..=16 {
            let align = 1usize << shift;
            for size in (align..=BLOCK_MAX).step_by(align) {
                assert_eq!(Bin::of(size).block_size() % align, 0, "{size} {align}");
            }
        }
    }
}
