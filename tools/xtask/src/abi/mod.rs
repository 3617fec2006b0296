//! `cargo xtask abi`: headers, libraries and the tables of the interface say the same.
//!
//! Sources that are generated from the tables compile with the headers; the headers declare nothing else, and compile
//! alone under every standard; the libraries define the names of the tables and no other ones; the shared one needs no
//! newer glibc than it is meant for. What headers, tables and
//! README say of an option is what its row in the allocator says.

mod generate;
mod options;
mod tables;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::child;
use crate::cprograms::shorten;
use crate::symbols;
use crate::tally::{Tally, indent};
use crate::workspace::{self, Flavour};
pub use tables::Tables;

/// Standards that the headers are for. C11 and C++17 are the ones that the generated sources are compiled as.
const C: [&str; 4] = ["c99", "c11", "c17", "c2x"];
const CPP: [&str; 5] = ["c++11", "c++14", "c++17", "c++20", "c++2b"];

/// Runs all checks; prints a line for each.
pub fn check() -> Result<Tally> {
    let tables = Tables::read()?;
    let folder = workspace::target_dir().join("abi");
    fs::create_dir_all(&folder)?;
    let mut tally = Tally::default();
    let mut report = |name: &str, complaints: Vec<String>| {
        tally += if complaints.is_empty() { Tally::PASSED } else { Tally::FAILED };
        println!("  {}  {name}", if complaints.is_empty() { "ok    " } else { "FAILED" });
        complaints.iter().for_each(|complaint| println!("{}", indent(complaint)));
    };
    let sources = [
        ("declarations, C", "declarations.c", generate::declarations_c(&tables)),
        ("declarations, C++", "declarations.cpp", generate::declarations_cpp(&tables)),
        ("structs, options, constants", "layout.c", generate::layout(&tables)),
    ];
    for (name, file, text) in sources {
        let source = folder.join(file);
        fs::write(&source, text)?;
        let standard = if file.ends_with(".c") { "c11" } else { "c++17" };
        let compiler = if file.ends_with(".c") { "gcc" } else { "g++" };
        report(name, compile(compiler, standard, &source)?);
    }
    for text in options::texts()? {
        report(&format!("options in {}", text.name), text.difference());
    }
    report("nothing else is declared", undeclared(&tables, &folder)?);
    for (compilers, standards, suffix) in [(["gcc", "clang"], &C[..], "c"), (["g++", "clang++"], &CPP[..], "cpp")] {
        for compiler in compilers.into_iter().filter(|compiler| workspace::find_program(compiler).is_some()) {
            for standard in standards {
                report(&format!("headers, {compiler} {standard}"), headers(compiler, standard, suffix, &folder)?);
            }
        }
    }
    Flavour::Release.build()?;
    let meant = tables.symbols();
    report("libmimalloc.so", difference(&meant, &symbols::exported(&Flavour::Release.shared())?));
    if cfg!(target_env = "gnu") {
        report("versions of glibc's functions", symbols::too_new(&Flavour::Release.shared())?);
    }
    // Rust's own parts are in the archive too, under names of their own; that it has no others, `install` sees to.
    let archive = symbols::global(&Flavour::Release.archive())?;
    report("libmimalloc.a", difference(&meant, &archive.intersection(&meant).cloned().collect()));
    Ok(tally)
}

/// Writes what is said of the options where it is to be said.
pub fn write_options() -> Result<()> {
    options::texts()?.iter().try_for_each(options::Text::write)
}

/// The folder of the headers.
pub fn include() -> PathBuf {
    workspace::root().join("crates/oximalloc-c/include")
}

/// The headers, by name.
pub fn header_names() -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(include()).context("reading the folder of the headers")?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Compiles a source without output; what the compiler says is a complaint.
fn compile(compiler: &str, standard: &str, source: &Path) -> Result<Vec<String>> {
    let mut command = Command::new(compiler);
    command.args(["-fsyntax-only", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]);
    command.arg(format!("-std={standard}")).arg("-I").arg(include()).arg(source);
    let end = child::capture(&mut command, Duration::from_secs(120))?;
    Ok(if end.success() { Vec::new() } else { vec![shorten(&end.stderr)] })
}

/// Compiles each header alone, as the first line of a source.
fn headers(compiler: &str, standard: &str, suffix: &str, folder: &Path) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for header in header_names()? {
        let source = folder.join(format!("{header}.{suffix}"));
        fs::write(&source, format!("#include <{header}>\nint main(void) {{ return 0; }}\n"))?;
        complaints.extend(compile(compiler, standard, &source)?);
    }
    Ok(complaints)
}

/// Functions that the headers declare and no table has.
fn undeclared(tables: &Tables, folder: &Path) -> Result<Vec<String>> {
    let source = folder.join("everything.c");
    fs::write(&source, "#include <mimalloc.h>\n#include <mimalloc-stats.h>\n")?;
    let mut command = Command::new("gcc");
    let end = child::capture(command.args(["-E", "-P", "-I"]).arg(include()).arg(&source), Duration::from_secs(60))?;
    ensure!(end.success(), "{}", end.stderr);
    let known: BTreeSet<&str> = tables.functions.iter().map(|function| function.name.as_str()).collect();
    let found: BTreeSet<&str> = called(&end.stdout).into_iter().filter(|name| name.starts_with("mi_")).collect();
    Ok(found.difference(&known).map(|name| format!("{name} is in a header and not in functions.tsv")).collect())
}

/// The words of a text that have an opening parenthesis behind them.
fn called(text: &str) -> Vec<&str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = text.match_indices('(').map(|(at, _)| text[..at].trim_end());
    before.map(|text| &text[text.trim_end_matches(word).len()..]).collect()
}

/// What is missing and what is too much, a line for each.
pub fn difference(meant: &BTreeSet<String>, there: &BTreeSet<String>) -> Vec<String> {
    let list =
        |label, names: Vec<&str>| (!names.is_empty()).then(|| format!("{} {label}: {}", names.len(), names.join(" ")));
    let missing = meant.difference(there).map(String::as_str).collect();
    let extra = there.difference(meant).map(String::as_str).collect();
    [list("missing", missing), list("in no table", extra)].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        let tables = Tables::read().unwrap();
        assert_eq!(tables.functions.len(), 190);
        assert_eq!(tables.symbols().len(), tables.functions.len() + tables.overrides.len());
        assert_eq!(tables.symbols().len(), tables.symbols_without_glibc().len() + 15);
        assert!(tables.options.iter().any(|(name, value)| name == "reset_delay" && *value == 15));
    }

    #[test]
    fn finds_what_is_declared() {
        assert_eq!(called("int mi_a(void) __attribute__ ((x)); typedef void(mi_f)(int);").len(), 5);
        assert!(called("void*mi_b (int);").contains(&"mi_b"));
        assert!(!called("typedef void(mi_f)(int);").contains(&"mi_f"));
    }

    #[test]
    fn names_what_differs() {
        let set = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        assert!(difference(&set(&["a"]), &set(&["a"])).is_empty());
        assert_eq!(difference(&set(&["a", "b"]), &set(&["b", "c"])), ["1 missing: a", "1 in no table: c"]);
    }
}
