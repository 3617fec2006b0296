//! `cargo xtask port`: the library for another machine or C library, and the C and C++ programs there.
//!
//! The library is built once. On an emulator, the programs run at each size of OS pages that the machine has. A program
//! that the emulator cannot run as the machine would is skipped by name, and so is one that asks for what the C library
//! does not have.

pub mod old_glibc;
mod rust_program;
mod targets;
mod toolchain;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::abi;
use crate::cprograms::{self, Foreign};
use crate::install;
use crate::symbols;
use crate::tally::Tally;
use targets::{TARGETS, Target, WITHOUT_LOADER};
use toolchain::Toolchain;

/// Arguments of `cargo xtask port`.
#[derive(clap::Args)]
pub struct Args {
    /// The machine or C library: `arm64`, `musl`, `old-glibc`
    target: String,
    /// Only programs whose name contains one of these
    name: Vec<String>,
    /// All programs, not only those of `cargo xtask test`
    #[arg(long)]
    all: bool,
    /// Only OS pages of so many KiB
    #[arg(long, value_name = "KIB")]
    page: Option<usize>,
    /// Install and fetch nothing: what is missing is skipped
    #[arg(long)]
    no_install: bool,
}

/// How much longer a program may take on an emulator.
const SLOWER: u32 = 10;

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

/// The step of `cargo xtask test`.
pub fn check(target: &str) -> Result<Tally> {
    if target == old_glibc::NAME {
        return old_glibc::check(&chosen(old_glibc::MORE)?);
    }
    let target = named(target)?;
    try_out(target, target.os_pages, &chosen(target.more)?)
}

/// The command.
pub fn run(args: &Args) -> Result<Tally> {
    if args.no_install {
        install::nothing();
    }
    let everything = args.all || !args.name.is_empty();
    let sources = |more| if everything { cprograms::programs(&args.name) } else { chosen(more) };
    if args.target == old_glibc::NAME {
        return old_glibc::check(&sources(old_glibc::MORE)?);
    }
    let target = named(&args.target)?;
    let pages: Vec<usize> =
        target.os_pages.iter().copied().filter(|bytes| args.page.is_none_or(|kib| kib << 10 == *bytes)).collect();
    try_out(target, &pages, &sources(target.more)?)
}

fn named(name: &str) -> Result<&'static Target> {
    let names = || [TARGETS.map(|target| target.name).join(", "), old_glibc::NAME.into()].join(", ");
    TARGETS.iter().find(|target| target.name == name).with_context(|| format!("`{name}` is none of {}", names()))
}

fn chosen(more: &[&str]) -> Result<Vec<PathBuf>> {
    let all = cprograms::programs(&[])?;
    let find = |name: &&str| {
        all.iter().find(|path| path.ends_with(name)).cloned().with_context(|| format!("no test is named {name}"))
    };
    CHOSEN.iter().chain(more).map(find).collect()
}

fn try_out(target: &Target, os_pages: &[usize], sources: &[PathBuf]) -> Result<Tally> {
    let missing = install::missing_of(target.programs);
    if !missing.is_empty() {
        println!("   skipped: missing here: {}", missing.join(" "));
        return Ok(Tally::SKIPPED);
    }
    let toolchain = match Toolchain::find(target) {
        Ok(toolchain) => toolchain,
        Err(why) => {
            println!("   skipped: no Rust for {}: {why:#}", target.triple);
            return Ok(Tally::SKIPPED);
        }
    };
    let libraries = toolchain.build(target)?;
    let shared = libraries.join("libmimalloc.so");
    let mut sum = if target.is_musl() { names(&shared)? } else { versions(&shared)? };
    let foreign = Foreign {
        name: target.name,
        prefix: target.prefix,
        flags: Vec::new(),
        is_static: false,
        libraries,
        emulator: Vec::new(),
        slower: 1,
        skips: target.skips.to_vec(),
    };
    if target.emulator.is_empty() {
        sum += cprograms::run_foreign(sources, &foreign);
    } else {
        sum += emulate(target, os_pages, sources, &foreign);
    }
    if !target.without_loader.is_empty() {
        println!("  everything in one file");
        let skips = [target.skips, WITHOUT_LOADER].concat();
        let all_in_one = Foreign { name: target.without_loader, is_static: true, skips, ..foreign };
        sum += cprograms::run_foreign(sources, &all_in_one);
        sum += rust_program::check(target, &toolchain)?;
    }
    Ok(sum)
}

fn emulate(target: &Target, os_pages: &[usize], sources: &[PathBuf], foreign: &Foreign) -> Tally {
    let mut sum = Tally::default();
    for bytes in os_pages {
        println!("  OS pages of {} KiB", bytes >> 10);
        let mut emulator: Vec<String> = target.emulator.iter().copied().map(String::from).collect();
        emulator.extend(["-p".to_string(), bytes.to_string()]);
        let skips = target.skips_at(*bytes).collect();
        sum += cprograms::run_foreign(sources, &Foreign { emulator, slower: SLOWER, skips, ..foreign.clone() });
    }
    sum
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
            for (name, _) in target.skips.iter().chain(WITHOUT_LOADER) {
                assert!(all.iter().any(|path| path.ends_with(name)), "{name}");
            }
            for (name, _) in target.skips {
                assert!(!CHOSEN.contains(name) && !target.more.contains(name), "{name}");
            }
        }
    }
}
