//! Pages that a few blocks keep: what is free in them goes back to the system by OS pages, and is used again. A process of
//! its own: it counts what is resident.
use oximalloc::internals::Page;
use oximalloc::internals::bins::{BINS, Bin};
use oximalloc::internals::config::SLICE;
use oximalloc::internals::inspect::visit;
use oximalloc::internals::map;
use oximalloc::internals::page_size;
use oximalloc::internals::state::theap::Theap;
use oximalloc::internals::{Memory, Os};
use oximalloc::raw;
use oximalloc::raw::heaps;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// The tests count pages of the one process.
static ONE: Mutex<()> = Mutex::new(());
const PAGES: usize = 8;

fn page_of(block: *const u8) -> &'static Page {
    // SAFETY: records are never unmapped.
    unsafe { &*(map::get(block) as *const Page) }
}

/// OS pages that the blocks lie in.
fn needed(blocks: &[(*mut u8, u8)], size: usize) -> usize {
    let os_pages = |&(block, _): &(*mut u8, u8)| block.addr() / page_size()..=(block.addr() + size - 1) / page_size();
    blocks.iter().flat_map(os_pages).collect::<BTreeSet<_>>().len()
}

/// OS pages that are resident in the pages of the blocks.
fn there(blocks: &[(*mut u8, u8)]) -> usize {
    let pages: BTreeSet<usize> = blocks.iter().map(|&(block, _)| page_of(block).span().start.addr()).collect();
    pages.iter().map(|&start| Os::resident(start as *const u8, page_of(start as *const u8).span().slices * SLICE)).sum()
}

fn check(blocks: &[(*mut u8, u8)], size: usize) {
    for &(block, byte) in blocks {
        // SAFETY: a live block of that size.
        let bytes = unsafe { std::slice::from_raw_parts(block, size) };
        assert!(bytes.iter().all(|&b| b == byte), "a block of {size} bytes changed");
    }
}

fn fill(n: usize, size: usize, malloc: impl Fn(usize) -> *mut u8) -> Vec<(*mut u8, u8)> {
    let fill = |i: usize| {
        let block = malloc(size);
        // SAFETY: a block of that size.
        unsafe { block.write_bytes(i as u8, size) };
        (block, i as u8)
    };
    (0..n).map(fill).collect()
}

/// Blocks of `size` that fill some pages, of which all but about one a page are freed.
fn survivors(size: usize, malloc: impl Fn(usize) -> *mut u8) -> Vec<(*mut u8, u8)> {
    let bin = Bin::of(size);
    let per_page = bin.slices() * SLICE / bin.block_size();
    let all = fill(PAGES * per_page, size, malloc);
    let kept = |i: usize| i % per_page == per_page / 2;
    // SAFETY: allocated above.
    all.iter().enumerate().filter(|&(i, _)| !kept(i)).for_each(|(_, &(block, _))| unsafe { raw::free(block) });
    all.into_iter().enumerate().filter(|&(i, _)| kept(i)).map(|(_, block)| block).collect()
}

#[test]
fn what_is_free_in_sparse_pages_goes_back_and_is_used_again() {
    let _one = ONE.lock();
    for b in (1..BINS).filter(|&b| bin_capacity(Bin::at(b).block_size()) > 1) {
        let size = Bin::at(b).block_size();
        let mut blocks = survivors(size, raw::malloc);
        let before = there(&blocks);
        raw::collect(true);
        Theap::current().validate();
        let (after, needed) = (there(&blocks), needed(&blocks, size));
        assert_eq!(after, needed, "{size} bytes: {before} OS pages were resident");
        check(&blocks, size);

        // What is in holes is handed out again, once.
        let again = fill(blocks.len() * (bin_capacity(size) - 1), size, raw::malloc);
        Theap::current().validate();
        blocks.extend(again);
        blocks.sort();
        assert!(blocks.windows(2).all(|two| two[0].0.addr() + size <= two[1].0.addr()), "{size} bytes overlap");
        check(&blocks, size);
        // SAFETY: allocated above.
        blocks.iter().for_each(|&(block, _)| unsafe { raw::free(block) });
        Theap::current().validate();
    }
}

fn bin_capacity(size: usize) -> usize {
    let bin = Bin::of(size);
    bin.slices() * SLICE / bin.block_size()
}

#[test]
fn a_page_with_holes_ends_at_its_last_block() {
    let _one = ONE.lock();
    let blocks = survivors(640, raw::malloc);
    raw::collect(true);
    let pages: Vec<*const u8> = blocks.iter().map(|&(block, _)| page_of(block).start().cast_const()).collect();
    // Of another thread, so that the last free finds the page on a list.
    let addresses: Vec<usize> = blocks.iter().map(|&(block, _)| block.addr()).collect();
    // SAFETY: allocated above.
    std::thread::spawn(move || addresses.iter().for_each(|&block| unsafe { raw::free(block as *mut u8) }))
        .join()
        .unwrap();
    raw::collect(true);
    Theap::current().validate();
    assert!(pages.iter().all(|&start| map::get(start).is_null()), "a page without blocks is in use");
}

#[test]
fn a_heap_of_its_own_has_holes_and_shows_the_blocks_in_use() {
    let _one = ONE.lock();
    let heap = heaps::heap_new(None).unwrap();
    for size in [48, 1000, 5000, 40 << 10] {
        let theap = heaps::theap_of(heap).unwrap();
        let blocks = survivors(size, |size| heaps::malloc_in(&theap, size));
        heaps::heap_collect(heap, true);
        assert_eq!(there(&blocks), needed(&blocks, size), "{size} bytes");
        let mut seen = Vec::new();
        // SAFETY: no other thread uses the heap.
        let all = unsafe {
            visit::pages(heap, visit::Pages::All, true, |area, block| {
                seen.extend(block.filter(|_| area.block_size == Bin::of(size).block_size()));
                true
            })
        };
        assert!(all);
        seen.sort();
        let mut live: Vec<*mut u8> = blocks.iter().map(|&(block, _)| block).collect();
        live.sort();
        assert_eq!(seen, live, "{size} bytes");
        check(&blocks, size);
    }
    heaps::heap_destroy(heap);
    Theap::current().validate();
}

#[test]
fn pages_of_a_deleted_heap_get_holes_too() {
    let _one = ONE.lock();
    for size in [48, 1000, 5000] {
        let heap = heaps::heap_new(None).unwrap();
        let blocks = survivors(size, |size| heaps::malloc_in(&heaps::theap_of(heap).unwrap(), size));
        heaps::heap_delete(heap);
        raw::collect(true);
        assert_eq!(there(&blocks), needed(&blocks, size), "{size} bytes");
        check(&blocks, size);
        // SAFETY: allocated above.
        blocks.iter().for_each(|&(block, _)| unsafe { raw::free(block) });
    }
    Theap::current().validate();
}

/// Threads free blocks of listed pages, and allocate from them, while others have them purged.
#[test]
fn stress_blocks_of_pages_that_are_purged_are_handed_out_once() {
    let _one = ONE.lock();
    let sizes = [16, 100, 700, 3000, 9000];
    let (give, take) = std::sync::mpsc::channel::<Vec<(usize, usize, u8)>>();
    let take = &Mutex::new(take);
    std::thread::scope(|s| {
        for t in 0..2usize {
            let give = give.clone();
            s.spawn(move || {
                for round in 0..60 {
                    let size = sizes[(round + t) % sizes.len()];
                    let blocks = survivors(size, raw::malloc);
                    raw::collect(true);
                    give.send(blocks.iter().map(|&(block, byte)| (block.addr(), size, byte)).collect()).unwrap();
                }
            });
        }
        drop(give);
        for _ in 0..2 {
            s.spawn(move || {
                loop {
                    let Ok(blocks) = take.lock().unwrap().recv() else { return };
                    for (block, size, byte) in blocks {
                        check(&[(block as *mut u8, byte)], size);
                        // SAFETY: the thread that allocated it gave it away.
                        unsafe { raw::free(block as *mut u8) };
                    }
                    raw::collect(true);
                }
            });
        }
    });
    raw::collect(true);
    Theap::current().validate();
}
