//! Size classes. Invariant: the block size of a request's bin is at least the request rounded up to 16 bytes and
//! exceeds that by at most one eighth of itself (12.5 %).
//!
//! Bins 1 to 32 are the multiples of 16 up to 512 bytes, so that a small size finds its bin without a table. From there
//! every doubling is cut into eight steps, up to [`BLOCK_MAX`]; an empty request has the bin of 16 bytes. Whatever is larger has a page of its own.

/// Small requests, whose bin is `size` rounded up over 16.
pub const SMALL_MAX: usize = 512;
/// The largest block that shares a page with others.
pub const BLOCK_MAX: usize = 64 * 1024;
/// Slots of a theap: bin 0 stays shut; slices that are not open lead to it.
pub const BINS: usize = 89;

/// Where tables by size have the request of so many bytes: steps of 16 bytes up to 1024, of 128 from there. Without a
/// branch on the size, which is mispredicted wherever sizes on both sides are asked for in turns.
#[inline(always)]
pub fn slot(size: usize) -> usize {
    core::hint::select_unpredictable(size <= FINE_MAX, fine(size), coarse(size))
}
const FINE_MAX: usize = 1024;
const fn fine(size: usize) -> usize {
    // A shift: `div_ceil` takes three instructions more, for sizes near the largest number.
    (size + 15) >> 4
}
const fn coarse(size: usize) -> usize {
    (size + 127 + (128 * fine(FINE_MAX) - FINE_MAX)) >> 7
}
/// Entries of such a table, for requests up to [`BLOCK_MAX`].
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

/// The least that a block of `size` bytes stays for when it shrinks: five eighths of it; what is up to 64 bytes stays for
/// anything. Not more is asked, so that what has just grown by half and shrinks by a little does not move to and fro.
pub const fn least(size: usize) -> usize {
    if size <= 64 { 0 } else { size / 8 * 5 }
}

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

    /// The largest bin whose blocks are at most of `size` bytes, from 16 up to [`BLOCK_MAX`].
    pub const fn within(size: usize) -> Bin {
        let bin = Bin::of(size);
        if bin.block_size() > size { Bin(bin.0 - 1) } else { bin }
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

    /// Slices of a fresh page: two for blocks of 36 and 40 KiB, so that three fill most of them; else one, as larger pages, of
    /// which a thread has one attached for each bin, would spread what it uses over more memory. (Where huge pages are had,
    /// what no block has is resident, too.)
    #[inline(always)]
    pub const fn slices(self) -> usize {
        1 + (self.index() == Bin::of(36 << 10).index() || self.index() == Bin::of(40 << 10).index()) as usize
    }

    /// [`Bin::of`] by the table: for sizes that are not known when compiling a load costs less than a branch on them that
    /// is mispredicted.
    ///
    /// # Safety
    /// - the size is at most [`BLOCK_MAX`].
    #[inline(always)]
    pub unsafe fn of_any(size: usize) -> Bin {
        // SAFETY: the table has slots for those.
        unsafe { *TABLE.get_unchecked(slot(size)) }
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

    /// How many blocks may lie in the transfer cache: at most 2048, and 64 to 128 KiB (the largest 4, of up to 256 KiB).
    pub const fn transfer_max(self) -> usize {
        match self.block_size() {
            1..=64 => self.stack_base() * 16,
            257..=1024 => self.stack_base() * 8,
            8193..=32768 => self.stack_base() * 2,
            _ => self.stack_base() * 4,
        }
    }

    /// How many freed blocks a thread may hold back when it frees and takes in turns more than its base: at most 2048, and 64
    /// to 128 KiB, of blocks above 32 KiB, each of which has a page alone, 8 or 512 KiB.
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
