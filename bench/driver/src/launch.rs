//! Running one program through the launcher, and what that run cost.
//!
//! The program sees a clean environment and an empty folder, so that every allocator is measured in the same one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::complaint::last_line;
use crate::folders;

/// How long a program may run.
const LIMIT_SECONDS: u64 = 60;

/// The percentiles of the latency of single calls, and the greatest.
pub const PERCENTILES: [&str; 7] = ["p50", "p90", "p99", "p99.9", "p99.99", "p99.999", "max"];

/// Nanoseconds at the percentiles, by what was called: `alloc`, `free`, or a server's commands.
pub type Latency = BTreeMap<String, [f64; PERCENTILES.len()]>;

/// What one run cost.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pub operations: Option<f64>,
    /// The measured part.
    pub seconds: f64,
    /// User and system time of the whole process.
    pub cpu: f64,
    pub peak_kib: f64,
    pub faults: f64,
    /// Resident before a burst was allocated.
    pub before_kib: Option<f64>,
    /// Resident a second after all of it was freed.
    pub after_kib: Option<f64>,
    /// Bytes in use, when the program told so.
    pub live_bytes: Option<f64>,
    /// Resident then.
    pub rss_kib: Option<f64>,
    pub latency: Latency,
    /// The result that must be the same for every allocator.
    pub checked: String,
}

/// A program's command line, and what is preloaded into it.
#[derive(Clone, Debug, Default)]
pub struct Job {
    pub words: Vec<String>,
    pub library: Option<PathBuf>,
    pub environment: Vec<(String, String)>,
}

impl Job {
    /// The same with the arguments that every program takes, and more.
    pub fn with(&self, threads: u32, amount: u64, more: &[String]) -> Job {
        let mut job = self.clone();
        job.words.extend([threads.to_string(), amount.to_string()]);
        job.words.extend_from_slice(more);
        job
    }

    /// Gives a command the few variables that a program gets.
    pub fn environment(&self, command: &mut Command) {
        command.env_clear().env("LC_ALL", "C");
        command.envs(["PATH", "HOME"].into_iter().filter_map(|kept| Some((kept, std::env::var_os(kept)?))));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }
}

/// Starts programs.
pub struct Launcher {
    program: PathBuf,
    folder: PathBuf,
}

impl Launcher {
    /// Compiles the launcher.
    pub fn new() -> Result<Launcher> {
        let program = folders::target().join("launch");
        let source = folders::bench().join("driver/launch.c");
        fs::create_dir_all(folders::target())?;
        let mut gcc = Command::new("gcc");
        gcc.args(["-O2", "-static", "-Wall", "-Wextra", "-o"]).arg(&program).arg(&source);
        let done = gcc.output().context("gcc is needed")?;
        anyhow::ensure!(done.status.success(), "the launcher: {}", String::from_utf8_lossy(&done.stderr));
        Ok(Launcher { program, folder: folders::target().join("run") })
    }

    /// Runs a program to its end; the error is one line that says why it failed.
    pub fn run(&self, job: &Job) -> Result<Run, String> {
        let (line, stdout) = self.launch(job)?;
        parse(&line, &stdout)
    }

    /// The launcher's line and the program's output, if it ended well.
    fn launch(&self, job: &Job) -> Result<(String, String), String> {
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(&self.folder).map_err(|error| format!("{}: {error}", self.folder.display()))?;
        let report = folders::target().join("launched");
        let mut command = Command::new(&self.program);
        command.arg(&report).arg(LIMIT_SECONDS.to_string());
        command.arg(job.library.as_deref().unwrap_or(Path::new(""))).args(&job.words);
        command.current_dir(&self.folder).stdin(Stdio::null());
        job.environment(&mut command);
        let done = command.output().map_err(|error| format!("launch: {error}"))?;
        let complaint = last_line(&String::from_utf8_lossy(&done.stderr));
        if !done.status.success() {
            return Err(complaint);
        }
        let line = fs::read_to_string(&report).map_err(|error| format!("{}: {error}", report.display()))?;
        let end = line.split_whitespace().skip(6).collect::<Vec<_>>().join(" ");
        match end.as_str() {
            "exit 0" => Ok((line, String::from_utf8_lossy(&done.stdout).into_owned())),
            "late" => Err(format!("ran longer than {LIMIT_SECONDS} s")),
            _ if complaint.is_empty() => Err(end),
            _ => Err(format!("{end}: {complaint}")),
        }
    }
}

/// Puts the launcher's line and the program's output together.
fn parse(line: &str, stdout: &str) -> Result<Run, String> {
    let costs: Vec<f64> = line.split_whitespace().take(6).filter_map(|word| word.parse().ok()).collect();
    let [_, user, system, peak, minor, major] = costs[..] else { return Err(format!("the launcher said: {line}")) };
    let mut run = Run { cpu: (user + system) / 1e9, peak_kib: peak, faults: minor + major, ..Run::default() };
    let mut seconds = None;
    for line in stdout.lines() {
        let Some((key, value)) = line.trim().split_once(' ') else { continue };
        let number = || value.trim().parse::<f64>().map_err(|_| format!("it printed `{line}`"));
        match key {
            "operations" => run.operations = Some(number()?),
            "seconds" => seconds = Some(number()?),
            "rss_before_kib" => run.before_kib = Some(number()?),
            "rss_after_kib" => run.after_kib = Some(number()?),
            "rss_kib" => run.rss_kib = Some(number()?),
            "live_bytes" => run.live_bytes = Some(number()?),
            "peak_kib" => run.peak_kib = number()?,
            "latency" => read_latency(value, &mut run).ok_or(format!("it printed `{line}`"))?,
            "checked" => run.checked = value.trim().to_string(),
            _ => {}
        }
    }
    run.seconds = seconds.filter(|seconds| *seconds > 0.0).ok_or("it printed no `seconds`")?;
    if run.checked.is_empty() { Err("it printed no `checked`".into()) } else { Ok(run) }
}

fn read_latency(value: &str, run: &mut Run) -> Option<()> {
    let (call, numbers) = value.split_once(' ')?;
    let numbers: Vec<f64> = numbers.split_whitespace().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    run.latency.insert(call.to_string(), numbers.try_into().ok()?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_read() {
        let out = "operations 1000\nseconds 0.5\nrss_after_kib 900\n\
                   latency alloc 1 2 3 4 5 6 7\nlatency free 2 3 4 5 6 7 8\nchecked abc\n";
        let run = parse("600000000 400000000 100000000 2048 100 1 exit 0\n", out).unwrap();
        assert_eq!((run.operations, run.seconds, run.cpu), (Some(1000.0), 0.5, 0.5));
        assert_eq!((run.peak_kib, run.faults, run.after_kib), (2048.0, 101.0, Some(900.0)));
        assert_eq!(run.latency["free"][6], 8.0);
        assert_eq!(run.checked, "abc");
    }

    #[test]
    fn a_result_is_demanded() {
        let line = "1 1 1 1 1 1 exit 0";
        assert!(parse(line, "seconds 0.5\n").unwrap_err().contains("checked"));
        assert!(parse(line, "checked x\n").unwrap_err().contains("seconds"));
        assert!(parse(line, "seconds fast\nchecked x\n").unwrap_err().contains("fast"));
        assert!(parse(line, "seconds 1\nlatency alloc 1 2\nchecked x\n").unwrap_err().contains("latency"));
    }
}
