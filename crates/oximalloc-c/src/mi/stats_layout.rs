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
//!   `pages_extended` (each refill of a stack carves what it needs), `pages_unabandon_busy_wait`
//!   and `heaps_delete_wait` (nobody waits).

use crate::mi::stats_fields::{self, HEAPS, MEMORY, NAMES, SHAPES, WORDS};
use core::fmt;
use oximalloc::raw::stats::{self, BINS, BLOCK_MAX, Bin, CountValue, SLICE, Scope, cut};

/// Rows of the tables by size class.
pub const ROWS: usize = 74;
/// The row of blocks with a page of their own.
const LAST: usize = ROWS - 1;
/// `MI_STAT_VERSION`.
pub const VERSION: usize = 5;

const MALLOC_NORMAL: usize = stats_fields::at("malloc_normal");
const MALLOC_REQUESTED: usize = stats_fields::at("malloc_requested");
const MALLOC_NORMAL_COUNT: usize = stats_fields::at("malloc_normal_count");
const MALLOC_HUGE_COUNT: usize = stats_fields::at("malloc_huge_count");
const MALLOC_BINS: usize = stats_fields::at("malloc_bins");
const PAGE_BINS: usize = stats_fields::at("page_bins");

/// `mi_stats_t`.
#[repr(C)]
pub struct MiStats {
    size: usize,
    version: usize,
    /// All other fields, which are of such words: see `stats_fields`.
    words: [i64; WORDS],
}

const _: () = assert!(size_of::<MiStats>() == 4368 || size_of::<usize>() != 8);

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
    pub const NOTHING: MiStats = MiStats { size: 0, version: 0, words: [0; WORDS] };

    /// What is counted, in this shape. (Where it is to be, word by word: what asks may be a thread with a small stack.)
    #[cold]
    #[inline(never)]
    pub fn fill(&mut self, of: Scope) {
        *self = MiStats::NOTHING;
        (self.size, self.version) = (size_of::<MiStats>(), VERSION);
        self.put(&MEMORY, stats::memory_of(of).unwrap_or_default().words());
        let (heaps, spare) = stats::heaps(of);
        self.put(&HEAPS, heaps.words());
        self.add(MALLOC_REQUESTED, heaps.malloc_huge);
        self.fill_blocks(of, stats::singles(of, spare.0));
    }

    /// Puts each word in its place.
    #[cold]
    #[inline(never)]
    fn put(&mut self, places: &[u8], words: &[i64]) {
        for (place, word) in places.iter().zip(words) {
            if let Some(slot) = self.words.get_mut(usize::from(*place)) {
                *slot = *word;
            }
        }
    }

    /// Adds to the count that begins at a word.
    #[cold]
    #[inline(never)]
    fn add(&mut self, at: usize, more: CountValue) {
        if let Some([total, peak, current]) = self.words.get_mut(at..).and_then(|words| words.first_chunk_mut()) {
            let sum = CountValue { total: *total, peak: *peak, current: *current }.plus(more);
            (*total, *peak, *current) = (sum.total, sum.peak, sum.current);
        }
    }

    #[cold]
    #[inline(never)]
    fn fill_blocks(&mut self, of: Scope, singles: CountValue) {
        stats::each_bin(of, &mut |b, bin| {
            let row = 3 * row_of(bin.block_size);
            self.add(MALLOC_BINS + row, CountValue { total: bin.total, peak: bin.peak, current: bin.current });
            self.add(PAGE_BINS + row, stats::pages(of, b));
            self.add(MALLOC_NORMAL, bin.bytes());
            self.add(MALLOC_REQUESTED, bin.bytes());
            self.words[MALLOC_NORMAL_COUNT] += bin.total;
        });
        self.add(MALLOC_BINS + 3 * LAST, singles);
        self.words[MALLOC_HUGE_COUNT] = singles.total;
        self.add(PAGE_BINS + 3 * LAST, stats::pages(of, BINS));
    }

    /// Calls `each` for each field but the size and the version, in order, until it fails: with its name in C, how many
    /// words one of its items has (3 in a count, 1 in a counter), and all its words.
    #[cold]
    pub fn each_field(&self, each: &mut dyn FnMut(&'static str, usize, &[i64]) -> fmt::Result) -> fmt::Result {
        let (mut names, mut words) = (NAMES, &self.words[..]);
        for [item, items] in SHAPES {
            let (name, later) = cut(names, b'\n');
            let (item, items) = (usize::from(item), usize::from(items));
            let (field, rest) = words.split_at_checked(item * items).unwrap_or_default();
            each(name, item, field)?;
            (names, words) = (later, rest);
        }
        Ok(())
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
