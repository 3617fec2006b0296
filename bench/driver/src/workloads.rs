//! The workloads, as the files in `workloads` describe them, and the rows that they give.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::args::Args;

/// The groups, in the order of the report.
pub const GROUPS: [&str; 4] = ["single", "threads", "programs", "rust"];

/// The group whose workloads are only measured by `--scale`.
pub const SCALE: &str = "scale";

/// One workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    pub name: String,
    pub group: String,
    /// Below `programs`, or `rust:NAME`, or `rust-system:NAME`.
    pub program: String,
    /// What it does, in a sentence.
    pub what: String,
    /// The sizes that it allocates.
    #[serde(default)]
    pub sizes: String,
    /// Who described it.
    #[serde(default)]
    pub source: String,
    /// What is counted as one operation.
    pub operation: String,
    #[serde(default = "one_thread")]
    pub threads: Vec<u32>,
    #[serde(default)]
    pub args: Vec<String>,
    /// The amount of work of a full run.
    #[serde(default = "hundred")]
    pub amount: u64,
    pub quick: Option<u64>,
    pub smoke: Option<u64>,
    /// Does it tell the distribution of single calls?
    #[serde(default)]
    pub latency: bool,
    /// Does it tell the memory that stays after everything is freed?
    #[serde(default)]
    pub burst: bool,
    /// The amount of work for callgrind.
    pub instructions: Option<u64>,
    /// The arguments then, if not `args`.
    pub instructions_args: Option<Vec<String>>,
    /// `PROGRAM:PACKAGE`, what must be installed.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Sources that a script needs compiled.
    #[serde(default)]
    pub build: Vec<String>,
    /// Is allocation most of the work?
    #[serde(default)]
    pub alloc_bound: bool,
    /// For `--scale`: how much is live.
    #[serde(default)]
    pub live_mib: Vec<u64>,
}

fn one_thread() -> Vec<u32> {
    vec![1]
}

fn hundred() -> u64 {
    100
}

impl Workload {
    /// Its name in the Rust binary, if it is one of those.
    pub fn rust(&self) -> Option<&str> {
        self.program.strip_prefix("rust:")
    }

    /// Its name in the Rust binary that uses the system's allocator, into which the library is preloaded.
    pub fn rust_system(&self) -> Option<&str> {
        self.program.strip_prefix("rust-system:")
    }

    pub fn is_script(&self) -> bool {
        self.program.ends_with(".sh")
    }

    /// The amount of work of a run.
    pub fn amount(&self, args: &Args) -> u64 {
        if args.smoke {
            self.smoke.unwrap_or(1)
        } else if args.quick {
            self.quick.unwrap_or((self.amount / 4).max(1))
        } else {
            self.amount
        }
    }

    /// The programs that must be installed, with their packages.
    pub fn needed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.needs.iter().map(|need| need.split_once(':').unwrap_or((need, need)))
    }

    fn check(&self) -> Result<()> {
        let known = GROUPS.contains(&self.group.as_str()) || self.group == SCALE;
        ensure!(known, "`{}`: no group is called `{}`", self.name, self.group);
        ensure!(!self.threads.is_empty() && !self.threads.contains(&0), "`{}`: at least one thread", self.name);
        ensure!(self.group != SCALE || !self.live_mib.is_empty(), "`{}`: `live_mib` is missing", self.name);
        let kind = self.rust().is_some()
            || self.rust_system().is_some()
            || [".c", ".cpp", ".sh"].iter().any(|end| self.program.ends_with(end));
        ensure!(kind, "`{}`: how is `{}` run?", self.name, self.program);
        Ok(())
    }
}

/// A workload with a number of threads: one row of the tables.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    pub workload: &'a Workload,
    pub threads: u32,
    pub name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    workload: Vec<Workload>,
}

/// Reads every file in a folder.
pub fn load(folder: &Path) -> Result<Vec<Workload>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "toml"));
    paths.sort();
    let mut all: Vec<Workload> = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        for workload in parse(&text).with_context(|| path.display().to_string())? {
            ensure!(all.iter().all(|other| other.name != workload.name), "two workloads are called {}", workload.name);
            all.push(workload);
        }
    }
    // Stable: within a group the order is that of the file.
    all.sort_by_key(|workload| GROUPS.iter().position(|group| *group == workload.group).unwrap_or(GROUPS.len()));
    Ok(all)
}

fn parse(text: &str) -> Result<Vec<Workload>> {
    let workloads = toml::from_str::<File>(text)?.workload;
    workloads.iter().try_for_each(Workload::check)?;
    Ok(workloads)
}

/// The rows that the arguments ask for.
pub fn rows<'a>(all: &'a [Workload], args: &Args) -> Result<Vec<Row<'a>>> {
    let mut rows = Vec::new();
    for workload in all.iter().filter(|workload| (workload.group == SCALE) == args.scale || args.smoke) {
        for &threads in &workload.threads {
            let many = workload.threads.len() > 1 && workload.group != SCALE;
            let name = if many { format!("{}-{threads}", workload.name) } else { workload.name.clone() };
            rows.push(Row { workload, threads, name });
        }
    }
    let named = |row: &Row, name: &String| {
        let part = row.name.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        part || row.workload.group == *name
    };
    if let Some(name) = args.only.iter().find(|name| !rows.iter().any(|row| named(row, name))) {
        bail!("no workload, row or group is called `{name}`");
    }
    rows.retain(|row| args.only.is_empty() || args.only.iter().any(|name| named(row, name)));
    let asked_for = |row: &Row| args.only.contains(&row.name);
    rows.retain(|row| {
        let threads = &row.workload.threads;
        asked_for(row)
            || if args.smoke || args.instructions {
                row.threads == threads[usize::from(args.smoke && threads.len() > 1)]
            } else {
                !args.quick || row.threads == threads[0] || row.threads == 8
            }
    });
    if args.instructions {
        rows.retain(|row| row.workload.instructions.is_some());
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    const TEXT: &str = "[[workload]]\nname = 'larson'\ngroup = 'threads'\nprogram = 'threads/larson.c'\nwhat = 'w'\n\
                        operation = 'a malloc'\nthreads = [1, 2, 8, 16]\n";

    fn names(words: &[&str]) -> Vec<String> {
        let args = Args::parse_from([&["bench"], words].concat());
        rows(&parse(TEXT).unwrap(), &args).unwrap().into_iter().map(|row| row.name).collect()
    }

    #[test]
    fn a_row_for_each_number_of_threads() {
        assert_eq!(names(&[]), ["larson-1", "larson-2", "larson-8", "larson-16"]);
        assert_eq!(names(&["--quick"]), ["larson-1", "larson-8"]);
        assert_eq!(names(&["--smoke"]), ["larson-2"]);
        assert_eq!(names(&["--only", "larson-16"]), ["larson-16"]);
        assert_eq!(names(&["--instructions"]), [""; 0]);
    }

    #[test]
    fn names_stand_for_families() {
        assert_eq!(names(&["--only", "larson"]).len(), 4);
        assert_eq!(names(&["--only", "threads"]).len(), 4);
    }

    #[test]
    fn mistakes_are_named() {
        let error = parse(&format!("{TEXT}colour = 'red'\n")).unwrap_err();
        assert!(format!("{error:#}").contains("colour"), "{error:#}");
        assert!(parse(&TEXT.replace("'threads'", "'fast'")).unwrap_err().to_string().contains("`fast`"));
        let args = Args::parse_from(["bench", "--only", "nothing"]);
        assert!(rows(&parse(TEXT).unwrap(), &args).unwrap_err().to_string().contains("`nothing`"));
    }
}
