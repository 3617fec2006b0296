//! All rows of a group: a dot for each rival's time and peak memory, as ratios to the best of the others than ours.

use std::path::Path;

use anyhow::Result;

use super::style::{Axis, Canvas, FAINT, GREY, INK, Side, colour, short};
use crate::results::{Measure, Results};

const NAMES: f64 = 190.0;
const PANEL: f64 = 400.0;
const LINE: f64 = 20.0;
/// Ratios outside are drawn at the edge.
const SHOWN: (f64, f64) = (0.2, 10.0);

/// Draws a group.
pub fn draw(results: &Results, group: &str, path: &Path) -> Result<()> {
    let rows: Vec<_> = results.group(Some(group)).collect();
    let width = NAMES + 2.0 * PANEL + 30.0;
    let top = 130.0;
    let bottom = top + LINE * rows.len() as f64;
    let canvas = Canvas::new(path, width, bottom + 40.0)?;
    canvas.bold((20.0, 24.0), &format!("Group {group}: every row"), 17.0, INK, Side::Right);
    let said = "Ratio to the best rival of the row, logarithmic; left is better, left of 1 is better than every rival.";
    canvas.text((20.0, 46.0), said, 12.0, GREY, Side::Right);
    // Ours comes last, so that its dot lies on the others.
    let order = || results.shown().filter(|&rival| rival != results.ours).chain([results.ours]);
    let entries: Vec<_> = order().map(|rival| (results.name(rival).to_string(), colour(rival, results.ours))).collect();
    canvas.legend((20.0, 70.0), width - 40.0, &entries);
    for (at, row) in rows.iter().enumerate() {
        let y = top + LINE * (at as f64 + 0.5);
        canvas.text((NAMES - 8.0, y), &row.row.name, 12.0, INK, Side::Left);
    }
    for (at, measure) in [Measure::Time, Measure::Peak].into_iter().enumerate() {
        let left = NAMES + (PANEL + 10.0) * at as f64;
        let ratios = || rows.iter().flat_map(|row| order().filter_map(|rival| row.ratio(rival, measure)));
        let low = ratios().fold(0.8, f64::min).max(SHOWN.0) / 1.05;
        let high = ratios().fold(2.0, f64::max).min(SHOWN.1) * 1.05;
        let axis = Axis { pixels: (left + 8.0, left + PANEL - 8.0), values: (low, high), log: true };
        canvas.bold((left + 8.0, top - 24.0), measure.label(), 13.0, INK, Side::Right);
        for tick in axis.ticks(6.0) {
            let x = axis.at(tick);
            let one = tick == 1.0;
            canvas.line(&[(x, top - 6.0), (x, bottom + 6.0)], if one { GREY } else { FAINT }, 1);
            canvas.text((x, bottom + 18.0), &short(tick), 11.0, GREY, Side::Centre);
        }
        for (at, row) in rows.iter().enumerate() {
            let y = top + LINE * (at as f64 + 0.5);
            canvas.line(&[(left + 8.0, y), (left + PANEL - 8.0, y)], FAINT, 1);
            for rival in order() {
                if let Some(ratio) = row.ratio(rival, measure) {
                    let radius = if rival == results.ours { 6 } else { 4 };
                    canvas.disc((axis.at(ratio), y), radius, colour(rival, results.ours));
                }
            }
        }
    }
    canvas.finish()
}
