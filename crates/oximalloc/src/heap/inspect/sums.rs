//! Statistics, added up when asked for. Blocks are added up from what each theap moved from and to pages, the rest from
//! heaps, subprocesses and the process.
//!
//! A thread with a small stack may ask. So no function here has all bins in its stack frame.

use crate::diag::stats::{BinRow, CountValue, HeapSnapshot, PROCESS};
use crate::heap::pages::large_cache;
use crate::heap::state::heap::{self, Heap, MAIN};
pub use crate::heap::state::peak::Scope;
use crate::heap::state::peak::{Sum, gather};
use crate::heap::state::subproc::{self, Past, Subproc};
use crate::heap::state::theap::Theap;
use crate::page::bins::BINS;

/// Bins that are added up at a time. Few, so that the frame stays small, but not too few, because each batch walks over
/// all theaps.
const AT_A_TIME: usize = BINS / 4;

const _: () = assert!(AT_A_TIME * size_of::<Sum>() <= 2048);

/// Call `each` with the number and the row of each bin, except the first, which stands for no bin.
#[cold]
#[inline(never)]
pub fn each_bin(of: Scope, each: &mut dyn FnMut(usize, BinRow)) {
    for first in (1..BINS).step_by(AT_A_TIME) {
        let mut sums = [Sum::default(); AT_A_TIME];
        let sums = &mut sums[..AT_A_TIME.min(BINS - first)];
        gather(of, first, true, sums);
        for (b, sum) in (first..).zip(sums) {
            each(b, sum.row(of, b));
        }
    }
}

/// Pages of one bin. Number BINS stands for the pages of a single block.
#[cold]
pub fn pages(of: Scope, b: usize) -> CountValue {
    pages_of(of, b).sound()
}

/// Blocks that have a page of their own. `spare` is the number of pages in the large cache, which do not count.
#[cold]
pub fn singles(of: Scope, spare: usize) -> CountValue {
    pages(of, BINS).but(spare).sound()
}

/// Pages of one bin, as [`Count::raw`] gives them.
///
/// [`Count::raw`]: crate::diag::stats::Count::raw
#[cold]
fn pages_of(of: Scope, b: usize) -> CountValue {
    let mut sum = CountValue::default();
    of.each_heap(&mut |heap| sum = sum.plus(heap.bins[b].pages.raw()));
    of.each_past(&mut |past| sum = sum.plus(past.pages[b].raw()));
    sum
}

/// What heaps count, added up. Also the number of pages in the large cache and their bytes. These bytes do not count as
/// in use in `malloc_huge`.
#[cold]
pub fn heaps(of: Scope) -> (HeapSnapshot, (usize, usize)) {
    let mut sum = HeapSnapshot::default();
    of.each_heap(&mut |heap| sum = sum.plus(heap.stats.raw()));
    of.each_past(&mut |past| sum = sum.plus(past.stats.raw()));
    let spare = if of.has(&MAIN) { large_cache::held() } else { (0, 0) };
    sum.malloc_huge = sum.malloc_huge.but(spare.1);
    (sum.sound(), spare)
}

/// Forget the history. What is in use becomes the peak and the total.
#[cold]
pub fn reset() {
    PROCESS.reset();
    subproc::all().for_each(|subproc| subproc.past.reset());
    heap::records().for_each(|heap| {
        forget(heap, &mut |_, _| {});
        heap.stats.reset();
        heap.bins.iter().for_each(|bin| bin.pages.reset());
    });
}

/// Leave a heap's history with its subprocess, whose sums do not change. What is in use stays with the heap.
#[cold]
pub fn leave_to_subproc(heap: &'static Heap) {
    let past = &Subproc::of_number(heap.subproc()).past;
    forget(heap, &mut |b, row| past.blocks[b].note_past(row.total - row.current, row.peak - row.current));
    leave_counts(heap, past);
}

/// Leave everything that a destroyed heap counted with its subprocess. The heap has no blocks and no theaps any more.
#[cold]
pub fn leave_all(heap: &Heap, past: &Past) {
    for (b, of) in heap.bins[..BINS].iter().enumerate() {
        heap.given_together(b);
        // What was in use is free now.
        let taken = of.moved.settle() as i64;
        let peak = of.peak.replace(0);
        let total = (taken - of.forgotten.replace(taken)).max(peak);
        past.blocks[b].note_past(total, peak);
    }
    leave_counts(heap, past);
}

#[cold]
fn leave_counts(heap: &Heap, past: &Past) {
    heap.stats.leave_to(&past.stats);
    heap.bins.iter().zip(&past.pages).for_each(|(mine, past)| mine.pages.leave_to(past));
}

/// Forget the history of a heap's blocks. `each` gets the former row of each bin.
#[cold]
fn forget(heap: &'static Heap, each: &mut dyn FnMut(usize, BinRow)) {
    if heap.is_main() {
        // Otherwise blocks in the large cache, which are not in use, would count in the total.
        large_cache::sweep(Theap::current(), true);
    }
    each_bin(Scope::Heap(heap), &mut |b, row| {
        heap.bins[b].forgotten.add(row.total - row.current);
        heap.bins[b].peak.set(row.current);
        each(b, row);
    });
}

/// Note the peaks of all bins of all heaps as they are now.
#[cold]
pub fn merge() {
    heap::live().for_each(|heap| each_bin(Scope::Heap(heap), &mut |_, _| {}));
}
