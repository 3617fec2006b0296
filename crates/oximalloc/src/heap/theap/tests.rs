//! What the fast paths count on of a theap's layout and tables.

use super::*;
use crate::base::config::SLICE;

#[test]
fn layout_serves_the_fast_paths() {
    assert_eq!(size_of::<Hot>(), 32);
    assert_eq!(offset_of!(Theap, hot) + offset_of!(Hot, top), 0);
    assert_eq!(size_of::<Side>(), 128);
    assert_eq!(offset_of!(Hot, bound), INVERSE + 4);
    assert_eq!((offset_of!(Told, inverse), offset_of!(Told, bound)), (0, 4));
    assert!(size_of::<Theap>() <= 64 * 1024, "{}", size_of::<Theap>());
}

#[test]
fn only_starts_of_blocks_pass() {
    for size in (1..BINS).map(|b| Bin::at(b).block_size()) {
        let told = [inverse32(size), bound32(size)];
        for p in 0..SLICE {
            // SAFETY: two numbers of this function's.
            let passes = unsafe { processor::divides::<0>(told.as_ptr().cast(), 0, p) };
            assert_eq!(passes, p % size == 0 && p + size <= SLICE, "{p} of {size}");
        }
    }
}

#[test]
fn what_an_entry_tells_is_its_bins() {
    for (i, told) in TOLD.iter().enumerate() {
        let bin = Theap::bin_at(i * size_of::<Hot>()).map_or(Bin::at(0), |(_, bin)| bin);
        assert_eq!(told.size as usize, bin.block_size());
    }
}

#[test]
fn each_size_leads_to_its_bin() {
    // SAFETY: fresh zeroed memory, for ever.
    let theap = unsafe { Theap::begin(std::alloc::alloc_zeroed(std::alloc::Layout::new::<Theap>()).cast()) };
    for (&offset, bin) in theap.offsets.iter().zip(&TABLE) {
        assert_eq!(offset as usize, place(theap.number(), bin.index()), "{bin:?}");
    }
}
