//! `mi_stats_t`, version 5, and how it is filled.
//!
//! This is what a field says if mimalloc's design and ours differ:
//! - `malloc_bins` and `page_bins` have mimalloc's 74 size classes; [`bin_size`] tells their sizes. We have 88. A class
//!   of ours is counted in the first row whose size is not below its own. (So blocks of 144 bytes count in the row of
//!   160.) The last row has blocks with a page of their own, whatever their size. Both fields count blocks and pages,
//!   not bytes.
//! - The `total` of blocks (`malloc_bins`, `malloc_normal`, `malloc_normal_count`) leaves out blocks that a thread took
//!   again from its own stack of freed blocks. Counting them would cost each allocation.
//! - The `peak` of blocks is noted when a thread takes some from a page, and when somebody asks for statistics. It may
//!   be short by what a thread's stack holds (at most 128 blocks and 64 KiB). If a heap has several threads, it may be
//!   short by a page for each of them too.
//! - `malloc_requested` is what the blocks hold. We do not remember what was asked for.
//! - A `peak` that adds up several heaps, threads or classes is the sum of their peaks: an upper bound of what was
//!   there at any one time.
//! - Memory, threads, arenas and system calls belong to a subprocess. For a heap they are 0. Memory that lies in no
//!   arena and all system calls belong to the main subprocess. Of the memory of the other subprocesses, only the
//!   present is known.
//! - These are always 0, because there is no such thing here: `segments*`, `chunk_bins` (arenas do not sort their
//!   slices by size), `pages_extended` (each refill of a stack carves what it needs), `pages_unabandon_busy_wait` and
//!   `heaps_delete_wait` (nobody waits).

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
    /// All other fields, which consist of these words: see `stats_fields`.
    words: [i64; WORDS],
}

const _: () = assert!(size_of::<MiStats>() == 4368 || size_of::<usize>() != 8);

impl MiStats {
    /// The struct at `p`. None for null, and for a struct of another size or version.
    ///
    /// # Safety
    /// `p` is null, or a struct that begins with its size and its version, and has that size.
    #[cold]
    pub unsafe fn at<'a>(p: *mut MiStats) -> Option<&'a mut MiStats> {
        // SAFETY: the two words are there, by the contract. The rest is not looked at before these words are right.
        unsafe {
            let right = !p.is_null() && (&raw const (*p).size).read() == size_of::<MiStats>();
            if right && (&raw const (*p).version).read() == VERSION { p.as_mut() } else { None }
        }
    }

    /// A struct in which everything is 0.
    pub const NOTHING: MiStats = MiStats { size: 0, version: 0, words: [0; WORDS] };

    /// Fills the struct with what is counted. (It is filled in place, word by word, because the caller may be a thread
    /// with a small stack.)
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

    /// Puts each word into its place.
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

    /// Calls `each` for each field except the size and the version, in order, until it fails. It gets the field's name
    /// in C, how many words one of its items has (3 in a count, 1 in a counter), and all its words.
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

/// The block size of a row: multiples of 8 up to 64, then four steps to each doubling, up to 4 MiB. The last row has
/// mimalloc's number, a word more than its largest shared block. 0 if there is no such row.
pub const fn bin_size(row: usize) -> usize {
    match row {
        0 => 8,
        1..=8 => row * 8,
        9..LAST => (16 << ((row - 9) / 4)) * (5 + (row - 9) % 4),
        LAST => (512 << 10) + 8,
        _ => 0,
    }
}

/// The first row whose size is at least `size`, which is that of a block that shares a page.
#[cold]
fn row_of(size: usize) -> usize {
    (0..LAST).find(|row| bin_size(*row) >= size).unwrap_or(LAST)
}

/// Bytes of a page with blocks of a row. 0 for a row whose blocks have pages of their own.
#[cold]
pub fn page_size(row: usize) -> usize {
    let size = bin_size(row);
    if row < LAST && size <= BLOCK_MAX { Bin::of(size).slices() * SLICE } else { 0 }
}
