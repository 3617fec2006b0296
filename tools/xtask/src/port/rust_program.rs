//! A Rust program for another machine or C library, which has the allocator as its own.
//!
//! Its threads, which have small stacks, give blocks to each other and end; then it forks.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::targets::Target;
use super::toolchain::{self, Toolchain};
use crate::child;
use crate::tally::Tally;
use crate::workspace;

const MANIFEST: &str = r#"
[package]
name = "threads"
version = "0.1.0"
edition = "2024"
[dependencies]
oximalloc = { path = "PATH" }
libc = { version = "0.2", default-features = false }
[workspace]
"#;
const MAIN: &str = include_str!("rust_program/threads.rs");
const LIMIT: Duration = Duration::from_secs(600);

/// Builds it. None if the standard library is missing; then that is printed.
pub fn build(target: &Target, toolchain: &Toolchain) -> Result<Option<PathBuf>> {
    if !matches!(toolchain, Toolchain::AtHand) {
        println!("  skipped the Rust program: there is no standard library for {}", target.triple);
        return Ok(None);
    }
    let folder = tempfile::tempdir()?;
    let crates = workspace::root().join("crates/oximalloc");
    fs::create_dir(folder.path().join("src"))?;
    fs::write(folder.path().join("src/main.rs"), MAIN)?;
    fs::write(folder.path().join("Cargo.toml"), MANIFEST.replace("PATH", &crates.display().to_string()))?;
    // The versions that are here already.
    fs::copy(workspace::root().join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
    let output = workspace::target_dir().join("port/programs");
    let mut command = toolchain.cargo(&["build"], target.triple);
    command.current_dir(folder.path()).args(["--quiet", "--release", "--offline", "--target-dir"]).arg(&output);
    if !target.is_musl() {
        toolchain::link(&mut command, target);
    }
    let flags: Vec<String> = target.links.iter().map(|word| format!("-C link-arg={word}")).collect();
    if !flags.is_empty() {
        command.env("RUSTFLAGS", flags.join(" "));
    }
    let end = child::capture(&mut command, LIMIT)?;
    if !end.success() {
        bail!("the Rust program does not build\n{}{}", end.stdout, end.stderr);
    }
    Ok(Some(output.join(target.triple).join("release/threads")))
}

/// Runs it. The words before its path are the emulator.
pub fn run(program: &Path, emulator: &[String]) -> Result<Tally> {
    let mut words = emulator.iter().map(OsStr::new).chain([program.as_os_str()]);
    let mut command = Command::new(words.next().expect("the program is a word"));
    let end = child::capture(command.args(words), LIMIT)?;
    if end.success() && end.stdout == "8 threads, 3 times, and a fork\n" {
        println!("  ok      a Rust program ({:.1} s)", end.wall.as_secs_f64());
        return Ok(Tally::PASSED);
    }
    Ok(Tally::failed("a Rust program", &format!("{}\n{}{}", end.status, end.stdout, end.stderr)))
}
