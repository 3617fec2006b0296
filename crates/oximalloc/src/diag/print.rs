//! The table of statistics, and the list of options, as people read them.
//!
//! Invariant: a table is printed from one snapshot, so that its lines agree with each other.
use super::options;
use super::output::{Line, Sink};
use super::stats::{BinRow, CountValue, HeapSnapshot, PROCESS, Snapshot};
use crate::prim::process;
use core::fmt;

/// Blocks up to this many bytes are marked `S`(mall) in the table, up to the next `M`(edium), else `L`(arge).
const SMALL_MAX: usize = 8 * 1024;
const MEDIUM_MAX: usize = 64 * 1024;

/// Print what is counted: the given bins, their sums, how many blocks had a page of their own, and what else heaps and
/// (unless it is of a heap alone) the process or a part of it count.
#[cold]
pub fn table(sink: &Sink, stats: Option<&Snapshot>, heaps: HeapSnapshot, singles: i64, bins: &[BinRow]) {
    heading(sink);
    let mut binned = Sum::default();
    for bin in bins.iter().filter(|bin| bin.total > 0 || bin.current > 0) {
        let sum = Sum { bytes: bin.bytes(), count: bin.total };
        sum.print(sink, format_args!("bin {} {:>6}", letter(bin.block_size), bin.block_size), Some(bin.block_size));
        binned = binned.plus(sum);
    }
    let huge = Sum { bytes: heaps.malloc_huge, count: singles };
    binned.print(sink, format_args!("binned"), None);
    huge.print(sink, format_args!("huge"), None);
    binned.plus(huge).print(sink, format_args!("total"), None);
    blank(sink);
    if let Some(stats) = stats {
        memory(sink, stats);
    }
    bytes(sink, "in pages", heaps.page_committed);
    blank(sink);
    events(sink, &heaps);
    if let Some(stats) = stats {
        calls(sink, stats);
        process(sink);
    }
}

/// Print all options in force.
#[cold]
pub fn options(sink: &Sink) {
    options::print_to(sink);
}

/// Print the time and memory used by the process.
#[cold]
pub fn process(sink: &Sink) {
    let info = process::info();
    let committed = PROCESS.committed.snapshot();
    sink.print(format_args!("  {:<12}:{:>8} s\n", "elapsed", Seconds(info.elapsed_ms)));
    sink.print(format_args!(
        "  {:<12}: user: {} s, system: {} s, faults: {}, reclaims: {}, rss: {}, peak rss: {}, peak commit: {}\n",
        "process",
        Seconds(info.user_ms),
        Seconds(info.system_ms),
        info.page_faults,
        info.page_reclaims,
        Bytes(info.current_rss as i64),
        Bytes(info.peak_rss as i64),
        Bytes(committed.peak),
    ));
}

#[cold]
fn heading(sink: &Sink) {
    sink.print(format_args!(
        "{:<14}:{:>12}{:>12}{:>12}{:>12}{:>12}{:>10}\n",
        "heap stats", "peak", "total", "current", "freed", "unit", "count"
    ));
}

#[cold]
fn blank(sink: &Sink) {
    sink.print(format_args!("\n"));
}

/// What came from the OS and what went back.
#[cold]
fn memory(sink: &Sink, stats: &Snapshot) {
    bytes(sink, "reserved", stats.reserved);
    bytes(sink, "committed", stats.committed);
    total(sink, "reset", &Bytes(stats.reset));
    total(sink, "purged", &Bytes(stats.purged));
}

/// Numbers of things and of events in heaps.
#[cold]
fn events(sink: &Sink, heaps: &HeapSnapshot) {
    numbers(sink, "pages", heaps.pages);
    numbers(sink, "-abandoned", heaps.pages_abandoned);
    let reclaimed = heaps.pages_reclaim_on_alloc.saturating_add(heaps.pages_reclaim_on_free);
    total(sink, "-reclaimed", &Number(reclaimed));
    total(sink, "-retired", &Number(heaps.pages_retire));
    total(sink, "-guarded", &Number(heaps.malloc_guarded));
    // In tenths, rounded down.
    let tenths = heaps.page_searches.saturating_mul(10).checked_div(heaps.page_searches_count).unwrap_or(0);
    let average = format_args!("{}.{} avg", tenths / 10, tenths % 10);
    total(sink, "searches", &Line::<32>::of(average).as_str());
    numbers(sink, "in threads", heaps.theaps);
}

/// Numbers of things and of events that no heap has.
#[cold]
fn calls(sink: &Sink, stats: &Snapshot) {
    total(sink, "arenas", &Number(stats.arena_count));
    total(sink, "-purges", &Number(stats.arena_purges));
    total(sink, "-rollbacks", &Number(stats.arena_rollback_count));
    numbers(sink, "heaps", stats.heaps);
    numbers(sink, "threads", stats.threads);
    total(sink, "mmaps", &Number(stats.mmap_calls));
    total(sink, "commits", &Number(stats.commit_calls));
    total(sink, "resets", &Number(stats.reset_calls));
    total(sink, "purges", &Number(stats.purge_calls));
}

#[cold]
fn bytes(sink: &Sink, name: &str, value: CountValue) {
    let (peak, all, current, freed) =
        (Bytes(value.peak), Bytes(value.total), Bytes(value.current), Bytes(value.freed()));
    sink.print(format_args!("  {name:<12}:{peak:>12}{all:>12}{current:>12}{freed:>12}\n"));
}

#[cold]
fn numbers(sink: &Sink, name: &str, value: CountValue) {
    let (peak, all, current, freed) =
        (Number(value.peak), Number(value.total), Number(value.current), Number(value.freed()));
    sink.print(format_args!("  {name:<12}:{peak:>12}{all:>12}{current:>12}{freed:>12}\n"));
}

/// A row of which only the total is known.
#[cold]
fn total(sink: &Sink, name: &str, value: &dyn fmt::Display) {
    sink.print(format_args!("  {name:<12}:{:>12}{value:>12}\n", ""));
}

#[cold]
fn letter(block_size: usize) -> char {
    match block_size {
        size if size <= SMALL_MAX => 'S',
        size if size <= MEDIUM_MAX => 'M',
        _ => 'L',
    }
}

/// Blocks of one or of several sizes: their bytes, and how many were allocated.
#[derive(Clone, Copy, Default)]
struct Sum {
    bytes: CountValue,
    count: i64,
}

impl Sum {
    #[cold]
    fn plus(self, other: Sum) -> Sum {
        Sum { bytes: self.bytes.plus(other.bytes), count: self.count.saturating_add(other.count) }
    }

    #[cold]
    fn print(&self, sink: &Sink, name: fmt::Arguments, block_size: Option<usize>) {
        let CountValue { total, peak, current } = self.bytes;
        let unit = block_size.and_then(|size| i64::try_from(size).ok()).map(Bytes);
        let unit = match &unit {
            Some(bytes) => bytes as &dyn fmt::Display,
            None => &"",
        };
        let verdict = if current == 0 { "ok" } else { "not all freed" };
        sink.print(format_args!(
            "  {:<12}:{:>12}{:>12}{:>12}{:>12}{unit:>12}{:>10}   {verdict}\n",
            Line::<32>::of(name).as_str(),
            Bytes(peak),
            Bytes(total),
            Bytes(current),
            Bytes(self.bytes.freed()),
            Number(self.count),
        ));
    }
}

/// A number of bytes, in B, KiB, MiB, GiB or TiB with one decimal.
struct Bytes(i64);

impl fmt::Display for Bytes {
    #[cold]
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        scaled(f, self.0, 1024, &["B", "KiB", "MiB", "GiB", "TiB"])
    }
}

/// A number of things: in full below 100 000, then in thousands, millions or billions with one decimal.
struct Number(i64);

impl fmt::Display for Number {
    #[cold]
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.0.unsigned_abs() < 100_000 {
            return f.pad(Line::<32>::of(format_args!("{}", self.0)).as_str());
        }
        scaled(f, self.0, 1000, &["", "K", "M", "G"])
    }
}

/// `value` in the largest of `units`, each `step` times the one before, in which it is at least 1; rounded down.
#[cold]
fn scaled(f: &mut fmt::Formatter, value: i64, step: i64, units: &[&str]) -> fmt::Result {
    let (mut whole, mut tenths, mut name) = (value, 0, "");
    for (i, unit) in units.iter().enumerate() {
        if i > 0 {
            if whole.unsigned_abs() < step.unsigned_abs() {
                break;
            }
            // The remainder is below `step`, so that this cannot overflow.
            tenths = (whole % step).abs() * 10 / step;
            whole /= step;
        }
        name = unit;
    }
    let line: Line<32> = match name {
        "" | "B" => Line::of(format_args!("{whole} {name}")),
        _ => Line::of(format_args!("{whole}.{tenths} {name}")),
    };
    f.pad(line.as_str())
}

/// Milliseconds, printed in seconds.
struct Seconds(u64);

impl fmt::Display for Seconds {
    #[cold]
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(Line::<32>::of(format_args!("{}.{:03}", self.0 / 1000, self.0 % 1000)).as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::output::tests::captured;

    #[test]
    fn human_units() {
        let bytes = |n| Bytes(n).to_string();
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(3 << 20), "3.0 MiB");
        assert_eq!(bytes((1 << 30) - 1), "1023.9 MiB");
        assert_eq!(bytes(i64::MAX), "8388607.9 TiB");
        assert_eq!(bytes(-2048), "-2.0 KiB");
        assert_eq!(Number(99_999).to_string(), "99999");
        assert_eq!(Number(1_860_000).to_string(), "1.8 M");
        assert_eq!(Seconds(1023).to_string(), "1.023");
        assert_eq!(format!("[{:>8}]", Bytes(16)), "[    16 B]");
    }

    #[test]
    fn a_table() {
        let bins = [
            BinRow { block_size: 16, peak: 100, total: 4000, current: 0 },
            BinRow { block_size: 32, ..BinRow::default() },
            BinRow { block_size: 20480, peak: 2, total: 3, current: 1 },
        ];
        let text = captured(|sink| table(sink, Some(&Snapshot::default()), HeapSnapshot::default(), 0, &bins));
        let words = |start: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(start));
            line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(words("heap stats"), "heap stats : peak total current freed unit count");
        assert_eq!(words("bin S     16"), "bin S 16: 1.5 KiB 62.5 KiB 0 B 62.5 KiB 16 B 4000 ok");
        assert_eq!(words("bin M  20480"), "bin M 20480: 40.0 KiB 60.0 KiB 20.0 KiB 40.0 KiB 20.0 KiB 3 not all freed");
        assert_eq!(words("bin S     32"), "");
        assert_eq!(words("binned"), "binned : 41.5 KiB 122.5 KiB 20.0 KiB 102.5 KiB 4003 not all freed");
        for row in [
            "huge",
            "total",
            "reserved",
            "committed",
            "reset",
            "purged",
            "pages",
            "-abandoned",
            "-reclaimed",
            "-retired",
            "arenas",
            "threads",
            "mmaps",
            "commits",
            "resets",
            "purges",
            "elapsed",
            "process",
        ] {
            assert_ne!(words(row), "", "{row} in\n{text}");
        }
        let process = words("process");
        assert!(["user:", "system:", "faults:", "rss:", "peak commit:"].iter().all(|part| process.contains(part)));
    }

    #[test]
    fn options_are_listed() {
        // Only the number of lines: other tests choose values meanwhile.
        assert_eq!(captured(options).lines().count(), captured(options::print_to).lines().count());
    }
}
