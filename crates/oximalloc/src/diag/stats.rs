//! How things and events are counted. `table` has one row for everything that is counted.
//!
//! Invariants: in a snapshot `0 <= current <= peak <= total`. Counting takes a few relaxed atomic additions, and only
//! slow paths count. The sums of blocks are derived from pages when somebody asks for them (see [`BinRow`]). Functions
//! that add up are not inlined, because every Rust program contains them.
use crate::base::sync::{AtomicI64, Ordering};
use crate::prim::{Memory, Os};

mod table;

/// Whether anything is counted.
const COUNTS: bool = Os::CAPABILITIES.reports;

pub use table::{HeapSnapshot, HeapStats, PROCESS, Row, Snapshot, rows, unit};

/// Counts something that comes and goes: how much there is, the most there was at a time, and how much came in all.
#[derive(Debug)]
pub struct Count {
    total: AtomicI64,
    peak: AtomicI64,
    current: AtomicI64,
}

/// The values of a `Count`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountValue {
    /// Everything that ever came.
    pub total: i64,
    /// The most that existed at a time.
    pub peak: i64,
    /// What exists now.
    pub current: i64,
}

impl Count {
    /// Nothing yet.
    pub const fn new() -> Count {
        Count { total: AtomicI64::new(0), peak: AtomicI64::new(0), current: AtomicI64::new(0) }
    }

    /// `n` more came.
    #[inline(never)]
    pub fn add(&self, n: usize) {
        if !COUNTS {
            return;
        }
        let n = signed(n);
        self.total.fetch_add(n, Ordering::Relaxed);
        let current = self.current.fetch_add(n, Ordering::Relaxed).saturating_add(n);
        // Usually the peak stays, and a load is cheaper than an update.
        if current > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(current, Ordering::Relaxed);
        }
    }

    /// `n` of those that came are gone.
    pub fn sub(&self, n: usize) {
        if !COUNTS {
            return;
        }
        self.current.fetch_sub(signed(n), Ordering::Relaxed);
    }

    /// How much there is now.
    pub fn current(&self) -> i64 {
        self.current.load(Ordering::Relaxed)
    }

    /// The values now. If an addition or a subtraction is in progress, the values may show a part of it.
    #[inline(never)]
    pub fn snapshot(&self) -> CountValue {
        self.raw().sound()
    }

    /// As [`Count::snapshot`], for sums: one place may count what came, and another may count what went.
    #[inline(never)]
    pub fn raw(&self) -> CountValue {
        CountValue {
            total: self.total.load(Ordering::Relaxed),
            peak: self.peak.load(Ordering::Relaxed),
            current: self.current.load(Ordering::Relaxed),
        }
    }

    /// Add what `other` counted. `other` then starts again from zero. Changes of `other` in progress may be counted
    /// late. The peak is then an upper bound, as in [`CountValue::plus`].
    #[inline(never)]
    pub fn absorb(&self, other: &Count) {
        if !COUNTS {
            return;
        }
        let (total, current) = (other.total.swap(0, Ordering::Relaxed), other.current.swap(0, Ordering::Relaxed));
        let peak = other.peak.swap(0, Ordering::Relaxed);
        if peak != 0 {
            self.peak.fetch_add(peak, Ordering::Relaxed);
        }
        if total != 0 {
            self.total.fetch_add(total, Ordering::Relaxed);
        }
        if current != 0 {
            let current = self.current.fetch_add(current, Ordering::Relaxed).saturating_add(current);
            self.peak.fetch_max(current, Ordering::Relaxed);
        }
    }

    /// Pass what happened in the past to `other`, and start again from what exists now. The sums over both stay the
    /// same.
    #[inline(never)]
    pub fn leave_to(&self, other: &Count) {
        if !COUNTS {
            return;
        }
        let CountValue { total, peak, current } = self.snapshot();
        self.reset();
        other.note_past(total - current, peak - current);
    }

    /// Note that `total` more came and went. At one time, `peak` more existed than exist now.
    pub fn note_past(&self, total: i64, peak: i64) {
        if !COUNTS {
            return;
        }
        self.total.fetch_add(total, Ordering::Relaxed);
        self.peak.fetch_add(peak, Ordering::Relaxed);
    }

    /// Start again from what exists now: it becomes the peak and the total.
    pub fn reset(&self) {
        let current = self.current.load(Ordering::Relaxed).max(0);
        self.peak.store(current, Ordering::Relaxed);
        self.total.store(current, Ordering::Relaxed);
    }
}

impl Default for Count {
    fn default() -> Self {
        Self::new()
    }
}

impl CountValue {
    /// How much came and went.
    pub fn freed(&self) -> i64 {
        self.total.saturating_sub(self.current)
    }

    /// The value without `n` that are counted as existing but are not in use.
    pub fn but(self, n: usize) -> CountValue {
        CountValue { current: self.current.saturating_sub(signed(n)), ..self }
    }

    /// Adjusted so that `0 <= current <= peak <= total`, whatever was in progress.
    #[inline(never)]
    pub fn sound(self) -> CountValue {
        let current = self.current.max(0);
        let peak = self.peak.max(current);
        CountValue { total: self.total.max(peak), peak, current }
    }

    /// The sum with `other`. The peak is then an upper bound, because the two may have peaked at different times.
    #[inline(never)]
    pub fn plus(&self, other: CountValue) -> CountValue {
        CountValue {
            total: self.total.saturating_add(other.total),
            peak: self.peak.saturating_add(other.peak),
            current: self.current.saturating_add(other.current),
        }
    }

    /// The value without `other`, which is a part of it. Adjusted as by [`CountValue::sound`].
    #[inline(never)]
    pub fn less(&self, other: CountValue) -> CountValue {
        CountValue {
            total: self.total.saturating_sub(other.total),
            peak: self.peak.saturating_sub(other.peak),
            current: self.current.saturating_sub(other.current),
        }
        .sound()
    }

    /// For something of which only the present amount is known.
    pub fn only(current: usize) -> CountValue {
        let current = signed(current);
        CountValue { total: current, peak: current, current }
    }
}

/// Counts how often something happens.
#[derive(Debug)]
pub struct Counter {
    total: AtomicI64,
}

impl Counter {
    /// Nothing yet.
    pub const fn new() -> Counter {
        Counter { total: AtomicI64::new(0) }
    }

    /// It happened `n` more times, or to `n` more bytes.
    pub fn add(&self, n: usize) {
        if !COUNTS {
            return;
        }
        self.total.fetch_add(signed(n), Ordering::Relaxed);
    }

    /// Add what `other` counted. `other` then starts again from zero.
    #[inline(never)]
    pub fn absorb(&self, other: &Counter) {
        if !COUNTS {
            return;
        }
        let n = other.total.swap(0, Ordering::Relaxed);
        if n != 0 {
            self.total.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// Pass what was counted to `other`, and start again from zero.
    pub fn leave_to(&self, other: &Counter) {
        other.absorb(self);
    }

    /// The value now.
    pub fn snapshot(&self) -> i64 {
        self.total.load(Ordering::Relaxed).max(0)
    }

    /// Start again from zero.
    pub fn reset(&self) {
        self.total.store(0, Ordering::Relaxed);
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The totals for the blocks of one size class, derived from its pages. All fields but the size are numbers of blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinRow {
    /// Bytes in a block.
    pub block_size: usize,
    /// The most in use at a time.
    pub peak: i64,
    /// Blocks taken from pages. A block that a thread frees and takes again from its own stack is not counted again.
    pub total: i64,
    /// In use.
    pub current: i64,
}

impl BinRow {
    /// The same numbers in bytes.
    #[inline(never)]
    pub fn bytes(&self) -> CountValue {
        let bytes = |blocks: i64| blocks.max(0).saturating_mul(signed(self.block_size));
        CountValue { total: bytes(self.total), peak: bytes(self.peak), current: bytes(self.current) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_keeps_its_peak() {
        let count = Count::new();
        count.add(10);
        count.sub(4);
        count.add(1);
        assert_eq!(count.snapshot(), CountValue { total: 11, peak: 10, current: 7 });
        assert_eq!(count.snapshot().freed(), 4);
        count.reset();
        assert_eq!(count.snapshot(), CountValue { total: 7, peak: 7, current: 7 });
        count.sub(9);
        assert_eq!(count.snapshot(), CountValue { total: 7, peak: 7, current: 0 });
    }

    #[test]
    fn counts_from_many_threads() {
        let count = &Count::new();
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(move || {
                    for _ in 0..1000 {
                        count.add(3);
                        count.sub(3);
                    }
                });
            }
        });
        let value = count.snapshot();
        assert_eq!((value.total, value.current), (12_000, 0));
        assert!((3..=12).contains(&value.peak));
    }

    #[test]
    fn a_process_resets_what_happened() {
        let stats = table::ProcessStats::new();
        stats.threads.add(2);
        stats.threads.sub(1);
        stats.purged.add(4096);
        assert_eq!(stats.snapshot().purged, 4096);
        stats.reset();
        let now = stats.snapshot();
        assert_eq!((now.threads.current, now.threads.total, now.purged), (1, 1, 0));
    }
}
