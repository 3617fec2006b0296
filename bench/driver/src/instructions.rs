//! `--instructions`: how many instructions an operation takes, counted by callgrind.
//!
//! A count is the difference between a run and one with twice the work, divided by the difference in operations: start
//! and end drop out. It does not depend on what else the machine does.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::args::Args;
use crate::build::Missing;
use crate::complaint::last_line;
use crate::folders;
use crate::interrupt::interrupted;
use crate::jobs::Jobs;
use crate::launch::Job;
use crate::output;
use crate::progress::Progress;
use crate::table::markdown;
use crate::workloads::Row;

/// Counts all rows; writes `instructions.md` and `instructions.csv`. Says whether our own allocator was all right.
pub fn count(rows: &[Row], jobs: &Jobs, args: &Args) -> Result<bool> {
    let names: Vec<String> = jobs.rivals.iter().map(|rival| rival.rival.name.clone()).collect();
    let mut progress = Progress::new();
    let kind = |row: &Row| row.name.clone();
    progress.expect(rows.iter().flat_map(|row| names.iter().map(|_| kind(row))).collect());
    let (mut table, mut reasons, mut good) = (Vec::new(), Vec::new(), true);
    let mut csv = String::from("row,rival,instructions\n");
    for (row, line) in rows.iter().zip(&jobs.table) {
        let mut cells = vec![row.name.clone()];
        for (rival, job) in line.iter().enumerate() {
            if interrupted() {
                break;
            }
            let start = std::time::Instant::now();
            progress.starts(&format!("{} {}", row.name, names[rival]));
            let counted = job.clone().and_then(|job| per_operation(row, &job).map_err(Missing::Failed));
            progress.ends(&kind(row), start.elapsed());
            cells.push(match counted {
                Ok(count) => {
                    writeln!(csv, "{},{},{count:.2}", row.name, names[rival])?;
                    format!("{count:.1}")
                }
                Err(Missing::Absent(_)) => "–".into(),
                Err(Missing::Failed(reason)) => {
                    good &= rival != jobs.ours();
                    reasons.push(format!("- {} on {}: {reason}\n", names[rival], row.name));
                    "failed".into()
                }
            });
        }
        table.push(cells);
    }
    progress.finish();
    let heads: Vec<String> = ["workload".to_string()].into_iter().chain(names).collect();
    let mut text = String::from("# Instructions per operation\n\n");
    text.push_str(
        "All instructions of the process, counted by callgrind for an amount of work and for twice as much:\n",
    );
    text.push_str("the difference, for one operation. What the calling program does is in it.\n\n");
    text.push_str(&markdown(&heads, &table));
    for row in rows {
        write!(text, "\n- {}: {} An operation is {}.", row.name, row.workload.what, row.workload.operation)?;
    }
    text.push_str("\n\n");
    reasons.iter().for_each(|reason| text.push_str(reason));
    println!("{text}");
    let out = output::results(args)?;
    println!("written to {}", out.display());
    fs::write(out.join("instructions.md"), text)?;
    fs::write(out.join("instructions.csv"), csv)?;
    Ok(good)
}

fn per_operation(row: &Row, job: &Job) -> Result<f64, String> {
    let workload = row.workload;
    let amount = workload.instructions.unwrap_or(1);
    let args = workload.instructions_args.as_ref().unwrap_or(&workload.args);
    let run = |amount| callgrind(&job.with(row.threads, amount, args)).map_err(|error| format!("{error:#}"));
    let (short, long) = (run(amount)?, run(2 * amount)?);
    let operations = long.1 - short.1;
    if operations > 0.0 { Ok((long.0 - short.0) / operations) } else { Err("it printed no `operations`".into()) }
}

/// Instructions and operations of one run.
fn callgrind(job: &Job) -> Result<(f64, f64)> {
    let profile: PathBuf = folders::target().join("callgrind.out");
    let mut command = Command::new("timeout");
    command.args(["600", "valgrind", "--tool=callgrind", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", profile.display())).args(&job.words);
    job.environment(&mut command);
    command.envs(job.library.iter().map(|library| ("LD_PRELOAD", library))).stdin(Stdio::null());
    let done = command.output().context("timeout")?;
    let complaint = last_line(&String::from_utf8_lossy(&done.stderr));
    anyhow::ensure!(done.status.success(), "{}: {complaint}", done.status);
    let said = fs::read_to_string(&profile).context("callgrind wrote nothing")?;
    let total = value(&said, "totals:").or_else(|| value(&said, "summary:")).context("callgrind wrote no total")?;
    Ok((total, value(&String::from_utf8_lossy(&done.stdout), "operations").context("it printed no `operations`")?))
}

/// The number after a key at the start of a line.
fn value(text: &str, key: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found() {
        assert_eq!(value("events: Ir\nsummary: 123\n\ntotals: 456\n", "totals:"), Some(456.0));
        assert_eq!(value("operations 7\nseconds 1\n", "operations"), Some(7.0));
        assert_eq!(value("", "totals:"), None);
    }
}
