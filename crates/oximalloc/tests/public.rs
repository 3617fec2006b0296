//! A program that sees no more of the crate than its documentation shows: every public function, with types that a user
//! can name and make.
use oximalloc::options::{self, Opt};
use oximalloc::stats::{self, BinRow, CountValue, HeapSnapshot, Snapshot, Stats, Totals};
use oximalloc::{Heap, Oximalloc, collect};
use std::alloc::{GlobalAlloc, Layout};

#[global_allocator]
static A: Oximalloc = Oximalloc;

/// One test: what another one allocates meanwhile would be counted.
#[test]
fn all_that_a_user_may_call() {
    heaps();
    statistics();
    settings();
    allocators();
    collect(false);
    collect(true);
}

fn heaps() {
    fn shared<T: Send + Sync>(_: &T) {}
    let heap = Heap::new().expect("memory for a heap");
    shared(&heap);
    let layout = Layout::from_size_align(1000, 64).unwrap();
    let blocks = [heap.alloc(layout), heap.alloc_zeroed(layout)];
    // SAFETY: blocks of that layout, each given back once.
    unsafe {
        let moved = heap.realloc(blocks[0], layout, 100_000);
        assert!(heap.contains(moved) && heap.contains(blocks[1]) && !heap.contains((&raw const layout).cast()));
        assert_eq!(stats::heap(&heap).blocks_in_use(), 2);
        Heap::free(moved);
        heap.dealloc(blocks[1], layout);
    }
    heap.collect(true);
    assert_eq!(stats::heap(&heap).blocks_in_use(), 0);
    let other = Heap::new().expect("memory for a heap");
    assert!(!other.alloc(layout).is_null());
    // SAFETY: its block is used by nobody.
    unsafe { other.destroy() };
}

fn statistics() {
    let heap = Heap::new().expect("memory for a heap");
    let layouts = [100, 100, 5000, 200_000].map(|size| Layout::from_size_align(size, 8).unwrap());
    let blocks = layouts.map(|layout| heap.alloc(layout));
    let of_heap: Stats = stats::heap(&heap);
    assert_eq!((of_heap.blocks_in_use(), of_heap.singles.current), (4, 1));
    assert_eq!(of_heap.binned_bytes().current + of_heap.heaps.malloc_huge.current, of_heap.bytes_in_use());
    assert_eq!(
        of_heap.bins.iter().map(|row: &BinRow| row.bytes().current).sum::<i64>(),
        of_heap.binned_bytes().current
    );
    let (memory, heaps): (Snapshot, HeapSnapshot) = (of_heap.memory, of_heap.heaps);
    assert_eq!((memory, heaps.pages.current > 0), (Snapshot::default(), true));
    let all = stats::process();
    let pages: CountValue = all.pages.iter().fold(CountValue::default(), |sum, row| sum.plus(*row));
    assert_eq!(pages.current, all.heaps.pages.current);
    assert!(all.blocks_in_use() >= 4 && all.memory.heaps.current >= 2 && pages.freed() >= 0);
    let totals: Totals = stats::totals();
    assert!(totals.in_use >= 200_000 && totals.huge_count >= 1 && totals.committed <= totals.mapped);
    stats::print();
    stats::reset();
    assert_eq!(stats::heap(&heap).blocks_in_use(), 4);
    for block in blocks {
        // SAFETY: a block that nobody has freed.
        unsafe { Heap::free(block) };
    }
}

fn settings() {
    assert!(options::get(Opt::PurgeDelay) >= -1);
    options::set(Opt::PurgeDelay, 50);
    options::set_default(Opt::PurgeDelay, 60);
    assert_eq!(options::get(Opt::PurgeDelay), 50);
    options::set_enabled(Opt::ShowErrors, true);
    assert!(options::enabled(Opt::ShowErrors));
}

/// All forms of the allocator without settings.
fn allocators() {
    const LEVEL_0: Oximalloc = Oximalloc::new().secure(0);
    for allocator in [A, Oximalloc, Oximalloc::new(), Oximalloc::default(), LEVEL_0] {
        let layout = Layout::new::<[u64; 5]>();
        // SAFETY: a block of that layout, given back once.
        unsafe { Oximalloc.dealloc(allocator.alloc(layout), layout) };
    }
}
