//! Statistics, gathered when asked: per bin from what each theap moved from and to pages, the rest from the process.
//!
//! A block that a thread frees and takes again from its own stack is not counted: counting it would cost the fast
//! paths an instruction. `current` leaves out the blocks that wait in the calling thread's stacks; those in the stacks of
//! others, which may be changing, it counts.

use super::life::all_theaps;
use super::theap::Theap;
use crate::base::sync::{AtomicI64, Ordering};
use crate::diag::output::{OutputFun, Sink};
use crate::diag::stats::{BinRow, PROCESS};
use crate::page::bins::{BINS, Bin};
use core::ffi::c_void;

/// Blocks with a page of their own that are in use.
pub static SINGLES: AtomicI64 = AtomicI64::new(0);

static PEAK: [AtomicI64; BINS] = [const { AtomicI64::new(0) }; BINS];

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

/// One bin: blocks taken from pages in all, and in the program's hands now.
pub fn bin(b: usize) -> BinRow {
    let (mut taken, mut back) = (0u64, 0u64);
    let waiting = Theap::current().depth(b);
    for theap in all_theaps() {
        taken += theap.moved[b].taken.load(Ordering::Relaxed);
        back += theap.moved[b].given.load(Ordering::Relaxed);
    }
    let current = (taken.saturating_sub(back) as i64 - waiting as i64).max(0);
    let peak = PEAK[b].fetch_max(current, Ordering::Relaxed).max(current);
    BinRow { block_size: Bin::at(b).block_size(), peak, total: taken as i64, current, count: taken as i64 }
}

/// A thread has taken blocks of bin `b` from a page, a new one if `fresh`: note the peak. Exact to a refill while the
/// process has one theap; with more it is taken at each new page (and not any more beyond 64 theaps, where adding up
/// would cost too much), so that a peak may be short by a page for each thread.
pub fn note_peak(theap: &Theap, b: usize, fresh: bool) {
    let theaps = PROCESS.theaps.snapshot().current;
    if theaps <= 1 {
        let moved = &theap.moved[b];
        let live = moved.taken.load(Ordering::Relaxed).wrapping_sub(moved.given.load(Ordering::Relaxed)) as i64;
        let live = live - theap.depth(b) as i64;
        if live > PEAK[b].load(Ordering::Relaxed) {
            PEAK[b].store(live, Ordering::Relaxed);
        }
    } else if fresh && theaps <= 64 {
        bin(b);
    }
}

/// Note the peaks of all bins as they are now.
pub fn merge() {
    for b in 1..BINS {
        bin(b);
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
    let huge = PROCESS.malloc_huge.snapshot();
    let huge_bytes = huge.current.max(0) as usize;
    let small: usize = (1..BINS).map(|b| bin(b).current as usize * Bin::at(b).block_size()).sum();
    let commits = PROCESS.committed.snapshot();
    let committed = commits.current.max(0) as usize;
    let in_use = small + huge_bytes;
    Totals {
        in_use,
        free: committed.saturating_sub(in_use),
        mapped: PROCESS.reserved.snapshot().current.max(0) as usize,
        committed,
        peak_committed: commits.peak.max(0) as usize,
        huge_count: SINGLES.load(Ordering::Relaxed).max(0) as usize,
        huge_bytes,
        arenas: PROCESS.arena_count.snapshot().max(0) as usize,
    }
}

/// Print the table to `out`, or where messages go.
pub fn print(out: Option<OutputFun>, arg: *mut c_void) {
    Theap::current().give_all_outgoing();
    crate::diag::print::table(&Sink::new(out, arg), (1..BINS).map(bin));
}
