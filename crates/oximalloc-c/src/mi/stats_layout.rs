//! `mi_stats_t`, version 5, and how it is filled.
//!
//! Where mimalloc's design and ours differ, this is what a field says:
//! - `malloc_bins` and `page_bins` have mimalloc's 74 size classes, of which [`bin_size`] tells the sizes; we have 88. A
//!   class of ours is counted in the first row whose size is not below its own (so 144 bytes in that of 160); the last
//!   row are blocks with a page of their own, whatever their size. Both count blocks and pages, not bytes.
//! - `total` of blocks (`malloc_bins`, `malloc_normal`, `malloc_normal_count`) leaves out those that a thread took again
//!   from its own stack of freed blocks: counting them would cost each allocation.
//! - `peak` of blocks is noted when a thread takes some from a page, and when statistics are asked for: it may be short of
//!   what a thread's stack holds (128 blocks and 64 KiB at most), and of a page for each thread where a heap has several.
//! - `malloc_requested` is what the blocks hold: what was asked for is not remembered.
//! - a `peak` that adds up several heaps, threads or classes is the sum of their peaks: at most so much was there.
//! - memory, threads, arenas and calls of the system are a subprocess's; for a heap they are 0. What lies in no arena, and
//!   the calls, are the main subprocess's; of the others' memory only the present is known.
//! - always 0, as there is no such thing here: `segments*`, `chunk_bins` (arenas do not sort their slices by size),
//!   `malloc_guarded_count`, `pages_extended` (each refill of a stack carves what it needs), `pages_unabandon_busy_wait`
//!   and `heaps_delete_wait` (nobody waits).

use core::fmt;
use oximalloc::base::config::SLICE;
use oximalloc::heap::inspect::stats;
use oximalloc::heap::inspect::sums::{self, Scope};
use oximalloc::page::Bin;
use oximalloc::page::bins::{BINS, BLOCK_MAX};
use oximalloc::stats::{CountValue, HeapSnapshot, Snapshot};

/// Rows of the tables by size class.
pub const ROWS: usize = 74;
/// The row of blocks with a page of their own.
const LAST: usize = ROWS - 1;
/// `MI_STAT_VERSION`.
pub const VERSION: usize = 5;

/// `mi_stat_count_t`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Count {
    /// All that came.
    pub total: i64,
    /// The most there was.
    pub peak: i64,
    /// What there is.
    pub current: i64,
}

/// `mi_stat_counter_t`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Counter {
    /// How often it happened, or to how many bytes.
    pub total: i64,
}

impl From<CountValue> for Count {
    #[cold]
    fn from(CountValue { total, peak, current }: CountValue) -> Count {
        Count { total, peak, current }
    }
}

impl Count {
    #[cold]
    fn add(&mut self, more: CountValue) {
        let CountValue { total, peak, current } = more;
        *self = CountValue { total: self.total, peak: self.peak, current: self.current }
            .plus(CountValue { total, peak, current })
            .into();
    }
}

/// `mi_stats_t`.
#[repr(C)]
pub struct MiStats {
    size: usize,
    version: usize,
    pages: Count,
    reserved: Count,
    committed: Count,
    reset: Counter,
    purged: Counter,
    page_committed: Count,
    pages_abandoned: Count,
    threads: Count,
    malloc_normal: Count,
    malloc_huge: Count,
    malloc_requested: Count,
    mmap_calls: Counter,
    commit_calls: Counter,
    reset_calls: Counter,
    purge_calls: Counter,
    arena_count: Counter,
    malloc_normal_count: Counter,
    malloc_huge_count: Counter,
    malloc_guarded_count: Counter,
    arena_rollback_count: Counter,
    arena_purges: Counter,
    pages_extended: Counter,
    pages_retire: Counter,
    page_searches: Counter,
    page_searches_count: Counter,
    segments: Count,
    segments_abandoned: Count,
    segments_cache: Count,
    segments_reserved: Count,
    heaps: Count,
    theaps: Count,
    pages_reclaim_on_alloc: Counter,
    pages_reclaim_on_free: Counter,
    pages_reabandon_full: Counter,
    pages_unabandon_busy_wait: Counter,
    heaps_delete_wait: Counter,
    stat_reserved: [Count; 4],
    stat_counter_reserved: [Counter; 4],
    malloc_bins: [Count; ROWS],
    page_bins: [Count; ROWS],
    chunk_bins: [Count; 6],
}

const _: () = assert!(size_of::<MiStats>() == 4368 || size_of::<usize>() != 8);

/// A field, as it is read.
pub enum Field<'a> {
    /// The size, or the version.
    Number(usize),
    /// A counter.
    Counter(Counter),
    /// A count.
    Count(Count),
    /// Several counters.
    Counters(&'a [Counter]),
    /// Several counts.
    Counts(&'a [Count]),
    /// One count for each row of the size classes.
    Rows(&'a [Count; ROWS]),
}

impl MiStats {
    /// The struct at `p`; None for null and for a struct of another size or version.
    ///
    /// # Safety
    /// `p` is null, or a struct that begins with its size and its version, and has that size.
    #[cold]
    pub unsafe fn at<'a>(p: *mut MiStats) -> Option<&'a mut MiStats> {
        // SAFETY: the two words are there, by the contract; the rest is not looked at before they are right.
        unsafe {
            let right = !p.is_null() && (&raw const (*p).size).read() == size_of::<MiStats>();
            if right && (&raw const (*p).version).read() == VERSION { p.as_mut() } else { None }
        }
    }

    /// Nothing.
    // SAFETY: all fields are numbers.
    pub const NOTHING: MiStats = unsafe { core::mem::MaybeUninit::zeroed().assume_init() };

    /// What is counted, in this shape. (Where it is to be, field by field: what asks may be a thread with a small stack.)
    #[cold]
    #[inline(never)]
    pub fn fill(&mut self, of: Scope) {
        *self = MiStats::NOTHING;
        (self.size, self.version) = (size_of::<MiStats>(), VERSION);
        self.fill_memory(&stats::memory_of(of).unwrap_or_default());
        let (heaps, spare) = sums::heaps(of);
        self.fill_heaps(&heaps);
        self.fill_blocks(of, sums::singles(of, spare.0));
    }

    #[cold]
    #[inline(never)]
    fn fill_memory(&mut self, memory: &Snapshot) {
        let counter = |total| Counter { total };
        self.reserved = memory.reserved.into();
        self.committed = memory.committed.into();
        self.reset = counter(memory.reset);
        self.purged = counter(memory.purged);
        self.threads = memory.threads.into();
        self.mmap_calls = counter(memory.mmap_calls);
        self.commit_calls = counter(memory.commit_calls);
        self.reset_calls = counter(memory.reset_calls);
        self.purge_calls = counter(memory.purge_calls);
        self.arena_count = counter(memory.arena_count);
        self.arena_rollback_count = counter(memory.arena_rollback_count);
        self.arena_purges = counter(memory.arena_purges);
        self.heaps = memory.heaps.into();
    }

    #[cold]
    #[inline(never)]
    fn fill_heaps(&mut self, heaps: &HeapSnapshot) {
        let counter = |total| Counter { total };
        self.pages = heaps.pages.into();
        self.page_committed = heaps.page_committed.into();
        self.pages_abandoned = heaps.pages_abandoned.into();
        self.malloc_huge = heaps.malloc_huge.into();
        self.malloc_requested = heaps.malloc_huge.into();
        self.pages_retire = counter(heaps.pages_retire);
        self.page_searches = counter(heaps.page_searches);
        self.page_searches_count = counter(heaps.page_searches_count);
        self.theaps = heaps.theaps.into();
        self.pages_reclaim_on_alloc = counter(heaps.pages_reclaim_on_alloc);
        self.pages_reclaim_on_free = counter(heaps.pages_reclaim_on_free);
        self.pages_reabandon_full = counter(heaps.pages_reabandon_full);
    }

    #[cold]
    #[inline(never)]
    fn fill_blocks(&mut self, of: Scope, singles: CountValue) {
        sums::each_bin(of, &mut |b, bin| {
            let row = row_of(bin.block_size);
            self.malloc_bins[row].add(CountValue { total: bin.total, peak: bin.peak, current: bin.current });
            self.page_bins[row].add(sums::pages(of, b));
            self.malloc_normal.add(bin.bytes());
            self.malloc_requested.add(bin.bytes());
            self.malloc_normal_count.total += bin.total;
        });
        self.malloc_bins[LAST] = singles.into();
        self.malloc_huge_count.total = singles.total;
        self.page_bins[LAST] = sums::pages(of, BINS).into();
    }

    /// Calls `each` with all fields and their names in C, in order, until it fails.
    #[cold]
    pub fn each_field(&self, each: &mut dyn FnMut(&'static str, Field) -> fmt::Result) -> fmt::Result {
        use Field::{Count, Counter, Counters, Counts, Number, Rows};
        each("size", Number(self.size))?;
        each("version", Number(self.version))?;
        each("pages", Count(self.pages))?;
        each("reserved", Count(self.reserved))?;
        each("committed", Count(self.committed))?;
        each("reset", Counter(self.reset))?;
        each("purged", Counter(self.purged))?;
        each("page_committed", Count(self.page_committed))?;
        each("pages_abandoned", Count(self.pages_abandoned))?;
        each("threads", Count(self.threads))?;
        each("malloc_normal", Count(self.malloc_normal))?;
        each("malloc_huge", Count(self.malloc_huge))?;
        each("malloc_requested", Count(self.malloc_requested))?;
        each("mmap_calls", Counter(self.mmap_calls))?;
        each("commit_calls", Counter(self.commit_calls))?;
        each("reset_calls", Counter(self.reset_calls))?;
        each("purge_calls", Counter(self.purge_calls))?;
        each("arena_count", Counter(self.arena_count))?;
        each("malloc_normal_count", Counter(self.malloc_normal_count))?;
        each("malloc_huge_count", Counter(self.malloc_huge_count))?;
        each("malloc_guarded_count", Counter(self.malloc_guarded_count))?;
        each("arena_rollback_count", Counter(self.arena_rollback_count))?;
        each("arena_purges", Counter(self.arena_purges))?;
        each("pages_extended", Counter(self.pages_extended))?;
        each("pages_retire", Counter(self.pages_retire))?;
        each("page_searches", Counter(self.page_searches))?;
        each("page_searches_count", Counter(self.page_searches_count))?;
        each("segments", Count(self.segments))?;
        each("segments_abandoned", Count(self.segments_abandoned))?;
        each("segments_cache", Count(self.segments_cache))?;
        each("_segments_reserved", Count(self.segments_reserved))?;
        each("heaps", Count(self.heaps))?;
        each("theaps", Count(self.theaps))?;
        each("pages_reclaim_on_alloc", Counter(self.pages_reclaim_on_alloc))?;
        each("pages_reclaim_on_free", Counter(self.pages_reclaim_on_free))?;
        each("pages_reabandon_full", Counter(self.pages_reabandon_full))?;
        each("pages_unabandon_busy_wait", Counter(self.pages_unabandon_busy_wait))?;
        each("heaps_delete_wait", Counter(self.heaps_delete_wait))?;
        each("_stat_reserved", Counts(&self.stat_reserved))?;
        each("_stat_counter_reserved", Counters(&self.stat_counter_reserved))?;
        each("malloc_bins", Rows(&self.malloc_bins))?;
        each("page_bins", Rows(&self.page_bins))?;
        each("chunk_bins", Counts(&self.chunk_bins))
    }
}

/// The block size of a row: multiples of 8 up to 64, then four steps to each doubling, up to 4 MiB. The last is what
/// mimalloc has there, a word more than its largest shared block. 0 for what is no row.
pub const fn bin_size(row: usize) -> usize {
    match row {
        0 => 8,
        1..=8 => row * 8,
        9..LAST => (16 << ((row - 9) / 4)) * (5 + (row - 9) % 4),
        LAST => (512 << 10) + 8,
        _ => 0,
    }
}

/// The first row whose size is at least `size`, of a block that shares a page.
#[cold]
fn row_of(size: usize) -> usize {
    (0..LAST).find(|row| bin_size(*row) >= size).unwrap_or(LAST)
}

/// Bytes of a page with blocks of a row; 0 where blocks have pages of their own.
#[cold]
pub fn page_size(row: usize) -> usize {
    let size = bin_size(row);
    if row < LAST && size <= BLOCK_MAX { Bin::of(size).slices() * SLICE } else { 0 }
}
