//! `--scale`: how cost and memory grow with live memory and with threads.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;

use crate::args::Args;
use crate::charts::{self, curves, style};
use crate::interrupt::interrupted;
use crate::jobs::Jobs;
use crate::launch::{Launcher, Run};
use crate::machine;
use crate::output;
use crate::progress::Progress;
use crate::statistics::median;
use crate::workloads::{Row, Workload};

/// A number of threads with an amount of live memory, and what each rival's runs there came to.
struct Point<'a> {
    workload: &'a Workload,
    /// Position of the row that it belongs to.
    row: usize,
    threads: u32,
    live_mib: u64,
    runs: Vec<Vec<Run>>,
}

impl Point<'_> {
    fn name(&self) -> String {
        format!("{}, {} threads, {} MiB", self.workload.name, self.threads, self.live_mib)
    }

    /// Where it is on the chart.
    fn place(&self) -> f64 {
        if self.workload.threads.len() > 1 { f64::from(self.threads) } else { self.live_mib as f64 }
    }

    /// The median of something over a rival's runs.
    fn value(&self, rival: usize, of: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.runs[rival].iter().filter_map(of).collect();
        (!values.is_empty()).then(|| median(&values))
    }
}

fn nanoseconds(run: &Run) -> Option<f64> {
    Some(run.seconds * 1e9 / run.operations?)
}

fn resident_over_live(run: &Run) -> Option<f64> {
    Some(run.rss_kib? * 1024.0 / run.live_bytes?)
}

/// Measures every point; writes a CSV and charts. Says whether our own allocator was all right.
pub fn measure(rows: &[Row], jobs: &Jobs, args: &Args) -> Result<bool> {
    let mut points = points(rows, jobs.rivals.len());
    let mut failures = Vec::new();
    let mut progress = Progress::new();
    let each = args.runs() * jobs.rivals.len();
    progress.expect(points.iter().flat_map(|point| std::iter::repeat_n(point.name(), each)).collect());
    let launcher = Launcher::new()?;
    for point in &mut points {
        for turn in 0..each {
            // Who begins changes with the run.
            let rival = (turn + turn / jobs.rivals.len()) % jobs.rivals.len();
            let start = Instant::now();
            progress.starts(&format!("{} {}", point.name(), jobs.rivals[rival].rival.name));
            let mut words = point.workload.args.clone();
            words.push(point.live_mib.to_string());
            if let Ok(job) = &jobs.table[point.row][rival] {
                match launcher.run(&job.with(point.threads, point.workload.amount(args), &words)) {
                    _ if interrupted() => break,
                    Ok(run) => point.runs[rival].push(run),
                    Err(reason) => failures.push((rival, format!("{}: {reason}", point.name()))),
                }
            }
            progress.ends(&point.name(), start.elapsed());
        }
    }
    progress.finish();
    let out = output::results(args)?;
    fs::write(out.join("scale.csv"), csv(&points, jobs)?)?;
    fs::create_dir_all(out.join(charts::FOLDER))?;
    for row in rows.iter().filter(|row| row.threads == row.workload.threads[0]) {
        draw(row.workload, &points, jobs, &out)?;
    }
    failures.iter().for_each(|(rival, reason)| println!("{} failed: {reason}", jobs.rivals[*rival].rival.name));
    println!("written to {}", out.display());
    Ok(failures.iter().all(|(rival, _)| *rival != jobs.ours()))
}

/// All points that fit into the machine's memory.
fn points<'a>(rows: &[Row<'a>], rivals: usize) -> Vec<Point<'a>> {
    let available = machine::kib("/proc/meminfo", "MemAvailable:").unwrap_or(f64::INFINITY) / 1024.0;
    let mut points = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let fits = row.workload.live_mib.iter().filter(|&&mib| mib as f64 * 2.0 < available);
        points.extend(fits.map(|&live_mib| Point {
            workload: row.workload,
            row: at,
            threads: row.threads,
            live_mib,
            runs: vec![Vec::new(); rivals],
        }));
    }
    points
}

fn csv(points: &[Point], jobs: &Jobs) -> Result<String> {
    let mut text =
        String::from("workload,threads,live_mib,rival,runs,ns_per_operation,resident_kib,resident_over_live\n");
    for point in points {
        for (rival, runs) in point.runs.iter().enumerate().filter(|(_, runs)| !runs.is_empty()) {
            let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.3}"));
            writeln!(
                text,
                "{},{},{},{},{},{},{},{}",
                point.workload.name,
                point.threads,
                point.live_mib,
                jobs.rivals[rival].rival.name,
                runs.len(),
                number(point.value(rival, nanoseconds)),
                number(point.value(rival, |run| run.rss_kib)),
                number(point.value(rival, resident_over_live))
            )?;
        }
    }
    Ok(text)
}

fn draw(workload: &Workload, points: &[Point], jobs: &Jobs, out: &Path) -> Result<()> {
    let mine: Vec<&Point> = points.iter().filter(|point| point.workload.name == workload.name).collect();
    let series = |of: fn(&Run) -> Option<f64>| -> Vec<curves::Series> {
        let points = |rival| mine.iter().filter_map(|point| Some((point.place(), point.value(rival, of)?))).collect();
        let one = |rival: usize| curves::Series {
            name: jobs.rivals[rival].rival.name.clone(),
            colour: style::colour(rival, jobs.ours()),
            points: points(rival),
        };
        (0..jobs.rivals.len()).map(one).collect()
    };
    let x = if workload.threads.len() > 1 { "threads" } else { "live memory, MiB" };
    let file = |what: &str| out.join(charts::FOLDER).join(format!("scale-{}-{what}.svg", workload.name));
    let chart = |y, log_y| curves::Chart { title: "", x, y, log_y, show: style::short, categories: &[] };
    let time = [(chart("ns per operation", true), series(nanoseconds))];
    curves::draw(&file("time"), "Time of a free and a malloc", &workload.what, &time)?;
    let memory = [(chart("resident / in use", false), series(resident_over_live))];
    curves::draw(&file("memory"), "Resident memory for each byte in use", &workload.what, &memory)
}
