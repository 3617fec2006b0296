//! `cargo xtask bench`: builds the library and hands over to the bench's own command.
//!
//! That is a package of another workspace, so that the rivals stay out of this one's lock file.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Result;

use crate::child;
use crate::cprograms::shorten;
use crate::tally::{Tally, indent};
use crate::workspace::{self, Flavour};

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    /// What is handed on; `--help` tells what there is
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    args: Vec<OsString>,
}

/// Builds the library and becomes the bench.
pub fn run(args: &Args) -> Result<ExitCode> {
    Flavour::Release.build()?;
    Err(command().args(&args.args).exec().into())
}

/// Runs every workload once with little work and counts which of them did what they should. Installs nothing.
pub fn smoke() -> Result<Tally> {
    Flavour::Release.build()?;
    let end = child::capture(command().args(["--smoke", "--no-install"]), Duration::from_secs(30 * 60))?;
    let mut tally = end.stdout.lines().last().and_then(Tally::of_line).unwrap_or_default();
    if !end.success() {
        tally.failed = tally.failed.max(1);
        println!("{}", indent(&shorten(&end.stderr)));
    }
    let lines = end.stdout.lines().filter(|line| Tally::of_line(line).is_none());
    lines.for_each(|line| println!("          {line}"));
    Ok(tally)
}

fn command() -> Command {
    let mut command = workspace::cargo();
    let manifest = workspace::root().join("bench/Cargo.toml");
    command.args(["run", "--quiet", "--release", "--locked", "--package", "oximalloc-bench", "--manifest-path"]);
    command.arg(manifest).args(["--", "--library"]).arg(Flavour::Release.shared());
    command
}
