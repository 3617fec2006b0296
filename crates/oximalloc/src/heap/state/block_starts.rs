//! What an entry of the slice class map tells any thread about the slice's blocks: where they start, and their size.

use super::theap::{HotBin, NUMBERS, SMALL};
use crate::arena::slice_class;
use crate::base::config::SLICE;
use crate::page::bins::{BINS, Bin, least};
use crate::page::starts::{bound32, inverse32};
use crate::prim::processor;

/// What one entry of the slice class map tells about the blocks of its slice.
#[repr(C)]
#[derive(Clone, Copy)]
struct BlockStarts {
    /// As in [`HotBin`].
    inverse: u32,
    bound: u32,
    /// Bytes of a block.
    size: u32,
    /// [`least`] of the size.
    least: u32,
}

/// Indexed by the number of the hot part whose offset the entry is. Index 0 is for slices that are not open: no block
/// starts there.
static BLOCK_STARTS: [BlockStarts; BINS + SMALL * NUMBERS] = {
    let mut told = [BlockStarts { inverse: 0, bound: 0, size: 0, least: 0 }; BINS + SMALL * NUMBERS];
    let mut i = 1;
    while i < told.len() {
        let size = Bin::at(if i < BINS { i } else { (i - BINS) % SMALL + 1 }).block_size();
        told[i] = BlockStarts {
            inverse: inverse32(size),
            bound: bound32(size, SLICE),
            size: size as u32,
            least: least(size) as u32,
        };
        i += 1;
    }
    told
};

/// For the block that starts at `p`, if its slice is open: its bytes, and the smallest size for which it stays in
/// place when it shrinks ([`least`]). This does not tell whether the block is in use.
#[inline(always)]
pub fn size_at(p: *const u8) -> Option<(usize, usize)> {
    let at = slice_class::get(p)? / (size_of::<HotBin>() / size_of::<BlockStarts>());
    // SAFETY: entries are offsets of hot parts, and `BLOCK_STARTS` has one element for each hot part.
    unsafe {
        processor::divides::<0>(BLOCK_STARTS.as_ptr().cast(), at, p as usize).then(|| {
            let told = &*BLOCK_STARTS.as_ptr().byte_add(at);
            (told.size as usize, told.least as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::SLICE;
    use crate::heap::state::theap::Theap;
    use core::mem::offset_of;

    #[test]
    fn words_lie_as_the_assembler_takes_them() {
        assert_eq!((offset_of!(BlockStarts, inverse), offset_of!(BlockStarts, bound)), (0, 4));
    }

    #[test]
    fn only_starts_of_blocks_pass() {
        for size in (1..BINS).map(|b| Bin::at(b).block_size()) {
            let told = [inverse32(size), bound32(size, SLICE)];
            for p in 0..SLICE {
                // SAFETY: two numbers of this function's.
                let passes = unsafe { processor::divides::<0>(told.as_ptr().cast(), 0, p) };
                assert_eq!(passes, p % size == 0 && p + size <= SLICE, "{p} of {size}");
            }
        }
    }

    #[test]
    fn what_an_entry_tells_is_its_bins() {
        for (i, told) in BLOCK_STARTS.iter().enumerate() {
            let bin = Theap::bin_at(i * size_of::<HotBin>()).map_or(Bin::at(0), |(_, bin)| bin);
            assert_eq!(told.size as usize, bin.block_size());
        }
    }
}
