//! Where things are in this workspace, and how its libraries are built.
//!
//! Guards one thing: no command that is started from here sees the variables that `cargo run` set for the tool
//! itself.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::child;

/// The library comes in three builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// What users get.
    Release,
    /// Optimised, with debug assertions and overflow checks.
    Checked,
    /// As `Release`, but level 2 of protection is the default.
    Secure,
}

impl Flavour {
    /// Those that differ in their code, in the order in which they are tested.
    pub const ALL: [Flavour; 2] = [Flavour::Release, Flavour::Checked];

    /// The folder that holds this flavour's `libmimalloc.so` and `libmimalloc.a`.
    pub fn folder(self) -> PathBuf {
        self.target_dir().join(self.profile())
    }

    /// Where cargo builds it. Cargo gives two flavours of one profile the same names.
    fn target_dir(self) -> PathBuf {
        if self == Flavour::Secure { target_dir().join("secure") } else { target_dir() }
    }

    fn profile(self) -> &'static str {
        if self == Flavour::Checked { "checked" } else { "release" }
    }

    /// The library to preload.
    pub fn shared(self) -> PathBuf {
        self.folder().join("libmimalloc.so")
    }

    /// The library to link into a program.
    pub fn archive(self) -> PathBuf {
        self.folder().join("libmimalloc.a")
    }

    /// Builds the libraries. Says nothing unless that fails: then the error holds the compiler's words.
    pub fn build(self) -> Result<()> {
        let mut command = cargo();
        command.args(["build", "--quiet", "--package", "oximalloc-c", "--profile", self.profile(), "--target-dir"]);
        command.arg(self.target_dir());
        if self == Flavour::Secure {
            command.args(["--features", "oximalloc-c/secure-default"]);
        }
        let end = child::capture(&mut command, Duration::from_secs(1200))?;
        if !end.success() {
            bail!("libmimalloc ({self}) does not build\n{}{}", end.stdout, end.stderr);
        }
        if self == Flavour::Secure {
            // Programs are linked with it only where it is installed.
            return Ok(());
        }
        name_by_version(&self.folder())
    }
}

/// Gives the library in a folder its versioned name too. A program that was linked with it asks the loader for that.
pub fn name_by_version(folder: &Path) -> Result<()> {
    let versioned = folder.join("libmimalloc.so.3");
    if fs::symlink_metadata(&versioned).is_err() {
        symlink("libmimalloc.so", &versioned).with_context(|| format!("linking {}", versioned.display()))?;
    }
    Ok(())
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Flavour::Release => "release",
            Flavour::Checked => "checked",
            Flavour::Secure => "secure",
        })
    }
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = manifest.filter(|dir| dir.ends_with("tools/xtask"));
    let here = here.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    here.ancestors().nth(2).expect("tools/xtask is two folders below the root").to_path_buf()
}

/// Where cargo puts what it builds.
pub fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A cargo command in the root of the workspace.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    clean_environment(&mut command);
    command
}

/// Takes from a command's environment what `cargo run` added for this tool.
pub fn clean_environment(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "RUST_RECURSION_COUNT" {
            command.env_remove(name);
        }
    }
    let Some(paths) = env::var_os("LD_LIBRARY_PATH") else { return };
    let sysroot = env::var_os("CARGO").and_then(|cargo| Some(Path::new(&cargo).ancestors().nth(2)?.to_path_buf()));
    let target = target_dir();
    let added = |path: &Path| path.starts_with(&target) || sysroot.as_ref().is_some_and(|root| path.starts_with(root));
    let kept: Vec<PathBuf> = env::split_paths(&paths).filter(|path| !added(path)).collect();
    match env::join_paths(&kept) {
        Ok(joined) if !kept.is_empty() && joined != OsString::new() => command.env("LD_LIBRARY_PATH", joined),
        _ => command.env_remove("LD_LIBRARY_PATH"),
    };
    command.env_remove("CARGO");
}

/// The value for `LD_PRELOAD`: the library, before whatever is preloaded already.
///
/// # Errors
/// The loader splits the variable at spaces and colons, so a library below such a path cannot be named in it.
pub fn preload_value(library: &Path) -> Result<OsString> {
    let text = library.to_str().unwrap_or(" ");
    if text.contains([' ', ':']) {
        bail!("{} cannot be preloaded: its path has a space, a colon or no Unicode in it", library.display());
    }
    let mut value = OsString::from(text);
    if let Some(others) = env::var_os("LD_PRELOAD").filter(|others| !others.is_empty()) {
        value.push(":");
        value.push(others);
    }
    Ok(value)
}

/// Finds a program in `PATH`.
pub fn find_program(name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let paths = env::var_os("PATH")?;
    env::split_paths(&paths)
        .map(|dir| dir.join(name))
        .find(|path| fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0))
}
