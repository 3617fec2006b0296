//! `report.md`: everything that was measured, for reading.

use std::fmt::Write;

use crate::args::Args;
use crate::build::Missing;
use crate::charts;
use crate::launch::PERCENTILES;
use crate::machine;
use crate::measure::NOISY;
use crate::results::{Figure, Measure, ResultRow, Results, duration};
use crate::table::{BEHIND, cell, markdown, ratio};

/// The one that ours is also compared with.
const REFERENCE: &str = "mimalloc3";

/// The whole report.
pub fn write(results: &Results, args: &Args, charts: &[String]) -> String {
    let mut text = String::from("# Results\n\n");
    if !args.is_full() {
        text.push_str("Not the whole: part of the workloads or rivals, or less work than in a full run.\n\n");
    }
    head(&mut text, results, args);
    if charts.iter().any(|name| name == "overview.svg") {
        text.push_str("![Geometric means](overview.svg)\n\n");
    }
    text.push_str("## Geometric means\n\n");
    means(&mut text, results);
    behind(&mut text, results);
    for group in results.groups() {
        rows(&mut text, results, group, charts);
    }
    after_bursts(&mut text, results);
    latency(&mut text, results, charts);
    missing(&mut text, results);
    text
}

fn head(text: &mut String, results: &Results, args: &Args) {
    for (what, value) in machine::describe() {
        let _ = writeln!(text, "- {what}: {value}");
    }
    let _ = writeln!(
        text,
        "\nEach run is a process of its own; in each row the allocators take turns, and who begins changes with the run. \
         Medians; runs of each: {}, with {} % of the work that the workload's file says. Ratios are to the best rival of the row, \
         ours not counted as one: below 1 ours is better than all of them. A ratio is the median of those of each turn, \
         whose runs are seconds apart, as the machine's speed changes with the minutes: it may differ from that of the \
         medians beside it. The spread is half the distance from the least to the greatest, as a part of the median; a row in which \
         that of our ratios to the best rival is above {:.0} % was run once more as often, and is marked `~` if it is still above. What is compared and how to read it: `bench/README.md`.\n",
        args.runs(),
        if args.quick { 25 } else { args.amount },
        NOISY * 100.0
    );
    let heads = ["rival", "what", "language", "version"].map(String::from);
    let line = |rival: &crate::build::Contestant| {
        let of = &rival.rival;
        vec![
            of.name.clone(),
            format!("{} ({})", of.title, of.source),
            of.language.clone(),
            rival.version.replace('\n', "; "),
        ]
    };
    text.push_str(&markdown(&heads, &results.rivals.iter().map(line).collect::<Vec<_>>()).replace("---:", "---"));
    text.push('\n');
}

fn heads(results: &Results, before: &[&str], after: &[&str]) -> Vec<String> {
    let rivals = results.shown().map(|rival| match results.name(rival) {
        name if rival == results.ours => format!("**{name}**"),
        name => name.to_string(),
    });
    let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
    words(before).into_iter().chain(rivals).chain(words(after)).collect()
}

fn means(text: &mut String, results: &Results) {
    let reference = results.find(REFERENCE).filter(|&reference| reference != results.ours);
    text.push_str("Of the ratios to the best rival; of how many rows in brackets, where a rival lacks some.\n\n");
    for measure in Measure::ALL {
        let mut table = Vec::new();
        for group in results.groups().map(Some).chain([None]) {
            let count = results.group(group).filter(|row| row.best_rival(measure).is_some()).count();
            if count == 0 {
                continue;
            }
            let mut cells = vec![format!("{} ({count})", group.unwrap_or("all"))];
            cells.extend(results.shown().map(|rival| match results.mean(group, rival, measure) {
                Some((mean, some)) if some < count => format!("{mean:.2} ({some})"),
                mean => ratio(mean.map(|(mean, _)| mean)),
            }));
            cells.push(ratio(reference.and_then(|other| results.mean_to(group, results.ours, other, measure))));
            table.push(cells);
        }
        if !table.is_empty() {
            let label = format!("ours / {REFERENCE}");
            let _ = writeln!(text, "{}", markdown(&heads(results, &[measure.label()], &[&label]), &table));
        }
    }
}

fn behind(text: &mut String, results: &Results) {
    text.push_str("## Where we are behind\n\n");
    for measure in Measure::ALL {
        let mut behind: Vec<(f64, &ResultRow)> = results
            .rows
            .iter()
            .filter_map(|row| Some((row.ours(measure)?, row)))
            .filter(|(ratio, _)| *ratio > BEHIND)
            .collect();
        behind.sort_by(|one, other| other.0.total_cmp(&one.0));
        let all = results.rows.iter().filter(|row| row.ours(measure).is_some()).count();
        let _ = writeln!(text, "In {}, in {} of {all} rows by more than 5 %:\n", measure.label(), behind.len());
        for (ratio, row) in behind {
            let Some((best, value)) = row.best_rival(measure) else { continue };
            let ours = row.figure(results.ours, measure).map_or(f64::NAN, |figure| figure.median);
            let _ = writeln!(
                text,
                "- {}: {ratio:.2} ({} against {} of {})",
                row.row.name,
                measure.show(ours),
                measure.show(value),
                results.name(best)
            );
        }
        text.push('\n');
    }
}

/// Names a chart that was drawn. (No picture: the recorded report is in git, and the chart is not.)
fn drawn(text: &mut String, charts: &[String], chart: &str) {
    if charts.iter().any(|name| name == chart) {
        let _ = writeln!(text, "Drawn in `{chart}`.\n");
    }
}

fn rows(text: &mut String, results: &Results, group: &str, charts: &[String]) {
    let _ = writeln!(text, "## Group {group}\n");
    drawn(text, charts, &charts::of_group(group));
    for measure in [Measure::Time, Measure::Peak, Measure::Cpu, Measure::Faults] {
        let show = |figure: Option<Figure>| match figure {
            Some(figure) if measure == Measure::Time && figure.spread > 0.0 => {
                format!("{} ±{:.0} %", measure.show(figure.median), figure.spread * 100.0)
            }
            Some(figure) => measure.show(figure.median),
            None => "–".into(),
        };
        let line = |row: &ResultRow| {
            let mut cells = vec![format!("{}{}", row.row.name, if row.is_noisy() { " ~" } else { "" })];
            cells.push(show(row.figure(results.ours, measure)));
            let best = row.best_rival(measure);
            cells.push(
                best.map_or("–".into(), |(rival, value)| format!("{} {}", measure.show(value), results.name(rival))),
            );
            cells.extend(results.shown().map(|rival| cell(row, rival, measure)));
            cells
        };
        let table: Vec<Vec<String>> = results.group(Some(group)).map(line).collect();
        let label = if measure == Measure::Time { "time (of an operation)" } else { measure.label() };
        let _ = writeln!(text, "{}", markdown(&heads(results, &[label, "ours", "best rival"], &[]), &table));
    }
    let mut seen: Vec<&str> = Vec::new();
    for row in results.group(Some(group)) {
        let workload = row.row.workload;
        if seen.contains(&workload.name.as_str()) {
            continue;
        }
        seen.push(&workload.name);
        let sizes = if workload.sizes.is_empty() { String::new() } else { format!(" Sizes: {}.", workload.sizes) };
        let bound = if workload.alloc_bound { " Allocation is most of its work." } else { "" };
        let from = if workload.source.is_empty() { String::new() } else { format!(" From: {}.", workload.source) };
        let _ = writeln!(
            text,
            "- **{}**: {} An operation is {}.{sizes}{bound}{from}",
            workload.name, workload.what, workload.operation
        );
    }
    text.push('\n');
}

fn after_bursts(text: &mut String, results: &Results) {
    let bursts: Vec<&ResultRow> = results.rows.iter().filter(|row| row.best_rival(Measure::After).is_some()).collect();
    if bursts.is_empty() {
        return;
    }
    text.push_str("## Memory after a burst\n\nMiB resident a second after all was freed, while a little is allocated; peak in brackets.\n\n");
    let mib = |kib: f64| format!("{:.1}", kib / 1024.0);
    let line = |row: &&ResultRow| {
        let value = |rival| match (row.figure(rival, Measure::After), row.figure(rival, Measure::Peak)) {
            (Some(after), Some(peak)) => format!("{} ({:.0})", mib(after.median), peak.median / 1024.0),
            _ => "–".into(),
        };
        [row.row.name.clone()].into_iter().chain(results.shown().map(value)).collect()
    };
    let table: Vec<Vec<String>> = bursts.iter().map(line).collect();
    let _ = writeln!(text, "{}", markdown(&heads(results, &["row"], &[]), &table));
}

fn latency(text: &mut String, results: &Results, charts: &[String]) {
    let rows: Vec<&ResultRow> = results.rows.iter().filter(|row| !row.calls().is_empty()).collect();
    if rows.is_empty() {
        return;
    }
    text.push_str("## Latency of single calls\n\nTaken in processes of their own, the clock's own cost included.\n\n");
    for row in rows {
        for call in row.calls() {
            let mut table = Vec::new();
            for rival in results.shown() {
                let Some(figures) = row.summary(rival).and_then(|it| it.latency.get(call)) else { continue };
                let values = figures.iter().map(|ns| duration(ns / 1e9));
                table.push([results.name(rival).to_string()].into_iter().chain(values).collect());
            }
            let first = format!("{}, {call}", row.row.name);
            let heads: Vec<String> = [first.as_str()].into_iter().chain(PERCENTILES).map(String::from).collect();
            let _ = writeln!(text, "{}", markdown(&heads, &table));
        }
        drawn(text, charts, &charts::of_latency(&row.row.name));
    }
}

fn missing(text: &mut String, results: &Results) {
    text.push_str("## Failed or left out\n\n");
    let missing = results.missing();
    for (rival, missing, rows) in &missing {
        let (word, reason) = match missing {
            Missing::Failed(reason) => ("**failed**", reason),
            Missing::Absent(reason) => ("left out", reason),
        };
        let _ = writeln!(text, "- {} {word}: {reason} ({})", results.name(*rival), rows.join(", "));
    }
    if missing.is_empty() {
        text.push_str("Nothing.\n");
    }
}
