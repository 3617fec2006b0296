//! Size classes. Invariant: the block size of a request's bin is at least the request rounded up to 16 bytes, and
//! exceeds that by at most one eighth of the block size (12.5 %).
//!
//! Bins 1 to 32 are the multiples of 16 up to 512 bytes, so a small size finds its bin without a table. From there up
//! to [`BLOCK_MAX`] every doubling is cut into eight steps. An empty request has the bin of 16 bytes. A larger request
//! gets a page of its own.

/// The largest small request. Its bin is `size / 16`, rounded up.
pub const SMALL_MAX: usize = 512;
/// The largest block that shares a page with others.
pub const BLOCK_MAX: usize = 64 * 1024;
/// How many slots a theap has, one for each bin. Bin 0 never takes a block: the slice class map leads to it from slices
/// that are not open.
pub const BINS: usize = 89;

/// The index of a request of `size` bytes in tables by size. The steps are 16 bytes up to 1024, and 128 bytes above.
/// The code has no branch on the size, which would be mispredicted whenever a program alternates between sizes on both
/// sides.
#[inline(always)]
pub fn slot(size: usize) -> usize {
    core::hint::select_unpredictable(size <= FINE_MAX, fine(size), coarse(size))
}
const FINE_MAX: usize = 1024;
const fn fine(size: usize) -> usize {
    // Add and shift: `div_ceil` takes three more instructions, for sizes near the largest number.
    (size + 15) >> 4
}
const fn coarse(size: usize) -> usize {
    (size + 127 + (128 * fine(FINE_MAX) - FINE_MAX)) >> 7
}
/// How many entries such a table has, for requests up to [`BLOCK_MAX`].
pub const SLOTS: usize = coarse(BLOCK_MAX) + 1;

/// The bin of each slot.
pub static TABLE: [Bin; SLOTS] = {
    let mut table = [Bin(1); SLOTS];
    let mut size = 16;
    while size <= BLOCK_MAX {
        let slot = if size <= FINE_MAX { fine(size) } else { coarse(size) };
        table[slot] = Bin::of(size);
        size += 16;
    }
    table
};

/// [`Bin::stack_base`] of each bin.
static BASE: [u8; 128] = {
    let mut base = [0; 128];
    let mut i = 0;
    while i < BINS {
        base[i] = Bin(i as u8).base();
        i += 1;
    }
    base
};

/// The smallest size for which a block of `size` bytes is kept when it shrinks: five eighths of it, and 0 for blocks up
/// to 64 bytes. The limit is not higher, so that a block that has just grown by half and then shrinks a little does not
/// move back and forth.
pub const fn least(size: usize) -> usize {
    if size <= 64 { 0 } else { size / 8 * 5 }
}

/// A size class, 1 to 88. No request has class 0. Class 89 is that of blocks with a page of their own.
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

    /// The largest bin whose blocks have at most `size` bytes. `size` is 16 to [`BLOCK_MAX`].
    pub const fn within(size: usize) -> Bin {
        let bin = Bin::of(size);
        if bin.block_size() > size { Bin(bin.0 - 1) } else { bin }
    }

    /// The bin with this number, which is below [`BINS`].
    #[inline(always)]
    pub const fn at(index: usize) -> Bin {
        Bin(index as u8)
    }

    /// The bin's number.
    #[inline(always)]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Bytes of a block of this bin. 0 for the two bins without a size.
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

    /// How many slices a fresh page has. For blocks of 36 and 40 KiB it has two, so that three blocks fill most of
    /// them. Otherwise it has one: a thread has one page attached for each bin, and larger pages would spread what it
    /// uses over more memory. (With huge pages, the parts of a page that no block uses are resident too.)
    #[inline(always)]
    pub const fn slices(self) -> usize {
        1 + (self.index() == Bin::of(36 << 10).index() || self.index() == Bin::of(40 << 10).index()) as usize
    }

    /// [`Bin::of`] by a table lookup. If the size is not a compile-time constant, a load costs less than a branch that
    /// is mispredicted.
    ///
    /// # Safety
    /// - the size is at most [`BLOCK_MAX`].
    #[inline(always)]
    pub unsafe fn of_any(size: usize) -> Bin {
        // SAFETY: the table has a slot for every size up to `BLOCK_MAX`.
        unsafe { *TABLE.get_unchecked(slot(size)) }
    }

    /// How many freed blocks a thread may hold in front of its pages without a sign that it takes them again: at most
    /// 128 blocks, and 16 KiB for blocks up to 256 bytes, 32 KiB for blocks up to 4 KiB, 64 KiB above.
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

    /// How many blocks may lie in the transfer cache: at most 2048 blocks, and at most 128 KiB. Blocks of 513 to 1024
    /// bytes may have up to 256 KiB, and blocks above 32 KiB may be four.
    pub const fn transfer_max(self) -> usize {
        match self.block_size() {
            1..=64 => self.stack_base() * 16,
            257..=1024 => self.stack_base() * 8,
            8193..=32768 => self.stack_base() * 2,
            _ => self.stack_base() * 4,
        }
    }

    /// How many freed blocks a thread may hold when it alternates between freeing and taking more than its base: at
    /// most 2048 blocks, and at most 128 KiB. Blocks of 513 to 1024 bytes and of 8 to 32 KiB may have up to 256 KiB.
    /// Blocks above 32 KiB, most of which have a page to themselves, may be eight (up to 512 KiB).
    pub const fn stack_max(self) -> usize {
        match self.block_size() {
            1..=64 => self.stack_base() * 16,
            257..=1024 | 32769.. => self.stack_base() * 8,
            _ => self.stack_base() * 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SLICE;

    #[test]
    fn every_size_wastes_at_most_an_eighth() {
        for size in 1..=BLOCK_MAX {
            let block = Bin::of(size).block_size();
            let rounded = size.next_multiple_of(16);
            assert!(block >= rounded, "{size}: {block}");
            assert!((block - rounded) * 8 <= block, "{size}: {block}");
            // SAFETY: at most BLOCK_MAX.
            assert_eq!(unsafe { Bin::of_any(size) }, Bin::of(size));
        }
    }

    #[test]
    fn bins_and_sizes_agree() {
        for b in 1..BINS {
            let bin = Bin::at(b);
            assert_eq!(Bin::of(bin.block_size()), bin);
            assert_eq!(Bin::of(Bin::at(b - 1).block_size() + 1), bin);
            assert_eq!(Bin::within(bin.block_size()), bin);
            assert!(b == 1 || Bin::within(bin.block_size() - 1) == Bin::at(b - 1));
            let blocks = bin.slices() * SLICE / bin.block_size();
            assert!(blocks * bin.block_size() * 3 >= bin.slices() * SLICE * 2, "{b}: {blocks}");
            let held = bin.stack_base() * bin.block_size();
            assert!(bin.stack_base() >= 1 && held <= 64 * 1024, "{b}: {held}");
        }
        assert_eq!(Bin::SINGLE.stack_base(), 0);
        assert_eq!(Bin::at(BINS - 1).block_size(), BLOCK_MAX);
        // SAFETY: at most BLOCK_MAX.
        assert_eq!([Bin::of(0), unsafe { Bin::of_any(0) }], [Bin::of(16); 2]);
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
