//! A heap: what its threads' theaps share. Also the records of all heaps there ever were.
//!
//! Invariants: records are never unmapped, but are used again. `id` is 0 while a record is unused, and no two heaps
//! ever had the same id. A record's `slot` never changes. A page names its heap, and that word alone says which heap
//! the page belongs to.

use super::counts::Moved;
use super::hole_scan::HoleScan;
use super::index::Index;
use super::ownership::Teardown;
use super::page_set::PageSet;
use super::theap::{Member, Theap};
use crate::arena::meta::meta_alloc;
use crate::arena::{ArenaRef, Source};
use crate::base::grow_list::{GrowList, Listed};
use crate::base::sync::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use crate::diag::stats::{Count, HeapStats};
use crate::page::Page;
use crate::page::bins::{BINS, Bin};
use crate::page::chain::Linked;
use crate::page::pool::Pool;
use crate::page::record::HeapOf;
use crate::page::shared_list::SharedList;
use core::cell::Cell;
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr;

/// Fewer dead records than this are left on the lists.
const SWEEP_FROM: i64 = 64;

/// A heap, process-wide. The first cache line has what is read often, and written only when a heap or a thread begins
/// or ends. It ends with the number of theaps.
#[repr(C, align(64))]
pub struct Heap {
    /// Unlike any other heap's; 0 for a record that is free.
    id: AtomicU64,
    /// Where threads keep their theap for this heap.
    slot: Cell<u32>,
    /// The number of its subprocess.
    subproc: AtomicU32,
    /// The only arena that it allocates from, or null for any.
    arena: AtomicPtr<c_void>,
    /// The NUMA node that it prefers, plus 1; 0 for none.
    numa: AtomicI32,
    /// Called by the last thread that works in the heap while it is being destroyed. A pointer, so that programs that
    /// destroy no heap are not linked with the function.
    sweep: Cell<Option<fn(&'static Heap)>>,
    unused: [u32; GAP],
    /// The heap's statistics.
    pub stats: HeapStats,
    /// Pages whose memory was released while they were on a list, since the lists were last swept.
    dead: AtomicU32,
    /// Its theaps whose threads have ended.
    pub vacant: SharedList<Theap>,
    /// All its theaps (not kept for the main heap, which never ends).
    pub theaps: SharedList<Member>,
    /// Only in a main heap: theaps of deleted heaps count for it, and they are not on its list.
    adopts: AtomicBool,
    /// Its pages.
    pub pages: PageSet,
    /// The state of the search for holes in its pages.
    pub holes: HoleScan,
    /// Counts those who work in it while it is being destroyed.
    pub teardown: Teardown,
    /// By bin. For [`Bin::SINGLE`], the last, only pages are counted.
    pub bins: [HeapBin; BINS + 1],
    /// Link in the list of free records.
    free: AtomicPtr<Heap>,
    /// Link in the list of all records, which only grows.
    older: AtomicPtr<Heap>,
    /// Blocks given back one by one, by threads that have no theap in this heap.
    alone: [Alone; LANES],
}

/// What a heap has for one bin.
#[repr(C, align(64))]
pub struct HeapBin {
    /// Pages that have room and no living owner.
    pub abandoned: SharedList<Page>,
    /// Its pages.
    pub pages: Count,
    /// The most blocks in use at a time.
    pub peak: Level,
    /// Blocks that were taken before the statistics were reset, and not in use at the reset.
    pub forgotten: Level,
    /// Blocks moved by theaps that have left.
    pub moved: Moved,
}

// SAFETY: other threads use its atomics. `slot` is set before the record is published and never again. `sweep` is set
// before the destroyer joins `teardown`, and the last of those who leave has acquired it by that.
unsafe impl Sync for Heap {}

impl core::fmt::Debug for Heap {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        write!(f, "Heap {}", self.id())
    }
}

// SAFETY: the pool of free records alone writes the link.
unsafe impl Linked for Heap {
    fn link(&self) -> &AtomicPtr<Heap> {
        &self.free
    }
}

/// Blocks by bin, given by the threads whose numbers have the same remainder by [`LANES`]. So threads that give at the
/// same time use different cache lines.
#[repr(align(64))]
struct Alone([AtomicU64; BINS + 1]);

/// How many groups of threads have cache lines of their own.
const LANES: usize = 8;

// SAFETY: the list of all records alone writes the link.
unsafe impl Listed for Heap {
    fn older(&self) -> &AtomicPtr<Heap> {
        &self.older
    }
}

/// A number that goes up and down, and is read for statistics.
pub struct Level(AtomicI64);

impl Level {
    const fn new() -> Level {
        Level(AtomicI64::new(0))
    }
    /// The number.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
    /// Set the number.
    pub fn set(&self, n: i64) {
        self.0.store(n, Ordering::Relaxed);
    }
    /// Add to it.
    pub fn add(&self, n: i64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }
    /// Set the number. Returns what it was.
    pub fn replace(&self, n: i64) -> i64 {
        self.0.swap(n, Ordering::Relaxed)
    }
    /// Raise the number to at least `n`. Returns what it is now.
    pub fn raise(&self, n: i64) -> i64 {
        self.0.fetch_max(n, Ordering::Relaxed).max(n)
    }
}

impl HeapBin {
    const fn new() -> HeapBin {
        HeapBin {
            abandoned: SharedList::new(),
            pages: Count::new(),
            peak: Level::new(),
            forgotten: Level::new(),
            moved: Moved::new(),
        }
    }
}

impl Heap {
    const fn new() -> Heap {
        Heap {
            id: AtomicU64::new(0),
            slot: Cell::new(0),
            subproc: AtomicU32::new(0),
            arena: AtomicPtr::new(ptr::null_mut()),
            numa: AtomicI32::new(0),
            sweep: Cell::new(None),
            unused: [0; GAP],
            stats: HeapStats::new(),
            dead: AtomicU32::new(0),
            vacant: SharedList::new(),
            theaps: SharedList::new(),
            adopts: AtomicBool::new(false),
            pages: PageSet::new(),
            holes: HoleScan::new(),
            teardown: Teardown::new(),
            bins: [const { HeapBin::new() }; BINS + 1],
            free: AtomicPtr::new(ptr::null_mut()),
            older: AtomicPtr::new(ptr::null_mut()),
            alone: [const { Alone([const { AtomicU64::new(0) }; BINS + 1]) }; LANES],
        }
    }

    /// Unlike any other heap's; 0 for a record that is free.
    #[inline(always)]
    pub fn id(&self) -> u64 {
        self.id.load(Ordering::Relaxed)
    }

    /// The heap ends, and nobody finds it any more. Returns its id.
    pub fn lose_id(&self) -> u64 {
        self.id.swap(0, Ordering::Relaxed)
    }

    /// Where threads keep their theap for this heap.
    #[inline(always)]
    pub fn slot(&self) -> u32 {
        self.slot.get()
    }

    /// The number of its subprocess.
    pub fn subproc(&self) -> u32 {
        self.subproc.load(Ordering::Relaxed)
    }

    /// The heap is being destroyed. Once nobody works in it any more, `sweep` frees what is left. The caller gets a
    /// share in `teardown`, and leaves it by [`Heap::finish_teardown`].
    pub fn begin_teardown(&self, sweep: fn(&'static Heap)) {
        self.sweep.set(Some(sweep));
        self.teardown.join();
    }

    /// The caller's share in the heap's teardown ends. The last one sweeps.
    pub fn finish_teardown(&'static self) {
        if self.teardown.leave()
            && let Some(sweep) = self.sweep.get()
        {
            sweep(self);
        }
    }

    /// As a page's heap.
    #[inline(always)]
    pub fn as_page_heap(&self) -> *mut HeapOf {
        &raw const *self as *mut HeapOf
    }

    /// The heap behind a page's label. The page may have left that heap.
    ///
    /// # Safety
    /// - `heap` is the heap of a page's record that was ever in use: heaps' records are never unmapped.
    #[inline(always)]
    pub unsafe fn of_page(heap: *mut HeapOf) -> &'static Heap {
        // SAFETY: by the contract; the one place where it is turned back.
        unsafe { &*(HeapOf::plain(heap) as *const Heap) }
    }

    /// Whether it is the main heap, which has all that is not allocated from another heap, and never ends.
    #[inline(always)]
    pub fn is_main(&self) -> bool {
        ptr::eq(self, &MAIN)
    }

    /// Whether all theaps that count for it are on its list.
    pub fn lists_theaps(&self) -> bool {
        !self.is_main() && !self.adopts.load(Ordering::Relaxed)
    }

    /// Theaps of deleted heaps count for it from now on.
    pub fn adopt_theaps(&self) {
        self.adopts.store(true, Ordering::Relaxed);
    }

    /// Count a page of `bytes` as in use.
    pub fn count_page(&self, bin: Bin, bytes: usize) {
        self.stats.pages.add(1);
        self.stats.page_committed.add(bytes);
        self.bins[bin.index()].pages.add(1);
    }

    /// Count it as not in use any more.
    pub fn uncount_page(&self, bin: Bin, bytes: usize) {
        self.stats.pages.sub(1);
        self.stats.page_committed.sub(bytes);
        self.bins[bin.index()].pages.sub(1);
    }

    /// Count a block of bin `b` that is given back by a thread whose theap has that number.
    #[inline]
    pub fn count_alone(&self, number: usize, b: usize) {
        self.alone[number % LANES].0[b].fetch_add(1, Ordering::Relaxed);
    }

    /// Blocks of bin `b` that were given back, except those that its present theaps gave.
    pub fn given(&self, b: usize) -> u64 {
        self.given_alone(b).wrapping_add(self.bins[b].moved.given())
    }

    /// The part of these that was given one by one and is not counted with the rest yet.
    pub fn given_alone(&self, b: usize) -> u64 {
        self.alone.iter().fold(0, |sum, lane| sum.wrapping_add(lane.0[b].load(Ordering::Relaxed)))
    }

    /// Count what was given one by one with the rest.
    pub fn given_together(&self, b: usize) {
        for lane in &self.alone {
            let n = lane.0[b].load(Ordering::Relaxed);
            if n != 0 {
                // In this order they are counted twice for a moment; see `peak::gather`.
                self.bins[b].moved.add_given(n);
                lane.0[b].fetch_sub(n, Ordering::Relaxed);
            }
        }
    }

    fn arena(&self) -> Option<ArenaRef> {
        let id = self.arena.load(Ordering::Relaxed);
        if id.is_null() { None } else { ArenaRef::from_id(id) }
    }

    /// Where its memory comes from.
    pub fn source(&self) -> Source {
        Source { subproc: self.subproc(), arena: self.arena(), numa: self.numa.load(Ordering::Relaxed) - 1 }
    }

    /// Note that a page's memory was released while its record was on a list.
    pub fn note_dead(&self) {
        self.dead.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether half of the records that may be on the lists of abandoned pages are dead. Then sweeping the lists costs
    /// a constant for each dead record. If so, the count starts again from zero.
    pub fn is_sweep_due(&self) -> bool {
        let dead = i64::from(self.dead.load(Ordering::Relaxed));
        let due = dead >= SWEEP_FROM && dead >= self.stats.pages_abandoned.current() / 2;
        if due {
            self.dead.store(0, Ordering::Relaxed);
        }
        due
    }

    /// Prefer memory of a NUMA node from now on; negative for none.
    pub fn set_numa(&self, node: i32) {
        self.numa.store(node.max(-1).saturating_add(1), Ordering::Relaxed);
    }
}

/// The main heap's id.
pub const MAIN_ID: u64 = 1;
/// The main heap, which has all that is not allocated from another heap. All zero until [`start_main`], so that it
/// takes no room in the file.
pub static MAIN: Heap = Heap::new();

static FREE: Pool<Heap> = Pool::new();
static ALL: GrowList<Heap> = GrowList::of(&MAIN);
/// All records but the main heap's, by address.
static INDEX: Index<Heap> = Index::new();
static IDS: AtomicU64 = AtomicU64::new(MAIN_ID + 1);
static SLOTS: AtomicUsize = AtomicUsize::new(1);

/// How many heap records were made so far.
pub fn made() -> usize {
    SLOTS.load(Ordering::Relaxed)
}

/// All heaps, and the records of those that ended. Check the `id` to tell them apart.
pub fn records() -> impl Iterator<Item = &'static Heap> {
    one_or_all(None)
}

/// One record, or all.
pub fn one_or_all(one: Option<&'static Heap>) -> impl Iterator<Item = &'static Heap> {
    core::iter::successors(
        one.or_else(|| ALL.newest()),
        move |heap| if one.is_some() { None } else { GrowList::older(heap) },
    )
}

/// Set the main heap's id. Calling this again does no harm.
pub fn start_main() {
    MAIN.id.store(MAIN_ID, Ordering::Relaxed);
}

/// The living heaps.
pub fn live() -> impl Iterator<Item = &'static Heap> {
    records().filter(|heap| heap.id() != 0)
}

/// The heap at an address that a caller vouches for, or None if no heap is there now.
pub fn at(p: *const Heap) -> Option<&'static Heap> {
    if ptr::eq(p, &MAIN) {
        return Some(&MAIN);
    }
    let heap = INDEX.find(p.addr(), |heap| ptr::eq(heap, p))?;
    (heap.id() != 0).then_some(heap)
}

/// A heap with nothing in it. None if there is no memory for its record.
pub fn start(subproc: u32, arena: Option<ArenaRef>) -> Option<&'static Heap> {
    let heap = FREE.take(0).or_else(fresh)?;
    heap.subproc.store(subproc, Ordering::Relaxed);
    heap.arena.store(arena.map_or(ptr::null_mut(), ArenaRef::id), Ordering::Relaxed);
    heap.set_numa(-1);
    // Counts that late releases left in this record belong to the main heap's sums.
    MAIN.absorb(heap);
    heap.adopts.store(false, Ordering::Relaxed);
    for bin in &heap.bins {
        bin.abandoned.open();
    }
    heap.vacant.open();
    // Release: all of the above; pairs with the Acquire of whoever was given the heap by its creator.
    heap.id.store(IDS.fetch_add(1, Ordering::Relaxed), Ordering::Release);
    Some(heap)
}

/// The heap has ended, and its record is free.
pub fn end(heap: &'static Heap) {
    MAIN.absorb(heap);
    FREE.put(heap);
}

/// In the child of a fork: no other thread is using the unused records.
pub fn fork_child() {
    FREE.fork_child();
}

fn fresh() -> Option<&'static Heap> {
    let memory = meta_alloc(size_of::<Heap>(), align_of::<Heap>()) as *mut Heap;
    // SAFETY: fresh zeroed memory of that size; zero is a heap without a number.
    let heap = unsafe { memory.as_ref() }?;
    heap.slot.set(SLOTS.fetch_add(1, Ordering::Relaxed) as u32);
    if !INDEX.insert(memory.addr(), heap) {
        return None;
    }
    ALL.add(heap);
    Some(heap)
}

impl Heap {
    /// Add another heap's statistics, which start again from zero.
    pub fn absorb(&self, other: &Heap) {
        self.stats.absorb(&other.stats);
        for (b, (mine, theirs)) in self.bins.iter().zip(&other.bins).enumerate() {
            other.given_together(b);
            mine.absorb(theirs);
        }
    }
}

impl HeapBin {
    fn absorb(&self, other: &HeapBin) {
        self.pages.absorb(&other.pages);
        self.moved.absorb(&other.moved);
        for (mine, theirs) in [(&self.peak, &other.peak), (&self.forgotten, &other.forgotten)] {
            mine.add(theirs.replace(0));
        }
    }
}

/// Where pointers have 32 bits, this fills the first line.
const GAP: usize = if usize::BITS == 32 { 2 } else { 0 };

/// The first line ends with the number of theaps.
const _: () = assert!(offset_of!(Heap, stats.theaps) + size_of::<Count>() == 64);
