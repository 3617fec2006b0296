//! Where guarded blocks lie, and which allocations get one. What blocks do is in `tests/guarded.rs`.

use super::*;
use std::vec::Vec;

const OS_PAGE: usize = 4096;

#[test]
fn places_keep_alignment_and_end_at_the_guard() {
    for size in (0..5000).chain([8191, 8192, 8193, 65535, 65536, 65537, 98304, 1 << 20, (1 << 20) + 1]) {
        for shift in 0..=16 {
            for precise in [true, false] {
                let place = Place::of(size, 1 << shift, precise, OS_PAGE).unwrap();
                assert!(place.block.is_multiple_of(1 << shift) && (precise || place.block.is_multiple_of(16)));
                let guard = place.block + place.bytes;
                assert!(guard.is_multiple_of(OS_PAGE) && guard + OS_PAGE <= place.slices * SLICE);
                assert!(place.bytes >= size && place.block < SLICE);
                let unit = if precise { 1 << shift } else { (1usize << shift).max(16) };
                assert_eq!(place.bytes, size.max(1).next_multiple_of(unit));
            }
        }
    }
    assert_eq!(Place::of(100, 2 * SLICE, true, OS_PAGE), None);
    assert_eq!(Place::of(usize::MAX, 1, true, OS_PAGE), None);
    // Rounded up for an alignment.
    assert!(Place::of(3 * 16384, 1, true, OS_PAGE).unwrap().block.is_multiple_of(16384));
    assert_eq!(Place::of(1, 1, true, SLICE).unwrap().slices, 2);
}

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
