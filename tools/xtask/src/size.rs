//! Bounds on what users are given: the bytes of the stripped library, those of its code that each program has resident,
//! how many names the loader looks up for it in each, and by how much a Rust program grows that has the allocator as its
//! own and does nothing but print a line.
//!
//! Where the bytes are: `nm -S --size-sort -C` and `size -A` of the file before it is stripped. What helped so far is in
//! `docs/trials/startup.md`: texts instead of tables of pointers, no large statics that are not all zero, no inlining into
//! many slow paths.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::child;
use crate::tally::Tally;
use crate::workspace::{self, Flavour};

/// `libmimalloc.so`, stripped.
const LIBRARY: u64 = 260 << 10;
/// Its `.text`: what `layout.ld` puts together.
const RESIDENT: u64 = 56 << 10;
/// Relocations of it that name a symbol, on x86-64: each is a search through all libraries as a program starts.
/// (Some are the compiler's, and not the same everywhere.)
const NAMES: u64 = 59;
/// What a Rust program grows by.
const PROGRAM: u64 = 156 << 10;
const LIMIT: Duration = Duration::from_secs(600);

/// A program in each profile that counts: cargo's own, and one that asks for the whole program to be optimised.
const MANIFEST: &str = r#"
[package]
name = "hello"
version = "0.1.0"
edition = "2024"
[dependencies]
oximalloc = { path = "PATH" }
[features]
ours = []
[profile.release]
strip = true
[profile.whole]
inherits = "release"
lto = true
panic = "abort"
[workspace]
"#;
const MAIN: &str = r#"
#[cfg(feature = "ours")]
#[global_allocator]
static GLOBAL: oximalloc::Oximalloc = oximalloc::Oximalloc;
fn main() {
    println!("hello");
}
"#;

/// Builds, measures and compares.
pub fn check() -> Result<Tally> {
    Flavour::Release.build()?;
    let folder = tempfile::tempdir()?;
    let stripped = folder.path().join("stripped.so");
    run(Command::new("strip").arg("-o").arg(&stripped).arg(Flavour::Release.shared()))?;
    let mut tally = held("libmimalloc.so, stripped: bytes", bytes(&stripped)?, LIBRARY);
    tally += held("its functions that all programs run: bytes", section(&stripped, ".text")?, RESIDENT);
    if cfg!(target_arch = "x86_64") {
        tally += held("names that the loader looks up", names(&stripped)?, NAMES);
    }

    let crates = workspace::root().join("crates/oximalloc");
    fs::create_dir(folder.path().join("src"))?;
    fs::write(folder.path().join("src/main.rs"), MAIN)?;
    fs::write(folder.path().join("Cargo.toml"), MANIFEST.replace("PATH", &crates.display().to_string()))?;
    // The versions that are here already.
    fs::copy(workspace::root().join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
    for profile in ["release", "whole"] {
        let (ours, system) = (program(folder.path(), profile, true)?, program(folder.path(), profile, false)?);
        tally += held(&format!("growth of a Rust program, {profile}: bytes"), ours.saturating_sub(system), PROGRAM);
    }
    Ok(tally)
}

/// The size of the program with our allocator or the system's.
fn program(folder: &Path, profile: &str, ours: bool) -> Result<u64> {
    let target: PathBuf = workspace::target_dir().join("size");
    let mut command = workspace::cargo();
    // Not in the workspace: its settings for the compiler are not those of users.
    command
        .current_dir(folder)
        .args(["build", "--quiet", "--offline", "--profile", profile, "--target-dir"])
        .arg(&target);
    if ours {
        command.args(["--features", "ours"]);
    }
    run(&mut command)?;
    bytes(&target.join(profile).join("hello"))
}

/// Bytes of a section.
fn section(file: &Path, name: &str) -> Result<u64> {
    let table = run(Command::new("size").args(["-A", "-d"]).arg(file))?;
    let row = table.lines().map(|line| line.split_whitespace()).find(|row| row.clone().next() == Some(name));
    let size = row.and_then(|mut row| row.nth(1)).with_context(|| format!("{}: no {name}\n{table}", file.display()))?;
    Ok(size.parse()?)
}

/// Relocations that name a symbol: offset, info, type, the symbol's value and name.
fn names(file: &Path) -> Result<u64> {
    let table = run(Command::new("readelf").args(["--relocs", "--wide"]).arg(file))?;
    let relocations = table.lines().map(|line| line.split_whitespace()).filter(|row| row.clone().count() >= 5);
    match relocations.filter(|row| row.clone().nth(2).is_some_and(|kind| kind.starts_with("R_X86_64_"))).count() {
        0 => bail!("{}: no names are looked up, or they are not found\n{table}", file.display()),
        n => Ok(n as u64),
    }
}

/// What it printed.
fn run(command: &mut Command) -> Result<String> {
    let end = child::capture(command, LIMIT)?;
    if !end.success() {
        bail!("{command:?}: {}\n{}", end.status, end.stderr);
    }
    Ok(end.stdout)
}

fn bytes(file: &Path) -> Result<u64> {
    Ok(fs::metadata(file).with_context(|| file.display().to_string())?.len())
}

fn held(what: &str, found: u64, bound: u64) -> Tally {
    println!("   {what}: {found}, of {bound} at most");
    if found <= bound {
        return Tally::PASSED;
    }
    println!("   {} too many: see the head of tools/xtask/src/size.rs for where to look", found - bound);
    Tally::FAILED
}
