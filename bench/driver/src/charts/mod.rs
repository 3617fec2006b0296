//! The charts, drawn as SVG with the fonts of whoever looks at them.

pub mod curves;
pub mod dots;
pub mod overview;
pub mod style;

use std::fs;
use std::path::Path;

use anyhow::Result;
use curves::{Chart, Series};

use crate::launch::PERCENTILES;
use crate::results::{Results, duration};

/// All charts but the overview go into this folder in that of the results. It is not in git.
pub const FOLDER: &str = "charts";

/// The chart of the rows of a group.
pub fn of_group(group: &str) -> String {
    format!("{FOLDER}/rows-{group}.svg")
}

/// The chart of the latencies of a row.
pub fn of_latency(row: &str) -> String {
    format!("{FOLDER}/latency-{row}.svg")
}

/// Draws all charts of a measuring; gives the names of the files.
pub fn draw(results: &Results, out: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(out.join(FOLDER))?;
    let mut names = Vec::new();
    let mut file = |name: String| {
        let path = out.join(&name);
        names.push(name);
        path
    };
    overview::draw(results, &file("overview.svg".into()))?;
    for group in results.groups() {
        dots::draw(results, group, &file(of_group(group)))?;
    }
    for row in results.rows.iter().filter(|row| !row.calls().is_empty()) {
        let series = |call: &str| -> Vec<Series> {
            let of = |rival: usize| {
                let figures = row.summary(rival)?.latency.get(call)?;
                let points = figures.iter().enumerate().map(|(at, ns)| (at as f64, ns.max(1.0))).collect();
                Some(Series { name: results.name(rival).into(), colour: style::colour(rival, results.ours), points })
            };
            results.shown().filter_map(of).collect()
        };
        let show = |ns| duration(ns / 1e9).replace(".00 ", " ").replace(".0 ", " ");
        let chart =
            |title| Chart { title, x: "percentile of calls", y: "", log_y: true, show, categories: &PERCENTILES };
        let panels: Vec<_> = row.calls().into_iter().map(|call| (chart(call), series(call))).collect();
        let title = format!("Latency of single calls: {}", row.row.name);
        curves::draw(&file(of_latency(&row.row.name)), &title, &row.row.workload.what, &panels)?;
    }
    Ok(names)
}
