//! Which command line runs which row on which rival, or why none does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::build::{self, Contestant, Missing};
use crate::folders;
use crate::launch::Job;
use crate::rivals::{OURS, Rival};
use crate::workloads::{Row, Workload};

/// The rivals as built, and for each row and rival a job that lacks its arguments.
pub struct Jobs {
    pub rivals: Vec<Contestant>,
    pub table: Vec<Vec<Result<Job, Missing>>>,
}

impl Jobs {
    /// Builds what the rows need.
    pub fn new(rivals: Vec<Rival>, rows: &[Row], ours: Option<&Path>) -> Jobs {
        let rivals = build::contestants(rivals, rows, ours);
        let uncompiled = build::programs(rows);
        let asked = rows.iter().any(|row| row.workload.rust_system().is_some());
        let rust = if asked { build::system_rust() } else { Err(Missing::Absent("not asked for".into())) };
        let line = |row: &Row| rivals.iter().map(|rival| job(row.workload, rival, &uncompiled, &rust)).collect();
        let table = rows.iter().map(line).collect();
        Jobs { rivals, table }
    }

    /// A table of the same shape.
    pub fn map<T>(&self, each: impl Fn(&Result<Job, Missing>) -> T) -> Vec<Vec<T>> {
        self.table.iter().map(|line| line.iter().map(&each).collect()).collect()
    }

    /// The position of our own allocator.
    pub fn ours(&self) -> usize {
        let ours = self.rivals.iter().position(|rival| rival.rival.name == OURS);
        ours.expect("the list of rivals always has ours")
    }
}

/// The command line of a workload with a rival, in the environment that this one needs.
fn job(
    workload: &Workload,
    rival: &Contestant,
    uncompiled: &BTreeMap<String, Missing>,
    system_rust: &Result<PathBuf, Missing>,
) -> Result<Job, Missing> {
    let mut job = command(workload, rival, uncompiled, system_rust)?;
    job.environment.extend(rival.rival.env.clone());
    Ok(job)
}

fn command(
    workload: &Workload,
    rival: &Contestant,
    uncompiled: &BTreeMap<String, Missing>,
    system_rust: &Result<PathBuf, Missing>,
) -> Result<Job, Missing> {
    if let Some((program, _)) = workload.needed().find(|(program, _)| folders::find_program(program).is_none()) {
        return Err(Missing::Absent(format!("{program} is not installed")));
    }
    if let Some(missing) = workload.build.iter().chain([&workload.program]).find_map(|source| uncompiled.get(source)) {
        return Err(missing.clone());
    }
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    if let Some(name) = workload.rust() {
        return Ok(Job { words: vec![text(rival.rust.clone()?), name.to_string()], ..Job::default() });
    }
    let library = rival.library.clone()?;
    if let Some(name) = workload.rust_system() {
        return Ok(Job { words: vec![text(system_rust.clone()?), name.to_string()], library, ..Job::default() });
    }
    if !workload.is_script() {
        return Ok(Job { words: vec![text(build::binary(&workload.program))], library, ..Job::default() });
    }
    let environment = [
        ("BENCH_PRELOAD", library.map(text).unwrap_or_default()),
        ("BENCH_PROGRAMS", text(folders::programs())),
        ("BENCH_BIN", text(folders::binaries())),
    ]
    .map(|(name, value)| (name.to_string(), value))
    .to_vec();
    let words = vec!["sh".to_string(), text(folders::programs().join(&workload.program))];
    Ok(Job { words, environment, library: None })
}
