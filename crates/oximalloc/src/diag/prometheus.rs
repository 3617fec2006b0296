//! Statistics in the text format that Prometheus reads.
//!
//! The linker drops this from a program that does not use it.
use super::stats::{BinRow, HeapSnapshot, Row, Snapshot, rows, unit};
use core::fmt::{Result, Write};

const GAUGE: &str = "gauge";
const COUNTER: &str = "counter";

/// Write all rows of both tables, and the blocks of each size.
pub fn write(out: &mut dyn Write, memory: &Snapshot, heaps: &HeapSnapshot, bins: &[BinRow]) -> Result {
    table(out, (Snapshot::NAMES, Snapshot::LABELS, Snapshot::DOCS), memory.words())?;
    table(out, (HeapSnapshot::NAMES, HeapSnapshot::LABELS, HeapSnapshot::DOCS), heaps.words())?;
    let what = "blocks of each size that share a page";
    let blocks = |out: &mut dyn Write, ending, kind, value: fn(&BinRow) -> i64| {
        head(out, "blocks", ending, kind, what)?;
        let sizes = bins.iter().filter(|bin| bin.block_size > 0);
        sizes
            .into_iter()
            .try_for_each(|bin| writeln!(out, "oximalloc_blocks{ending}{{size=\"{}\"}} {}", bin.block_size, value(bin)))
    };
    blocks(out, "", GAUGE, |bin| bin.current)?;
    blocks(out, "_total", COUNTER, |bin| bin.total)
}

/// Write a table, given its names, its labels and the descriptions of its rows. A count becomes three metrics: now,
/// peak and total.
fn table(out: &mut dyn Write, (names, labels, docs): (&str, &'static str, &str), words: &[i64]) -> Result {
    for ((name, doc), Row { unit, values, .. }) in names.lines().zip(docs.lines()).zip(rows(labels, words)) {
        let endings =
            if unit == unit::BYTES { ["_bytes", "_peak_bytes", "_bytes_total"] } else { ["", "_peak", "_total"] };
        let [now, most, all] = endings;
        let mut metric = |ending, kind, value: i64| {
            head(out, name, ending, kind, doc)?;
            writeln!(out, "oximalloc_{name}{ending} {value}")
        };
        if let &[total, peak, current] = values {
            metric(now, GAUGE, current)?;
            metric(most, GAUGE, peak)?;
            metric(all, COUNTER, total)?;
        } else if let &[total] = values {
            metric(all, COUNTER, total)?;
        }
    }
    Ok(())
}

/// Write the description and the type of a metric.
fn head(out: &mut dyn Write, name: &str, ending: &str, kind: &str, what: &str) -> Result {
    writeln!(out, "# HELP oximalloc_{name}{ending} {what}\n# TYPE oximalloc_{name}{ending} {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_statistic_is_a_metric() {
        let memory = Snapshot { purged: 7, ..Snapshot::default() };
        let mut heaps = HeapSnapshot { pages_retire: 8, ..HeapSnapshot::default() };
        (heaps.pages.total, heaps.pages.peak, heaps.pages.current) = (3, 2, 1);
        let bins = [BinRow::default(), BinRow { block_size: 16, peak: 5, total: 6, current: 4 }];
        let mut text = String::new();
        write(&mut text, &memory, &heaps, &bins).unwrap();
        for line in [
            "# HELP oximalloc_purged_bytes_total bytes given back to the OS",
            "# TYPE oximalloc_purged_bytes_total counter",
            "oximalloc_purged_bytes_total 7",
            "oximalloc_pages_retire_total 8",
            "# TYPE oximalloc_pages gauge",
            "oximalloc_pages 1",
            "oximalloc_pages_peak 2",
            "oximalloc_pages_total 3",
            "oximalloc_reserved_peak_bytes 0",
            "oximalloc_blocks{size=\"16\"} 4",
            "oximalloc_blocks_total{size=\"16\"} 6",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} in\n{text}");
        }
        assert!(!text.contains("size=\"0\""));
        let values: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.contains('{')).collect();
        assert_eq!(values.len(), Snapshot::WORDS + HeapSnapshot::WORDS);
        let metric = |line: &str| line.split([' ', '{']).next().unwrap().to_string();
        let told: BTreeSet<_> = text.lines().filter(|line| !line.starts_with('#')).map(metric).collect();
        assert_eq!(text.lines().filter(|line| line.starts_with("# TYPE")).count(), told.len());
    }
}
