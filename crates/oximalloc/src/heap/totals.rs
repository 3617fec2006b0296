//! Statistics, gathered when asked: blocks from what each theap moved from and to pages, the rest from heaps,
//! subprocesses and the process.
//!
//! A block that a thread frees and takes again from its own stack is not counted again: counting it would cost the fast
//! paths an instruction. `current` leaves out the blocks that wait in the stacks of all threads; it is exact
//! while no other thread is in the allocator.
//!
//! Threads with small stacks ask, too: nothing here has all bins in its frame.

use super::parts;
use super::record::{self, Heap, MAIN};
use super::spare;
use super::subproc::{self, Past, Subproc};
use super::theap::{self, Theap};
use crate::base::sync::Ordering;
use crate::diag::stats::{BinRow, CountValue, HeapSnapshot, PROCESS};
use crate::page::bins::{BINS, Bin};
use core::ptr;

/// Which heaps to add up.
#[derive(Clone, Copy)]
pub enum Of<'a> {
    /// One.
    Heap(&'a Heap),
    /// All of a subprocess, and what they have left with it.
    Subproc(u32),
    /// No heap: what a subprocess has without its heaps.
    Exclusive(u32),
    /// All.
    Process,
}

impl Of<'_> {
    /// What is counted late of a heap that has ended is the main heap's.
    #[cold]
    #[inline(never)]
    fn has(self, heap: &Heap) -> bool {
        let heap = if heap.id.load(Ordering::Relaxed) == 0 { &MAIN } else { heap };
        match self {
            Of::Heap(one) => ptr::eq(one, heap),
            Of::Subproc(number) => heap.subproc.load(Ordering::Relaxed) == number,
            Of::Exclusive(_) => false,
            Of::Process => true,
        }
    }

    /// What heaps have left. (By a function that is given, here and below: iterators would be written out at each use.)
    #[cold]
    #[inline(never)]
    fn each_past(self, work: &mut dyn FnMut(&'static Past)) {
        match self {
            Of::Heap(_) => {}
            Of::Subproc(number) | Of::Exclusive(number) => work(&Subproc::of_number(number).past),
            Of::Process => subproc::all().for_each(|subproc| work(&subproc.past)),
        }
    }

    /// The heap that is all there is of it: the main heap has what ended ones count late, too.
    #[cold]
    #[inline(never)]
    fn alone(self) -> Option<&'static Heap> {
        match self {
            // SAFETY: records of heaps are never unmapped.
            Of::Heap(one) if !one.is_main() => unsafe { (&raw const *one).as_ref() },
            _ => None,
        }
    }

    #[cold]
    #[inline(never)]
    fn each_heap(self, work: &mut dyn FnMut(&'static Heap)) {
        record::one_or_all(self.alone()).filter(|heap| self.has(heap)).for_each(work);
    }

    /// The theaps that count for it.
    #[cold]
    #[inline(never)]
    pub(super) fn each_theap(self, work: &mut dyn FnMut(&'static Theap)) {
        let listed = self.alone().filter(|heap| heap.lists_theaps());
        parts::theaps(listed).filter(|theap| self.has(theap.heap())).for_each(work);
    }
}

/// What may be looked at for the sum of one bin at each new page.
const MOST: usize = 256;

/// Whether a sum over a heap takes no more than that.
fn is_soon_added_up(heap: &Heap) -> bool {
    if heap.lists_theaps() {
        parts::theaps(Some(heap)).nth(MOST).is_none()
    } else {
        theap::made() + record::made() <= MOST
    }
}

/// What is known of the blocks of one bin.
#[derive(Clone, Copy, Default)]
struct Sum {
    taken: u64,
    back: u64,
    /// On stacks.
    waiting: i64,
    peak: i64,
    /// Came before the last reset, or was left with the subprocess.
    forgotten: i64,
    /// What heaps have left.
    past: CountValue,
}

impl Sum {
    #[cold]
    fn row(self, of: Of, b: usize) -> BinRow {
        let current = (self.taken.wrapping_sub(self.back) as i64 - self.waiting).max(0);
        let mut peak = self.peak.max(current);
        let mut total = self.taken as i64 - self.forgotten;
        if let Of::Heap(heap) = of {
            peak = heap.bins[b].peak.fetch_max(current, Ordering::Relaxed).max(current);
            if total < peak {
                // Blocks that waited on a stack when the rest was forgotten are in use again: they came too.
                heap.bins[b].forgotten.fetch_sub(peak - total, Ordering::Relaxed);
            }
        }
        total = total.max(peak) + self.past.total;
        BinRow { block_size: Bin::at(b).block_size(), peak: peak + self.past.peak, total, current }
    }
}

/// Sums for the bins from `first` on. Without `waiting`, what is on stacks counts as in use: the cache lines
/// that other threads are writing are left alone.
///
/// What came is read first, what waits next, and what went last, as it is also moved from theaps to heaps: so what happens
/// meanwhile makes `current` too small rather than too large, and no peak is noted that never was.
#[cold]
fn gather(of: Of, first: usize, waiting: bool, sums: &mut [Sum]) {
    let last = first + sums.len();
    of.each_heap(&mut |heap| {
        for (b, sum) in (first..last).zip(&mut *sums) {
            sum.taken = sum.taken.wrapping_add(heap.bins[b].moved.taken.load(Ordering::Relaxed));
            sum.peak += heap.bins[b].peak.load(Ordering::Relaxed);
            sum.forgotten += heap.bins[b].forgotten.load(Ordering::Relaxed);
        }
    });
    of.each_theap(&mut |theap| {
        for (b, sum) in (first..last).zip(&mut *sums) {
            sum.taken = sum.taken.wrapping_add(theap.side[b].moved.taken.load(Ordering::Relaxed));
            if waiting {
                sum.waiting += (theap.depth_seen(b) + theap.outs_seen(b)) as i64;
            }
        }
    });
    // Of all theaps, not of each before the next: a block that one took later may be given by another.
    of.each_theap(&mut |theap| {
        for (b, sum) in (first..last).zip(&mut *sums) {
            sum.back = sum.back.wrapping_add(theap.side[b].moved.given.load(Ordering::Relaxed));
        }
    });
    of.each_heap(&mut |heap| {
        for (b, sum) in (first..last).zip(&mut *sums) {
            sum.back = sum.back.wrapping_add(heap.given(b));
        }
    });
    of.each_past(&mut |past| {
        for (b, sum) in (first..last).zip(&mut *sums) {
            sum.past = sum.past.plus(past.blocks[b].snapshot());
        }
    });
}

/// One bin: blocks taken from pages in all, and in the program's hands now.
#[cold]
pub fn bin(of: Of, b: usize) -> BinRow {
    let mut sum = [Sum::default()];
    gather(of, b, true, &mut sum);
    sum[0].row(of, b)
}

/// Bins that are added up at a time: few, for the frame, and many, since each time is a walk over all theaps.
const AT_A_TIME: usize = BINS / 4;
const _: () = assert!(AT_A_TIME * size_of::<Sum>() <= 2048);

/// All bins by their number, but for the first, which stands for none.
#[cold]
#[inline(never)]
pub fn each_bin(of: Of, each: &mut dyn FnMut(usize, BinRow)) {
    for first in (1..BINS).step_by(AT_A_TIME) {
        let mut sums = [Sum::default(); AT_A_TIME];
        let sums = &mut sums[..AT_A_TIME.min(BINS - first)];
        gather(of, first, true, sums);
        for (b, sum) in (first..).zip(sums) {
            each(b, sum.row(of, b));
        }
    }
}

/// Pages of one bin; of number BINS are those of a single block.
#[cold]
pub fn pages(of: Of, b: usize) -> CountValue {
    pages_of(of, b).sound()
}

/// Blocks that have a page of their own, where so many pages are spare.
#[cold]
pub fn singles(of: Of, spare: usize) -> CountValue {
    pages(of, BINS).but(spare).sound()
}

/// Pages of one bin, as [`Count::raw`] has them.
///
/// [`Count::raw`]: crate::diag::stats::Count::raw
#[cold]
fn pages_of(of: Of, b: usize) -> CountValue {
    let mut sum = CountValue::default();
    of.each_heap(&mut |heap| sum = sum.plus(heap.bins[b].pages.raw()));
    of.each_past(&mut |past| sum = sum.plus(past.pages[b].raw()));
    sum
}

/// What heaps count, added up; and, of the spare pages among it, how many and their bytes.
#[cold]
pub fn heaps(of: Of) -> (HeapSnapshot, (usize, usize)) {
    let mut sum = HeapSnapshot::default();
    of.each_heap(&mut |heap| sum = sum.plus(heap.stats.raw()));
    of.each_past(&mut |past| sum = sum.plus(past.stats.raw()));
    let spare = if of.has(&MAIN) { spare::held() } else { (0, 0) };
    sum.malloc_huge = sum.malloc_huge.but(spare.1);
    (sum.sound(), spare)
}

/// Forget what happened: what is in use is the peak and all that came.
#[cold]
pub fn reset() {
    PROCESS.reset();
    subproc::all().for_each(|subproc| subproc.past.reset());
    record::records().for_each(|heap| {
        forget(heap, &mut |_, _| {});
        heap.stats.reset();
        heap.bins.iter().for_each(|bin| bin.pages.reset());
    });
}

/// Leave what happened in a heap with its subprocess, whose sums stay as they are: what is in use stays the heap's.
#[cold]
pub fn leave_to_subproc(heap: &Heap) {
    let past = &Subproc::of_number(heap.subproc.load(Ordering::Relaxed)).past;
    forget(heap, &mut |b, row| past.blocks[b].note_past(row.total - row.current, row.peak - row.current));
    leave_counts(heap, past);
}

/// Leave all that is counted of a heap that was destroyed: it has neither blocks nor theaps.
#[cold]
pub(super) fn leave_all(heap: &Heap, past: &Past) {
    for (b, of) in heap.bins[..BINS].iter().enumerate() {
        let taken = of.moved.taken.load(Ordering::Relaxed);
        heap.given_together(b);
        // What was in use is free.
        of.moved.given.store(taken, Ordering::Relaxed);
        let peak = of.peak.swap(0, Ordering::Relaxed);
        let total = (taken as i64 - of.forgotten.swap(taken as i64, Ordering::Relaxed)).max(peak);
        past.blocks[b].note_past(total, peak);
    }
    leave_counts(heap, past);
}

#[cold]
fn leave_counts(heap: &Heap, past: &Past) {
    heap.stats.leave_to(&past.stats);
    heap.bins.iter().zip(&past.pages).for_each(|(mine, past)| mine.pages.leave_to(past));
}

/// Forget what happened to a heap's blocks, of which `each` hears.
#[cold]
fn forget(heap: &Heap, each: &mut dyn FnMut(usize, BinRow)) {
    if heap.is_main() {
        // Blocks that are not in use would be a part of what came.
        spare::sweep(Theap::current(), true);
    }
    each_bin(Of::Heap(heap), &mut |b, row| {
        heap.bins[b].forgotten.fetch_add(row.total - row.current, Ordering::Relaxed);
        heap.bins[b].peak.store(row.current, Ordering::Relaxed);
        each(b, row);
    });
}

/// A thread has taken blocks of bin `b` from a page, a new one if `fresh`: note the peak. Exact to a refill while the
/// heap has one theap, and none that is warm; with more it is taken at each new page, so that a peak may be off by a stack
/// and a page for each thread (and not any more beyond 64 theaps, or where more than [`MOST`] have to be looked at, those of
/// ended threads and other heaps among them: adding up would cost too much).
pub fn note_peak(theap: &Theap, b: usize, fresh: bool) {
    let heap = theap.heap();
    let theaps = heap.stats.theaps.current();
    if theaps <= 1 && !super::warm::any() {
        let live: i64 = [&theap.side[b].moved, &heap.bins[b].moved]
            .map(|moved| moved.taken.load(Ordering::Relaxed).wrapping_sub(moved.given.load(Ordering::Relaxed)) as i64)
            .iter()
            .sum();
        let live = live - (theap.depth(b) + theap.outs_seen(b)) as i64;
        if live > heap.bins[b].peak.load(Ordering::Relaxed) {
            // What other threads write is looked at only where it may matter.
            heap.bins[b].peak.fetch_max(live - heap.given_alone(b) as i64, Ordering::Relaxed);
        }
    } else if fresh && theaps <= 64 && is_soon_added_up(heap) {
        let of = Of::Heap(heap);
        let mut sum = [Sum::default()];
        gather(of, b, false, &mut sum);
        sum[0].row(of, b);
    }
}

/// Note the peaks of all bins of all heaps as they are now.
#[cold]
pub fn merge() {
    record::live().for_each(|heap| each_bin(Of::Heap(heap), &mut |_, _| {}));
}
