//! Windows: the library is built with mingw-w64, and Wine runs the programs.
//!
//! Rust tests come first: the contract's promises and the ends of threads. The C and C++ programs are those that call the
//! interface by its own names, and those in a folder of their own, which are about the C runtime's functions. Each is
//! linked with the DLL; a few are linked with the static library too.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use super::targets::{Target, USUAL};
use super::toolchain::Toolchain;
use crate::child;
use crate::cprograms::{self, Foreign, Form, shorten};
use crate::install;
use crate::tally::Tally;
use crate::workspace;

/// Debian does not put it on the path.
const WINE: &str = "/usr/lib/wine/wine64";

/// What this machine is called.
pub const NAME: &str = "windows";

/// Windows on x86-64.
pub const TARGET: Target = Target {
    name: NAME,
    triple: "x86_64-pc-windows-gnu",
    prefix: "x86_64-w64-mingw32-",
    programs: &[
        (WINE, "wine64"),
        ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
        ("x86_64-w64-mingw32-g++", "g++-mingw-w64-x86-64"),
    ],
    emulator: &[WINE],
    skips: &[
        ("conf_heap_strings.c", PATHS),
        ("conf_realpath.c", PATHS),
        ("conf_new_throws.cpp", THROWS),
        ("mi_new.cpp", THROWS),
    ],
    ..USUAL
};

const PATHS: &str = "paths of POSIX";
const THROWS: &str = "mi_new throws no exception there yet";

/// How much longer a program may take there. Wine needs a second or two to start it.
const SLOWER: u32 = 5;

/// The programs of `cargo xtask test`.
const CHOSEN: &[&str] = &[
    "conf_aligned_refused.c",
    "conf_arena_manage_commit.c",
    "conf_calloc.c",
    "conf_collect.c",
    "conf_dupenv.c",
    "conf_fire_ended_threads.c",
    "conf_fire_subprocs.c",
    "conf_free_forms.c",
    "conf_heap_destroy.c",
    "conf_heap_threads.c",
    "conf_malloc.c",
    "conf_process_info.c",
    "conf_realloc.c",
    "conf_stats_print.c",
    "conf_stl_allocators.cpp",
    "conf_thread_life.c",
    "conf_version.c",
    "conf_visit_areas.c",
];

/// Those that are linked with the static library too.
const STATIC: &[&str] = &["conf_heap_threads.c", "conf_malloc.c", "conf_stats_print.c", "conf_version.c"];

/// Those in the folder of their own. They run each time.
const REDIRECTED: [&str; 5] =
    ["redirect.c", "redirect.cpp", "redirect_before.c", "redirect_disabled.c", "redirect_ucrt.c"];

/// The step of `cargo xtask test`.
pub fn check() -> Result<Tally> {
    try_with(&cprograms::named(CHOSEN)?)
}

/// The command: programs whose name contains one of the filters; or else the conformance tests if `all`.
pub fn run(filters: &[String], all: bool) -> Result<Tally> {
    let conformance = ["conf_".to_string()];
    match (filters.is_empty(), all) {
        (false, _) => try_with(&cprograms::programs(filters)?),
        (true, true) => try_with(&cprograms::programs(&conformance)?),
        (true, false) => check(),
    }
}

fn try_with(sources: &[PathBuf]) -> Result<Tally> {
    let missing = install::missing_of(TARGET.programs);
    if !missing.is_empty() {
        println!("   skipped: missing here: {}", missing.join(" "));
        return Ok(Tally::SKIPPED);
    }
    let toolchain = match Toolchain::find(&TARGET) {
        Ok(toolchain) => toolchain,
        Err(why) => {
            println!("   skipped: no Rust for {}: {why:#}", TARGET.triple);
            return Ok(Tally::SKIPPED);
        }
    };
    let libraries = toolchain.build(&TARGET)?;
    let wine = environment(&libraries)?;
    let mut sum = rust_tests(&toolchain, &wine)?;
    let folder = workspace::root().join("crates/oximalloc-c/tests/c/windows");
    let shared: Vec<PathBuf> = sources.iter().cloned().chain(REDIRECTED.map(|name| folder.join(name))).collect();
    for (form, sources) in [(Form::Dll, &shared), (Form::WindowsStatic, &cprograms::named(STATIC)?)] {
        let foreign = Foreign {
            name: if form == Form::Dll { NAME } else { "windows-static" },
            prefix: TARGET.prefix,
            flags: Vec::new(),
            is_static: false,
            libraries: libraries.clone(),
            form,
            emulator: vec![WINE.to_string()],
            links: TARGET.links,
            env: wine.clone(),
            slower: SLOWER,
            skips: TARGET.skips.to_vec(),
        };
        sum += cprograms::run_foreign(sources, &foreign);
    }
    Ok(sum)
}

/// What Wine needs in its environment: a folder for what it takes for the system's disk, which is made here, and where
/// the DLL is.
fn environment(libraries: &Path) -> Result<Vec<(&'static str, OsString)>> {
    let prefix = workspace::target_dir().join("port/wine");
    let environment = vec![
        ("WINEPREFIX", prefix.clone().into_os_string()),
        ("WINEDEBUG", "-all".into()),
        // It would otherwise offer to fetch them.
        ("WINEDLLOVERRIDES", "mscoree=;mshtml=".into()),
        ("WINEPATH", libraries.as_os_str().to_os_string()),
    ];
    fs::create_dir_all(&prefix)?;
    let mut start = Command::new(WINE);
    start.args(["cmd", "/c", "exit"]).envs(environment.iter().map(|(name, value)| (name, value)));
    let end = child::capture(&mut start, Duration::from_secs(300))?;
    if !end.success() {
        bail!("Wine does not start: {}\n{}", end.status, end.stderr);
    }
    let library = prefix.join("drive_c/windows/system32/bcryptprimitives.dll");
    if !library.exists() {
        let source = workspace::root().join("tools/xtask/src/port/bcryptprimitives.c");
        let mut compile = Command::new(format!("{}gcc", TARGET.prefix));
        child::done(compile.args(["-O1", "-shared", "-o"]).arg(&library).arg(source).arg("-ladvapi32"))?;
    }
    Ok(environment)
}

/// The Rust tests. They need the standard library, which only a ready toolchain has.
fn rust_tests(toolchain: &Toolchain, wine: &[(&'static str, OsString)]) -> Result<Tally> {
    if !matches!(toolchain, Toolchain::AtHand) {
        println!("  skipped the Rust tests: no standard library for {}", TARGET.triple);
        return Ok(Tally::SKIPPED);
    }
    let mut sum = Tally::default();
    for (what, filter) in [("--lib", "prim::"), ("--test=windows", ""), ("--test=public", "")] {
        let mut command = workspace::cargo();
        command.args([
            "test",
            "--package",
            "oximalloc",
            "--features",
            "oximalloc/internals",
            "--target",
            TARGET.triple,
        ]);
        command.arg("--target-dir").arg(workspace::target_dir().join("port/target"));
        command.args([what, "--", filter]).envs(wine.iter().map(|(name, value)| (name, value)));
        command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", format!("{}gcc", TARGET.prefix));
        command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", WINE);
        let end = child::capture(&mut command, Duration::from_secs(1200))?;
        let passed: usize = end.stdout.lines().filter_map(passed_of).sum();
        if end.success() && passed > 0 {
            println!("  ok      {what} {filter} ({passed} Rust tests)");
            sum += Tally { passed, ..Tally::default() };
        } else {
            let why = format!("{command:?}: {}\n{}{}", end.status, shorten(&end.stdout), shorten(&end.stderr));
            sum += Tally::failed(what, &why);
        }
    }
    Ok(sum)
}

/// The number in a line like `test result: ok. 12 passed; 0 failed; ...`.
fn passed_of(line: &str) -> Option<usize> {
    line.strip_prefix("test result: ok. ")?.split_once(" passed")?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_or_skipped_exists_and_is_not_both() {
        assert_eq!(cprograms::named(CHOSEN).unwrap().len(), CHOSEN.len());
        assert!(STATIC.iter().all(|name| CHOSEN.contains(name)));
        let skipped: Vec<&str> = TARGET.skips.iter().map(|(name, _)| *name).collect();
        assert_eq!(cprograms::named(&skipped).unwrap().len(), skipped.len());
        assert!(skipped.iter().all(|name| !CHOSEN.contains(name)));
    }

    #[test]
    fn results_are_counted() {
        assert_eq!(passed_of("test result: ok. 12 passed; 0 failed; 0 ignored"), Some(12));
        assert_eq!(passed_of("test result: FAILED. 12 passed; 1 failed"), None);
        assert_eq!(passed_of("test prim::tests::one ... ok"), None);
    }
}
