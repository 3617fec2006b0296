//! What the fast paths assume about a theap's layout and tables.

use super::*;

#[test]
fn layout_serves_the_fast_paths() {
    assert_eq!(size_of::<HotBin>(), 32);
    assert_eq!(offset_of!(Theap, hot) + offset_of!(HotBin, top), 0);
    assert_eq!(size_of::<ColdBin>(), 128);
    assert_eq!(offset_of!(HotBin, bound), offset_of!(HotBin, inverse) + 4);
    assert!(size_of::<Theap>() <= 64 * 1024, "{}", size_of::<Theap>());
}

#[test]
fn each_size_leads_to_its_bin() {
    // SAFETY: fresh zeroed memory, for ever.
    let theap = unsafe { Theap::begin(std::alloc::alloc_zeroed(std::alloc::Layout::new::<Theap>()).cast(), 0) };
    assert_eq!(theap.offsets[0] as usize, place(theap.number(), 0), "no bytes: the bin that is always empty");
    for (&offset, bin) in theap.offsets.iter().zip(&TABLE).skip(1) {
        assert_eq!(offset as usize, place(theap.number(), bin.index()), "{bin:?}");
    }
}
