//! One command for each thing a developer does here: `cargo xtask COMMAND`.
//!
//! Each command is one file. This one only says what the command line looks like and what a command's end means
//! for the exit code.
//!
//! The tool needs a Unix; the tests through the preloaded library need Linux.

mod abi;
mod bench;
mod child;
mod contract;
mod cprograms;
mod elf;
mod golden;
mod install;
mod miri;
mod pace;
mod package;
mod port;
mod program;
mod real;
mod run;
mod rusttests;
mod size;
mod suite;
mod symbols;
mod table;
mod tally;
mod tidy;
mod tsan;
mod watch;
mod workers;
mod workspace;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use workspace::Flavour;

/// The tasks of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build libmimalloc.so and run a program with it preloaded
    Run(run::Args),
    /// Run every check; with filters, only those steps (`c`, `real-checked`, `unit`, ...)
    Test(suite::Args),
    /// Measure the library and its rivals: builds, runs, compares, reports
    Bench(bench::Args),
    /// Check the rules of the source tree: floors, circles, public fields, what depends on the platform, the form of
    /// files, tested functions
    Tidy {
        /// Print the shape of the tree in numbers instead
        #[arg(long)]
        report: bool,
        /// Print instead what a file uses of others and others of it; the end of its path will do
        #[arg(long, value_name = "PATH", conflicts_with = "report")]
        uses: Option<PathBuf>,
    },
    /// Compare headers, libraries and the tables of the interface
    Abi {
        /// First write what follows from the table of options: in the header, in options.tsv and in README.md
        #[arg(long)]
        write: bool,
    },
    /// Compare the lengths of the fast paths with those on record
    Golden {
        /// Write them down instead
        #[arg(long)]
        accept: bool,
    },
    /// Install libraries, headers and what CMake and pkg-config need, below --prefix (and $DESTDIR)
    Install(package::Args),
    /// Build and run the C and C++ test programs
    C {
        /// Only programs whose name contains one of these
        name: Vec<String>,
        /// Use the library with debug assertions
        #[arg(long)]
        checked: bool,
        /// The level of protection
        #[arg(long, value_name = "LEVEL", default_value_t = 0)]
        secure: u32,
        /// Run nothing; print each function of the C interface with the programs that test it
        #[arg(long)]
        table: bool,
    },
    /// Build the library for another machine, and run the C and C++ test programs on an emulator of it
    Port(port::Args),
    /// Run one program on a kernel of another machine (`port --kernel` calls this)
    #[command(hide = true, name = port::kernel::COMMAND)]
    InMachine {
        /// The folder of the library, variables, the program and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    /// Run real programs without and with the library, compare what they print, show time and peak memory
    Real {
        /// Only these programs
        name: Vec<String>,
        /// Use the library with debug assertions
        #[arg(long)]
        checked: bool,
        /// Size of the workloads, in percent
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        scale: u32,
        /// Install nothing: what is missing is skipped
        #[arg(long)]
        no_install: bool,
    },
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(task: Task) -> anyhow::Result<ExitCode> {
    let flavour = |checked| if checked { Flavour::Checked } else { Flavour::Release };
    match task {
        Task::Run(args) => run::run(&args),
        Task::Test(args) => suite::test(&args),
        Task::Install(args) => package::command(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Tidy { uses: Some(path), .. } => {
            print!("{}", tidy::neighbours(&path)?);
            Ok(ExitCode::SUCCESS)
        }
        Task::Tidy { report: true, .. } => {
            print!("{}", tidy::report()?);
            Ok(ExitCode::SUCCESS)
        }
        Task::Tidy { report: false, .. } => {
            let complaints = tidy::check()?;
            for complaint in &complaints {
                println!("{complaint}");
            }
            println!("tidy: {} complaints", complaints.len());
            Ok(exit(complaints.is_empty()))
        }
        Task::Abi { write } => {
            if write {
                abi::write_options()?;
            }
            let tally = abi::check()?;
            println!("{tally}");
            Ok(exit(tally.failed == 0))
        }
        Task::Golden { accept } => {
            let tally = golden::run(accept)?;
            println!("{tally}");
            Ok(exit(tally.failed == 0))
        }
        Task::C { table: true, .. } => {
            println!("{}", table::Table::read()?);
            Ok(ExitCode::SUCCESS)
        }
        Task::C { name, checked, secure, table: false } => {
            let tally = cprograms::run_secured(flavour(checked), &name, secure)?;
            println!("{tally}");
            Ok(exit(tally.failed == 0))
        }
        Task::Port(args) => {
            let tally = port::run(&args)?;
            println!("{tally}");
            Ok(exit(tally.failed == 0))
        }
        Task::InMachine { words } => port::kernel::run(&words),
        Task::Real { name, checked, scale, no_install } => {
            if !no_install {
                install::programs();
            }
            let tally = real::run(flavour(checked), scale, &name)?;
            println!("{tally}");
            Ok(exit(tally.failed == 0))
        }
    }
}

fn exit(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
