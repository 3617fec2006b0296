//! `results.csv` and `latency.csv`: every number of every row and rival.

use std::fmt::Write;

use crate::build::Missing;
use crate::launch::PERCENTILES;
use crate::results::{Measure, Outcome, Results};

/// One line per row and rival.
pub fn write(results: &Results) -> String {
    let mut text = String::from("group,row,workload,threads,rival,status,runs,operations,before_kib");
    for measure in Measure::ALL {
        let _ = write!(text, ",{0},{0}_spread,{0}_ratio", measure.column());
    }
    text.push('\n');
    for row in &results.rows {
        let workload = row.row.workload;
        for (rival, outcome) in row.outcomes.iter().enumerate() {
            let name = results.name(rival);
            let _ = write!(text, "{},{},{},{},{name}", workload.group, row.row.name, workload.name, row.row.threads);
            match outcome {
                Outcome::Missing(Missing::Failed(reason)) => text.push_str(&quote(&format!("failed: {reason}"))),
                Outcome::Missing(Missing::Absent(reason)) => text.push_str(&quote(&format!("absent: {reason}"))),
                Outcome::Measured(summary) => {
                    let _ = write!(text, ",ok,{}", summary.runs);
                    let mut numbers = vec![summary.operations, summary.before_kib];
                    for measure in Measure::ALL {
                        let figure = summary.figure(measure);
                        let (median, spread) = (figure.map(|figure| figure.median), figure.map(|figure| figure.spread));
                        numbers.extend([median, spread, row.ratio(rival, measure)]);
                    }
                    numbers.into_iter().for_each(|number| text.push_str(&cell(number)));
                }
            }
            text.push('\n');
        }
    }
    text
}

/// `latency.csv`: one line per row, call and rival.
pub fn latency(results: &Results) -> String {
    let heads: String = PERCENTILES.iter().map(|percentile| format!(",{percentile}_ns")).collect();
    let mut text = format!("row,call,rival{heads}\n");
    for row in &results.rows {
        for rival in results.shown() {
            for (call, figures) in row.summary(rival).iter().flat_map(|summary| &summary.latency) {
                let _ = write!(text, "{},{call},{}", row.row.name, results.name(rival));
                figures.iter().for_each(|figure| text.push_str(&cell(Some(*figure))));
                text.push('\n');
            }
        }
    }
    text
}

/// A number with six digits that mean something.
fn cell(number: Option<f64>) -> String {
    number.map_or_else(
        || ",".into(),
        |number| match format!("{number:.5e}").parse::<f64>() {
            Ok(rounded) if number.abs() < 1e5 => format!(",{rounded}"),
            _ => format!(",{number:.0}"),
        },
    )
}

fn quote(text: &str) -> String {
    format!(",\"{}\"", text.replace('"', "'"))
}
