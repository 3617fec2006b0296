//! Installing what the tests need, where that may be done: as root on Debian and its like.
//!
//! Only what is missing is installed, and no service is started by it. Elsewhere nothing happens: a test whose
//! program is missing is skipped by name.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::child;
use crate::workspace;

/// A program that the tests run, and the Debian package it is in.
const NEEDED: [(&str, &str); 15] = [
    ("gcc", "gcc"),
    ("g++", "g++"),
    ("clang", "clang"),
    ("cmake", "cmake"),
    ("pkg-config", "pkg-config"),
    ("git", "git"),
    ("perl", "perl"),
    ("sqlite3", "sqlite3"),
    ("redis-server", "redis-server"),
    ("redis-benchmark", "redis-tools"),
    ("node", "nodejs"),
    ("python3", "python3"),
    ("strace", "strace"),
    ("gdb", "gdb"),
    ("valgrind", "valgrind"),
];

/// Whether this run of the tool installs nothing.
static NOTHING: AtomicBool = AtomicBool::new(false);

/// From now on nothing is installed or fetched.
pub fn nothing() {
    NOTHING.store(true, Ordering::Relaxed);
}

/// Installs the programs that are missing, if that may be done here; says what remains missing.
pub fn programs() {
    let remaining = missing_of(&NEEDED);
    if !remaining.is_empty() {
        println!("missing here, what needs them is skipped: {}", remaining.join(" "));
    }
}

/// Installs those of these programs that are missing, if that may be done here. Returns what remains missing.
pub fn missing_of<'a>(needed: &[(&'a str, &str)]) -> Vec<&'a str> {
    let missing = || needed.iter().filter(|(program, _)| workspace::find_program(program).is_none());
    let packages: Vec<&str> = missing().map(|(_, package)| *package).collect();
    if !packages.is_empty() && may_install() {
        println!("installing {}", packages.join(" "));
        let _services_stay_off = PolicyFile::write();
        if apt(&["update", "-qq"]) {
            let install = ["install", "-y", "-qq", "--no-install-recommends"];
            // One package that cannot be had must not keep the others away.
            if !apt(&[&install[..], &packages].concat()) {
                for package in packages {
                    apt(&[&install[..], &[package]].concat());
                }
            }
        }
    }
    missing().map(|(program, _)| *program).collect()
}

/// Unpacks Debian packages into a folder, if they may be fetched here. Nothing is installed.
pub fn unpack(packages: &[&str], folder: &Path) -> Result<()> {
    unpack_with(&[], packages, folder)
}

/// The same from another release of Debian than the one that runs here. The system's own lists stay as they are.
pub fn unpack_of(suite: &str, packages: &[&str], folder: &Path) -> Result<()> {
    const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
    let lists = tempfile::tempdir()?;
    let place = |name: &str| lists.path().join(name).display().to_string();
    for name in ["lists/partial", "archives/partial"] {
        fs::create_dir_all(place(name))?;
    }
    let source = format!("deb [signed-by={KEYS}] http://deb.debian.org/debian {suite} main\n");
    fs::write(place("sources.list"), source)?;
    fs::write(place("status"), "")?;
    let settings = [
        format!("Dir::Etc::sourcelist={}", place("sources.list")),
        format!("Dir::Etc::sourceparts={}", place("none")),
        format!("Dir::State::lists={}", place("lists")),
        format!("Dir::State::status={}", place("status")),
        format!("Dir::Cache::archives={}", place("archives")),
        "Dir::Cache::pkgcache=".to_string(),
        "Dir::Cache::srcpkgcache=".to_string(),
    ];
    let options: Vec<&str> = settings.iter().flat_map(|setting| ["-o", setting]).collect();
    unpack_with(&options, packages, folder)
}

fn unpack_with(options: &[&str], packages: &[&str], folder: &Path) -> Result<()> {
    if !may_install() {
        bail!("packages are fetched by root on Debian only, and not with --no-install");
    }
    let files = tempfile::tempdir()?;
    println!("fetching {}", packages.join(" "));
    let update = [options, &["update", "-qq"]].concat();
    let download = [options, &["download", "-qq"], packages].concat();
    if !apt(&update) || !apt_in(files.path(), &download) {
        bail!("a package cannot be had: {}", packages.join(" "));
    }
    unpack_all(files.path(), folder)
}

/// The same with packages for another machine, by Debian's name for it. All names of its packages are shown to
/// `choose`.
pub fn unpack_foreign(
    machine: &str,
    choose: impl FnOnce(&[String]) -> Result<Vec<String>>,
    folder: &Path,
) -> Result<()> {
    if !may_install() {
        bail!("packages are fetched by root on Debian only, and not with --no-install");
    }
    let (lists, files) = (tempfile::tempdir()?, tempfile::tempdir()?);
    // Lists of its own, so that those of the system stay as they are.
    let mut options: Vec<String> = [("Architectures", machine), ("Architecture", machine)]
        .map(|(name, value)| format!("-oAPT::{name}={value}"))
        .into();
    let place = |name: &str| lists.path().join(name).display().to_string();
    for name in ["lists/partial", "archives/partial"] {
        fs::create_dir_all(place(name))?;
    }
    options.extend([
        format!("-oDir::State::lists={}", place("lists")),
        format!("-oDir::Cache::archives={}", place("archives")),
        "-oDir::Cache::pkgcache=".into(),
        "-oDir::Cache::srcpkgcache=".into(),
        "-oDir::State::status=/dev/null".into(),
    ]);
    let apt = |words: &[&str]| {
        let words: Vec<&str> = options.iter().map(String::as_str).chain(words.iter().copied()).collect();
        apt_in(files.path(), &words)
    };
    if !apt(&["update", "-qq"]) {
        bail!("Debian's packages for {machine} cannot be listed");
    }
    let names = child::done(Command::new("apt-cache").args(&options).arg("pkgnames"))?;
    let packages = choose(&names.lines().map(String::from).collect::<Vec<_>>())?;
    println!("fetching {} for {machine}", packages.join(" "));
    let mut words = vec!["download", "-qq"];
    words.extend(packages.iter().map(String::as_str));
    if !apt(&words) {
        bail!("a package cannot be had: {}", packages.join(" "));
    }
    unpack_all(files.path(), folder)
}

/// Unpacks the Debian packages in a folder into another.
fn unpack_all(packages: &Path, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(packages)? {
        child::done(Command::new("dpkg-deb").arg("-x").arg(entry?.path()).arg(folder))?;
    }
    Ok(())
}

/// Makes `cargo fmt` and `cargo clippy` usable where rustup can.
pub fn component(name: &str) -> bool {
    let works = || {
        let mut probe = workspace::cargo();
        child::capture(probe.args([name, "--version"]), Duration::from_secs(60)).is_ok_and(|end| end.success())
    };
    let component = if name == "fmt" { "rustfmt" } else { name };
    let add = || {
        let mut rustup = Command::new("rustup");
        child::capture(rustup.args(["component", "add", component]), Duration::from_secs(300)).is_ok()
    };
    works() || (add() && works())
}

/// Whether anything may be installed or fetched.
pub fn is_allowed() -> bool {
    !NOTHING.load(Ordering::Relaxed)
}

fn may_install() -> bool {
    // SAFETY: a system call without arguments, which cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    root && is_allowed() && Path::new("/etc/debian_version").exists() && workspace::find_program("apt-get").is_some()
}

fn apt(args: &[&str]) -> bool {
    apt_in(Path::new("/"), args)
}

fn apt_in(folder: &Path, args: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    // Otherwise it fetches as a user who may not write to the folder.
    command
        .current_dir(folder)
        .args(["-o", "APT::Sandbox::User=root"])
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive");
    match child::capture(&mut command, Duration::from_secs(600)) {
        Ok(end) if end.success() => true,
        Ok(end) => {
            println!("apt-get {}: {}\n{}", args[0], end.status, end.stderr.trim_end());
            false
        }
        Err(error) => {
            println!("{error:#}");
            false
        }
    }
}

/// While this lives, packages that are installed start no service. An existing policy is left as it is.
struct PolicyFile {
    ours: bool,
}

impl PolicyFile {
    const PATH: &str = "/usr/sbin/policy-rc.d";

    fn write() -> PolicyFile {
        let path = Path::new(Self::PATH);
        // 101 means: the action is forbidden.
        let ours = !path.exists() && fs::write(path, "#!/bin/sh\nexit 101\n").is_ok();
        if ours && fs::set_permissions(path, fs::Permissions::from_mode(0o755)).is_err() {
            println!("{} could not be made executable", Self::PATH);
        }
        PolicyFile { ours }
    }
}

impl Drop for PolicyFile {
    fn drop(&mut self) {
        if self.ours && fs::remove_file(Self::PATH).is_err() {
            println!("{} is left over: remove it by hand", Self::PATH);
        }
    }
}
