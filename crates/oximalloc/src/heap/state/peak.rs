//! For each size class, the most blocks that were in use at a time, and the sums that this comes from.
//!
//! A block that a thread frees and takes again from its own stack is not counted again: counting it would cost the
//! fast paths an instruction. `current` leaves out the blocks that wait in the stacks of all threads. It is exact
//! while no other thread is in the allocator.

use super::heap::{self, Heap, MAIN};
use super::registry::theaps;
use super::subproc::{self, Past, Subproc};
use super::theap::{self, Theap};
use super::waiting;
use crate::diag::stats::{BinRow, CountValue};
use crate::os;
use crate::page::bins::Bin;
use core::ptr;

/// Which heaps to add up.
#[derive(Clone, Copy)]
pub enum Scope {
    /// One heap.
    Heap(&'static Heap),
    /// All heaps of a subprocess, and what its ended heaps have left with it.
    Subproc(u32),
    /// No heap: only what ended heaps have left with a subprocess.
    Exclusive(u32),
    /// All.
    Process,
}

impl Scope {
    /// Whether a heap counts for this scope. What an ended heap counts late belongs to the main heap.
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

    /// Call `work` with what ended heaps have left. (Iterators would be inlined at each use, here and below.)
    #[cold]
    #[inline(never)]
    pub fn each_past(self, work: &mut dyn FnMut(&'static Past)) {
        match self {
            Scope::Heap(_) => {}
            Scope::Subproc(number) | Scope::Exclusive(number) => work(&Subproc::of_number(number).past),
            Scope::Process => subproc::all().for_each(|subproc| work(&subproc.past)),
        }
    }

    /// The heap, if the scope is a single heap other than the main one. (The main heap also has what ended heaps count
    /// late.)
    #[cold]
    #[inline(never)]
    pub fn alone(self) -> Option<&'static Heap> {
        match self {
            Scope::Heap(one) if !one.is_main() => Some(one),
            _ => None,
        }
    }

    /// Call `work` with each heap of the scope.
    #[cold]
    #[inline(never)]
    pub fn each_heap(self, work: &mut dyn FnMut(&'static Heap)) {
        heap::one_or_all(self.alone()).filter(|heap| self.has(heap)).for_each(work);
    }

    /// Call `work` with each theap that counts for the scope.
    #[cold]
    #[inline(never)]
    pub fn each_theap(self, work: &mut dyn FnMut(&'static Theap)) {
        let listed = self.alone().filter(|heap| heap.lists_theaps());
        theaps(listed).filter(|theap| self.has(theap.heap())).for_each(work);
    }
}

/// How many theaps and heaps may be looked at for the sum of one bin, at each new page.
const MOST: usize = 256;

/// Whether a sum over a heap stays within [`MOST`].
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
    /// Blocks taken before the last reset, or counted as left with the subprocess.
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
                // Blocks that waited on a stack at the reset are in use again, so they count as taken since then.
                heap.bins[b].forgotten.add(total - peak);
            }
        }
        total = total.max(peak) + self.past.total;
        BinRow { block_size: Bin::at(b).block_size(), peak: peak + self.past.peak, total, current }
    }
}

/// Sum up the bins from `first` on. Without `waiting`, blocks on stacks count as in use, and the cache lines that
/// other threads are writing are left alone.
///
/// What was taken is read first, what waits next, and what was given last. Counts may also move from theaps to heaps
/// meanwhile. In this order, whatever happens meanwhile makes `current` too small rather than too large, so no peak is
/// noted that never was.
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
    // All theaps' `taken` are read before any theap's `given`: a block that one theap took may be given by another
    // later.
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

/// A thread has taken blocks of bin `b` from a page, a new one if `fresh`: note the peak.
///
/// While the heap has one theap and no parked theap, the peak is exact to a refill. With more theaps, it is taken at
/// each new page, so it may be off by a stack and a page for each thread. Beyond 64 theaps, or if more than [`MOST`]
/// theaps and heaps would have to be looked at (including those of ended threads and other heaps), it is not taken at
/// all: adding up would cost too much.
pub fn note_peak(theap: &Theap, b: usize, fresh: bool) {
    if !os::capabilities().reports {
        return;
    }
    let heap = theap.heap();
    let theaps = heap.stats.theaps.current();
    if theaps <= 1 && !waiting::any() {
        let live = theap.cold(b).moved.held() + heap.bins[b].moved.held();
        let live = live - theap.waiting(b) as i64;
        if live > heap.bins[b].peak.get() {
            // Look at what other threads write only if it may matter.
            heap.bins[b].peak.raise(live - heap.given_alone(b) as i64);
        }
    } else if fresh && theaps <= 64 && is_soon_added_up(heap) {
        let of = Scope::Heap(heap);
        let mut sum = [Sum::default()];
        gather(of, b, false, &mut sum);
        sum[0].row(of, b);
    }
}
