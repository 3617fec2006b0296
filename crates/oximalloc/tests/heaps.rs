//! First-class heaps against a shadow model: contents, owners, exact visits and statistics that add up, after any
//! sequence of operations; and heaps that end while other threads are at work.

use oximalloc::internals::empty;
use oximalloc::internals::inspect::stats::Stats;
use oximalloc::internals::inspect::sums::Scope;
use oximalloc::internals::state::heap::{self as record, MAIN};
use oximalloc::internals::state::registry::all_theaps;
use oximalloc::raw::{self, heaps};
use proptest::prelude::*;
use std::collections::HashMap;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

#[path = "heaps/resident.rs"]
mod resident;
#[path = "heaps/sums.rs"]
mod sums;
use resident::Resident;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[derive(Clone, Debug)]
enum Op {
    New,
    Malloc { heap: usize, size: usize },
    Zalloc { heap: usize, size: usize },
    Aligned { heap: usize, size: usize, shift: u32 },
    Realloc { heap: usize, index: usize, size: usize },
    Free { index: usize },
    FreeElsewhere { index: usize, count: usize },
    MallocElsewhere { heap: usize, size: usize, count: usize },
    Delete { heap: usize },
    Destroy { heap: usize },
    Collect { heap: usize, force: bool },
    CollectAll,
    MallocInResident { heap: usize, size: usize, count: usize },
    FreeInResident { index: usize, count: usize },
    ResidentEnds,
    ResetStats,
    LeaveStats { heap: usize },
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![10 => 0usize..300, 5 => 300usize..9000, 2 => 9000usize..70_000, 1 => 70_000usize..500_000]
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<usize>;
    prop_oneof![
        3 => Just(Op::New),
        30 => (index(), size()).prop_map(|(heap, size)| Op::Malloc { heap, size }),
        5 => (index(), size()).prop_map(|(heap, size)| Op::Zalloc { heap, size }),
        5 => (index(), size(), 0u32..18).prop_map(|(heap, size, shift)| Op::Aligned { heap, size, shift }),
        6 => (index(), index(), size()).prop_map(|(heap, index, size)| Op::Realloc { heap, index, size }),
        20 => index().prop_map(|index| Op::Free { index }),
        3 => (index(), 1usize..40).prop_map(|(index, count)| Op::FreeElsewhere { index, count }),
        3 => (index(), size(), 1usize..40).prop_map(|(heap, size, count)| Op::MallocElsewhere { heap, size, count }),
        2 => index().prop_map(|heap| Op::Delete { heap }),
        2 => index().prop_map(|heap| Op::Destroy { heap }),
        2 => (index(), any::<bool>()).prop_map(|(heap, force)| Op::Collect { heap, force }),
        1 => Just(Op::CollectAll),
        3 => (index(), size(), 1usize..40).prop_map(|(heap, size, count)| Op::MallocInResident { heap, size, count }),
        3 => (index(), 1usize..40).prop_map(|(index, count)| Op::FreeInResident { index, count }),
        1 => Just(Op::ResidentEnds),
        1 => Just(Op::ResetStats),
        1 => index().prop_map(|heap| Op::LeaveStats { heap }),
    ]
}

type Heap = &'static heaps::Heap;

struct Live {
    at: usize,
    size: usize,
    byte: u8,
    heap: usize,
}

struct Model {
    heaps: HashMap<usize, Heap>,
    blocks: Vec<Live>,
    byte: u8,
    resident: Resident,
}

fn malloc(heap: Heap, size: usize) -> *mut u8 {
    heaps::malloc_in(&heaps::theap_of(heap).unwrap(), size)
}

fn fill(p: *mut u8, size: usize, byte: u8) {
    assert!(!p.is_null());
    // SAFETY: a block of that size.
    unsafe { p.write_bytes(byte, size) };
}

fn check(live: &Live) {
    // SAFETY: a live block of that size.
    let bytes = unsafe { std::slice::from_raw_parts(live.at as *const u8, live.size) };
    assert!(bytes.iter().all(|b| *b == live.byte), "{:#x} of {} changed", live.at, live.size);
}

impl Model {
    fn new() -> Model {
        let main: Heap = &MAIN;
        Model {
            heaps: HashMap::from([(address(main), main)]),
            blocks: Vec::new(),
            byte: 0,
            resident: Resident::start(),
        }
    }

    fn heap(&self, index: usize) -> (usize, Heap) {
        let mut all: Vec<_> = self.heaps.iter().map(|(at, heap)| (*at, *heap)).collect();
        all.sort_by_key(|(at, _)| *at);
        all[index % all.len()]
    }

    fn add(&mut self, heap: usize, p: *mut u8, size: usize) {
        self.byte = self.byte.wrapping_add(1);
        fill(p, size, self.byte);
        assert_eq!(heaps::heap_of(p).map(address), Some(heap), "{size} bytes at {p:p}");
        self.blocks.push(Live { at: p as usize, size, byte: self.byte, heap });
    }

    fn take(&mut self, index: usize) -> Option<Live> {
        if self.blocks.is_empty() {
            return None;
        }
        let live = self.blocks.swap_remove(index % self.blocks.len());
        check(&live);
        Some(live)
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::New if self.heaps.len() < 8 => {
                let heap = heaps::heap_new(None).unwrap();
                assert!(self.heaps.insert(address(heap), heap).is_none());
            }
            Op::New => {}
            Op::Malloc { heap, size } => {
                let (at, heap) = self.heap(heap);
                self.add(at, malloc(heap, size), size);
            }
            Op::Zalloc { heap, size } => {
                let (at, heap) = self.heap(heap);
                let p = heaps::zalloc_in(&heaps::theap_of(heap).unwrap(), size);
                // SAFETY: a block of that size.
                assert!(unsafe { std::slice::from_raw_parts(p, size) }.iter().all(|b| *b == 0));
                self.add(at, p, size);
            }
            Op::Aligned { heap, size, shift } => {
                let (at, heap) = self.heap(heap);
                let p = heaps::aligned_in(&heaps::theap_of(heap).unwrap(), size, 1 << shift, 0, false);
                assert!((p as usize).is_multiple_of(1 << shift));
                self.add(at, p, size);
            }
            Op::Realloc { heap, index, size } => {
                let (at, heap) = self.heap(heap);
                if let Some(live) = self.take(index) {
                    // SAFETY: a live block, given up here.
                    let p = unsafe {
                        heaps::realloc_in(&heaps::theap_of(heap).unwrap(), live.at as *mut u8, size, heaps::PLAIN)
                    };
                    check(&Live { at: p as usize, size: size.min(live.size), ..live });
                    let owner = if p as usize == live.at { live.heap } else { at };
                    self.add(owner, p, size);
                }
            }
            Op::Free { index } => {
                if let Some(live) = self.take(index) {
                    // SAFETY: a live block, given up here.
                    unsafe { raw::free(live.at as *mut u8) };
                }
            }
            Op::FreeElsewhere { index, count } => {
                let gone: Vec<usize> =
                    (0..count).filter_map(|i| self.take(index.wrapping_add(i))).map(|l| l.at).collect();
                std::thread::scope(|s| {
                    s.spawn(|| {
                        for at in gone {
                            // SAFETY: live blocks, given up here.
                            unsafe { raw::free(at as *mut u8) };
                        }
                    })
                    .join()
                    .unwrap();
                });
            }
            Op::MallocElsewhere { heap, size, count } => {
                let (at, heap) = self.heap(heap);
                let made: Vec<usize> = std::thread::scope(|s| {
                    s.spawn(|| (0..count).map(|_| malloc(heap, size) as usize).collect()).join().unwrap()
                });
                for p in made {
                    self.add(at, p as *mut u8, size);
                }
            }
            Op::Delete { heap } => {
                let (at, heap) = self.heap(heap);
                if at != address(&MAIN) {
                    heaps::heap_delete(heap);
                    self.heaps.remove(&at);
                    for live in self.blocks.iter_mut().filter(|live| live.heap == at) {
                        live.heap = address(&MAIN);
                    }
                }
            }
            Op::Destroy { heap } => {
                let (at, heap) = self.heap(heap);
                if at != address(&MAIN) {
                    self.blocks.iter().filter(|live| live.heap == at).for_each(check);
                    heaps::heap_destroy(heap);
                    self.heaps.remove(&at);
                    self.blocks.retain(|live| live.heap != at);
                }
            }
            Op::Collect { heap, force } => heaps::heap_collect(self.heap(heap).1, force),
            Op::CollectAll => raw::collect(true),
            Op::MallocInResident { heap, size, count } => {
                let (at, heap) = self.heap(heap);
                for p in self.resident.run(move || (0..count).map(|_| malloc(heap, size) as usize).collect()) {
                    self.add(at, p as *mut u8, size);
                }
            }
            Op::FreeInResident { index, count } => {
                let gone: Vec<usize> =
                    (0..count).filter_map(|i| self.take(index.wrapping_add(i))).map(|l| l.at).collect();
                self.resident.run(move || {
                    // SAFETY: live blocks, given up here.
                    gone.iter().for_each(|at| unsafe { raw::free(*at as *mut u8) });
                    Vec::new()
                });
            }
            Op::ResidentEnds => self.resident = Resident::start(),
            Op::ResetStats => sums::reset(),
            Op::LeaveStats { heap } => sums::leave(self.heap(heap).1),
        }
        heaps::Theap::current().validate();
    }

    /// Each block is found in its heap, by address and by visit, and nothing else is; statistics add up.
    fn compare(&self, foreign: &HashMap<usize, usize>) {
        for live in &self.blocks {
            check(live);
            assert_eq!(heaps::heap_of(live.at as *const u8).map(address), Some(live.heap));
        }
        for (at, heap) in &self.heaps {
            let (mut seen, mut used) = (Vec::new(), 0);
            // SAFETY: no other thread uses the allocator: the tests take turns.
            let done = unsafe {
                heaps::visit(heap, heaps::Pages::All, true, |area, block| {
                    match block {
                        None => used += area.used,
                        Some(p) => seen.push(p as usize),
                    }
                    true
                })
            };
            assert!(done);
            assert_eq!(used, seen.len());
            seen.retain(|p| !foreign.contains_key(p));
            seen.sort_unstable();
            // A block of no bytes lies in no page.
            let visible = self.blocks.iter().filter(|l| l.heap == *at && !empty::is_block(l.at as *const u8));
            let mut expected: Vec<_> = visible.map(|l| l.at).collect();
            expected.sort_unstable();
            assert_eq!(seen, expected, "in heap {at:#x}, main is {:#x}", address(&MAIN));
        }
    }
}

fn address(heap: &heaps::Heap) -> usize {
    ptr::from_ref(heap) as usize
}

/// Blocks of the main heap that are in use now, before a test (this allocator is not the program's).
fn in_main() -> HashMap<usize, usize> {
    let mut all = HashMap::new();
    // SAFETY: the tests take turns.
    unsafe {
        heaps::visit(&MAIN, heaps::Pages::All, true, |_, block| {
            if let Some(p) = block {
                all.insert(p as usize, 0);
            }
            true
        });
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 20000, ..ProptestConfig::default() })]
    #[test]
    fn heaps_do_what_the_model_does(ops in proptest::collection::vec(op(), 1..250)) {
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
        let foreign = in_main();
        let mut model = Model::new();
        let mut sums = sums::Sums::new(&foreign);
        for (i, op) in ops.iter().enumerate() {
            model.apply(op);
            sums.hold(&model, op);
            if i % 16 == 0 || matches!(op, Op::Delete { .. } | Op::Destroy { .. }) {
                model.compare(&foreign);
            }
        }
        model.compare(&foreign);
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        for live in self.blocks.drain(..) {
            // SAFETY: a live block, given up here.
            unsafe { raw::free(live.at as *mut u8) };
        }
        for (_, heap) in self.heaps.drain().filter(|(at, _)| *at != address(&MAIN)) {
            heaps::heap_destroy(heap);
        }
    }
}

/// 16 threads allocate in shared heaps, free each other's blocks, and end, while heaps are deleted and destroyed whose
/// users have stopped allocating from them a moment before, though they still free blocks of deleted ones.
#[test]
fn heaps_end_while_threads_work() {
    const THREADS: usize = 16;
    const ROUNDS: usize = if cfg!(any(debug_assertions, tsan)) { 30 } else { 100 };
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let barrier = Barrier::new(THREADS);
    let bag: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());
    let current: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let stop = AtomicBool::new(false);
    std::thread::scope(|s| {
        // Threads that come and go, and have parts in the main heap only.
        s.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                std::thread::scope(|inner| {
                    inner.spawn(|| {
                        for _ in 0..50 {
                            // SAFETY: allocated here.
                            unsafe { raw::free(raw::malloc(40)) };
                        }
                    });
                });
            }
        });
        // One that asks for statistics.
        s.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                sums::ordered(&oximalloc::stats::process());
                record::live().for_each(|heap| sums::ordered(&Stats::of(Scope::Heap(heap))));
            }
        });
        let workers: Vec<_> = (0..THREADS)
            .map(|t| {
                let (barrier, bag, current) = (&barrier, &bag, &current);
                s.spawn(move || {
                    for round in 0..ROUNDS {
                        if t == 0 {
                            for slot in current {
                                slot.store(address(heaps::heap_new(None).unwrap()), Ordering::Relaxed);
                            }
                        }
                        barrier.wait();
                        // SAFETY: heaps made above, which end below.
                        let [deleted, destroyed] =
                            [0, 1].map(|i| unsafe { &*(current[i].load(Ordering::Relaxed) as *const heaps::Heap) });
                        let work = move || {
                            let mut mine = Vec::new();
                            for i in 0..60 {
                                let size = [16, 100, 1000, 9000, 40_000, 100_000][(i + t + round) % 6];
                                let p = malloc(deleted, size);
                                fill(p, size, t as u8);
                                mine.push((p as usize, size));
                                fill(malloc(destroyed, size), size, 0xEE);
                            }
                            // Others free half of them, at any time.
                            bag.lock().unwrap().extend(mine.drain(..30));
                            mine
                        };
                        // Some of it in a thread that has ended by then.
                        let ended =
                            if t % 4 == 1 { std::thread::scope(|s| s.spawn(work).join().unwrap()) } else { vec![] };
                        let mine = work();
                        barrier.wait();
                        // Nobody allocates from the two any more.
                        match t {
                            1 => heaps::heap_delete(deleted),
                            2 => heaps::heap_destroy(destroyed),
                            _ => {}
                        }
                        for (p, size) in mine.into_iter().chain(ended) {
                            let p = p as *mut u8;
                            // SAFETY: a block of ours; its heap may just be being deleted.
                            unsafe {
                                assert_eq!((*p, *p.add(size - 1)), (t as u8, t as u8));
                                raw::free(p);
                            }
                            let taken = bag.lock().unwrap().pop();
                            if let Some((p, _)) = taken {
                                // SAFETY: another thread's block, ours now.
                                unsafe { raw::free(p as *mut u8) };
                            }
                        }
                        heaps::Theap::current().validate();
                        barrier.wait();
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
    for (p, _) in bag.into_inner().unwrap() {
        // SAFETY: blocks that nobody freed.
        unsafe { raw::free(p as *mut u8) };
    }
    raw::collect(true);
    assert_eq!(record::live().count(), 1);
    let in_use = in_main().len() as i64;
    assert_eq!(oximalloc::stats::process().blocks_in_use(), in_use);
    assert_eq!(Stats::of(Scope::Heap(&MAIN)).blocks_in_use(), in_use);
}

#[test]
fn many_heaps_leave_memory_flat() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let rounds = if cfg!(debug_assertions) { 5_000 } else { 100_000 };
    let mut before = (0, 0);
    for i in 0..rounds {
        let heap = heaps::heap_new(None).unwrap();
        for size in [24, 500, 70_000] {
            fill(malloc(heap, size), size, 1);
        }
        if i % 2 == 0 {
            heaps::heap_destroy(heap)
        } else {
            heaps::heap_delete(heap)
        }
        if i % 2 == 1 {
            // What deleted heaps leave is the main heap's: free it as it is found.
            let foreign = in_main();
            for p in foreign.keys() {
                // SAFETY: the tests take turns, and nothing else is in use.
                unsafe { raw::free(*p as *mut u8) };
            }
        }
        if i == 1000 {
            raw::collect(true);
            before = (raw::totals().committed, all_theaps().count() + record::records().count());
        }
    }
    raw::collect(true);
    let after = (raw::totals().committed, all_theaps().count() + record::records().count());
    assert!(after.0 <= before.0 + (1 << 20) && after.1 == before.1, "{before:?} {after:?}");
}

#[test]
fn the_main_heap_stays() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let heap = heaps::heap_new(None).unwrap();
    let (p, q) = (malloc(heap, 100), raw::malloc(100));
    assert_eq!(heaps::heap_of(p).map(address), Some(address(heap)));
    assert_eq!(heaps::heap_of(q).map(address), Some(address(heaps::main_heap())));
    heaps::heap_delete(heap);
    assert_eq!(heaps::heap_of(p).map(address), Some(address(heaps::main_heap())));
    // Each is an error that changes nothing.
    heaps::heap_delete(heap);
    heaps::heap_destroy(heap);
    heaps::heap_destroy(&MAIN);
    // SAFETY: blocks of ours.
    unsafe {
        raw::free(p);
        raw::free(q);
    }
}
