//! Statistics, gathered when asked: per bin from what each theap moved from and to pages, the rest from heaps and the
//! process.
//!
//! A block that a thread frees and takes again from its own stack is not counted: counting it would cost the fast
//! paths an instruction. `current` leaves out the blocks that wait in the calling thread's stacks; those in the
//! stacks of others, which may be changing, it counts.

use super::parts::all_theaps;
use super::record::{self, Heap, MAIN};
use super::theap::Theap;
use crate::base::sync::Ordering;
use crate::diag::output::{OutputFun, Sink};
use crate::diag::stats::{BinRow, HeapSnapshot, PROCESS};
use crate::page::bins::{BINS, Bin};
use core::ffi::c_void;
use core::ptr;

/// Sums over the process, in bytes where nothing else is said.
///
/// ```
/// let none = oximalloc::stats::Totals::default();
/// assert_eq!(none.in_use, 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// In the program's hands.
    pub in_use: usize,
    /// Free, in pages and slices that are committed.
    pub free: usize,
    /// Reserved from the OS.
    pub mapped: usize,
    /// Committed: may be resident.
    pub committed: usize,
    /// The most that was committed at a time.
    pub peak_committed: usize,
    /// Number of blocks in use that have a page of their own.
    pub huge_count: usize,
    /// Their bytes.
    pub huge_bytes: usize,
    /// Number of arenas.
    pub arenas: usize,
}

/// Which heaps to add up.
#[derive(Clone, Copy)]
pub enum Of<'a> {
    /// One.
    Heap(&'a Heap),
    /// All of a subprocess.
    Subproc(u32),
    /// All.
    Process,
}

impl Of<'_> {
    /// What is counted late of a heap that has ended is the main heap's.
    fn has(self, heap: &Heap) -> bool {
        let heap = if heap.id.load(Ordering::Relaxed) == 0 { &MAIN } else { heap };
        match self {
            Of::Heap(one) => ptr::eq(one, heap),
            Of::Subproc(number) => heap.subproc.load(Ordering::Relaxed) == number,
            Of::Process => true,
        }
    }
}

/// One bin: blocks taken from pages in all, and in the program's hands now.
pub fn bin(of: Of, b: usize) -> BinRow {
    let (mut taken, mut back, mut waiting, mut peak, mut forgotten) = (0u64, 0u64, 0, 0, 0);
    for theap in all_theaps().filter(|theap| of.has(theap.heap())) {
        taken = taken.wrapping_add(theap.moved[b].taken.load(Ordering::Relaxed));
        back = back.wrapping_add(theap.moved[b].given.load(Ordering::Relaxed));
        if theap.is_ours() {
            waiting += theap.depth(b) as i64;
        }
    }
    for heap in record::records().filter(|heap| of.has(heap)) {
        taken = taken.wrapping_add(heap.moved[b].taken.load(Ordering::Relaxed));
        back = back.wrapping_add(heap.moved[b].given.load(Ordering::Relaxed));
        peak += heap.peak[b].load(Ordering::Relaxed);
        forgotten += heap.forgotten[b].load(Ordering::Relaxed);
    }
    let root = Theap::current().root();
    if of.has(&MAIN) {
        // Chains have blocks of the main heap alone.
        waiting += root.chained(b) as i64;
    }
    let current = (taken.wrapping_sub(back) as i64 - waiting).max(0);
    if let Of::Heap(heap) = of {
        peak = heap.peak[b].fetch_max(current, Ordering::Relaxed);
    }
    let peak = peak.max(current);
    let total = (taken as i64 - forgotten).max(peak);
    BinRow { block_size: Bin::at(b).block_size(), peak, total, current, count: total }
}

/// Forget what happened: what is in use is the peak and all that came.
pub fn reset() {
    for heap in record::records() {
        heap.stats.reset();
        for b in 1..BINS {
            heap.peak[b].store(0, Ordering::Relaxed);
            let row = bin(Of::Heap(heap), b);
            heap.forgotten[b].fetch_add(row.total - row.current, Ordering::Relaxed);
            heap.peak[b].store(row.current, Ordering::Relaxed);
        }
    }
}

/// What heaps count, added up.
pub fn heaps(of: Of) -> HeapSnapshot {
    record::records()
        .filter(|heap| of.has(heap))
        .fold(HeapSnapshot::default(), |sum, heap| sum.plus(heap.stats.raw()))
        .sound()
}

/// A thread has taken blocks of bin `b` from a page, a new one if `fresh`: note the peak. Exact to a refill while the
/// heap has one theap; with more it is taken at each new page (and not any more beyond 64 theaps, where adding up
/// would cost too much), so that a peak may be short by a page for each thread.
pub fn note_peak(theap: &Theap, b: usize, fresh: bool) {
    let heap = theap.heap();
    let theaps = heap.stats.theaps.snapshot().current;
    if theaps <= 1 {
        let live: i64 = [&theap.moved[b], &heap.moved[b]]
            .map(|moved| moved.taken.load(Ordering::Relaxed).wrapping_sub(moved.given.load(Ordering::Relaxed)) as i64)
            .iter()
            .sum();
        let live = live - theap.depth(b) as i64;
        if live > heap.peak[b].load(Ordering::Relaxed) {
            heap.peak[b].store(live, Ordering::Relaxed);
        }
    } else if fresh && theaps <= 64 {
        bin(Of::Heap(heap), b);
    }
}

/// Note the peaks of all bins of all heaps as they are now.
pub fn merge() {
    for heap in record::live() {
        for b in 1..BINS {
            bin(Of::Heap(heap), b);
        }
    }
}

/// The sums, gathered now: a walk over the theaps of all threads.
///
/// ```
/// let block = vec![1u8; 1 << 20];
/// assert!(oximalloc::stats::totals().huge_bytes <= oximalloc::stats::totals().mapped);
/// # drop(block);
/// ```
pub fn totals() -> Totals {
    let heaps = heaps(Of::Process);
    let huge_bytes = heaps.malloc_huge.current.max(0) as usize;
    let small: usize = (1..BINS).map(|b| bin(Of::Process, b).current as usize * Bin::at(b).block_size()).sum();
    let commits = PROCESS.committed.snapshot();
    let committed = commits.current.max(0) as usize;
    let in_use = small + huge_bytes;
    Totals {
        in_use,
        free: committed.saturating_sub(in_use),
        mapped: PROCESS.reserved.snapshot().current.max(0) as usize,
        committed,
        peak_committed: commits.peak.max(0) as usize,
        huge_count: heaps.singles.current.max(0) as usize,
        huge_bytes,
        arenas: PROCESS.arena_count.snapshot().max(0) as usize,
    }
}

/// Print the table to `out`, or where messages go.
pub fn print(of: Of, out: Option<OutputFun>, arg: *mut c_void) {
    Theap::current().root().give_all_outgoing();
    crate::diag::print::table(&Sink::new(out, arg), heaps(of), (1..BINS).map(|b| bin(of, b)));
}
