//! `cargo xtask bench`: builds the rivals, runs the workloads, measures and reports.
//!
//! The rivals are data in `rivals.toml`, the workloads in `workloads/*.toml`. A workload is a program that does its
//! work with the ordinary functions and tells on standard output how long it took and what its result is; this
//! program preloads one allocator after the other, and compares.

mod args;
mod build;
mod charts;
mod complaint;
mod csv;
mod folders;
mod install;
mod instructions;
mod interrupt;
mod jobs;
mod launch;
mod machine;
mod measure;
mod output;
mod progress;
mod report;
mod results;
mod rivals;
mod scale;
mod statistics;
mod table;
mod workloads;

use std::fs;
use std::process::ExitCode;

use anyhow::Result;
use args::Args;
use build::Missing;
use clap::Parser;
use jobs::Jobs;
use measure::Cell;
use results::Results;
use rivals::{OURS, SYSTEM};
use workloads::Row;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments say; was our own allocator all right?
fn run(args: &Args) -> Result<bool> {
    let all = workloads::load(&folders::bench().join("workloads"))?;
    let rows = workloads::rows(&all, args)?;
    let smoke = [OURS.to_string(), SYSTEM.to_string()];
    let mut rivals =
        rivals::load(&folders::bench().join("rivals.toml"), if args.smoke { &smoke } else { &args.rivals })?;
    if let Some(level) = args.secure {
        rivals.retain(|rival| rival.name == OURS);
        rivals = rivals.pop().map_or_else(Vec::new, |ours| rivals::protected(ours, level));
    }
    if !args.no_install {
        install::packages(&rows, if args.instructions { &[("valgrind", "valgrind")] } else { &[] });
    }
    fs::create_dir_all(folders::target())?;
    let _alone = folders::alone()?;
    let jobs = Jobs::new(rivals, &rows, args.library.as_deref());
    interrupt::catch_interrupt();
    if args.smoke {
        return smoke_test(&rows, &jobs, args);
    }
    if args.instructions {
        return instructions::count(&rows, &jobs, args);
    }
    if args.scale {
        return scale::measure(&rows, &jobs, args);
    }
    let cells = measure::measure(&rows, &jobs, args)?;
    let out = output::results(args)?;
    let ours = jobs.ours();
    let results = Results::new(jobs.rivals, rows, cells, ours);
    fs::write(out.join("results.csv"), csv::write(&results))?;
    fs::write(out.join("latency.csv"), csv::latency(&results))?;
    let charts = charts::draw(&results, &out)?;
    fs::write(out.join("report.md"), report::write(&results, args, &charts))?;
    table::print(&results);
    let good = table::print_missing(&results);
    println!("written to {}", out.display());
    Ok(good)
}

/// Every workload once; a line for each that did not work, and at the end how many did.
fn smoke_test(rows: &[Row], jobs: &Jobs, args: &Args) -> Result<bool> {
    let cells = measure::measure(rows, jobs, args)?;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (row, cells) in rows.iter().zip(cells) {
        match &cells[jobs.ours()] {
            Cell::Runs { .. } => passed += 1,
            Cell::Missing(Missing::Failed(reason)) => {
                failed += 1;
                println!("{} FAILED: {reason}", row.name);
            }
            Cell::Missing(Missing::Absent(reason)) => {
                skipped += 1;
                println!("{} skipped: {reason}", row.name);
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(failed == 0)
}
