//! Building what is measured: the rivals' libraries, the Rust binaries, the C and C++ programs.
//!
//! Nothing that fails is dropped: the reason goes where the result would have been.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use crate::complaint::last_line;
use crate::folders;
use crate::rivals::{OURS, Rival, SYSTEM, UNPROTECTED};
use crate::workloads::Row;

/// Why there is nothing to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There cannot be: the rival has no such form, or a program is not installed.
    Absent(String),
    /// It should be there.
    Failed(String),
}

/// A rival that is ready to run.
pub struct Contestant {
    pub rival: Rival,
    pub version: String,
    /// The library to preload; none for the C library's own allocator.
    pub library: Result<Option<PathBuf>, Missing>,
    /// The Rust binary.
    pub rust: Result<PathBuf, Missing>,
}

/// Builds what the rows need of each rival.
pub fn contestants(rivals: Vec<Rival>, rows: &[Row], ours: Option<&Path>) -> Vec<Contestant> {
    let rust = rows.iter().any(|row| row.workload.rust().is_some());
    let preload = rows.iter().any(|row| row.workload.rust().is_none());
    let not_built = || Missing::Absent("not asked for".into());
    let each = |rival: Rival| {
        let library = if preload { library(&rival, ours) } else { Err(not_built()) };
        let rust = if rust { rust_binary(&rival) } else { Err(not_built()) };
        let failures = [library.as_ref().err(), rust.as_ref().err()];
        for missing in failures.into_iter().flatten() {
            if let Missing::Failed(reason) = missing {
                eprintln!("{}: {reason}", rival.name);
            }
        }
        let said = fs::read_to_string(rival_folder(&rival).join("version"));
        let version = said.map_or_else(|_| rival.source.clone(), |text| text.trim().to_string());
        Contestant { version, library, rust, rival }
    };
    rivals.into_iter().map(each).collect()
}

fn rival_folder(rival: &Rival) -> PathBuf {
    folders::target().join("rivals").join(&rival.name)
}

fn library(rival: &Rival, ours: Option<&Path>) -> Result<Option<PathBuf>, Missing> {
    if rival.name == SYSTEM {
        return Ok(None);
    }
    if rival.name == OURS || rival.name == UNPROTECTED {
        let built = folders::bench().join("../target/release/libmimalloc.so");
        let path = fs::canonicalize(ours.unwrap_or(&built));
        return path.map(Some).map_err(|error| Missing::Failed(format!("{}: {error}", built.display())));
    }
    let Some(script) = rival.build.as_ref().filter(|_| rival.preload) else {
        return Err(Missing::Absent(rival.no_preload.clone()));
    };
    let folder = rival_folder(rival);
    eprintln!("building {}", rival.name);
    finish(Command::new("sh").arg(script).arg(&folder).current_dir(folders::bench()), &folder)?;
    let library = folder.join("lib.so");
    if library.is_file() { Ok(Some(library)) } else { Err(Missing::Failed(format!("{script} built no lib.so"))) }
}

fn rust_binary(rival: &Rival) -> Result<PathBuf, Missing> {
    if !rival.rust {
        return Err(Missing::Absent(rival.no_rust.clone()));
    }
    eprintln!("building rust-workloads with {}", rival.name);
    let features = match &rival.rust_features {
        Some(features) => features.join(","),
        None => rival.name.clone(),
    };
    cargo_build(&rival.name, &features, &rival.rust_env)
}

/// The Rust binary without an allocator of its own.
pub fn system_rust() -> Result<PathBuf, Missing> {
    cargo_build(SYSTEM, "", &BTreeMap::new())
}

fn cargo_build(name: &str, features: &str, environment: &BTreeMap<String, String>) -> Result<PathBuf, Missing> {
    let folder = folders::target().join(name);
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--release", "--locked", "--no-default-features", "--package", "rust-workloads"]);
    cargo.args(["--features", features, "--target-dir"]).arg(&folder).current_dir(folders::bench());
    cargo.envs(environment);
    let binary = folder.join("release/rust-workloads");
    finish(&mut cargo, &folder).inspect_err(|_| {
        // A stale one must not stay behind.
        let _ = fs::remove_file(&binary);
    })?;
    Ok(binary)
}

/// Runs a build; its words are kept in the folder's `build.log`, the last of them in the error.
fn finish(command: &mut Command, folder: &Path) -> Result<(), Missing> {
    // What `cargo run` set for the driver is not for the programs that it builds.
    let inherited = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in inherited.filter(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
        command.env_remove(name);
    }
    let done = command.stdin(Stdio::null()).output();
    let done = done.map_err(|error| Missing::Failed(format!("{}: {error}", command.get_program().display())))?;
    let log = folder.join("build.log");
    let _ = fs::create_dir_all(folder).and_then(|()| fs::write(&log, [&done.stdout[..], &done.stderr].concat()));
    if done.status.success() {
        return Ok(());
    }
    let words = last_line(&String::from_utf8_lossy(&done.stderr));
    Err(Missing::Failed(last_line(&format!("does not build: {words} ({})", log.display()))))
}

/// The path of a compiled source.
pub fn binary(source: &str) -> PathBuf {
    folders::binaries().join(source).with_extension("")
}

/// Compiles the programs of the rows; for each source that cannot be, the reason.
pub fn programs(rows: &[Row]) -> BTreeMap<String, Missing> {
    let own = |row: &Row| [".c", ".cpp"].iter().any(|end| row.workload.program.ends_with(end));
    let mut sources: Vec<(String, PathBuf)> = Vec::new();
    for row in rows {
        if own(row) {
            sources.push((row.workload.program.clone(), binary(&row.workload.program)));
        }
        // Those that scripts need are all in one folder.
        let named = |source: &String| (source.clone(), binary(Path::new(source).file_name()?.to_str()?)).into();
        sources.extend(row.workload.build.iter().filter_map(named));
    }
    sources.sort();
    sources.dedup();
    let failed = |(source, binary): (String, PathBuf)| Some((source.clone(), compile(&source, &binary).err()?));
    sources.into_iter().filter_map(failed).collect()
}

fn compile(source: &str, binary: &Path) -> Result<(), Missing> {
    let path = folders::programs().join(source);
    if !path.is_file() {
        return Err(Missing::Failed(format!("programs/{source} is missing")));
    }
    let newest = headers(&path).map(|header| changed(&header)).fold(changed(&path), SystemTime::max);
    if changed(binary) > newest {
        return Ok(());
    }
    eprintln!("compiling {source}");
    let (compiler, flags): (_, &[&str]) = match path.extension().and_then(|end| end.to_str()) {
        Some("c") => ("gcc", &["-std=gnu11", "-O2", "-pthread"]),
        Some("cpp") => ("g++", &["-std=gnu++17", "-O2", "-pthread"]),
        _ => ("rustc", &["--edition=2024", "-O"]),
    };
    let include = format!("-I{}", folders::programs().display());
    let mut command = Command::new(compiler);
    command.args(flags).args((compiler != "rustc").then_some(include)).arg("-o").arg(binary).arg(&path);
    command.args((compiler != "rustc").then_some("-lm"));
    let folder = binary.parent().unwrap_or(Path::new(""));
    let made = fs::create_dir_all(folder);
    made.map_err(|error| Missing::Failed(format!("{}: {error}", folder.display())))?;
    finish(&mut command, folder)
}

/// When a file was last changed; long ago, if it is not there.
fn changed(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The headers that a source may include.
fn headers(source: &Path) -> impl Iterator<Item = PathBuf> {
    let folders = [source.parent().map(Path::to_path_buf), Some(folders::programs())];
    let entries = folders.into_iter().flatten().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "h"))
}
