//! `cargo xtask port`: the library for another machine or C library, and the C and C++ programs there.
//!
//! The library is built once. On an emulator, the programs run at each size of OS pages that the machine has. A program
//! that the emulator cannot run as the machine would is skipped by name, and so is one that asks for what the C library
//! does not have. With `--kernel` programs run on a real kernel ([`kernel`]). For systems that nothing here can run,
//! `others` checks types, and links.

mod archive;
pub mod kernel;
mod macho;
pub mod old_glibc;
mod others;
mod rust_program;
mod targets;
mod toolchain;
pub mod wasm;
pub mod windows;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::abi;
use crate::cprograms::{self, Foreign, Form};
use crate::golden::{self, Processor};
use crate::install;
use crate::symbols;
use crate::tally::Tally;
use targets::{TARGETS, Target, WITHOUT_LOADER};
use toolchain::Toolchain;

/// Arguments of `cargo xtask port`.
#[derive(clap::Args)]
pub struct Args {
    /// The machine or C library: `arm64`, `armv7`, `i686`, `musl`, `old-glibc`, `s390x`, `wasm` or `windows`; or `others`:
    /// systems that are type-checked and linked only
    target: String,
    /// Only programs whose name contains one of these
    name: Vec<String>,
    /// All programs, not only those of `cargo xtask test`
    #[arg(long)]
    all: bool,
    /// Only OS pages of so many KiB
    #[arg(long, value_name = "KIB")]
    page: Option<usize>,
    /// On a real kernel in an emulated machine, each program alone: by default those that need one, with `--all` all
    #[arg(long, conflicts_with = "page")]
    kernel: bool,
    /// Write the instruction counts of the fast paths down, and run nothing
    #[arg(long)]
    accept: bool,
    /// Install and fetch nothing: what is missing is skipped
    #[arg(long)]
    no_install: bool,
}

/// How much longer a program may take on an emulator.
const SLOWER: u32 = 10;
/// The same for a program on a kernel of its own, which also has to start.
const SLOWER_WITH_KERNEL: u32 = 30;

/// The programs of `cargo xtask test`: some of each part of the interface, and none that takes long.
const CHOSEN: &[&str] = &[
    "aligned.c",
    "bad_pointers.c",
    "calloc.c",
    "conf_aligned_refused.c",
    "conf_arena_manage.c",
    "conf_arena_reserve.c",
    "conf_calloc.c",
    "conf_fire_ended_threads.c",
    "conf_free_forms.c",
    "conf_heap_destroy.c",
    "conf_heap_threads.c",
    "conf_malloc.c",
    "conf_malloc_aligned_at.c",
    "conf_new.c",
    "conf_new_throws.cpp",
    "conf_options.c",
    "conf_realloc.c",
    "conf_rezalloc_tail.c",
    "conf_stats_get.c",
    "conf_stl_allocators.cpp",
    "conf_subproc_new.c",
    "conf_theap_guarded.c",
    "conf_thread_life.c",
    "conf_visit_areas.c",
    "constructors_static.c",
    "depot.c",
    "empty_blocks.c",
    "fork_gives.c",
    "malloc_free.c",
    "mi_new.cpp",
    "new_forms.cpp",
    "new_plugin.c",
    "new_replaced.cpp",
    "new_replaced_all.cpp",
    "new_throws.cpp",
    "new_throws_link.cpp",
    "new_throws_static.cpp",
    "new_without_runtime.c",
    "own_malloc.c",
    "realloc.c",
    "realloc_zero.c",
    "sizes.c",
    "stl_heap.cpp",
];

/// What the systems are called that nothing here can run.
const OTHERS: &str = "others";

/// The step of `cargo xtask test`.
pub fn check(target: &str) -> Result<Tally> {
    match target {
        OTHERS => return others::check(false),
        old_glibc::NAME => return old_glibc::check(&chosen(old_glibc::MORE)?),
        _ => {}
    }
    let target = named(target)?;
    let Some(port) = Port::build(target)? else { return Ok(Tally::SKIPPED) };
    let mut sum = port.golden(false)?;
    sum += port.try_out(target.os_pages, &chosen(target.more)?)?;
    Ok(sum)
}

/// The command.
pub fn run(args: &Args) -> Result<Tally> {
    if args.no_install {
        install::nothing();
    }
    let everything = args.all || !args.name.is_empty();
    let sources = |more| if everything { cprograms::programs(&args.name) } else { chosen(more) };
    match args.target.as_str() {
        OTHERS => return others::check(args.all),
        windows::NAME => return windows::run(&args.name, args.all),
        wasm::NAME => return wasm::run(&args.name, args.all),
        old_glibc::NAME => return old_glibc::check(&sources(old_glibc::MORE)?),
        _ => {}
    }
    let target = named(&args.target)?;
    let pages: Vec<usize> =
        target.os_pages.iter().copied().filter(|bytes| args.page.is_none_or(|kib| kib << 10 == *bytes)).collect();
    let Some(port) = Port::build(target)? else { return Ok(Tally::SKIPPED) };
    if args.kernel {
        let needs_one = |path: &PathBuf| target.skips.iter().any(|(name, _)| path.ends_with(name));
        let all = cprograms::programs(&args.name)?;
        let chosen: Vec<PathBuf> = all.into_iter().filter(|path| everything || needs_one(path)).collect();
        return port.on_kernel(&chosen);
    }
    if args.accept { port.golden(true) } else { port.try_out(&pages, &sources(target.more)?) }
}

fn named(name: &str) -> Result<&'static Target> {
    let names = || {
        let alone = [old_glibc::NAME, OTHERS, wasm::NAME, windows::NAME];
        TARGETS.iter().map(|target| target.name).chain(alone).collect::<Vec<_>>().join(", ")
    };
    TARGETS.iter().find(|target| target.name == name).with_context(|| format!("`{name}` is none of {}", names()))
}

fn chosen(more: &[&str]) -> Result<Vec<PathBuf>> {
    cprograms::named(&[CHOSEN, more].concat())
}

/// The library, built for a machine.
struct Port {
    target: &'static Target,
    toolchain: Toolchain,
    /// The folder that the libraries are in.
    libraries: PathBuf,
}

impl Port {
    /// Builds it. None if the tools cannot be had; then the reason is printed.
    fn build(target: &'static Target) -> Result<Option<Port>> {
        let missing = install::missing_of(target.programs);
        if !missing.is_empty() {
            println!("   skipped: missing here: {}", missing.join(" "));
            return Ok(None);
        }
        let toolchain = match Toolchain::find(target) {
            Ok(toolchain) => toolchain,
            Err(why) => {
                println!("   skipped: no Rust for {}: {why:#}", target.triple);
                return Ok(None);
            }
        };
        let libraries = toolchain.build(target)?;
        Ok(Some(Port { target, toolchain, libraries }))
    }

    /// Compares the instruction counts of the fast paths with those on record, or with `accept` writes them down.
    fn golden(&self, accept: bool) -> Result<Tally> {
        let target = self.target;
        // What is on record for a processor is the code for glibc.
        let processor = target.triple.split('-').next().and_then(Processor::named);
        let Some(processor) = processor.filter(|_| !target.is_musl()) else {
            return Ok(Tally::default());
        };
        let compiler = self.toolchain.version()?;
        let library = self.libraries.join("libmimalloc.so");
        golden::run_foreign(processor, &compiler, target.triple, target.prefix, &library, accept)
    }

    /// Runs programs on a kernel.
    fn on_kernel(&self, sources: &[PathBuf]) -> Result<Tally> {
        let target = self.target;
        if target.kernel_skips.is_none() {
            bail!("no kernel for {} is known here", target.name);
        }
        let missing = install::missing_of(&kernel::PROGRAMS);
        if !missing.is_empty() {
            println!("   skipped: missing here: {}", missing.join(" "));
            return Ok(Tally::SKIPPED);
        }
        kernel::fetch(target)?;
        let foreign = Foreign {
            emulator: kernel::emulator(&self.libraries)?,
            slower: SLOWER_WITH_KERNEL,
            skips: target.kernel_skips.unwrap_or_default().to_vec(),
            ..self.foreign()
        };
        Ok(cprograms::run_foreign(sources, &foreign))
    }

    /// The machine, for programs that nothing emulates.
    fn foreign(&self) -> Foreign {
        let target = self.target;
        Foreign {
            name: target.name,
            prefix: target.prefix,
            flags: Vec::new(),
            is_static: false,
            libraries: self.libraries.clone(),
            form: Form::Elf,
            emulator: Vec::new(),
            links: target.links,
            env: Vec::new(),
            slower: 1,
            skips: [target.skips, target.lacks].concat(),
        }
    }

    /// Looks at the library's names, and runs programs.
    fn try_out(&self, os_pages: &[usize], sources: &[PathBuf]) -> Result<Tally> {
        let target = self.target;
        let shared = self.libraries.join("libmimalloc.so");
        let mut sum = if target.is_musl() { names(&shared)? } else { versions(&shared)? };
        let rust = rust_program::build(target, &self.toolchain)?;
        if rust.is_none() {
            sum += Tally::SKIPPED;
        }
        let run_rust = |emulator: &[String]| match &rust {
            Some(program) => rust_program::run(program, emulator),
            None => Ok(Tally::default()),
        };
        if target.emulator.is_empty() {
            sum += cprograms::run_foreign(sources, &self.foreign());
            sum += run_rust(&[])?;
        }
        for bytes in os_pages.iter().filter(|_| !target.emulator.is_empty()) {
            println!("  OS pages of {} KiB", bytes >> 10);
            let mut emulator: Vec<String> = target.emulator.iter().copied().map(String::from).collect();
            emulator.extend(["-p".to_string(), bytes.to_string()]);
            sum += run_rust(&emulator)?;
            let skips = target.skips_at(*bytes).collect();
            sum += cprograms::run_foreign(sources, &Foreign { emulator, slower: SLOWER, skips, ..self.foreign() });
        }
        if !target.without_loader.is_empty() {
            println!("  everything in one file");
            let skips = [target.skips, WITHOUT_LOADER].concat();
            let all_in_one = Foreign { name: target.without_loader, is_static: true, skips, ..self.foreign() };
            sum += cprograms::run_foreign(sources, &all_in_one);
        }
        Ok(sum)
    }
}

/// Whether the library has the names of the tables, without glibc's, and no other ones.
fn names(library: &Path) -> Result<Tally> {
    let complaints = abi::difference(&abi::Tables::read()?.symbols_without_glibc(), &symbols::exported(library)?);
    if complaints.is_empty() {
        return Ok(Tally::PASSED);
    }
    Ok(Tally::failed("names of the library", &complaints.join("\n")))
}

/// Whether the library needs no newer glibc than it is meant for.
fn versions(library: &Path) -> Result<Tally> {
    let complaints = symbols::too_new(library)?;
    if complaints.is_empty() {
        return Ok(Tally::PASSED);
    }
    Ok(Tally::failed("versions of glibc's functions", &complaints.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_or_skipped_exists_and_is_not_both() {
        let all = cprograms::programs(&[]).unwrap();
        for target in &TARGETS {
            assert_eq!(chosen(target.more).unwrap().len(), CHOSEN.len() + target.more.len());
            let kernel_skips = target.kernel_skips.unwrap_or_default();
            for (name, _) in target.skips.iter().chain(WITHOUT_LOADER).chain(kernel_skips) {
                assert!(all.iter().any(|path| path.ends_with(name)), "{name}");
            }
            for (name, _) in target.skips {
                assert!(!CHOSEN.contains(name) && !target.more.contains(name), "{name}");
            }
        }
        for (name, _) in TARGETS.iter().flat_map(|target| target.lacks) {
            assert!(all.iter().any(|path| path.ends_with(name)), "{name}");
        }
    }
}
