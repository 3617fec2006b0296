//! A Rust that builds for another machine.
//!
//! The toolchain at hand will do if it has the core library of that machine, or if rustup can add it. Otherwise Debian's
//! compiler with the source of its library is unpacked below `target`. Nothing of the system changes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::targets::Target;
use crate::child;
use crate::install;
use crate::workspace;

/// The compiler, its library's source, and what they need. All are of one version.
const PACKAGES: [&str; 5] = ["rustc-web", "libstd-rust-web-dev", "libstd-rust-web-1.96", "rust-web-src", "libllvm22"];

/// Where it comes from.
pub enum Toolchain {
    /// The one that runs this tool.
    AtHand,
    /// This compiler, which has the source of the library.
    WithSource(PathBuf),
}

impl Toolchain {
    /// Finds or fetches one. An error says why there is none.
    pub fn find(target: &Target) -> Result<Toolchain> {
        Toolchain::for_triple(target.triple, true)
    }

    /// The same for what rustc calls the target. One that has to build the core library first only if it `may_build`.
    pub fn for_triple(triple: &str, may_build: bool) -> Result<Toolchain> {
        if has_core(triple) || (install::is_allowed() && add(triple) && has_core(triple)) {
            return Ok(Toolchain::AtHand);
        }
        if !may_build {
            bail!("the toolchain does not have it, and rustup cannot add it");
        }
        let folder = folder();
        let rustc = folder.join("rustc");
        if works(&rustc) {
            return Ok(Toolchain::WithSource(rustc));
        }
        // What was left by a run that was interrupted is incomplete.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        install::unpack(&PACKAGES, &folder)?;
        write_script(&rustc, &folder.join("usr"))?;
        if !works(&rustc) {
            bail!("the compiler of {} does not run", PACKAGES[0]);
        }
        Ok(Toolchain::WithSource(rustc))
    }

    /// What the compiler says of its version.
    pub fn version(&self) -> Result<String> {
        let mut command = match self {
            Toolchain::AtHand => Command::new("rustc"),
            Toolchain::WithSource(rustc) => Command::new(rustc),
        };
        workspace::clean_environment(&mut command);
        Ok(child::done(command.current_dir(workspace::root()).arg("--version"))?.trim().to_string())
    }

    /// Has a cargo command build with it, and the core library if that is not there yet.
    pub fn apply(&self, command: &mut Command) {
        if let Toolchain::WithSource(rustc) = self {
            command.arg("-Zbuild-std=core").env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
        }
    }

    /// A command of cargo for a target.
    pub fn cargo(&self, arguments: &[&str], triple: &str) -> Command {
        let mut command = workspace::cargo();
        command.args(arguments).args(["--target", triple]);
        self.apply(&mut command);
        command
    }

    /// Builds libmimalloc for the target. Returns the folder that it is in.
    pub fn build(&self, target: &Target) -> Result<PathBuf> {
        let output = workspace::target_dir().join("port/target");
        let mut command = self.cargo(&["build"], target.triple);
        command.args(["--quiet", "--release", "--package", "oximalloc-c"]);
        command.arg("--target-dir").arg(&output);
        link(&mut command, target);
        if !target.rustflags.is_empty() {
            command.env("RUSTFLAGS", target.rustflags);
        }
        let end = child::capture(&mut command, LIMIT)?;
        if !end.success() {
            bail!("libmimalloc does not build for {}\n{}{}", target.name, end.stdout, end.stderr);
        }
        let folder = output.join(target.triple).join("release");
        if folder.join("libmimalloc.so").exists() {
            workspace::name_by_version(&folder)?;
        }
        Ok(folder)
    }
}

/// Has a cargo command link by the target's compiler.
pub fn link(command: &mut Command, target: &Target) {
    let linker = format!("CARGO_TARGET_{}_LINKER", target.triple.to_uppercase().replace('-', "_"));
    command.env(linker, format!("{}gcc", target.prefix));
}

/// How long the build may take.
const LIMIT: Duration = Duration::from_secs(1200);

/// Where Debian's compiler is unpacked.
fn folder() -> PathBuf {
    workspace::target_dir().join("port/rust")
}

/// Whether the toolchain at hand has the core library of the target.
fn has_core(triple: &str) -> bool {
    let mut command = Command::new("rustc");
    command.current_dir(workspace::root()).args(["--print", "target-libdir", "--target", triple]);
    workspace::clean_environment(&mut command);
    child::done(&mut command).is_ok_and(|path| Path::new(path.trim()).exists())
}

/// Has rustup add it. False if there is no rustup, or if it does not have this target.
fn add(triple: &str) -> bool {
    let mut command = Command::new("rustup");
    command.current_dir(workspace::root()).args(["--quiet", "target", "add", triple]);
    workspace::clean_environment(&mut command);
    child::capture(&mut command, LIMIT).is_ok_and(|end| end.success())
}

fn works(rustc: &Path) -> bool {
    rustc.exists() && child::done(Command::new(rustc).arg("--version")).is_ok()
}

/// A script that runs the unpacked compiler with its own libraries. It comes last, so it says that all is there.
fn write_script(rustc: &Path, usr: &Path) -> Result<()> {
    let text = format!(
        "#!/bin/sh\nLD_LIBRARY_PATH='{usr}/lib/{processor}-linux-gnu' exec '{usr}/bin/rustc' \"$@\"\n",
        usr = usr.display(),
        processor = std::env::consts::ARCH,
    );
    fs::write(rustc, text).with_context(|| format!("writing {}", rustc.display()))?;
    Ok(fs::set_permissions(rustc, fs::Permissions::from_mode(0o755))?)
}
