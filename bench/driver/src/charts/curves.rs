//! Curves: one for each rival, over a scale or over percentiles.

use std::path::Path;

use anyhow::Result;
use plotters::style::RGBColor;

use super::style::{Axis, Canvas, FAINT, GREY, INK, Side, is_ours, short, wrapped};

/// The points of a rival.
pub struct Series {
    pub name: String,
    pub colour: RGBColor,
    pub points: Vec<(f64, f64)>,
}

/// What a panel is about. The values on the x axis are numbers on a logarithmic axis, or positions in `categories`.
pub struct Chart<'a> {
    pub title: &'a str,
    pub x: &'a str,
    pub y: &'a str,
    pub log_y: bool,
    /// How a value is written on the y axis.
    pub show: fn(f64) -> String,
    pub categories: &'a [&'a str],
}

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 330.0;

/// Draws panels, two in a line.
pub fn draw(path: &Path, title: &str, below: &str, panels: &[(Chart, Vec<Series>)]) -> Result<()> {
    let across = panels.len().min(2);
    let width = (30.0 + WIDTH * across as f64).max(720.0);
    let canvas = Canvas::new(path, width, 130.0 + HEIGHT * panels.len().div_ceil(2) as f64)?;
    canvas.bold((20.0, 24.0), title, 17.0, INK, Side::Right);
    let mut y = 46.0;
    for line in wrapped(below, width / 7.2) {
        canvas.text((20.0, y), &line, 12.0, GREY, Side::Right);
        y += 16.0;
    }
    let drawn = panels[0].1.iter().filter(|one| !one.points.is_empty());
    let entries: Vec<(String, RGBColor)> = drawn.map(|one| (one.name.clone(), one.colour)).collect();
    let top = y + 8.0 + canvas.legend((20.0, y + 8.0), width - 40.0, &entries);
    let wide = (width - 30.0) / across as f64;
    for (at, (chart, series)) in panels.iter().enumerate() {
        let corner = (10.0 + wide * (at % 2) as f64, top + HEIGHT * (at / 2) as f64);
        panel(&canvas, corner, wide, chart, series);
    }
    canvas.finish()
}

fn panel(canvas: &Canvas, corner: (f64, f64), width: f64, chart: &Chart, series: &[Series]) {
    let points = || series.iter().flat_map(|one| one.points.iter());
    if points().next().is_none() {
        return;
    }
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (left, right) = (corner.0 + 48.0, corner.0 + width - 14.0);
    let (top, bottom) = (corner.1 + 34.0, corner.1 + HEIGHT - 44.0);
    let values = range(&mut points().map(|point| point.0));
    let log = chart.categories.is_empty();
    let x = Axis { pixels: (left + 8.0, right - 8.0), values, log };
    let (low, high) = range(&mut points().map(|point| point.1));
    let values = if chart.log_y { (low / 1.15, high * 1.15) } else { (low.min(1.0), high + (high - low) * 0.05) };
    let y = Axis { pixels: (bottom, top), values, log: chart.log_y };

    canvas.bold((left, corner.1 + 8.0), chart.title, 13.0, INK, Side::Right);
    canvas.text((left - 40.0, corner.1 + 24.0), chart.y, 11.0, GREY, Side::Right);
    for tick in y.ticks(5.0) {
        canvas.line(&[(left, y.at(tick)), (right, y.at(tick))], FAINT, 1);
        canvas.text((left - 6.0, y.at(tick)), &(chart.show)(tick), 11.0, GREY, Side::Left);
    }
    let mut marks: Vec<f64> = points().map(|point| point.0).collect();
    marks.sort_by(f64::total_cmp);
    marks.dedup();
    for mark in marks {
        let name = if log { short(mark) } else { chart.categories[mark as usize].to_string() };
        canvas.line(&[(x.at(mark), bottom), (x.at(mark), bottom + 4.0)], GREY, 1);
        canvas.text((x.at(mark), bottom + 14.0), &name, 11.0, GREY, Side::Centre);
    }
    canvas.line(&[(left, bottom), (right, bottom)], GREY, 1);
    canvas.text((f64::midpoint(left, right), bottom + 32.0), chart.x, 11.0, GREY, Side::Centre);
    // Ours comes last, so that it lies on the others.
    let mut order: Vec<&Series> = series.iter().collect();
    order.sort_by_key(|one| is_ours(one.colour));
    for one in order {
        let strong = is_ours(one.colour);
        let line: Vec<(f64, f64)> = one.points.iter().map(|point| (x.at(point.0), y.at(point.1))).collect();
        canvas.line(&line, one.colour, if strong { 3 } else { 2 });
        line.iter().for_each(|at| canvas.disc(*at, if strong { 4 } else { 3 }, one.colour));
    }
}
