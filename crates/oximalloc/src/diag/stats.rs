//! How things and events are counted. What is counted is in `table`, a row each.
//!
//! Invariants: in a snapshot `0 <= current <= peak <= total`. Counting is a few relaxed atomic additions and belongs
//! to slow paths only; what the blocks add up to is derived from pages when it is asked for (see [`BinRow`]). Functions that
//! add up are not inlined: each Rust program has them in it.
use crate::base::sync::{AtomicI64, Ordering};

mod table;

pub use table::{HeapSnapshot, HeapStats, PROCESS, Row, Snapshot, rows, unit};

/// Something that comes and goes: how much of it there is, was at most, and came in all.
#[derive(Debug)]
pub struct Count {
    total: AtomicI64,
    peak: AtomicI64,
    current: AtomicI64,
}

/// The values of a [`Count`].
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountValue {
    /// All that ever came.
    pub total: i64,
    /// The most there was at a time.
    pub peak: i64,
    /// What there is.
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
        let n = signed(n);
        self.total.fetch_add(n, Ordering::Relaxed);
        let current = self.current.fetch_add(n, Ordering::Relaxed).saturating_add(n);
        // Most often the peak stands, and a load is cheaper than an update.
        if current > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(current, Ordering::Relaxed);
        }
    }

    /// `n` of those that came are gone.
    pub fn sub(&self, n: usize) {
        self.current.fetch_sub(signed(n), Ordering::Relaxed);
    }

    /// What there is now.
    pub fn current(&self) -> i64 {
        self.current.load(Ordering::Relaxed)
    }

    /// The values now. Of an addition or a subtraction that is under way, one may show a part.
    #[inline(never)]
    pub fn snapshot(&self) -> CountValue {
        self.raw().sound()
    }

    /// As [`Count::snapshot`], for sums: what came may be counted at one place and what is gone at another.
    #[inline(never)]
    pub fn raw(&self) -> CountValue {
        CountValue {
            total: self.total.load(Ordering::Relaxed),
            peak: self.peak.load(Ordering::Relaxed),
            current: self.current.load(Ordering::Relaxed),
        }
    }

    /// Add what another counted, which then begins anew, from nothing. What is under way there may be counted late. The
    /// peak is then an upper bound, as in [`CountValue::plus`].
    #[inline(never)]
    pub fn absorb(&self, other: &Count) {
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

    /// Leave what happened with another, and count anew from what there is. The sums of both stay as they are.
    #[inline(never)]
    pub fn leave_to(&self, other: &Count) {
        let CountValue { total, peak, current } = self.snapshot();
        self.reset();
        other.note_past(total - current, peak - current);
    }

    /// Note that so many more came and are gone, of which at a time there were so many more than there are.
    pub fn note_past(&self, total: i64, peak: i64) {
        self.total.fetch_add(total, Ordering::Relaxed);
        self.peak.fetch_add(peak, Ordering::Relaxed);
    }

    /// Count anew, from what there is: it is the peak and all that came.
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
    /// What came and is gone.
    pub fn freed(&self) -> i64 {
        self.total.saturating_sub(self.current)
    }

    /// Where so many of those that are counted as being there are not in use.
    pub fn but(self, n: usize) -> CountValue {
        CountValue { current: self.current.saturating_sub(signed(n)), ..self }
    }

    /// With `0 <= current <= peak <= total`, whatever was under way.
    #[inline(never)]
    pub fn sound(self) -> CountValue {
        let current = self.current.max(0);
        let peak = self.peak.max(current);
        CountValue { total: self.total.max(peak), peak, current }
    }

    /// The sum with `other`; the peak is then an upper bound, since the two may have peaked at different times.
    #[inline(never)]
    pub fn plus(&self, other: CountValue) -> CountValue {
        CountValue {
            total: self.total.saturating_add(other.total),
            peak: self.peak.saturating_add(other.peak),
            current: self.current.saturating_add(other.current),
        }
    }

    /// Without `other`, which is a part of it; as [`CountValue::sound`] makes it.
    #[inline(never)]
    pub fn less(&self, other: CountValue) -> CountValue {
        CountValue {
            total: self.total.saturating_sub(other.total),
            peak: self.peak.saturating_sub(other.peak),
            current: self.current.saturating_sub(other.current),
        }
        .sound()
    }

    /// Of something of which only the amount at present is known.
    pub fn only(current: usize) -> CountValue {
        let current = signed(current);
        CountValue { total: current, peak: current, current }
    }
}

/// Something that happens.
#[derive(Debug)]
pub struct Counter {
    total: AtomicI64,
}

impl Counter {
    /// Nothing yet.
    pub const fn new() -> Counter {
        Counter { total: AtomicI64::new(0) }
    }

    /// It happened `n` times more, or to `n` more bytes.
    pub fn add(&self, n: usize) {
        self.total.fetch_add(signed(n), Ordering::Relaxed);
    }

    /// Add what another counted, which then begins anew.
    #[inline(never)]
    pub fn absorb(&self, other: &Counter) {
        let n = other.total.swap(0, Ordering::Relaxed);
        if n != 0 {
            self.total.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// Leave what happened with another, and count anew.
    pub fn leave_to(&self, other: &Counter) {
        other.absorb(self);
    }

    /// The value now.
    pub fn snapshot(&self) -> i64 {
        self.total.load(Ordering::Relaxed).max(0)
    }

    /// Count anew, from nothing.
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

/// What the blocks of one size class add up to, derived from its pages. All but the size are numbers of blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BinRow {
    /// Bytes in a block.
    pub block_size: usize,
    /// The most in use at a time.
    pub peak: i64,
    /// All that were taken from pages. A block that a thread freed and took again from its own stack is not counted again.
    pub total: i64,
    /// In use.
    pub current: i64,
}

impl BinRow {
    /// Their bytes.
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
