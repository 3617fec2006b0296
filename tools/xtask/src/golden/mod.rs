//! `cargo xtask golden`: how long the fast paths are, held in a file that shows a change in review.
//!
//! The code of the release build is read from its disassembly. [`path`] says what a fast path is; a function that one
//! calls has a line of its own. Code differs between compilers, so that the file names the one that it is from, and with
//! another nothing is compared. There is a file for each processor.

mod aarch64;
mod disassembly;
mod path;
mod x86_64;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::Path as File;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use disassembly::{Code, Extent, Read, Target};
use path::Path;

use crate::child;
use crate::tally::Tally;
use crate::workspace::{self, Flavour};

/// What is looked at in the C library.
const EXPORTS: [&str; 16] = [
    "malloc",
    "free",
    "calloc",
    "realloc",
    "mi_usable_size",
    "posix_memalign",
    "mi_malloc",
    "mi_free",
    "mi_malloc_small",
    "mi_zalloc_small",
    "mi_heap_malloc",
    "mi_theap_malloc",
    "_Znwm",
    "_ZdlPv",
    "_ZdlPvm",
    "_ZdlPvSt11align_val_t",
];

/// What is looked at in `crates/oximalloc/examples/probes.rs` begins with this.
const PROBE: &str = "probe_";

/// The profile that they are built with.
const PROBES: &str = "probes";

/// What reads the code of a processor.
#[derive(Clone, Copy)]
pub struct Processor {
    name: &'static str,
    read: Read,
}

impl Processor {
    const ALL: [Processor; 2] = [
        Processor { name: "x86_64", read: x86_64::instruction },
        Processor { name: "aarch64", read: aarch64::instruction },
    ];

    /// The one that rustc calls so, if its code can be read.
    pub fn named(name: &str) -> Option<Processor> {
        Processor::ALL.into_iter().find(|processor| processor.name == name)
    }
}

/// Compares the fast paths with the file, or with `accept` writes them to it.
pub fn run(accept: bool) -> Result<Tally> {
    let processor = match processor_here() {
        Ok(processor) => processor,
        Err(reason) => {
            println!("   golden: skipped: {reason}");
            return Ok(Tally::SKIPPED);
        }
    };
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let end = child::capture(Command::new(rustc).arg("-vV").current_dir(workspace::root()), Duration::from_secs(60))?;
    let host =
        end.stdout.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not say its host")?;
    let head = format!("# {}, {host}", end.stdout.lines().next().unwrap_or_default());
    check(processor, &head, accept, || measure(processor))
}

/// The same for a library that `compiler` has built for another machine. The names of the machine's tools begin with
/// `prefix`.
pub fn run_foreign(
    processor: Processor,
    compiler: &str,
    triple: &str,
    prefix: &str,
    library: &File,
    accept: bool,
) -> Result<Tally> {
    check(processor, &format!("# {compiler}, {triple}"), accept, || {
        let binary = Binary::read(library, &format!("{prefix}objdump"), processor)?;
        binary.rows(|name| EXPORTS.contains(&name), &EXPORTS)
    })
}

fn check(processor: Processor, head: &str, accept: bool, measure: impl FnOnce() -> Result<Vec<Row>>) -> Result<Tally> {
    let file = workspace::root().join("crates/oximalloc-c/golden").join(format!("{}.txt", processor.name));
    let known = fs::read_to_string(&file).unwrap_or_default();
    let known_head = known.lines().next().unwrap_or("");
    if !accept && known_head != head {
        println!("   golden: skipped: the fast paths on record are of another build: {known_head}");
        println!("           this is {head}");
        return Ok(Tally::SKIPPED);
    }
    let rows = measure()?;
    let text = print(head, &rows);
    if accept {
        fs::create_dir_all(file.parent().expect("a file in a folder"))?;
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
        println!("   golden: written: {}", file.display());
        return Ok(Tally::PASSED);
    }
    let tally = compare(&known, &text, &rows);
    if tally.failed > 0 {
        println!("   if that is meant: cargo xtask golden --accept");
    }
    Ok(tally)
}

/// The processor, or why nothing can be said here.
fn processor_here() -> Result<Processor, String> {
    let readable = Processor::named(env::consts::ARCH).filter(|_| env::consts::OS == "linux");
    let processor = readable.ok_or_else(|| format!("the code of {} is not read", env::consts::ARCH))?;
    let flags = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"];
    if let Some(flags) = flags.iter().find(|name| env::var_os(name).is_some()) {
        return Err(format!("{flags} is set, so that the code is not what users get"));
    }
    match workspace::find_program("objdump") {
        Some(_) => Ok(processor),
        None => Err("objdump is missing (binutils)".into()),
    }
}

/// One function: its name, its size in bytes, its fast path.
struct Row {
    name: String,
    size: u64,
    path: Path,
}

fn measure(processor: Processor) -> Result<Vec<Row>> {
    Flavour::Release.build()?;
    let read = |file: &File| Binary::read(file, "objdump", processor);
    let mut rows = read(&Flavour::Release.shared())?.rows(|name| EXPORTS.contains(&name), &EXPORTS)?;
    let mut command = workspace::cargo();
    // As Rust programs are usually built; the library's own profile is another.
    for setting in ["inherits='release'", "opt-level=3"] {
        command.args(["--config", &format!("profile.{PROBES}.{setting}")]);
    }
    command.args(["build", "--quiet", "--profile", PROBES, "--package", "oximalloc", "--example", "probes"]);
    let end = child::capture(&mut command, Duration::from_secs(600))?;
    if !end.success() {
        bail!("the example `probes` does not build\n{}", end.stderr);
    }
    let probes = workspace::target_dir().join(PROBES).join("examples/probes");
    rows.extend(read(&probes)?.rows(|name| name.starts_with(PROBE), &[])?);
    Ok(rows)
}

/// A library or program, taken apart.
struct Binary {
    code: Code,
    functions: BTreeMap<String, Extent>,
    /// What the loader puts where.
    relocations: BTreeMap<u64, String>,
}

impl Binary {
    fn read(file: &File, objdump: &str, processor: Processor) -> Result<Binary> {
        let print = |args: &[&str]| dump(objdump, file, args);
        Ok(Binary {
            code: disassembly::code(&print(&["-d", "-C", "--no-show-raw-insn"])?, processor.read),
            functions: disassembly::functions(&print(&["-t"])?),
            relocations: disassembly::relocations(&print(&["-R"])?),
        })
    }

    /// The rows of the functions asked for, each followed by what its fast path calls in this file; `required` must be
    /// there.
    fn rows(&self, wanted: impl Fn(&str) -> bool, required: &[&str]) -> Result<Vec<Row>> {
        if let Some(missing) = required.iter().find(|name| !self.functions.contains_key(**name)) {
            bail!("there is no function {missing} in the library");
        }
        let mut rows: Vec<Row> = Vec::new();
        for (name, extent) in self.functions.iter().filter(|(name, _)| wanted(name)) {
            self.add(name, *extent, &mut rows)?;
        }
        Ok(rows)
    }

    fn add(&self, name: &str, extent: Extent, rows: &mut Vec<Row>) -> Result<()> {
        if rows.iter().any(|row| row.name == name) {
            return Ok(());
        }
        let path = path::fast_path(&self.code, extent).with_context(|| format!("{name} has no return"))?;
        let resolve = |targets: &[Target]| targets.iter().map(|target| self.resolve(target)).collect::<Vec<_>>();
        let called = resolve(&path.calls);
        rows.push(Row {
            name: name.into(),
            size: extent.size,
            path: Path { calls: called.clone(), elsewhere: resolve(&path.elsewhere), ..path },
        });
        for target in called.iter().filter(|target| !target.indirect) {
            let found = self.functions.values().find(|extent| Some(extent.start) == target.address);
            if let Some(extent) = found {
                self.add(&target.name, *extent, rows)?;
            }
        }
        Ok(())
    }

    /// Follows a pointer that the loader sets.
    fn resolve(&self, target: &Target) -> Target {
        let slot = target.address.filter(|_| target.indirect).and_then(|slot| self.relocations.get(&slot));
        match slot {
            None => target.clone(),
            Some(name) => {
                let address = match name.strip_prefix("*ABS*+0x") {
                    Some(address) => u64::from_str_radix(address, 16).ok(),
                    None => self.functions.get(name).map(|extent| extent.start),
                };
                let named = self.functions.contains_key(name);
                let there = self.functions.iter().find(|(_, extent)| !named && Some(extent.start) == address);
                let name = there.map_or(name, |(name, _)| name);
                Target { address, indirect: address.is_none(), name: name.clone() }
            }
        }
    }
}

fn dump(objdump: &str, file: &File, args: &[&str]) -> Result<String> {
    let end = child::capture(Command::new(objdump).args(args).arg(file), Duration::from_secs(120))?;
    if !end.success() {
        bail!("{objdump} {}: {}\n{}", file.display(), end.status, end.stderr);
    }
    Ok(end.stdout)
}

/// The file's text.
fn print(head: &str, rows: &[Row]) -> String {
    let mut text = format!(
        "{head}\n\
         # The fast paths, counted by `cargo xtask golden`; `--accept` writes this file. A jump out of a function is a call.\n\
         # {:38} {:>5} {:>8} {:>5} {:>6} {:>7} {:>5}  calls; the rest of the function calls\n",
        "function", "instr", "branches", "loads", "stores", "atomics", "bytes"
    );
    for row in rows {
        let path = &row.path;
        let _ = write!(
            text,
            "{:40} {:5} {:8} {:5} {:6} {:7} {:5}  ",
            row.name, path.instructions, path.branches, path.loads, path.stores, path.atomics, row.size
        );
        let _ = writeln!(text, "{}; {}", names(&path.calls, "none"), names(&path.elsewhere, "none"));
    }
    text
}

/// Names once each, in the order of the code.
fn names(targets: &[Target], none: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for target in targets {
        if !names.contains(&target.name.as_str()) {
            names.push(&target.name);
        }
    }
    if names.is_empty() { none.into() } else { names.join(", ") }
}

/// Shows what differs, and the new fast paths; counts functions.
fn compare(known: &str, now: &str, rows: &[Row]) -> Tally {
    fn lines(text: &str) -> BTreeMap<&str, &str> {
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        rows.filter_map(|line| Some((line.split_ascii_whitespace().next()?, line))).collect()
    }
    let (known, mut gone) = (lines(known), lines(known));
    let mut tally = Tally::default();
    for (name, line) in lines(now) {
        gone.remove(name);
        if known.get(name) == Some(&line) {
            tally += Tally::PASSED;
            continue;
        }
        tally += Tally::FAILED;
        println!("          - {}", known.get(name).unwrap_or(&""));
        println!("          + {line}");
        let path = rows.iter().find(|row| row.name == name).map_or(&[][..], |row| &row.path.text);
        path.iter().for_each(|text| println!("                {text}"));
    }
    for line in gone.values() {
        tally += Tally::FAILED;
        println!("          - {line}");
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, instructions: usize) -> Row {
        let path = Path { instructions, text: vec!["ret".into()], ..Path::default() };
        Row { name: name.into(), size: 16, path }
    }

    #[test]
    fn a_difference_is_a_failure() {
        let known = print("# rustc", &[row("malloc", 12), row("free", 20), row("gone", 1)]);
        let rows = [row("malloc", 12), row("free", 21), row("fresh", 2)];
        let tally = compare(&known, &print("# rustc", &rows), &rows);
        assert_eq!(tally, Tally { passed: 1, failed: 3, skipped: 0 });
        let same = [row("malloc", 12), row("free", 20), row("gone", 1)];
        assert_eq!(compare(&known, &print("# rustc", &same), &same), Tally { passed: 3, failed: 0, skipped: 0 });
    }

    const CODE: &str = "  10:\tjmp    *0x1aff2(%rip)        # 2f8b8 <base+0x5>\n  20:\tret\n";

    #[test]
    fn pointers_that_the_loader_sets_are_followed() {
        for relocation in ["R_X86_64_GLOB_DAT  mi_calloc@@Base", "R_X86_64_RELATIVE  *ABS*+0x0000000000000020"] {
            let binary = Binary {
                code: disassembly::code(CODE, x86_64::instruction),
                functions: disassembly::functions("10 g F .text\t6 calloc\n20 g F .text\t1 mi_calloc\n"),
                relocations: disassembly::relocations(&format!("2f8b8 {relocation}\n")),
            };
            let rows = binary.rows(|name| name == "calloc", &["calloc"]).unwrap();
            assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["calloc", "mi_calloc"]);
            assert_eq!(names(&rows[0].path.calls, "none"), "mi_calloc");
            assert!(binary.rows(|_| false, &["malloc"]).is_err());
        }
    }
}
