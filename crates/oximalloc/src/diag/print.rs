//! The table of statistics, as people read it.
//!
//! Every Rust program contains this code, so all rows are built in one place, from cells.
//!
//! Invariant: a line and the sums below it use the same read of each count, so they agree.
use super::output::{Line, Sink};
use super::stats::{BinRow, CountValue, HeapSnapshot, PROCESS, Row, Snapshot, rows, unit};
use crate::prim::{Os, Process};
use core::fmt::{self, Write};

/// In the table, blocks up to this size are marked `S`(mall), up to the next `M`(edium), and above that `L`(arge).
const SMALL_MAX: usize = 8 * 1024;
const MEDIUM_MAX: usize = 64 * 1024;

const HEADING: &str = "heap stats    :        peak       total     current       freed        unit     count\n";

/// A function that calls its argument with each bin.
pub type EachBin<'a> = &'a dyn Fn(&mut dyn FnMut(BinRow));

/// Print the statistics: the given bins, their sums, the blocks with a page of their own, and everything else that
/// heaps count. `stats` adds what the process, or a part of it, counts. It is None when the table is about a single
/// heap.
#[cold]
pub fn table(sink: &Sink, stats: Option<&Snapshot>, heaps: &HeapSnapshot, singles: i64, bins: EachBin) {
    sink.print(format_args!("{HEADING}"));
    let mut binned = Sum::default();
    bins(&mut |bin| {
        if bin.total == 0 && bin.current == 0 {
            return;
        }
        let sum = Sum { bytes: bin.bytes(), count: bin.total };
        let (letter, size) = (letter(bin.block_size), bin.block_size);
        let name: Line<32> = Line::of(format_args!("bin {letter} {size:>6}"));
        sum.print(sink, name.as_str(), Amount(size as i64, BYTES));
        binned = binned.plus(sum);
    });
    let huge = Sum { bytes: heaps.malloc_huge, count: singles };
    binned.print(sink, "binned", BLANK);
    huge.print(sink, "huge", BLANK);
    binned.plus(huge).print(sink, "total", BLANK);
    sink.print(format_args!("\n"));
    let heaps = (HeapSnapshot::LABELS, heaps.words());
    if let Some(stats) = stats {
        print_rows(sink, (Snapshot::LABELS, stats.words()), true);
    }
    print_rows(sink, heaps, true);
    sink.print(format_args!("\n"));
    print_rows(sink, heaps, false);
    if let Some(stats) = stats {
        print_rows(sink, (Snapshot::LABELS, stats.words()), false);
        process(sink);
    }
}

/// Print the time and memory used by the process.
#[cold]
pub fn process(sink: &Sink) {
    let info = Os::info();
    let [elapsed, user, system] = [info.elapsed_ms, info.user_ms, info.system_ms].map(Seconds);
    let bytes = [info.current_rss as i64, info.peak_rss as i64, PROCESS.committed.snapshot().peak];
    let [rss, peak, commit] = bytes.map(|n| Amount(n, BYTES));
    let (faults, reclaims) = (info.page_faults, info.page_reclaims);
    sink.print(format_args!("  elapsed     :{elapsed:>8} s\n"));
    sink.print(format_args!(
        "  process     : user: {user} s, system: {system} s, faults: {faults}, reclaims: {reclaims}, \
         rss: {rss}, peak rss: {peak}, peak commit: {commit}\n"
    ));
}

/// Print the rows of a table that count bytes, or all the others.
#[cold]
#[inline(never)]
fn print_rows(sink: &Sink, (labels, words): (&'static str, &[i64]), bytes: bool) {
    let (amounts, mut kept) = (if bytes { BYTES } else { NUMBER }, 0);
    for Row { unit, label, values } in rows(labels, words) {
        let n = values.first().copied().unwrap_or(0);
        if unit == unit::KEPT {
            kept = n;
        } else if label.is_empty() || (unit == unit::BYTES) != bytes {
            continue;
        } else if let &[total, peak, current] = values {
            cells(sink, label, &four(CountValue { total, peak, current }, amounts), format_args!("\n"));
        } else if unit == unit::MEAN {
            // In tenths, rounded down.
            let tenths = kept.saturating_mul(10).checked_div(n).unwrap_or(0);
            sink.print(format_args!("  {label:<12}:{:>18}.{} avg\n", tenths / 10, tenths % 10));
        } else {
            let n = if unit == unit::SUM { n.saturating_add(kept) } else { n };
            cells(sink, label, &[BLANK, Amount(n, amounts)], format_args!("\n"));
        }
    }
}

/// The columns of a count.
#[cold]
fn four(value: CountValue, unit: Unit) -> [Amount; 4] {
    [value.peak, value.total, value.current, value.freed()].map(|n| Amount(n, unit))
}

/// Print a row: its name, its cells, and its end.
#[cold]
#[inline(never)]
fn cells(sink: &Sink, name: &str, cells: &[Amount], end: fmt::Arguments) {
    let mut line = Line::<128>::new();
    // A line takes as much as fits.
    for cell in cells {
        let _ = write!(line, "{cell:>12}");
    }
    sink.print(format_args!("  {name:<12}:{}{end}", line.as_str()));
}

#[cold]
fn letter(block_size: usize) -> char {
    match block_size {
        size if size <= SMALL_MAX => 'S',
        size if size <= MEDIUM_MAX => 'M',
        _ => 'L',
    }
}

/// Blocks of one or several sizes: their bytes, and how many were allocated.
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
    #[inline(never)]
    fn print(&self, sink: &Sink, name: &str, unit: Amount) {
        let [peak, total, current, freed] = four(self.bytes, BYTES);
        let (count, verdict) =
            (Amount(self.count, NUMBER), if self.bytes.current == 0 { "ok" } else { "not all freed" });
        cells(sink, name, &[peak, total, current, freed, unit], format_args!("{count:>10}   {verdict}\n"));
    }
}

/// The names of a unit and of its multiples. The first field is the factor from one to the next. An amount in a
/// multiple is printed with one decimal.
type Unit = &'static (i64, [&'static str; 5]);

const BYTES: Unit = &(1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
/// For numbers of things. They are printed in full below 100 000.
const NUMBER: Unit = &(1000, ["", "K", "M", "G", "T"]);

/// An amount, printed in the largest unit in which it is at least 1, and rounded down.
#[derive(Clone, Copy)]
struct Amount(i64, Unit);

/// An empty cell.
const BLANK: Amount = Amount(0, &(0, [""; 5]));

impl fmt::Display for Amount {
    #[cold]
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let &Amount(n, &(step, names)) = self;
        let (mut whole, mut tenths, mut name) = (n, None, names[0]);
        if !name.is_empty() || n.unsigned_abs() >= 100_000 {
            for larger in &names[1..] {
                if whole.unsigned_abs() < step.unsigned_abs() {
                    break;
                }
                // The remainder is below `step`, so this cannot overflow.
                tenths = Some((whole % step).abs() * 10 / step);
                whole /= step;
                name = larger;
            }
        }
        let text: Line<32> = match tenths {
            _ if step == 0 => Line::new(),
            None if name.is_empty() => Line::of(format_args!("{whole}")),
            None => Line::of(format_args!("{whole} {name}")),
            Some(tenths) => Line::of(format_args!("{whole}.{tenths} {name}")),
        };
        f.pad(text.as_str())
    }
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
        let bytes = |n| Amount(n, BYTES).to_string();
        let number = |n| Amount(n, NUMBER).to_string();
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(3 << 20), "3.0 MiB");
        assert_eq!(bytes((1 << 30) - 1), "1023.9 MiB");
        assert_eq!(bytes(i64::MAX), "8388607.9 TiB");
        assert_eq!(bytes(-2048), "-2.0 KiB");
        assert_eq!((number(99_999), number(-5)), ("99999".into(), "-5".into()));
        assert_eq!(number(1_860_000), "1.8 M");
        assert_eq!(Seconds(1023).to_string(), "1.023");
        assert_eq!(format!("[{:>8}]", Amount(16, BYTES)), "[    16 B]");
    }

    #[test]
    fn a_table() {
        let bins = [
            BinRow { block_size: 16, peak: 100, total: 4000, current: 0 },
            BinRow { block_size: 32, ..BinRow::default() },
            BinRow { block_size: 20480, peak: 2, total: 3, current: 1 },
        ];
        let each = |each: &mut dyn FnMut(BinRow)| bins.into_iter().for_each(each);
        let text = captured(|sink| table(sink, Some(&Snapshot::default()), &HeapSnapshot::default(), 0, &each));
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

    /// Each row of the tables has a line of its own or is added to one. The exception is the bytes in large blocks.
    #[test]
    fn each_statistic_is_printed() {
        let (mut memory, mut heaps) = (Snapshot::default(), HeapSnapshot::default());
        for (n, word) in (100..).zip(memory.words_mut().iter_mut().chain(heaps.words_mut())) {
            *word = n;
        }
        let text = captured(|sink| table(sink, Some(&memory), &heaps, 0, &|_| {}));
        let line = |label: &str| {
            let labelled = |line: &&str| line.split_once(':').is_some_and(|(start, _)| start.trim() == label);
            let lines: Vec<_> = text.lines().filter(labelled).collect();
            assert_eq!(lines.len(), 1, "{label} in\n{text}");
            lines[0].split_once(':').unwrap().1.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let mut kept = 0;
        let tables = [(Snapshot::LABELS, memory.words()), (HeapSnapshot::LABELS, heaps.words())];
        let mut unseen = Vec::new();
        for Row { unit, label, values } in tables.into_iter().flat_map(|(labels, words)| rows(labels, words)) {
            let last = *values.last().unwrap();
            match (unit, values.len()) {
                (unit::KEPT, 1) => kept = last,
                (unit::BYTES | unit::NUMBER, _) if label.is_empty() => unseen.push(values[0]),
                (unit::BYTES, 3) => assert!(line(label).contains(&format!(" {last} B")), "{label}"),
                (unit::NUMBER, 3) => assert!(line(label).contains(&format!(" {last} ")), "{label}"),
                (unit::BYTES, 1) => assert_eq!(line(label), format!("{last} B")),
                (unit::NUMBER, 1) => assert_eq!(line(label), last.to_string()),
                (unit::SUM, 1) => assert_eq!(line(label), (kept + last).to_string()),
                (unit::MEAN, 1) => assert_eq!(line(label), format!("{}.{} avg", kept / last, kept * 10 / last % 10)),
                _ => panic!("{label} has no unit"),
            }
        }
        assert_eq!(unseen, [heaps.malloc_huge.total]);
    }
}
