//! The overview: geometric means of each group, a bar for each rival, time above and peak memory below.

use std::path::Path;

use anyhow::Result;

use super::style::{Axis, Canvas, FAINT, GREY, INK, Side, colour, is_ours};
use crate::results::{Measure, Results};

const NAMES: f64 = 130.0;
const PANEL: f64 = 165.0;
const LINE: f64 = 19.0;
/// Bars end here; their numbers tell how long they would be.
const LONGEST: f64 = 3.0;

/// Draws the overview.
pub fn draw(results: &Results, path: &Path) -> Result<()> {
    let groups: Vec<Option<&str>> = results.groups().map(Some).chain([None]).collect();
    let block = LINE * results.shown().count() as f64 + 66.0;
    let width = (NAMES + PANEL * groups.len() as f64 + 20.0).max(560.0);
    let canvas = Canvas::new(path, width, 66.0 + 2.0 * block)?;
    canvas.bold((20.0, 24.0), "oximalloc and its rivals", 17.0, INK, Side::Right);
    let said = "Geometric means of ratios to the best rival of each row (the line at 1); less is better.";
    canvas.text((20.0, 46.0), said, 12.0, GREY, Side::Right);
    for (at, measure) in [Measure::Time, Measure::Peak].into_iter().enumerate() {
        half(&canvas, results, &groups, measure, 66.0 + block * at as f64);
    }
    canvas.finish()
}

fn half(canvas: &Canvas, results: &Results, groups: &[Option<&str>], measure: Measure, top: f64) {
    let bars = top + 46.0;
    let bottom = bars + LINE * results.shown().count() as f64;
    let mean = |group: Option<&str>, rival: usize| results.comparable_mean(group, rival, measure);
    let mut order: Vec<usize> = results.shown().collect();
    let key = |rival: usize| mean(None, rival).unwrap_or(f64::INFINITY);
    order.sort_by(|&one, &other| key(one).total_cmp(&key(other)));

    let title = measure.label();
    canvas.bold((20.0, top + 12.0), &format!("{}{}", title[..1].to_uppercase(), &title[1..]), 14.0, INK, Side::Right);
    for (at, &group) in groups.iter().enumerate() {
        let left = NAMES + PANEL * at as f64;
        let axis = Axis { pixels: (left, left + PANEL - 50.0), values: (0.0, LONGEST), log: false };
        let count = results.group(group).count();
        let head = format!("{} ({count})", group.unwrap_or("all rows"));
        canvas.bold((left, top + 32.0), &head, 12.0, INK, Side::Right);
        for (line, &rival) in order.iter().enumerate() {
            let Some(mean) = mean(group, rival) else { continue };
            let y = bars + LINE * line as f64;
            let colour = colour(rival, results.ours);
            canvas.bar((left, y + 3.0), (axis.at(mean), y + LINE - 3.0), colour);
            let at = (axis.at(mean) + 6.0, y + LINE / 2.0);
            let text = format!("{mean:.2}{}", if mean > LONGEST { " »" } else { "" });
            if is_ours(colour) {
                canvas.bold(at, &text, 12.0, colour, Side::Right);
            } else {
                canvas.text(at, &text, 11.0, GREY, Side::Right);
            }
        }
        canvas.line(&[(axis.at(1.0), bars), (axis.at(1.0), bottom)], INK, 1);
        canvas.line(&[(left, bars), (left, bottom)], FAINT, 1);
    }
    for (line, &rival) in order.iter().enumerate() {
        let at = (NAMES - 8.0, bars + LINE * (line as f64 + 0.5));
        let colour = colour(rival, results.ours);
        if is_ours(colour) {
            canvas.bold(at, results.name(rival), 12.0, colour, Side::Left);
        } else {
            canvas.text(at, results.name(rival), 12.0, INK, Side::Left);
        }
    }
}
