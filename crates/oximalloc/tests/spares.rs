//! Pages of large blocks that were freed, taken for blocks of other lengths. A process of its own: it counts pages.
use oximalloc::internals::config::SLICE;
use oximalloc::internals::map;
use oximalloc::internals::state::heap::MAIN;
use oximalloc::internals::state::theap::Theap;
use oximalloc::raw;

fn malloc(slices: usize) -> *mut u8 {
    let block = raw::malloc(slices * SLICE - 100);
    assert!(!block.is_null() && raw::usable_size(block) == slices * SLICE);
    // SAFETY: a block of that size.
    unsafe { block.write_bytes(slices as u8, slices * SLICE) };
    Theap::current().validate();
    block
}

fn free(block: *mut u8, slices: usize) {
    // SAFETY: a block of this test, of that many slices.
    unsafe {
        assert!((0..slices * SLICE).step_by(100).all(|i| *block.add(i) == slices as u8));
        raw::free(block);
    }
    Theap::current().validate();
}

#[test]
fn a_spare_page_is_cut_or_extended_for_a_block_of_another_length() {
    let [made, bytes] = [|| MAIN.stats.pages.snapshot().total, || MAIN.stats.page_committed.current()];
    let least = malloc(2);
    let eight = malloc(8);
    let (pages, all) = (made(), bytes());

    free(eight, 8);
    let three = malloc(3);
    assert_eq!((three, made()), (eight, pages), "the page of eight slices was not cut");
    assert_eq!(bytes(), all - 5 * SLICE as i64);
    assert!(map::get(three.wrapping_add(3 * SLICE)).is_null(), "what was cut off still leads to the page");

    free(three, 3);
    let six = malloc(6);
    assert_eq!((six, made()), (eight, pages), "the page of three slices was not extended");
    assert!(!map::get(six.wrapping_add(5 * SLICE)).is_null());

    // What follows the page is not free.
    let other = malloc(3);
    assert_eq!((other, made()), (six.wrapping_add(6 * SLICE), pages + 1));
    free(six, 6);
    let ten = malloc(10);
    assert_eq!(made(), pages + 2);
    let zeroed = raw::zalloc(4 * SLICE);
    // SAFETY: a block of that size.
    assert!((0..4 * SLICE).all(|i| unsafe { *zeroed.add(i) } == 0));
    // SAFETY: allocated above.
    unsafe { raw::free(zeroed) };

    // The next longer is taken, not the longest.
    free(ten, 10);
    free(other, 3);
    assert_eq!(malloc(2), other);
    free(least, 2);
}
