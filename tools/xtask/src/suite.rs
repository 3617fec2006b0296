//! `cargo xtask test`: every check, in order, with one line at the end that counts them.
//!
//! A step is one row in [`STEPS`]. Its name is what filters match: `c` runs `c-release` and `c-checked`. The very last
//! line is always `N passed, N failed, N skipped`, and the exit code says whether any failed.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::abi;
use crate::bench;
use crate::child::{self, Status};
use crate::cprograms::{self, shorten};
use crate::golden;
use crate::install;
use crate::miri;
use crate::pace;
use crate::package::ways;
use crate::port;
use crate::real;
use crate::rusttests;
use crate::size;
use crate::tally::Tally;
use crate::tidy;
use crate::tsan;
use crate::workspace::{self, Flavour};

/// Arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub struct Args {
    /// Only the steps with these names, or with names that have these parts (`c`, `checked`)
    filter: Vec<String>,
    /// Name the steps and run none
    #[arg(long)]
    list: bool,
    /// Install nothing: what needs a missing program is skipped
    #[arg(long)]
    no_install: bool,
    /// Beside the checks have this many threads for each processor that do nothing but use it
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true)]
    busy: usize,
}

/// One check.
struct Step {
    name: &'static str,
    /// What it is for, for `--list`.
    about: &'static str,
    run: fn() -> Result<Tally>,
    /// Does it run programs that may have to be installed?
    needs_programs: bool,
}

/// How long a cargo command may take, the build of what it tests included.
const LIMIT: Duration = Duration::from_secs(15 * 60);

const STEPS: &[Step] = &[
    step("fmt", "the code is formatted", || component("fmt", &["fmt", "--all", "--check"])),
    step("clippy", "no lint complains", || {
        // The allocator alone too, without the feature by which its tests reach what is private: so dead code is found.
        component("clippy", &["clippy", "--package", "oximalloc", "--quiet", "--", "-D", "warnings"])?;
        let all =
            ["clippy", "--workspace", "--all-targets", "--features", INTERNALS, "--quiet", "--", "-D", "warnings"];
        component("clippy", &all)
    }),
    step("tidy", "the rules of the source tree", tidy_step),
    step("xtask", "this tool's own tests", || rust_tests(&["--package", "xtask"], "")),
    step("unit", "unit and integration tests of the allocator", || {
        rust_tests(&["--package", "oximalloc", "--features", INTERNALS, "--tests"], "")
    }),
    step("stress", "the stress tests, optimised", || {
        rust_tests(&["--profile", "stress", "--package", "oximalloc", "--features", INTERNALS, "--tests"], "stress")
    }),
    step("doctest", "the examples in the documentation", doctest),
    step("doc", "the documentation is built without a warning", doc),
    step("loom", "the lock-free protocols, model checked", loom),
    step("miri", "data structures under Miri", miri_step),
    step("tsan", "thread and heap tests under ThreadSanitizer", tsan_step),
    step("build-release", "libmimalloc.so and libmimalloc.a", || build(Flavour::Release)),
    step("build-checked", "the same with debug assertions", || build(Flavour::Checked)),
    with_programs("golden", "the fast paths are as long as on record", || golden::run(false)),
    step("size", "the library and a Rust program are no larger than they should be", size::check),
    with_programs("abi", "headers, libraries and the tables of the interface", abi::check),
    with_programs("install", "every way to link what `cargo xtask install` writes", ways::try_all),
    with_programs("c-release", "C and C++ programs", || cprograms::run(Flavour::Release, &[])),
    with_programs("c-checked", "the same with debug assertions", || cprograms::run(Flavour::Checked, &[])),
    with_programs("c-secure", "the C and C++ programs at level 2 of protection", || {
        cprograms::run_secured(Flavour::Release, &[], 2)
    }),
    with_programs("c-memcheck", "the conformance tests under valgrind's memcheck", cprograms::memcheck),
    step("arm64", "C and C++ programs on an emulated arm64", || port::check("arm64")),
    step("windows", "Rust, C and C++ programs for Windows under Wine", port::windows::check),
    step("i686", "C and C++ programs with addresses of 32 bits", || port::check("i686")),
    step("s390x", "the same with 32 bits and with the highest byte first: emulated armv7 and s390x", || {
        let mut sum = port::check("armv7")?;
        sum += port::check("s390x")?;
        Ok(sum)
    }),
    step("others", "macOS, the BSDs and more: types, and what can be linked", || port::check("others")),
    step("wasm", "C and Rust programs of WebAssembly, and their size", port::wasm::check),
    step("musl", "C programs and a Rust program with musl", || port::check("musl")),
    step("old-glibc", "C programs with the glibc of Debian 11", || port::check(port::old_glibc::NAME)),
    with_programs("real-release", "real programs print the same with the library", || {
        real::run(Flavour::Release, 100, &[])
    }),
    with_programs("real-checked", "the same with debug assertions, smaller workloads", || {
        real::run(Flavour::Checked, 25, &[])
    }),
    with_programs("bench", "every workload of the bench runs once and comes to its result", bench::smoke),
];

const fn step(name: &'static str, about: &'static str, run: fn() -> Result<Tally>) -> Step {
    Step { name, about, run, needs_programs: false }
}

const fn with_programs(name: &'static str, about: &'static str, run: fn() -> Result<Tally>) -> Step {
    Step { name, about, run, needs_programs: true }
}

impl Step {
    fn matches(&self, filters: &[String]) -> bool {
        let named = |filter: &String| self.name == filter || self.name.split('-').any(|part| part == filter);
        filters.is_empty() || filters.iter().any(named)
    }
}

/// Runs the steps that the filters name.
pub fn test(args: &Args) -> Result<ExitCode> {
    let unknown = |filter: &&String| !STEPS.iter().any(|step| step.matches(std::slice::from_ref(filter)));
    if let Some(filter) = args.filter.iter().find(unknown) {
        anyhow::bail!("no step is named `{filter}`; `cargo xtask test --list` names them");
    }
    let steps: Vec<&Step> = STEPS.iter().filter(|step| step.matches(&args.filter)).collect();
    if args.list {
        steps.iter().for_each(|step| println!("{:14} {}", step.name, step.about));
        return Ok(ExitCode::SUCCESS);
    }
    if args.no_install {
        install::nothing();
    } else if steps.iter().any(|step| step.needs_programs) {
        install::programs();
    }
    pace::keep_busy(args.busy);
    pace::stretch();
    let mut results = Vec::new();
    for step in steps {
        println!("== {}: {}", step.name, step.about);
        let start = Instant::now();
        let tally = (step.run)().unwrap_or_else(|error| Tally::failed(step.name, &format!("{error:#}")));
        let seconds = start.elapsed().as_secs_f64();
        println!("   {}: {tally} ({seconds:.1} s)", verdict(tally));
        results.push((step.name, tally, seconds));
    }
    let failures = Tally::take_failures();
    if !failures.is_empty() {
        println!("\n== what failed, again");
        failures.iter().for_each(|text| println!("{text}"));
    }
    println!("\n== summary");
    let mut sum = Tally::default();
    for (name, tally, seconds) in results {
        println!("{:8} {name:14} {seconds:7.1} s   {tally}", verdict(tally));
        sum += tally;
    }
    println!("{sum}");
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn verdict(tally: Tally) -> &'static str {
    match tally {
        Tally { failed: 1.., .. } => "FAILED",
        Tally { passed: 0, skipped: 1.., .. } => "skipped",
        _ => "ok",
    }
}

/// Runs a command that either works or not, and shows its output if not.
fn one(command: &mut Command) -> Result<Tally> {
    let end = child::capture(command, LIMIT)?;
    if end.success() {
        return Ok(Tally::PASSED);
    }
    let program = command.get_program().display().to_string();
    let why = format!("{command:?}: {}\n{}{}", end.status, shorten(&end.stdout), shorten(&end.stderr));
    Ok(Tally::failed(&program, &why))
}

/// Runs a cargo command that is a component of its own, which may not be installed.
/// By which the tests of the allocator reach what is private.
const INTERNALS: &str = "oximalloc/internals";

fn component(name: &str, args: &[&str]) -> Result<Tally> {
    if !install::component(name) {
        println!("   cargo {name} is not installed");
        return Ok(Tally::SKIPPED);
    }
    one(workspace::cargo().args(args))
}

fn tidy_step() -> Result<Tally> {
    let complaints = tidy::check()?;
    complaints.iter().for_each(|complaint| println!("          {complaint}"));
    Ok(if complaints.is_empty() { Tally::PASSED } else { Tally::FAILED })
}

fn build(flavour: Flavour) -> Result<Tally> {
    flavour.build().map(|()| Tally::PASSED)
}

/// Each test in a process of its own.
fn rust_tests(args: &[&str], filter: &str) -> Result<Tally> {
    rusttests::run(workspace::cargo().arg("test").args(args), filter)
}

fn loom() -> Result<Tally> {
    let mut command = workspace::cargo();
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    command.env("RUSTFLAGS", format!("{flags} --cfg loom").trim_start());
    command.env("CARGO_TARGET_DIR", workspace::target_dir().join("loom"));
    rusttests::run(command.args(["test", "--release", "--package", "oximalloc", "--lib"]), "loom")
}

/// Only cargo can run these.
fn doctest() -> Result<Tally> {
    count_tests(workspace::cargo().args(["test", "--package", "oximalloc", "--features", "secure", "--doc"]))
}

/// Links to private items are for readers of the source.
fn doc() -> Result<Tally> {
    let mut command = workspace::cargo();
    command.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links");
    one(command.args(["doc", "--quiet", "--no-deps", "--package", "oximalloc", "--package", "oximalloc-c"]))
}

fn miri_step() -> Result<Tally> {
    let Some(mut command) = miri::command() else { return Ok(Tally::SKIPPED) };
    count_tests(&mut command)
}

fn tsan_step() -> Result<Tally> {
    let Some(mut command) = tsan::command() else { return Ok(Tally::SKIPPED) };
    // A test program exits with a code of its own when something was reported, though its tests may have passed.
    count_tests(&mut command)
}

/// Runs `cargo test` and counts what its test binaries say; a binary that ends without a word counts as one failure.
fn count_tests(command: &mut Command) -> Result<Tally> {
    let end = child::capture(command, LIMIT)?;
    let mut tally = Tally::of_cargo_test(&end.stdout);
    if end.status != Status::Exit(0) {
        tally.failed = tally.failed.max(1);
        let reports = tsan::reports(&format!("{}\n{}", end.stdout, end.stderr));
        let parts = [failures(&end.stdout), reports, shorten(&end.stderr)];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Tally::failed("tests by cargo", &format!("{command:?}: {}\n{}", end.status, parts.join("\n")));
    }
    Ok(tally)
}

/// Test output without the lines of tests that passed.
fn failures(stdout: &str) -> String {
    let lines: Vec<&str> = stdout.lines().filter(|line| !line.ends_with("... ok")).collect();
    shorten(&lines.join("\n"))
}
