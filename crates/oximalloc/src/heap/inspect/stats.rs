//! Statistics as values, of a heap, of a subprocess and of the process; and how they are printed.
//!
//! Invariants: in each count `0 <= current <= peak <= total`. What is in use adds up: the process has the sum of its
//! subprocesses, and a subprocess has the sum of its heaps. (Heaps have no memory of their own, so memory is left out.
//! While other threads are at work the sums are not exact.)

use super::sums::{self, Scope};
use crate::arena;
use crate::diag::output::{OutputFun, Sink};
use crate::diag::print;
use crate::diag::stats::{BinRow, CountValue, HeapSnapshot, PROCESS, Snapshot};
use crate::heap::state::heap;
use crate::heap::state::subproc::Subproc;
use crate::page::bins::BINS;
use core::array;
use core::ffi::c_void;
use core::ptr;

/// Everything that is counted of a heap, of a subprocess or of the process. The `peak` of a sum is the sum of the
/// peaks: an upper bound of what was there at any one time.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// Memory, threads and system calls. 0 for a heap, which has none of them.
    pub memory: Snapshot,
    /// What heaps count.
    pub heaps: HeapSnapshot,
    /// Blocks by size class, without the blocks that have a page of their own, which `heaps` counts. The first row
    /// stands for no class. `total` leaves out the blocks that a thread took again from its own stack of freed blocks.
    pub bins: [BinRow; BINS],
    /// Blocks that have a page of their own. If a thread frees such a block and takes it again, `total` counts it once.
    /// `peak`, here and in the count of their bytes, includes blocks that threads had freed and kept for themselves
    /// (each at most 2 MiB).
    pub singles: CountValue,
    /// Pages by size class. The last row has the pages of a single block.
    pub pages: [CountValue; BINS + 1],
}

impl Stats {
    /// What is counted at the moment.
    #[doc(hidden)]
    #[cold]
    pub fn of(of: Scope) -> Stats {
        let (heaps, spare) = sums::heaps(of);
        let mut stats = Stats {
            memory: memory_of(of).unwrap_or_default(),
            heaps,
            bins: [BinRow::default(); BINS],
            singles: sums::singles(of, spare.0),
            pages: array::from_fn(|b| sums::pages(of, b)),
        };
        sums::each_bin(of, &mut |b, row| stats.bins[b] = row);
        stats
    }

    /// Blocks in use, of all sizes.
    ///
    /// ```
    /// let all = oximalloc::stats::process();
    /// assert!(all.blocks_in_use() >= 0);
    /// ```
    #[cold]
    pub fn blocks_in_use(&self) -> i64 {
        self.bins.iter().map(|row| row.current).sum::<i64>() + self.singles.current
    }

    /// Bytes in the blocks of size classes. Each block counts with the size of its class.
    ///
    /// ```
    /// let bytes = oximalloc::stats::process().binned_bytes();
    /// assert!(bytes.current <= bytes.peak && bytes.peak <= bytes.total);
    /// ```
    #[cold]
    pub fn binned_bytes(&self) -> CountValue {
        self.bins.iter().fold(CountValue::default(), |sum, row| sum.plus(row.bytes()))
    }

    /// Bytes in use: what the blocks hold, not what was asked for.
    ///
    /// ```
    /// let heap = oximalloc::Heap::new().expect("memory for a heap");
    /// heap.alloc(core::alloc::Layout::new::<[u8; 100]>()); // a block of 112 bytes
    /// assert_eq!(oximalloc::stats::heap(&heap).bytes_in_use(), 112);
    /// assert!(oximalloc::stats::process().bytes_in_use() >= 112);
    /// # unsafe { heap.destroy() };
    /// ```
    #[cold]
    pub fn bytes_in_use(&self) -> i64 {
        self.binned_bytes().current + self.heaps.malloc_huge.current
    }
}

/// What is counted outside the heaps. None for a heap.
#[cold]
pub fn memory_of(of: Scope) -> Option<Snapshot> {
    match of {
        Scope::Heap(_) => None,
        Scope::Subproc(number) | Scope::Exclusive(number) => Some(memory_of_subproc(number)),
        Scope::Process => Some(PROCESS.snapshot()),
    }
}

/// The memory of a subprocess. For a subprocess other than the main one, this is the memory of its arenas, of which
/// only the present is known. Memory in no arena belongs to the main subprocess.
#[cold]
fn memory_of_subproc(number: u32) -> Snapshot {
    if number != 0 {
        let arenas = arena::subproc_totals(number);
        let own = |heap: &&heap::Heap| heap.subproc() == number;
        return Snapshot {
            reserved: CountValue::only(arenas.reserved),
            committed: CountValue::only(arenas.committed),
            threads: Subproc::of_number(number).main_heap().stats.theaps.snapshot(),
            heaps: CountValue::only(heap::live().filter(own).count()),
            arena_count: arenas.arenas as i64,
            ..Snapshot::default()
        };
    }
    Subproc::others().map(|other| memory_of_subproc(other.number())).fold(PROCESS.snapshot(), |all, one| Snapshot {
        reserved: all.reserved.less(one.reserved),
        committed: all.committed.less(one.committed),
        threads: all.threads.less(one.threads),
        heaps: all.heaps.less(one.heaps),
        arena_count: all.arena_count.saturating_sub(one.arena_count).max(0),
        ..all
    })
}

/// Everything that is counted of the process.
///
/// ```
/// let block = vec![1u8; 1 << 20];
/// let all = oximalloc::stats::process();
/// assert!(all.memory.committed.current <= all.memory.reserved.current);
/// assert!(all.heaps.pages.current <= all.heaps.pages.total);
/// # drop(block);
/// ```
#[cold]
pub fn process() -> Stats {
    Stats::of(Scope::Process)
}

/// Sums over the process, in bytes unless noted otherwise.
///
/// ```
/// let none = oximalloc::stats::Totals::default();
/// assert_eq!(none.in_use, 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// In use by the program.
    pub in_use: usize,
    /// Free, in pages and slices that are committed.
    pub free: usize,
    /// Reserved from the OS.
    pub mapped: usize,
    /// Committed: may be resident.
    pub committed: usize,
    /// The largest amount that was committed at any one time.
    pub peak_committed: usize,
    /// Number of blocks in use that have a page of their own.
    pub huge_count: usize,
    /// Bytes of those blocks.
    pub huge_bytes: usize,
    /// Number of arenas.
    pub arenas: usize,
}

/// The sums, gathered now by walking the theaps of all threads.
///
/// ```
/// let block = vec![1u8; 1 << 20];
/// assert!(oximalloc::stats::totals().huge_bytes <= oximalloc::stats::totals().mapped);
/// # drop(block);
/// ```
#[cold]
pub fn totals() -> Totals {
    let of = Scope::Process;
    let (heaps, spare) = sums::heaps(of);
    let huge = heaps.malloc_huge.current;
    let mut in_use = huge;
    sums::each_bin(of, &mut |_, row| in_use += row.bytes().current);
    let bytes = |n: i64| usize::try_from(n).unwrap_or(0);
    let [committed, reserved] = [&PROCESS.committed, &PROCESS.reserved].map(|count| count.snapshot());
    let (committed, peak_committed, in_use) = (bytes(committed.current), bytes(committed.peak), bytes(in_use));
    Totals {
        in_use,
        free: committed.saturating_sub(in_use),
        mapped: bytes(reserved.current),
        committed,
        peak_committed,
        huge_count: bytes(sums::singles(of, spare.0).current),
        huge_bytes: bytes(huge),
        arenas: arena::totals().arenas,
    }
}

/// Print the table to `out`, or where messages go if that is None.
#[cold]
pub fn print(of: Scope, out: Option<OutputFun>, arg: *mut c_void) {
    print_with(memory_of(of), of, &Sink::new(out, arg));
}

/// Print the table of the process where messages go. (If this called [`print()`], every Rust program would contain the
/// rest of this file.)
#[cold]
pub fn print_process() {
    print_with(Some(PROCESS.snapshot()), Scope::Process, &Sink::REGISTERED);
}

#[cold]
fn print_with(memory: Option<Snapshot>, of: Scope, sink: &Sink) {
    let (heaps, spare) = sums::heaps(of);
    let singles = sums::singles(of, spare.0).total;
    let bins = |each: &mut dyn FnMut(BinRow)| sums::each_bin(of, &mut |_, row| each(row));
    print::table(sink, memory.as_ref(), &heaps, singles, &bins);
}

/// Print the tables of a subprocess: first without its heaps, then one table for each heap.
#[cold]
pub fn print_each(subproc: &Subproc, out: Option<OutputFun>, arg: *mut c_void) {
    let (sink, number) = (Sink::new(out, arg), subproc.number());
    sink.print(format_args!("subprocess {number}\n"));
    print(Scope::Exclusive(number), out, arg);
    for heap in heap::live().filter(|heap| heap.subproc() == number) {
        let main = if ptr::eq(heap, subproc.main_heap()) { " (main)" } else { "" };
        sink.print(format_args!("\nheap {}{main}\n", heap.id()));
        print(Scope::Heap(heap), out, arg);
    }
}
