//! `cargo xtask real`: real programs print the same with the library as without it, and what that costs.
//!
//! A program is one script in `crates/oximalloc-c/tests/real`, run by `sh` in a fresh folder that has the same path
//! both times. `# needs:` lines at its start name what it runs. What it writes to standard output and its exit code
//! are compared; the library's complaints on standard error make it fail. `SCALE` is the workload's size in percent,
//! `HERE` the folder of the scripts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::child::{self, End};
use crate::cprograms::shorten;
use crate::tally::Tally;
use crate::workspace::{self, Flavour};

/// How long one run of one program may take.
const LIMIT: Duration = Duration::from_secs(300);

/// A real program's workload.
struct Workload {
    name: String,
    script: PathBuf,
    needs: Vec<String>,
}

/// Runs the workloads with these names, or all, at `scale` percent of their size; prints a table row for each.
pub fn run(flavour: Flavour, scale: u32, names: &[String]) -> Result<Tally> {
    flavour.build()?;
    let library = flavour.shared();
    preloads(&library)?;
    let workloads = workloads(names)?;
    println!("  {:24} {:>28}   {:>34}", "", "wall time", "peak memory");
    println!(
        "  {:24} {:>9} {:>10} {:>7}   {:>11} {:>11} {:>9}",
        "", "without", "with", "ratio", "without", "with", "ratio"
    );
    let mut sum = Tally::default();
    for workload in &workloads {
        sum += match workload.needs.iter().find(|needed| workspace::find_program(needed).is_none()) {
            Some(missing) => {
                println!("  {:8}{:16} {missing} is missing", "skipped", workload.name);
                Tally::SKIPPED
            }
            None => compare(workload, &library, scale)?,
        };
    }
    Ok(sum)
}

/// Runs a workload without and with the library.
fn compare(workload: &Workload, library: &Path, scale: u32) -> Result<Tally> {
    let folder = tempfile::tempdir()?;
    let without = run_one(workload, None, scale, folder.path())?;
    let with = run_one(workload, Some(library), scale, folder.path())?;
    let wrong = differences(&without, &with);
    let seconds = [without.wall.as_secs_f64(), with.wall.as_secs_f64()];
    let mebibytes = [without.peak_kib as f64 / 1024.0, with.peak_kib as f64 / 1024.0];
    println!(
        "  {:8}{:16} {:7.2} s {:8.2} s {:7.2}   {:7.1} MiB {:7.1} MiB {:9.2}",
        if wrong.is_empty() { "ok" } else { "FAILED" },
        workload.name,
        seconds[0],
        seconds[1],
        seconds[1] / seconds[0],
        mebibytes[0],
        mebibytes[1],
        mebibytes[1] / mebibytes[0],
    );
    if wrong.is_empty() {
        return Ok(Tally::PASSED);
    }
    let mut why = wrong.join("\n");
    for (name, text) in
        [("stdout without", &without.stdout), ("stdout with", &with.stdout), ("stderr with", &with.stderr)]
    {
        why += &format!("\n--- {name}\n{}", shorten(text));
    }
    Ok(Tally::failed(&workload.name, &why))
}

/// What the library changed and should not have.
fn differences(without: &End, with: &End) -> Vec<String> {
    let mut wrong = Vec::new();
    if !without.success() {
        wrong.push(format!("fails without the library: {}\n{}", without.status, shorten(&without.stderr)));
    }
    if with.status != without.status {
        wrong.push(format!("{}, without the library {}", with.status, without.status));
    }
    if let Some(line) = first_difference(&without.stdout, &with.stdout) {
        wrong.push(format!("standard output differs from line {line} on"));
    }
    let complains = |line: &&str| {
        ["mimalloc: error", "mimalloc: warning", "mimalloc: assertion", "cannot be preloaded", "panicked at"]
            .iter()
            .any(|complaint| line.contains(complaint))
    };
    wrong.extend(with.stderr.lines().filter(complains).take(5).map(|line| format!("stderr: {line}")));
    wrong
}

/// The first line, counted from 1, in which two texts differ.
fn first_difference(one: &str, other: &str) -> Option<usize> {
    if one == other {
        return None;
    }
    Some(1 + one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count())
}

fn run_one(workload: &Workload, library: Option<&Path>, scale: u32, folder: &Path) -> Result<End> {
    // The same path each time, because some programs put it into what they write.
    let folder = folder.join("work");
    fs::create_dir(&folder)?;
    let mut command = Command::new("/bin/sh");
    workspace::clean_environment(&mut command);
    command.arg(&workload.script).current_dir(&folder).env_remove("LD_PRELOAD");
    command.env("SCALE", scale.to_string()).env("TMPDIR", &folder).env("LC_ALL", "C");
    command.env("HERE", workload.script.parent().expect("a script is in a folder"));
    if let Some(library) = library {
        command.env("LD_PRELOAD", workspace::preload_value(library)?);
    }
    let end = child::capture(&mut command, LIMIT)?;
    fs::remove_dir_all(&folder)?;
    Ok(end)
}

/// Checks that the loader takes the library at all: otherwise every comparison would be of nothing.
fn preloads(library: &Path) -> Result<()> {
    let mut command = Command::new("cat");
    command.arg("/proc/self/maps").env("LD_PRELOAD", workspace::preload_value(library)?);
    let end = child::capture(&mut command, Duration::from_secs(30))?;
    if !end.success() || !end.stdout.contains(&*library.to_string_lossy()) {
        bail!("{} does not get loaded: {}\n{}", library.display(), end.status, end.stderr);
    }
    Ok(())
}

/// The workloads with these names, or all, sorted by name.
fn workloads(names: &[String]) -> Result<Vec<Workload>> {
    let folder = workspace::root().join("crates/oximalloc-c/tests/real");
    let mut workloads = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let script = entry?.path();
        let name = script.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if script.extension().is_none_or(|end| end != "sh") || !(names.is_empty() || names.contains(&name)) {
            continue;
        }
        let text = fs::read_to_string(&script)?;
        let needs =
            text.lines().take_while(|line| line.starts_with('#')).filter_map(|line| line.strip_prefix("# needs:"));
        let needs = needs.flat_map(str::split_whitespace).map(String::from).collect();
        workloads.push(Workload { name, script, needs });
    }
    workloads.sort_by(|one, other| one.name.cmp(&other.name));
    if let Some(name) = names.iter().find(|name| !workloads.iter().any(|workload| workload.name == **name)) {
        bail!("no real program is named `{name}`: they are the scripts in {}", folder.display());
    }
    Ok(workloads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_says_what_it_needs() {
        let workloads = workloads(&[]).unwrap();
        assert!(workloads.len() >= 8);
        for workload in workloads {
            assert!(!workload.needs.is_empty(), "{}", workload.name);
        }
    }

    #[test]
    fn the_first_different_line_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nc\n"), Some(2));
    }
}
