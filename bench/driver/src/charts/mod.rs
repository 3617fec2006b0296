//! The charts, drawn as SVG with the fonts of whoever looks at them.

pub mod curves;
pub mod dots;
pub mod overview;
pub mod style;

use std::path::Path;

use anyhow::Result;
use curves::{Chart, Series};

use crate::launch::PERCENTILES;
use crate::results::{Results, duration};

/// Draws all charts of a measuring; gives the names of the files.
pub fn draw(results: &Results, out: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut file = |name: String| {
        let path = out.join(&name);
        names.push(name);
        path
    };
    overview::draw(results, &file("overview.svg".into()))?;
    for group in results.groups() {
        dots::draw(results, group, &file(format!("rows-{group}.svg")))?;
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
        curves::draw(&file(format!("latency-{}.svg", row.row.name)), &title, &row.row.workload.what, &panels)?;
    }
    Ok(names)
}
