//! What the runs add up to: medians, spreads, and ratios within a row.

use std::collections::BTreeSet;

use crate::build::{Contestant, Missing};
use crate::launch::{Latency, Run};
use crate::measure::{Cell, NOISY};
use crate::statistics::{geometric_mean, median, quotients, spread};
use crate::workloads::{GROUPS, Row};

/// What is compared. Less is better in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Seconds of the measured part, for one operation if they are counted.
    Time,
    /// Seconds of CPU of the whole process.
    Cpu,
    /// The largest resident set, in KiB.
    Peak,
    /// The resident set a second after a burst was freed, in KiB.
    After,
    /// Page faults of the whole process.
    Faults,
}

impl Measure {
    pub const ALL: [Measure; 5] = [Measure::Time, Measure::Cpu, Measure::Peak, Measure::After, Measure::Faults];

    /// As it is called in a sentence.
    pub fn label(self) -> &'static str {
        match self {
            Measure::Time => "time",
            Measure::Cpu => "CPU time",
            Measure::Peak => "peak memory",
            Measure::After => "memory after a burst",
            Measure::Faults => "page faults",
        }
    }

    /// Its name in the columns of the CSV.
    pub fn column(self) -> &'static str {
        match self {
            Measure::Time => "time_s",
            Measure::Cpu => "cpu_s",
            Measure::Peak => "peak_kib",
            Measure::After => "after_kib",
            Measure::Faults => "faults",
        }
    }

    /// A value for people.
    pub fn show(self, value: f64) -> String {
        match self {
            Measure::Time | Measure::Cpu => duration(value),
            Measure::Peak | Measure::After => format!("{:.1} MiB", value / 1024.0),
            Measure::Faults => format!("{value:.0}"),
        }
    }

    /// What a run says about it.
    pub fn of(self, run: &Run) -> Option<f64> {
        match self {
            Measure::Time => Some(run.seconds / run.operations.filter(|count| *count > 0.0).unwrap_or(1.0)),
            Measure::Cpu => Some(run.cpu),
            Measure::Peak => Some(run.peak_kib),
            Measure::After => run.after_kib,
            Measure::Faults => Some(run.faults),
        }
    }
}

/// Seconds in a unit that fits, with three digits.
pub fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s if s >= 1e-6 => (s * 1e6, "µs"),
        s => (s * 1e9, "ns"),
    };
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.digits$} {unit}")
}

/// A median and half the distance between the extremes as a part of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    pub median: f64,
    pub spread: f64,
}

impl Figure {
    fn of(values: &[f64]) -> Option<Figure> {
        (!values.is_empty()).then(|| Figure { median: median(values), spread: spread(values) })
    }
}

/// What a rival's runs of a row add up to.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Runs that were counted.
    pub runs: usize,
    pub operations: Option<f64>,
    pub before_kib: Option<f64>,
    /// By turn, in the order of [`Measure::ALL`].
    values: [Vec<f64>; Measure::ALL.len()],
    /// Medians of each percentile.
    pub latency: Latency,
}

impl Summary {
    fn of(timed: &[Run], latency: &[Run]) -> Option<Summary> {
        let first = timed.first()?;
        let before: Vec<f64> = timed.iter().filter_map(|run| run.before_kib).collect();
        let values = |measure: Measure| timed.iter().filter_map(|run| measure.of(run)).collect();
        let at = |call: &str, place: usize| {
            let told = latency.iter().filter_map(|run| run.latency.get(call));
            median(&told.map(|figures| figures[place]).collect::<Vec<_>>())
        };
        let medians = |call: &String| (call.clone(), std::array::from_fn(|place| at(call, place)));
        Some(Summary {
            runs: timed.len(),
            operations: first.operations,
            before_kib: Figure::of(&before).map(|figure| figure.median),
            values: Measure::ALL.map(values),
            latency: latency.iter().flat_map(|run| run.latency.keys()).map(medians).collect(),
        })
    }

    pub fn figure(&self, measure: Measure) -> Option<Figure> {
        Figure::of(self.values(measure))
    }

    fn values(&self, measure: Measure) -> &[f64] {
        Measure::ALL.iter().position(|other| *other == measure).map_or(&[], |at| &self.values[at])
    }
}

/// What a rival came to in a row.
#[derive(Clone, Debug)]
pub enum Outcome {
    Measured(Box<Summary>),
    Missing(Missing),
}

/// One row of the tables.
pub struct ResultRow<'a> {
    pub row: Row<'a>,
    /// By rival.
    pub outcomes: Vec<Outcome>,
    ours: usize,
}

/// All that was measured.
pub struct Results<'a> {
    pub rivals: Vec<Contestant>,
    pub rows: Vec<ResultRow<'a>>,
    pub ours: usize,
}

impl<'a> Results<'a> {
    /// Adds up the cells. Rows that were not reached are left out.
    pub fn new(rivals: Vec<Contestant>, rows: Vec<Row<'a>>, cells: Vec<Vec<Cell>>, ours: usize) -> Results<'a> {
        let outcome = |cell| match cell {
            Cell::Runs { timed, latency } => match Summary::of(&timed, &latency) {
                Some(summary) => Outcome::Measured(Box::new(summary)),
                None => Outcome::Missing(Missing::Absent("interrupted".into())),
            },
            Cell::Missing(missing) => Outcome::Missing(missing),
        };
        let line = |(row, cells): (Row<'a>, Vec<Cell>)| ResultRow {
            row,
            outcomes: cells.into_iter().map(outcome).collect(),
            ours,
        };
        Results { rivals, rows: rows.into_iter().zip(cells).map(line).collect(), ours }
    }

    /// The groups that have rows, in their order.
    pub fn groups(&self) -> impl Iterator<Item = &'static str> {
        GROUPS.into_iter().filter(|group| self.group(Some(group)).next().is_some())
    }

    /// The rows of a group, or all.
    pub fn group<'s>(&'s self, group: Option<&'s str>) -> impl Iterator<Item = &'s ResultRow<'a>> {
        self.rows.iter().filter(move |row| group.is_none_or(|group| row.row.workload.group == group))
    }

    /// The rivals that have a place in the tables: those that take part in some row, or should.
    pub fn shown(&self) -> impl Iterator<Item = usize> + Clone {
        let absent =
            |row: &ResultRow, rival: usize| matches!(row.outcomes[rival], Outcome::Missing(Missing::Absent(_)));
        (0..self.rivals.len()).filter(move |&rival| !self.rows.iter().all(|row| absent(row, rival)))
    }

    pub fn name(&self, rival: usize) -> &str {
        &self.rivals[rival].rival.name
    }

    /// The position of a rival.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.rivals.iter().position(|rival| rival.rival.name == name)
    }

    /// The geometric mean of a rival's ratios to the best of each row, and of how many rows.
    pub fn mean(&self, group: Option<&str>, rival: usize, measure: Measure) -> Option<(f64, usize)> {
        let ratios: Vec<f64> = self.group(group).filter_map(|row| row.ratio(rival, measure)).collect();
        Some((geometric_mean(ratios.iter().copied())?, ratios.len()))
    }

    /// The same, unless the rival takes part in too few rows to be compared with those that take part in all.
    pub fn comparable_mean(&self, group: Option<&str>, rival: usize, measure: Measure) -> Option<f64> {
        let (mean, count) = self.mean(group, rival, measure)?;
        (count * 2 > self.group(group).count()).then_some(mean)
    }

    /// The geometric mean of one rival's ratios to another.
    pub fn mean_to(&self, group: Option<&str>, rival: usize, other: usize, measure: Measure) -> Option<f64> {
        geometric_mean(self.group(group).filter_map(|row| row.over(rival, other, measure)))
    }

    /// What failed, or is missing for another reason: rival, why, and in which rows.
    pub fn missing(&self) -> Vec<(usize, &Missing, Vec<&str>)> {
        let mut found: Vec<(usize, &Missing, Vec<&str>)> = Vec::new();
        for row in &self.rows {
            for (rival, outcome) in row.outcomes.iter().enumerate() {
                let Outcome::Missing(missing) = outcome else { continue };
                match found.iter_mut().find(|known| (known.0, known.1) == (rival, missing)) {
                    Some((.., rows)) => rows.push(&row.row.name),
                    None => found.push((rival, missing, vec![&row.row.name])),
                }
            }
        }
        found
    }
}

impl ResultRow<'_> {
    pub fn summary(&self, rival: usize) -> Option<&Summary> {
        match &self.outcomes[rival] {
            Outcome::Measured(summary) => Some(summary),
            Outcome::Missing(_) => None,
        }
    }

    pub fn figure(&self, rival: usize, measure: Measure) -> Option<Figure> {
        self.summary(rival)?.figure(measure)
    }

    /// The calls whose latency was taken.
    pub fn calls(&self) -> BTreeSet<&str> {
        let summaries = (0..self.outcomes.len()).filter_map(|rival| self.summary(rival));
        summaries.flat_map(|summary| summary.latency.keys()).map(String::as_str).collect()
    }

    /// The best of the others, to which our ratio is greatest; if ours has failed, the one with the least median. Its median
    /// with it.
    pub fn best_rival(&self, measure: Measure) -> Option<(usize, f64)> {
        let others = (0..self.outcomes.len()).filter(|&rival| rival != self.ours);
        let values = others.filter_map(|rival| Some((rival, self.figure(rival, measure)?.median)));
        let worth = |rival, median: f64| self.over(rival, self.ours, measure).unwrap_or(median);
        values.min_by(|one, other| worth(one.0, one.1).total_cmp(&worth(other.0, other.1)))
    }

    /// One's value over another's: the median of what it is in each turn.
    fn over(&self, rival: usize, other: usize, measure: Measure) -> Option<f64> {
        let (one, other) = (self.summary(rival)?, self.summary(other)?);
        positive(median(&quotients(one.values(measure), other.values(measure))))
    }

    /// A rival's value over that of the best of the others than ours.
    pub fn ratio(&self, rival: usize, measure: Measure) -> Option<f64> {
        self.over(rival, self.best_rival(measure)?.0, measure)
    }

    /// Our ratio.
    pub fn ours(&self, measure: Measure) -> Option<f64> {
        self.ratio(self.ours, measure)
    }

    /// Does the ratio of our time to that of the best rival still vary too much?
    pub fn is_noisy(&self) -> bool {
        let best = self.best_rival(Measure::Time).and_then(|(rival, _)| self.summary(rival));
        let both = best.zip(self.summary(self.ours));
        both.is_some_and(|(best, ours)| {
            spread(&quotients(ours.values(Measure::Time), best.values(Measure::Time))) > NOISY
        })
    }
}

fn positive(ratio: f64) -> Option<f64> {
    (ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(row: Row<'a>, seconds: &[Option<f64>]) -> ResultRow<'a> {
        let run = |seconds| Run { seconds, peak_kib: 1000.0, ..Run::default() };
        let outcome = |seconds: &Option<f64>| match seconds {
            Some(seconds) => Outcome::Measured(Box::new(Summary::of(&[run(*seconds)], &[]).unwrap())),
            None => Outcome::Missing(Missing::Failed("it crashed".into())),
        };
        ResultRow { row, outcomes: seconds.iter().map(outcome).collect(), ours: 0 }
    }

    #[test]
    fn ratios_are_to_the_best_of_the_others() {
        let text = "name = 'n'\ngroup = 'single'\nprogram = 'n.c'\nwhat = ''\noperation = ''\n";
        let workload = toml::from_str(text).unwrap();
        let row =
            row(Row { workload: &workload, threads: 1, name: "n".into() }, &[Some(1.0), Some(2.0), Some(4.0), None]);
        assert_eq!(row.best_rival(Measure::Time), Some((1, 2.0)));
        assert_eq!(row.ours(Measure::Time), Some(0.5));
        assert_eq!(row.ratio(2, Measure::Time), Some(2.0));
        assert_eq!(row.ratio(3, Measure::Time), None);
        assert_eq!(row.ratio(1, Measure::Faults), None);
        assert!(!row.is_noisy());
    }

    #[test]
    fn values_are_shown_with_a_unit() {
        assert_eq!(duration(1.234e-8), "12.3 ns");
        assert_eq!(duration(0.5), "500 ms");
        assert_eq!(Measure::Peak.show(2048.0), "2.0 MiB");
    }
}
