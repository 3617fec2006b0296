//! A canvas with the few shapes that the charts are made of, their colours, and axes.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor};

pub const INK: RGBColor = RGBColor(38, 42, 48);
pub const GREY: RGBColor = RGBColor(112, 118, 126);
pub const FAINT: RGBColor = RGBColor(228, 231, 235);
const OURS: RGBColor = RGBColor(214, 58, 24);
/// Muted, and as far from each other as that allows.
const RIVALS: [RGBColor; 14] = [
    RGBColor(74, 111, 165),
    RGBColor(122, 158, 90),
    RGBColor(150, 110, 168),
    RGBColor(70, 156, 152),
    RGBColor(190, 160, 80),
    RGBColor(134, 134, 134),
    RGBColor(120, 168, 214),
    RGBColor(150, 112, 82),
    RGBColor(196, 142, 170),
    RGBColor(58, 92, 84),
    RGBColor(164, 190, 150),
    RGBColor(94, 84, 140),
    RGBColor(178, 178, 204),
    RGBColor(110, 120, 60),
];

/// The colour of a rival; ours is the only strong one.
pub fn colour(rival: usize, ours: usize) -> RGBColor {
    if rival == ours { OURS } else { RIVALS[rival % RIVALS.len()] }
}

pub fn is_ours(colour: RGBColor) -> bool {
    colour == OURS
}

/// A text in lines of at most so many characters.
pub fn wrapped(text: &str, length: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        if lines.last().is_some_and(|line| (line.len() + word.len()) as f64 > length) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines
}

/// Where a text is, seen from its point.
#[derive(Clone, Copy)]
pub enum Side {
    Right,
    Left,
    Centre,
}

/// A white picture.
pub struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

impl<'a> Canvas<'a> {
    pub fn new(path: &'a Path, width: f64, height: f64) -> Result<Canvas<'a>> {
        let area = SVGBackend::new(path, (width as u32, height as u32)).into_drawing_area();
        area.fill(&RGBColor(255, 255, 255)).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        Ok(Canvas { area })
    }

    pub fn text(&self, at: (f64, f64), text: &str, size: f64, colour: RGBColor, side: Side) {
        self.styled(at, text, size, colour, side, FontStyle::Normal);
    }

    pub fn bold(&self, at: (f64, f64), text: &str, size: f64, colour: RGBColor, side: Side) {
        self.styled(at, text, size, colour, side, FontStyle::Bold);
    }

    fn styled(&self, at: (f64, f64), text: &str, size: f64, colour: RGBColor, side: Side, font: FontStyle) {
        let side = match side {
            Side::Right => HPos::Left,
            Side::Left => HPos::Right,
            Side::Centre => HPos::Center,
        };
        // The backend divides sizes by 1.24.
        let font = ("Helvetica, Arial, sans-serif", size * 1.24).into_font().style(font);
        let style = font.color(&colour).pos(Pos::new(side, VPos::Center));
        self.draw(&Text::new(text.to_string(), pixel(at), style));
    }

    pub fn bar(&self, from: (f64, f64), to: (f64, f64), colour: RGBColor) {
        self.draw(&Rectangle::new([pixel(from), pixel(to)], colour.filled()));
    }

    pub fn line(&self, points: &[(f64, f64)], colour: RGBColor, width: u32) {
        let points: Vec<(i32, i32)> = points.iter().copied().map(pixel).collect();
        self.draw(&PathElement::new(points, colour.stroke_width(width)));
    }

    /// A disc with a thin white edge, so that it stays visible on others.
    pub fn disc(&self, at: (f64, f64), radius: i32, colour: RGBColor) {
        self.draw(&Circle::new(pixel(at), radius + 1, RGBColor(255, 255, 255).filled()));
        self.draw(&Circle::new(pixel(at), radius, colour.filled()));
    }

    /// Names with their colours, beginning at a point, in lines of a width; gives the height.
    pub fn legend(&self, at: (f64, f64), width: f64, entries: &[(String, RGBColor)]) -> f64 {
        let (mut x, mut y) = at;
        for (name, colour) in entries {
            let needed = 34.0 + 7.0 * name.len() as f64;
            if x + needed > at.0 + width {
                (x, y) = (at.0, y + 20.0);
            }
            self.disc((x + 6.0, y), 5, *colour);
            let strong = *colour == OURS;
            let font = if strong { FontStyle::Bold } else { FontStyle::Normal };
            self.styled((x + 16.0, y), name, 12.0, if strong { OURS } else { INK }, Side::Right, font);
            x += needed;
        }
        y - at.1 + 20.0
    }

    fn draw<'b, E, B>(&self, element: &'b E)
    where
        B: plotters::element::CoordMapper,
        &'b E: plotters::element::PointCollection<'b, (i32, i32), B>,
        E: plotters::element::Drawable<SVGBackend<'a>, B>,
    {
        // Drawing only adds to a text in memory; what can fail is writing the file at the end.
        let _ = self.area.draw(element);
    }

    /// Writes the file.
    pub fn finish(self) -> Result<()> {
        self.area.present().map_err(|error| anyhow!("writing a chart: {error}"))
    }
}

fn pixel(at: (f64, f64)) -> (i32, i32) {
    (at.0.round() as i32, at.1.round() as i32)
}

/// Values along a line of pixels.
#[derive(Clone, Copy)]
pub struct Axis {
    pub pixels: (f64, f64),
    pub values: (f64, f64),
    pub log: bool,
}

impl Axis {
    /// The pixel of a value; what is outside is at the end.
    pub fn at(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.log { value.ln() } else { value };
        let (low, high) = (scale(self.values.0), scale(self.values.1));
        let part = ((scale(value) - low) / (high - low)).clamp(0.0, 1.0);
        self.pixels.0 + part * (self.pixels.1 - self.pixels.0)
    }

    /// Round values along it, about as many as asked for.
    pub fn ticks(&self, about: f64) -> Vec<f64> {
        let (low, high) = self.values;
        let inside = |value: &f64| *value >= low * 0.999 && *value <= high * 1.001;
        if !self.log {
            let rough = (high - low) / about;
            let power = 10f64.powf(rough.log10().floor());
            let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * power);
            let step = steps.into_iter().find(|step| *step >= rough).unwrap_or(rough);
            return (0..=about as u32 * 2)
                .map(|at| (low / step).ceil() * step + f64::from(at) * step)
                .filter(inside)
                .collect();
        }
        let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let within: &[f64] = match (high / low).log10() {
            span if span < 1.2 => &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            span if span < 2.5 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let all = decades.flat_map(|decade| within.iter().map(move |one| one * 10f64.powi(decade)));
        all.filter(inside).collect()
    }
}

/// A number on an axis.
pub fn short(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{} M", v / 1e6),
        v if v >= 1e4 => format!("{} k", v / 1e3),
        v => format!("{}", (v * 1000.0).round() / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_ticks() {
        let axis = Axis { pixels: (0.0, 100.0), values: (0.0, 4.0), log: false };
        assert_eq!(axis.ticks(4.0), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!((axis.at(2.0), axis.at(9.0)), (50.0, 100.0));
        let axis = Axis { pixels: (100.0, 0.0), values: (10.0, 100_000.0), log: true };
        assert_eq!(axis.ticks(4.0), [10.0, 100.0, 1000.0, 10000.0, 100_000.0]);
        assert!((axis.at(1000.0) - 50.0).abs() < 1e-9);
        assert_eq!((short(20_000.0), short(0.5)), ("20 k".into(), "0.5".into()));
    }
}
