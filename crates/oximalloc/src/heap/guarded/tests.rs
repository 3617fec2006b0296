//! Guarded blocks in a thread of their own each, since sampling is a theap's.

use super::*;
use crate::alloc::aligned::{aligned, zaligned};
use crate::alloc::free::{find, free, usable_size};
use crate::alloc::malloc::{large, malloc, zalloc};
use crate::alloc::realloc::{expand, realloc, rezalloc};
use crate::heap::life::thread_start;
use crate::heap::visit::{Pages, pages};
use crate::page::bins::Bin;
use std::vec::Vec;

const OS_PAGE: usize = 4096;

/// Run `work` in a new thread whose theap guards one in `rate`, beginning with the first. Tests that change the option
/// that all share exclude each other.
fn with_rate(rate: usize, precise: bool, work: impl FnOnce(&Theap) + Send) {
    static PRECISE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = PRECISE.lock();
    options::set_enabled(Opt::GuardedPrecise, precise);
    std::thread::scope(|s| {
        s.spawn(|| {
            let theap = thread_start().unwrap();
            theap.set_sample_rate(rate, 1);
            work(&theap);
            theap.set_sample_rate(0, 0);
            theap.validate();
        });
    });
}

fn is_guarded(p: *const u8) -> bool {
    find(p).is_some_and(|(page, _)| page.is_guarded())
}

/// Write all of a block, and free it.
fn use_up(p: *mut u8) {
    // SAFETY: a block of ours, all of whose bytes are ours.
    unsafe {
        p.write_bytes(0xA5, usable_size("test", p));
        free(p);
    }
}

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

#[test]
fn blocks_of_all_sizes_and_kinds() {
    for precise in [false, true] {
        with_rate(1, precise, |theap| {
            for size in [0, 1, 7, 16, 17, 100, 512, 513, 1024, 1025, 4096, 65536, 65537, 300_000] {
                let p = malloc(size);
                let usable = usable_size("test", p);
                assert!(is_guarded(p) && (p.addr() + usable).is_multiple_of(OS_PAGE));
                assert_eq!(usable, if precise { size.max(1) } else { size.max(1).next_multiple_of(16) });
                assert!(precise || p.addr().is_multiple_of(16));
                use_up(p);
                assert!(find(p).is_none());
                // What the guard left is used again; all of it is zero.
                let p = zalloc(size);
                // SAFETY: the block's bytes.
                assert!((0..usable_size("test", p)).all(|i| unsafe { p.add(i).read() } == 0));
                use_up(p);
                for shift in 4..=18 {
                    let p = if shift % 2 == 0 { aligned(size, 1 << shift, 0) } else { zaligned(size, 1 << shift, 0) };
                    assert!(p.addr().is_multiple_of(1 << shift) && usable_size("test", p) >= size);
                    assert!(is_guarded(p) || shift > 16);
                    use_up(p);
                    let p = zaligned(size, 1 << shift, 3);
                    assert!((p.addr() + 3).is_multiple_of(1 << shift) && usable_size("test", p) >= size);
                    use_up(p);
                }
                use_up(large(theap, size, 1, false));
            }
            theap.validate();
        });
    }
}

#[test]
fn a_guarded_block_moves_to_grow() {
    with_rate(1, true, |_| {
        for (size, more) in [(100, 110), (1000, 100_000), (200_000, 200_001), (300_000, 20 << 20)] {
            // SAFETY: blocks of ours, within their sizes.
            unsafe {
                let p = malloc(size);
                p.write_bytes(7, size);
                assert_eq!(expand(p, size), p);
                assert!(expand(p, more).is_null());
                assert_eq!(realloc(p, size - 1), p);
                let q = rezalloc(p, more);
                assert!(q != p && is_guarded(q) && usable_size("test", q) == more);
                assert!((0..size).all(|i| q.add(i).read() == 7) && (size..more).all(|i| q.add(i).read() == 0));
                let q = realloc(q, 10);
                assert_eq!(usable_size("test", q), 10);
                use_up(q);
            }
        }
    });
}

#[test]
fn only_a_block_can_be_freed() {
    with_rate(1, true, |_| {
        let p = malloc(100);
        for wrong in [p.wrapping_sub(1), p.wrapping_add(1), p.wrapping_add(100), p.map_addr(|a| a & !(SLICE - 1))] {
            assert!(find(wrong).is_none(), "{wrong:p}");
        }
        use_up(p);
    });
}

#[test]
fn the_bound_holds_and_freed_blocks_make_room() {
    with_rate(1, false, |theap| {
        let before = LIVE.fetch_add(MOST - 10, Ordering::Relaxed);
        let blocks: Vec<_> = (0..20).map(|_| malloc(100)).collect();
        let guarded = blocks.iter().filter(|p| is_guarded(**p)).count();
        LIVE.fetch_sub(MOST - 10, Ordering::Relaxed);
        assert!(guarded <= 10 && guarded + before + 20 >= 10, "{guarded}");
        blocks.into_iter().for_each(use_up);
        theap.validate();
        let p = malloc(100);
        assert!(is_guarded(p));
        use_up(p);
    });
}

#[test]
fn stacks_stay_empty_while_a_theap_samples() {
    with_rate(0, false, |theap| {
        let blocks: Vec<_> = (0..100).map(|_| malloc(64)).collect();
        let b = Bin::of(64).index();
        blocks[..50].iter().for_each(|p| use_up(*p));
        assert!(theap.depth(b) > 0);
        theap.set_sample_rate(1000, 1000);
        assert_eq!(theap.depth(b), 0);
        blocks[50..].iter().for_each(|p| use_up(*p));
        use_up(malloc(64));
        assert_eq!(theap.depth(b), 0);
        theap.validate();
        theap.set_sample_rate(0, 0);
        use_up(malloc(64));
        assert!(theap.depth(b) > 0);
    });
}

#[test]
fn heaps_end_and_are_visited_with_guarded_blocks() {
    use crate::raw::heaps;
    for destroy in [false, true] {
        with_rate(1, true, |_| {
            let heap = heaps::heap_new(None).unwrap();
            let theap = heaps::theap_of(heap).unwrap();
            theap.set_sample_rate(2, 1);
            let blocks: Vec<_> = (0..10).map(|_| heaps::malloc_in(&theap, 100)).collect();
            assert_eq!(heap.stats.malloc_guarded.snapshot(), 5);
            let mut seen = Vec::new();
            // SAFETY: no other thread uses the heap.
            unsafe {
                pages(heap, Pages::All, true, |area, block| {
                    if let Some(block) = block {
                        assert!(area.block_size >= 100);
                        seen.push(block);
                    }
                    true
                });
            }
            seen.sort();
            let mut held = blocks.clone();
            held.sort();
            assert_eq!(seen, held);
            for p in &blocks {
                assert!(ptr::eq(heaps::heap_of(*p).unwrap(), heap));
            }
            if destroy {
                let live = LIVE.load(Ordering::Relaxed);
                heaps::heap_destroy(heap);
                assert!(blocks.iter().all(|p| !is_guarded(*p)) && LIVE.load(Ordering::Relaxed) + 5 <= live);
            } else {
                heaps::heap_delete(heap);
                blocks.into_iter().for_each(use_up);
            }
            // The slices are whole again.
            let all: Vec<_> = (0..20).map(|_| aligned(SLICE, SLICE, 0)).collect();
            all.into_iter().for_each(use_up);
        });
    }
}

#[test]
fn blocks_freed_by_other_threads() {
    with_rate(3, false, |_| {
        for _ in 0..20 {
            let blocks: Vec<usize> = (0..100).map(|i| malloc(i * 50).addr()).collect();
            std::thread::spawn(move || {
                blocks.into_iter().for_each(|at| use_up(ptr::with_exposed_provenance_mut(at)));
            })
            .join()
            .unwrap();
        }
    });
}

#[test]
fn rust_programs_keep_layouts() {
    use crate::Oximalloc;
    use core::alloc::{GlobalAlloc, Layout};
    with_rate(1, true, |_| {
        for align in [1, 8, 16, 64] {
            for size in [1, 5, 20, 100, 700, 5000, 70_001] {
                let layout = Layout::from_size_align(size, align).unwrap();
                // SAFETY: as the trait asks; each block is written whole.
                unsafe {
                    let p = Oximalloc.alloc_zeroed(layout);
                    assert!(is_guarded(p) && p.addr().is_multiple_of(align));
                    p.write_bytes(1, size);
                    let mut p = Oximalloc.realloc(p, layout, size + 3);
                    p.write_bytes(1, size + 3);
                    for smaller in [size + 2, size.div_ceil(3)] {
                        let before = if smaller == size + 2 { size + 3 } else { size + 2 };
                        p = Oximalloc.realloc(p, Layout::from_size_align(before, align).unwrap(), smaller);
                        assert!(p.addr().is_multiple_of(align));
                        p.write_bytes(1, smaller);
                    }
                    Oximalloc.dealloc(p, Layout::from_size_align(size.div_ceil(3), align).unwrap());
                }
            }
        }
    });
}
