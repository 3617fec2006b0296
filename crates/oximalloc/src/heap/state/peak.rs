//! The most blocks of each size class that were in use at a time, and the sums that they come from.
//!
//! A block that a thread frees and takes again from its own stack is not counted again: counting it would cost the fast
//! paths an instruction. `current` leaves out the blocks that wait in the stacks of all threads; it is exact
//! while no other thread is in the allocator.

use super::heap::{self, Heap, MAIN};
use super::registry::theaps;
use super::subproc::{self, Past, Subproc};
use super::theap::{self, Theap};
use super::waiting;
use crate::diag::stats::{BinRow, CountValue};
use crate::page::bins::Bin;
use core::ptr;

/// Which heaps to add up.
#[derive(Clone, Copy)]
pub enum Scope {
    /// One.
    Heap(&'static Heap),
    /// All of a subprocess, and what they have left with it.
    Subproc(u32),
    /// No heap: what a subprocess has without its heaps.
    Exclusive(u32),
    /// All.
    Process,
}

impl Scope {
    /// What is counted late of a heap that has ended is the main heap's.
    #[cold]
    #[inline(never)]
    pub fn has(self, heap: &Heap) -> bool {
        let heap = if heap.id() == 0 { &MAIN } else { heap };
        match self {
            Scope::Heap(one) => ptr::eq(one, heap),
            Scope::Subproc(number) => heap.subproc() == number,
            Scope::Exclusive(_) => false,
            Scope::Process => true,
        }
    }

    /// What heaps have left. (By a function that is given, here and below: iterators would be written out at each use.)
    #[cold]
    #[inline(never)]
    pub fn each_past(self, work: &mut dyn FnMut(&'static Past)) {
        match self {
            Scope::Heap(_) => {}
            Scope::Subproc(number) | Scope::Exclusive(number) => work(&Subproc::of_number(number).past),
            Scope::Process => subproc::all().for_each(|subproc| work(&subproc.past)),
        }
    }

    /// The heap that is all there is of it: the main heap has what ended ones count late, too.
    #[cold]
    #[inline(never)]
    pub fn alone(self) -> Option<&'static Heap> {
        match self {
            Scope::Heap(one) if !one.is_main() => Some(one),
            _ => None,
        }
    }

    /// Its heaps.
    #[cold]
    #[inline(never)]
    pub fn each_heap(self, work: &mut dyn FnMut(&'static Heap)) {
        heap::one_or_all(self.alone()).filter(|heap| self.has(heap)).for_each(work);
    }

    /// The theaps that count for it.
    #[cold]
    #[inline(never)]
    pub fn each_theap(self, work: &mut dyn FnMut(&'static Theap)) {
        let listed = self.alone().filter(|heap| heap.lists_theaps());
        theaps(listed).filter(|theap| self.has(theap.heap())).for_each(work);
    }
}

/// What may be looked at for the sum of one bin at each new page.
const MOST: usize = 256;

/// Whether a sum over a heap takes no more than that.
fn is_soon_added_up(heap: &'static Heap) -> bool {
    if heap.lists_theaps() { theaps(Some(heap)).nth(MOST).is_none() } else { theap::made() + heap::made() <= MOST }
}

/// What is known of the blocks of one bin.
#[derive(Clone, Copy, Default)]
pub struct Sum {
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
    /// As a row of statistics.
    #[cold]
    pub fn row(self, of: Scope, b: usize) -> BinRow {
        let current = (self.taken.wrapping_sub(self.back) as i64 - self.waiting).max(0);
        let mut peak = self.peak.max(current);
        let mut total = self.taken as i64 - self.forgotten;
        if let Scope::Heap(heap) = of {
            peak = heap.bins[b].peak.raise(current);
            if total < peak {
                // Blocks that waited on a stack when the rest was forgotten are in use again: they came too.
                heap.bins[b].forgotten.add(total - peak);
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
pub fn gather(of: Scope, first: usize, waiting: bool, sums: &mut [Sum]) {
    let last = first + sums.len();
    of.each_heap(&mut |heap| {
        for (b, sum) in (first..last).zip(&mut *sums) {
            sum.taken = sum.taken.wrapping_add(heap.bins[b].moved.taken());
            sum.peak += heap.bins[b].peak.get();
            sum.forgotten += heap.bins[b].forgotten.get();
        }
    });
    of.each_theap(&mut |theap| {
        for (b, sum) in (first..last).zip(&mut *sums) {
            sum.taken = sum.taken.wrapping_add(theap.cold(b).moved.taken());
            if waiting {
                sum.waiting += theap.waiting_seen(b) as i64;
            }
        }
    });
    // Of all theaps, not of each before the next: a block that one took later may be given by another.
    of.each_theap(&mut |theap| {
        for (b, sum) in (first..last).zip(&mut *sums) {
            sum.back = sum.back.wrapping_add(theap.cold(b).moved.given());
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

/// A thread has taken blocks of bin `b` from a page, a new one if `fresh`: note the peak. Exact to a refill while the
/// heap has one theap, and none that is parked; with more it is taken at each new page, so that a peak may be off by a stack
/// and a page for each thread (and not any more beyond 64 theaps, or where more than [`MOST`] have to be looked at, those of
/// ended threads and other heaps among them: adding up would cost too much).
pub fn note_peak(theap: &Theap, b: usize, fresh: bool) {
    let heap = theap.heap();
    let theaps = heap.stats.theaps.current();
    if theaps <= 1 && !waiting::any() {
        let live = theap.cold(b).moved.held() + heap.bins[b].moved.held();
        let live = live - theap.waiting(b) as i64;
        if live > heap.bins[b].peak.get() {
            // What other threads write is looked at only where it may matter.
            heap.bins[b].peak.raise(live - heap.given_alone(b) as i64);
        }
    } else if fresh && theaps <= 64 && is_soon_added_up(heap) {
        let of = Scope::Heap(heap);
        let mut sum = [Sum::default()];
        gather(of, b, false, &mut sum);
        sum[0].row(of, b);
    }
}
