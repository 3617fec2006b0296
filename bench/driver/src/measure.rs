//! The order of the runs, and what each gave.
//!
//! Every run of a row is a process. The allocators take turns within a row, and who begins changes with the run, so
//! that what the machine does meanwhile meets all of them alike; a turn of all of them is over in seconds, and ratios are
//! taken within it.

use std::fs::File;
use std::io::Write;
use std::time::Instant;

use anyhow::Result;

use crate::args::Args;
use crate::build::Missing;
use crate::folders;
use crate::interrupt::interrupted;
use crate::jobs::Jobs;
use crate::launch::{Launcher, Run};
use crate::progress::Progress;
use crate::statistics::{median, quotients, spread};
use crate::workloads::Row;

/// Latency is taken in processes of its own, at most so many.
const LATENCY_RUNS: usize = 3;

/// Rows are run again in which the ratios of the turns have a larger spread.
pub const NOISY: f64 = 0.05;

/// What a rival gave in a row.
#[derive(Clone, Debug)]
pub enum Cell {
    /// What its runs cost, and the runs in which latency was taken.
    Runs {
        timed: Vec<Run>,
        latency: Vec<Run>,
    },
    Missing(Missing),
}

/// One process to run.
struct Turn {
    row: usize,
    rival: usize,
    latency: bool,
}

/// The measuring under way.
struct Measuring<'a> {
    rows: &'a [Row<'a>],
    jobs: &'a Jobs,
    args: &'a Args,
    launcher: Launcher,
    /// By row and rival.
    cells: Vec<Vec<Cell>>,
    raw: File,
    progress: Progress,
}

/// Runs everything, noisy rows once more as often, and gives what was measured by row and rival.
pub fn measure(rows: &[Row], jobs: &Jobs, args: &Args) -> Result<Vec<Vec<Cell>>> {
    let mut raw = File::create(folders::target().join("raw.csv"))?;
    writeln!(raw, "row,rival,latency,seconds,operations,cpu_s,peak_kib,faults,after_kib,checked,failed")?;
    let cells = jobs.map(|job| match job {
        Ok(_) => Cell::Runs { timed: Vec::new(), latency: Vec::new() },
        Err(missing) => Cell::Missing(missing.clone()),
    });
    let launcher = Launcher::new()?;
    let mut measuring = Measuring { rows, jobs, args, launcher, cells, raw, progress: Progress::new() };
    let all: Vec<usize> = (0..rows.len()).collect();
    let mut turns = measuring.rounds(&all, args.runs(), false);
    if !args.smoke {
        let tell: Vec<usize> = all.iter().copied().filter(|&row| rows[row].workload.latency).collect();
        turns.extend(measuring.rounds(&tell, args.runs().min(LATENCY_RUNS), true));
    }
    measuring.run(&turns);
    let noisy: Vec<usize> = all.into_iter().filter(|&row| is_noisy(&measuring.cells[row], jobs.ours())).collect();
    let again = measuring.rounds(&noisy, args.runs(), false);
    measuring.run(&again);
    measuring.progress.finish();
    measuring.cells.iter_mut().for_each(|cells| compare(cells));
    Ok(measuring.cells)
}

impl Measuring<'_> {
    /// Each rival in each of the rows, `runs` times.
    fn rounds(&self, rows: &[usize], runs: usize, latency: bool) -> Vec<Turn> {
        let mut turns = Vec::new();
        for run in 0..runs {
            for &row in rows {
                let count = self.cells[row].len();
                let order = (0..count).map(|at| (at + run) % count);
                let there = order.filter(|&rival| matches!(self.cells[row][rival], Cell::Runs { .. }));
                turns.extend(there.map(|rival| Turn { row, rival, latency }));
            }
        }
        turns
    }

    fn kind(&self, turn: &Turn) -> String {
        format!("{}{}", self.rows[turn.row].name, if turn.latency { " latency" } else { "" })
    }

    fn run(&mut self, turns: &[Turn]) {
        self.progress.expect(turns.iter().map(|turn| self.kind(turn)).collect());
        for turn in turns {
            if interrupted() {
                return;
            }
            let (start, kind) = (Instant::now(), self.kind(turn));
            self.progress.starts(&format!("{kind} {}", self.jobs.rivals[turn.rival].rival.name));
            self.take(turn);
            self.progress.ends(&kind, start.elapsed());
        }
    }

    /// Runs one process, unless this row has failed with this allocator before.
    fn take(&mut self, turn: &Turn) {
        let cell = &mut self.cells[turn.row][turn.rival];
        let (Cell::Runs { timed, latency }, Ok(job)) = (&mut *cell, &self.jobs.table[turn.row][turn.rival]) else {
            return;
        };
        let row = &self.rows[turn.row];
        let mut more = row.workload.args.clone();
        more.extend(row.workload.live_mib.first().map(u64::to_string));
        let mut job = job.with(row.threads, row.workload.amount(self.args), &more);
        if turn.latency {
            job.environment.push(("BENCH_LATENCY".into(), "1".into()));
        }
        let result = self.launcher.run(&job).and_then(|run| {
            let lacks = |key| Err(format!("it printed no `{key}`"));
            match (row.workload.burst && run.after_kib.is_none(), turn.latency && run.latency.is_empty()) {
                (true, _) => lacks("rss_after_kib"),
                (_, true) => lacks("latency"),
                _ => Ok(run),
            }
        });
        if interrupted() {
            return;
        }
        let name = (&row.name, &self.jobs.rivals[turn.rival].rival.name);
        // The file is a convenience: that it cannot be written is no reason to stop.
        let _ = writeln!(self.raw, "{},{},{},{}", name.0, name.1, turn.latency, raw(&result));
        match result {
            Ok(run) if turn.latency => latency.push(run),
            Ok(run) => timed.push(run),
            Err(reason) => *cell = Cell::Missing(Missing::Failed(reason)),
        }
    }
}

fn raw(result: &Result<Run, String>) -> String {
    let some = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    match result {
        Ok(run) => format!(
            "{},{},{},{},{},{},{},",
            run.seconds,
            some(run.operations),
            run.cpu,
            run.peak_kib,
            run.faults,
            some(run.after_kib),
            run.checked
        ),
        Err(reason) => format!(",,,,,,,\"{}\"", reason.replace('"', "'")),
    }
}

fn times(cell: &Cell) -> Vec<f64> {
    match cell {
        Cell::Runs { timed, .. } => timed.iter().map(|run| run.seconds).collect(),
        Cell::Missing(_) => Vec::new(),
    }
}

/// Does the ratio of our time to that of the best other vary too much?
fn is_noisy(cells: &[Cell], ours: usize) -> bool {
    let mine = times(&cells[ours]);
    let others = (0..cells.len()).filter(|&rival| rival != ours);
    let ratios = others.map(|rival| quotients(&mine, &times(&cells[rival]))).filter(|ratios| !ratios.is_empty());
    let best = ratios.max_by(|one, other| median(one).total_cmp(&median(other)));
    best.is_some_and(|ratios| spread(&ratios) > NOISY)
}

/// All allocators must come to the same result in a row: who differs from what most say has failed.
fn compare(cells: &mut [Cell]) {
    let words = |cell: &Cell| match cell {
        Cell::Runs { timed, latency } => timed.iter().chain(latency).map(|run| run.checked.clone()).collect(),
        Cell::Missing(_) => Vec::new(),
    };
    let all: Vec<String> = cells.iter().flat_map(words).collect();
    let Some(usual) = all.iter().max_by_key(|word| all.iter().filter(|other| other == word).count()) else { return };
    for cell in cells {
        if let Some(other) = words(cell).iter().find(|word| *word != usual) {
            *cell = Cell::Missing(Missing::Failed(format!("its result is {other}, that of the others {usual}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_what_ours_and_the_best_do_not_share() {
        let cell = |seconds: [f64; 3]| {
            let timed = seconds.map(|seconds| Run { seconds, ..Run::default() }).to_vec();
            Cell::Runs { timed, latency: Vec::new() }
        };
        let (calm, wild) = (|at: f64| cell([at, at * 1.01, at]), |at: f64| cell([at, at * 2.0, at]));
        assert!(!is_noisy(&[calm(1.0), calm(2.0), wild(3.0)], 0));
        assert!(is_noisy(&[calm(1.0), wild(2.0), calm(4.0)], 0));
        assert!(is_noisy(&[wild(1.0), calm(2.0)], 0));
        assert!(!is_noisy(&[wild(1.0), wild(2.0)], 0));
        assert!(!is_noisy(&[calm(1.0)], 0));
    }

    fn cell(checked: &str) -> Cell {
        let run = Run { checked: checked.into(), ..Run::default() };
        Cell::Runs { timed: vec![run.clone(), run], latency: Vec::new() }
    }

    #[test]
    fn a_different_result_has_failed() {
        let mut cells = [cell("a"), cell("b"), cell("a")];
        compare(&mut cells);
        assert!(matches!(&cells[1], Cell::Missing(Missing::Failed(reason)) if reason.contains("is b")));
        assert!(matches!((&cells[0], &cells[2]), (Cell::Runs { .. }, Cell::Runs { .. })));
    }
}
