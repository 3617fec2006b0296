//! The table on the terminal, and tables in Markdown.

use std::io::IsTerminal;

use crate::build::Missing;
use crate::results::{Measure, Outcome, ResultRow, Results};

/// A row in which ours is slower than the best rival by more than this is marked.
pub const BEHIND: f64 = 1.05;

/// A Markdown table: the first column is text, the others are numbers.
pub fn markdown(heads: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule: String = (1..heads.len()).map(|_| " ---: |").collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    format!("{}| --- |{rule}\n{body}", line(heads))
}

/// A ratio with two digits after the point.
pub fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.2}"))
}

/// What stands where a ratio cannot.
pub fn cell(row: &ResultRow, rival: usize, measure: Measure) -> String {
    match &row.outcomes[rival] {
        Outcome::Missing(Missing::Failed(_)) => "failed".into(),
        _ => ratio(row.ratio(rival, measure)),
    }
}

/// Prints all rows: time and peak memory of each rival as ratios to the best of the others than ours.
pub fn print(results: &Results) {
    let colour = std::io::stdout().is_terminal();
    let paint = |text: String, code: &str| if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text };
    let width = results.rows.iter().map(|row| row.row.name.len() + 2).chain([12]).max().unwrap_or(0);
    let names = results.shown().map(|rival| results.name(rival));
    let wide = names.clone().map(str::len).chain([11]).max().unwrap_or(0);
    println!(
        "time / peak memory, as ratios to the best rival; {} is ours; < behind by 5 %, ~ noisy",
        results.name(results.ours)
    );
    println!("{:width$}{}", "", names.map(|name| format!(" {name:>wide$}")).collect::<String>());
    for row in &results.rows {
        let behind = row.ours(Measure::Time).is_some_and(|ratio| ratio > BEHIND);
        let marks = format!("{}{}", if behind { "<" } else { "" }, if row.is_noisy() { "~" } else { "" });
        let mut line = format!("{:width$}", format!("{} {marks}", row.row.name));
        for rival in results.shown() {
            let text = match (cell(row, rival, Measure::Time), cell(row, rival, Measure::Peak)) {
                (time, memory) if time == memory && row.summary(rival).is_none() => time,
                (time, memory) => format!("{time}/{memory}"),
            };
            let code = if rival != results.ours {
                "0"
            } else if behind {
                "1;31"
            } else {
                "1;32"
            };
            line.push_str(&paint(format!(" {text:>wide$}"), code));
        }
        println!("{line}");
    }
    for group in results.groups().map(Some).chain([None]) {
        let mean = |rival, measure| ratio(results.comparable_mean(group, rival, measure));
        let cell =
            |rival| format!(" {:>wide$}", format!("{}/{}", mean(rival, Measure::Time), mean(rival, Measure::Peak)));
        let line: String = results.shown().map(cell).collect();
        println!("{}", paint(format!("{:width$}{line}", format!("= {}", group.unwrap_or("all"))), "1"));
    }
}

/// Prints what failed or is not there. Says whether our own allocator was all right.
pub fn print_missing(results: &Results) -> bool {
    let mut good = true;
    for (rival, missing, rows) in results.missing() {
        let ours = rival == results.ours;
        let rows = rows.join(", ");
        match missing {
            Missing::Failed(reason) => println!("{} failed: {reason} ({rows})", results.name(rival)),
            Missing::Absent(reason) if ours => println!("skipped: {reason} ({rows})"),
            Missing::Absent(_) => {}
        }
        good &= !ours || matches!(missing, Missing::Absent(_));
    }
    good
}
