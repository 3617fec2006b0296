//! What statistics say against what the model knows: what is in use is exact for each heap and for the process, by size
//! class; each count is `0 <= current <= peak <= total`; resets and merges forget or move what happened, and only that.

use super::{Heap, Model, Op};
use oximalloc::internals::Bin;
use oximalloc::internals::bins::BINS;
use oximalloc::internals::config::SLICE;
use oximalloc::internals::empty;
use oximalloc::internals::find::find;
use oximalloc::internals::inspect::stats::Stats;
use oximalloc::internals::inspect::sums::{self as totals, Scope};
use oximalloc::internals::pages::large_cache;
use oximalloc::internals::state::heap::MAIN;
use oximalloc::internals::state::theap::Theap;
use oximalloc::stats::{CountValue, HeapSnapshot, Snapshot};
use std::collections::HashMap;

/// Blocks in use: by bin, and the number and bytes of those with a page of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct InUse {
    bins: Vec<i64>,
    singles: i64,
    bytes: i64,
}

impl InUse {
    fn nothing() -> InUse {
        InUse { bins: vec![0; BINS], singles: 0, bytes: 0 }
    }

    fn add(&mut self, at: usize) {
        let Some((page, _)) = find(at as *const u8) else {
            assert!(empty::is_block(at as *const u8), "a live block");
            return;
        };
        if page.bin() == Bin::SINGLE {
            self.singles += 1;
            // All of its slices, also where the block was cut within the last one.
            self.bytes += (page.span().slices * SLICE) as i64;
        } else {
            self.bins[page.bin().index()] += 1;
        }
    }

    fn of(stats: &Stats) -> InUse {
        let bins = stats.bins.iter().map(|row| row.current).collect();
        InUse { bins, singles: stats.singles.current, bytes: stats.heaps.malloc_huge.current }
    }
}

fn counts(stats: &Stats) -> Vec<CountValue> {
    let HeapSnapshot { pages, page_committed, pages_abandoned, malloc_huge, theaps, .. } = stats.heaps;
    let Snapshot { reserved, committed, threads, heaps, .. } = stats.memory;
    let mut all = vec![pages, page_committed, pages_abandoned, malloc_huge, stats.singles, theaps];
    all.extend([reserved, committed, threads, heaps]);
    all.extend(stats.pages);
    all.extend(stats.bins.iter().map(|row| row.bytes()));
    all
}

/// What holds while other threads are at work.
pub fn ordered(stats: &Stats) {
    for (i, value) in counts(stats).into_iter().enumerate() {
        let CountValue { total, peak, current } = value;
        assert!(0 <= current && current <= peak && peak <= total, "count {i}: {value:?}");
    }
}

/// With `main` the main heap is among what is counted.
fn check(stats: &Stats, main: bool) {
    ordered(stats);
    let pages = stats.pages.iter().map(|row| row.current).sum::<i64>();
    assert_eq!(pages, stats.heaps.pages.current, "pages by bin");
    let spare = if main { large_cache::held().0 as i64 } else { 0 };
    assert_eq!(stats.pages[BINS].current, stats.singles.current + spare);
}

pub struct Sums {
    /// Blocks of the main heap before the test.
    before: InUse,
    /// Memory of records, which only grows.
    records: i64,
    /// The process's counts after the operation before.
    last: Vec<CountValue>,
}

impl Sums {
    pub fn new(foreign: &HashMap<usize, usize>) -> Sums {
        oximalloc::raw::process_init();
        let mut before = InUse::nothing();
        foreign.keys().for_each(|at| before.add(*at));
        Sums { before, records: 0, last: Vec::new() }
    }

    pub fn hold(&mut self, model: &Model, op: &Op) {
        let all = Stats::of(Scope::Process);
        check(&all, true);
        let now = counts(&all);
        if !matches!(op, Op::ResetStats) {
            for (i, (now, last)) in now.iter().zip(&self.last).enumerate() {
                assert!(now.total >= last.total && now.peak >= last.peak, "count {i}: {now:?} after {last:?}");
            }
        }
        self.last = now;
        let (mut sum, mut pages, mut committed) = (InUse::nothing(), 0, 0);
        for (at, heap) in &model.heaps {
            let mut expected = if heap.is_main() { self.before.clone() } else { InUse::nothing() };
            model.blocks.iter().filter(|live| live.heap == *at).for_each(|live| expected.add(live.at));
            let stats = Stats::of(Scope::Heap(heap));
            check(&stats, heap.is_main());
            assert_eq!(InUse::of(&stats), expected, "heap {at:#x}, main is {:#x}", super::address(&MAIN));
            (0..BINS).for_each(|b| sum.bins[b] += expected.bins[b]);
            sum.singles += expected.singles;
            sum.bytes += expected.bytes;
            pages += stats.heaps.pages.current;
            committed += stats.heaps.page_committed.current;
        }
        assert_eq!(InUse::of(&all), sum, "the process");
        assert_eq!((all.heaps.pages.current, all.heaps.page_committed.current), (pages, committed));
        assert_eq!(all.memory.heaps.current, model.heaps.len() as i64);
        self.memory(&all);
    }

    /// What is committed is what arenas and mappings of their own have that was not purged, and records.
    fn memory(&mut self, all: &Stats) {
        let arenas = oximalloc::internals::arena_totals();
        let records = all.memory.committed.current - (arenas.committed + arenas.direct) as i64;
        assert!(records >= self.records, "{records} bytes for records, {} before", self.records);
        self.records = records;
        assert!(all.bytes_in_use() + records <= all.memory.committed.current);
        assert!(all.memory.committed.current <= all.memory.reserved.current);
        assert!(arenas.reserved + arenas.direct <= all.memory.reserved.current as usize);
    }
}

/// What is in use stays; all that came is what is in use.
pub fn reset() {
    // It releases the pages of the large cache.
    large_cache::sweep(Theap::current(), true);
    let before = Stats::of(Scope::Process);
    totals::reset();
    let after = Stats::of(Scope::Process);
    assert_eq!(InUse::of(&after), InUse::of(&before));
    for (i, (now, was)) in counts(&after).into_iter().zip(counts(&before)).enumerate() {
        assert_eq!((now.current, now.peak, now.total), (was.current, was.current, was.current), "count {i}");
    }
    assert_eq!((after.heaps.pages_retire, after.memory.purged, after.memory.purge_calls), (0, 0, 0));
}

/// What happened in a heap moves to its subprocess, of which no sum changes.
pub fn leave(heap: Heap) {
    let number = heap.subproc();
    let all = || {
        totals::merge();
        Stats::of(Scope::Subproc(number))
    };
    // It releases the pages of the large cache.
    large_cache::sweep(Theap::current(), true);
    let (before, own) = (all(), Stats::of(Scope::Heap(heap)));
    totals::leave_to_subproc(heap);
    let after = Stats::of(Scope::Heap(heap));
    assert_eq!(InUse::of(&after), InUse::of(&own));
    counts(&after).into_iter().for_each(|now| assert_eq!((now.peak, now.total), (now.current, now.current)));
    let sums = all();
    for (i, (now, was)) in counts(&sums).into_iter().zip(counts(&before)).enumerate() {
        assert_eq!(now, was, "count {i}");
    }
    assert_eq!((sums.heaps, sums.memory), (before.heaps, before.memory));
    let past = Stats::of(Scope::Exclusive(number));
    check(&past, false);
    assert_eq!(past.blocks_in_use(), 0);
    assert!(past.heaps.pages.total >= own.heaps.pages.total - own.heaps.pages.current);
}
