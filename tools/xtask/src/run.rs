//! `cargo xtask run`: a program with the library preloaded.
//!
//! The tool becomes the program (exec), so that its exit code, signals, input and output are its own. Where
//! preloading cannot work it says so instead of running the program with another allocator: exit code 127 for a
//! program that is not there, 126 for one that cannot be run this way, as shells do.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::elf;
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
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    command: Vec<OsString>,
}

/// Builds the library and becomes the program.
pub fn run(args: &Args) -> Result<ExitCode> {
    let (name, rest) = args.command.split_first().expect("the program is required");
    let program = match resolve(name) {
        Ok(program) => program,
        Err(missing) => return Ok(missing.report(name)),
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
    let error = command.exec();
    eprintln!("xtask: cannot run {}: {error}", program.display());
    Ok(ExitCode::from(if error.kind() == ErrorKind::NotFound { 127 } else { 126 }))
}

/// Why a program cannot be started.
#[derive(Debug, PartialEq, Eq)]
pub enum Missing {
    /// No such file, or none in `PATH`.
    NotFound,
    /// The file is there, but may not be executed.
    NotExecutable(PathBuf),
    /// It is a folder.
    Folder(PathBuf),
}

impl Missing {
    fn report(&self, name: &OsStr) -> ExitCode {
        let name = name.display();
        match self {
            Missing::NotFound => eprintln!("xtask: program not found: {name}"),
            Missing::NotExecutable(path) => {
                eprintln!("xtask: program is not executable: {} (chmod +x makes it so)", path.display());
            }
            Missing::Folder(path) => eprintln!("xtask: not a program but a folder: {}", path.display()),
        }
        ExitCode::from(if *self == Missing::NotFound { 127 } else { 126 })
    }
}

/// Finds the file that a command name stands for, as the shell does.
pub fn resolve(name: &OsStr) -> Result<PathBuf, Missing> {
    if name.is_empty() {
        return Err(Missing::NotFound);
    }
    if name.as_encoded_bytes().contains(&b'/') {
        return examine(Path::new(name));
    }
    let mut why = Missing::NotFound;
    for folder in env::split_paths(&env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into())) {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        match examine(&folder.join(name)) {
            Ok(path) => return Ok(path),
            Err(not_executable @ Missing::NotExecutable(_)) if why == Missing::NotFound => why = not_executable,
            Err(_) => {}
        }
    }
    Err(why)
}

fn examine(path: &Path) -> Result<PathBuf, Missing> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Missing::NotExecutable(path.to_path_buf())),
        Err(_) => Err(Missing::NotFound),
        Ok(file) if file.is_dir() => Err(Missing::Folder(path.to_path_buf())),
        Ok(file) if file.permissions().mode() & 0o111 == 0 => Err(Missing::NotExecutable(path.to_path_buf())),
        Ok(_) => Ok(path.to_path_buf()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_as_the_shell_finds_them() {
        assert!(resolve("sh".as_ref()).unwrap().ends_with("sh"));
        assert_eq!(resolve("no-such-program".as_ref()), Err(Missing::NotFound));
        assert_eq!(resolve("/no/such/program".as_ref()), Err(Missing::NotFound));
        assert_eq!(resolve("/etc".as_ref()), Err(Missing::Folder("/etc".into())));
        assert_eq!(resolve("/etc/passwd".as_ref()), Err(Missing::NotExecutable("/etc/passwd".into())));
    }
}
