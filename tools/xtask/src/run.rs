//! `cargo xtask run`: a program with the library preloaded.
//!
//! The tool becomes the program (exec), so that its exit code, signals, input and output are its own. Where
//! preloading cannot work it says so instead of running the program with another allocator: exit code 127 for a
//! program that is not there, 126 for one that cannot be run this way, as shells do.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::elf;
use crate::program::{Missing, resolve};
use crate::workspace::{self, Flavour};

/// Arguments of `cargo xtask run`.
#[derive(clap::Args)]
pub struct Args {
    /// Print the allocator's statistics when the program ends
    #[arg(long)]
    stats: bool,
    /// Print what the allocator does
    #[arg(long)]
    verbose: bool,
    /// Use the library with debug assertions
    #[arg(long)]
    debug: bool,
    /// The level of protection against misuse of memory
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(0..=4))]
    secure: Option<u8>,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    command: Vec<OsString>,
}

/// Builds the library and becomes the program.
pub fn run(args: &Args) -> Result<ExitCode> {
    let (name, rest) = args.command.split_first().expect("the program is required");
    let program = match resolve(name) {
        Ok(program) => program,
        Err(missing) => return Ok(report(&missing, name)),
    };
    if let Ok(Some(refusal)) = elf::refusal(&program) {
        eprintln!(
            "xtask: cannot preload libmimalloc.so into {}: {} {}",
            name.display(),
            refusal.file.display(),
            refusal.reason
        );
        eprintln!("xtask: {}", refusal.instead);
        return Ok(ExitCode::from(126));
    }
    let flavour = if args.debug { Flavour::Checked } else { Flavour::Release };
    flavour.build()?;
    let mut command = Command::new(&program);
    workspace::clean_environment(&mut command);
    command.arg0(name).args(rest).env("LD_PRELOAD", workspace::preload_value(&flavour.shared())?);
    if args.stats {
        command.env("MIMALLOC_SHOW_STATS", "1");
    }
    if args.verbose {
        command.env("MIMALLOC_VERBOSE", "1");
    }
    if let Some(level) = args.secure {
        command.env("MIMALLOC_SECURE", level.to_string());
    }
    let error = command.exec();
    eprintln!("xtask: cannot run {}: {error}", program.display());
    Ok(ExitCode::from(if error.kind() == ErrorKind::NotFound { 127 } else { 126 }))
}

/// Says why a program cannot be started.
fn report(missing: &Missing, name: &OsStr) -> ExitCode {
    let name = name.display();
    match missing {
        Missing::NotFound => eprintln!("xtask: program not found: {name}"),
        Missing::NotExecutable(path) => {
            eprintln!("xtask: program is not executable: {} (chmod +x makes it so)", path.display());
        }
        Missing::Folder(path) => eprintln!("xtask: not a program but a folder: {}", path.display()),
    }
    ExitCode::from(if *missing == Missing::NotFound { 127 } else { 126 })
}
