//! Systems that no machine or emulator here can run: the crate and the C library are type-checked for each, and linked
//! where that needs no library of the system. What is linked is looked into.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::macho;
use super::toolchain::Toolchain;
use crate::child;
use crate::symbols;
use crate::tally::Tally;
use crate::workspace;

/// What is done for a system.
enum Check {
    /// Types, and a dynamic library of the ELF format.
    Elf,
    /// Types, and a dynamic library of the Mach-O format, for a processor.
    MachO(&'static str),
    /// Types, by a compiler that has to build the core library first, which takes a minute of processor time. Not in
    /// `cargo xtask test`.
    TypesSlowly,
}

/// By what rustc calls them.
const SYSTEMS: [(&str, Check); 9] = [
    ("aarch64-apple-darwin", Check::MachO("arm64")),
    ("x86_64-apple-darwin", Check::MachO("x86_64")),
    ("x86_64-unknown-freebsd", Check::Elf),
    ("x86_64-unknown-netbsd", Check::Elf),
    ("x86_64-unknown-illumos", Check::Elf),
    ("aarch64-linux-android", Check::Elf),
    ("x86_64-unknown-openbsd", Check::TypesSlowly),
    ("x86_64-unknown-dragonfly", Check::TypesSlowly),
    ("x86_64-unknown-haiku", Check::TypesSlowly),
];

const LIMIT: Duration = Duration::from_secs(900);

/// The step of `cargo xtask test`, and with `all` the command. Each system counts once.
pub fn check(all: bool) -> Result<Tally> {
    let mut sum = Tally::default();
    for (triple, check) in &SYSTEMS {
        if matches!(check, Check::TypesSlowly) && !all {
            println!("   {triple} is for `cargo xtask port others --all`");
            continue;
        }
        let toolchain = match Toolchain::for_triple(triple, matches!(check, Check::TypesSlowly)) {
            Ok(toolchain) => toolchain,
            Err(why) => {
                println!("   skipped: {triple}: no Rust for it: {why:#}");
                sum += Tally::SKIPPED;
                continue;
            }
        };
        sum += match try_one(triple, check, &toolchain) {
            Ok(true) => {
                println!("   {triple}");
                Tally::PASSED
            }
            Ok(false) => Tally::SKIPPED,
            Err(why) => Tally::failed(triple, &format!("{why:#}")),
        };
    }
    Ok(sum)
}

/// False: it was skipped, and something says why.
fn try_one(triple: &str, check: &Check, toolchain: &Toolchain) -> Result<bool> {
    match check {
        Check::TypesSlowly => cargo(triple, toolchain, &["check", "--package", "oximalloc"]).map(|()| true),
        Check::Elf => {
            let Some(linker) = linker("ld.lld") else { return Ok(skipped(triple, "ld.lld")) };
            let output = link(triple, toolchain, &linker, &["-shared"], "libmimalloc.so")?;
            inspect_elf(&output).map(|()| true)
        }
        Check::MachO(processor) => {
            let Some(linker) = linker("ld64.lld") else { return Ok(skipped(triple, "ld64.lld")) };
            let flags =
                ["-arch", processor, "-platform_version", "macos", "11.0", "11.0", "-undefined", "dynamic_lookup"];
            let output = link(
                triple,
                toolchain,
                &linker,
                &[&["-dylib", "-dead_strip"], &flags[..]].concat(),
                "libmimalloc.dylib",
            )?;
            inspect_macho(&output).map(|()| true)
        }
    }
}

fn skipped(triple: &str, linker: &str) -> bool {
    println!("   skipped: {triple}: the toolchain has no {linker}");
    false
}

/// Runs a command of cargo for both crates. A warning is an error: so dead code of one system is found.
fn cargo(triple: &str, toolchain: &Toolchain, arguments: &[&str]) -> Result<()> {
    let mut command = toolchain.cargo(&arguments[..1], triple);
    command.args(&arguments[1..]).args(["--package", "oximalloc-c", "--quiet", "--target-dir"]).arg(target_dir());
    command.env("RUSTFLAGS", "-D warnings");
    let end = child::capture(&mut command, LIMIT)?;
    if !end.success() {
        bail!("{command:?}: {}\n{}{}", end.status, end.stdout, end.stderr);
    }
    Ok(())
}

fn target_dir() -> PathBuf {
    workspace::target_dir().join("port/others")
}

/// One of the linkers that come with the toolchain at hand.
fn linker(name: &str) -> Option<PathBuf> {
    let mut command = Command::new("rustc");
    command.current_dir(workspace::root()).args(["--print", "target-libdir"]);
    workspace::clean_environment(&mut command);
    let library = child::done(&mut command).ok()?;
    let path = Path::new(library.trim()).parent()?.join("bin/gcc-ld").join(name);
    path.exists().then_some(path)
}

/// Builds the static library, and links all of it into a dynamic one. Names that it lacks are the system's.
fn link(triple: &str, toolchain: &Toolchain, linker: &Path, flags: &[&str], name: &str) -> Result<PathBuf> {
    cargo(triple, toolchain, &["rustc", "--crate-type", "staticlib"])?;
    let folder = target_dir().join(triple).join("debug");
    let output = folder.join(name);
    let _ = fs::remove_file(&output);
    let whole = if name.ends_with(".dylib") { "-all_load" } else { "--whole-archive" };
    let mut command = Command::new(linker);
    command.args(flags).arg(whole).arg(folder.join("libmimalloc.a")).arg("-o").arg(&output);
    let end = child::capture(&mut command, LIMIT)?;
    if !end.success() {
        bail!("{command:?}: {}\n{}", end.status, end.stderr);
    }
    Ok(output)
}

/// The standard names that only glibc has begin so.
const GLIBC: [&str; 2] = ["__libc_", "__posix_memalign"];

/// It exports the standard names.
fn inspect_elf(library: &Path) -> Result<()> {
    let table = workspace::root().join("crates/oximalloc-c/abi/override-symbols.txt");
    let table = fs::read_to_string(&table).with_context(|| format!("reading {}", table.display()))?;
    let exported = symbols::exported(library)?;
    let named =
        table.lines().filter(|line| !line.starts_with('#') && !GLIBC.iter().any(|glibc| line.starts_with(glibc)));
    let missing: Vec<&str> = named.filter(|name| !exported.contains(*name)).collect();
    if !missing.is_empty() {
        bail!("{} does not export {}", library.display(), missing.join(" "));
    }
    Ok(())
}

/// What the loader of macOS leads to our functions.
const INTERPOSED: [&str; 9] = [
    "_calloc",
    "_free",
    "_malloc",
    "_malloc_good_size",
    "_malloc_size",
    "_posix_memalign",
    "_realloc",
    "_reallocf",
    "_valloc",
];

/// Its table for the loader has a pair for each of these names. They are the system's and not its own.
fn inspect_macho(library: &Path) -> Result<()> {
    let file = fs::read(library).with_context(|| format!("reading {}", library.display()))?;
    let image = macho::read(&file).with_context(|| format!("{} is no 64-bit Mach-O file", library.display()))?;
    let pairs = image.section("__DATA", "__interpose").map_or(0, |bytes| bytes / 16);
    if pairs != INTERPOSED.len() as u64 {
        bail!("{} has {pairs} pairs in its section __interpose, not {}", library.display(), INTERPOSED.len());
    }
    let missing: BTreeSet<&str> = INTERPOSED.into_iter().filter(|name| !image.undefined.contains(*name)).collect();
    if !missing.is_empty() {
        bail!("{} does not take {missing:?} from the system", library.display());
    }
    for own in ["_mi_malloc", "_mi_free"] {
        if !image.defined.contains(own) {
            bail!("{} does not export {own}", library.display());
        }
    }
    Ok(())
}
