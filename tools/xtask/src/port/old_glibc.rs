//! The release that was built here, with an older glibc: that of Debian 11. There the functions for threads are in a
//! library of their own, which a program need not have.
//!
//! The older glibc, with its loader and what programs are compiled with, is unpacked below `target`. Nothing of the
//! system changes. C++ programs are left out, because the compiler's library for them needs a newer glibc.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cprograms::{self, Foreign, Form};
use crate::install;
use crate::tally::Tally;
use crate::workspace::{self, Flavour};

/// What it is called here.
pub const NAME: &str = "old-glibc";

/// Where it comes from.
const SUITE: &str = "bullseye";
const PACKAGES: [&str; 6] = ["libc6", "libc6-dev", "libcrypt1", "libcrypt-dev", "libgcc-s1", "linux-libc-dev"];
/// What must be there once it is unpacked.
const LOADER: &str = "lib/x86_64-linux-gnu/ld-2.31.so";
/// Written when all is unpacked.
const COMPLETE: &str = "complete";

/// Programs of `cargo xtask test` besides those for all targets.
pub const MORE: &[&str] =
    &["thread_end_libc.c", "thread_end_plugin.c", "threads_late.c", "threads_late_static.c", "twice.c"];

const RESIDENT: &str = "does not know the name of this glibc's file";

/// What it cannot show.
const SKIPS: &[(&str, &str)] = &[("new_plugin.c", "its plugin is in C++"), ("small_peak.c", RESIDENT)];

/// Compiles the C programs among these with it, and runs them.
pub fn check(sources: &[PathBuf]) -> Result<Tally> {
    if !cfg!(all(target_arch = "x86_64", target_env = "gnu")) {
        println!("   skipped: only for x86-64 with glibc");
        return Ok(Tally::SKIPPED);
    }
    let root = match fetched() {
        Ok(root) => root,
        Err(why) => {
            println!("   skipped: no older glibc: {why:#}");
            return Ok(Tally::SKIPPED);
        }
    };
    Flavour::Release.build()?;
    let sources: Vec<PathBuf> =
        sources.iter().filter(|path| path.extension().is_some_and(|end| end == "c")).cloned().collect();
    let libraries = root.join("lib/x86_64-linux-gnu");
    let foreign = Foreign {
        name: NAME,
        prefix: "",
        flags: vec![
            // Its headers tell more names then, as newer ones do anyway.
            "-D_GNU_SOURCE".to_string(),
            format!("--sysroot={}", root.display()),
            format!("-B{}", root.join("usr/lib/x86_64-linux-gnu").display()),
            format!("-Wl,--dynamic-linker={}", root.join(LOADER).display()),
            // Also for what the libraries load.
            format!("-Wl,--disable-new-dtags,-rpath,{}", libraries.display()),
        ],
        is_static: false,
        libraries: Flavour::Release.folder(),
        form: Form::Elf,
        emulator: Vec::new(),
        links: &[],
        env: Vec::new(),
        slower: 1,
        skips: SKIPS.to_vec(),
    };
    Ok(cprograms::run_foreign(&sources, &foreign))
}

/// The folder of the older glibc, which is fetched if it is not there.
fn fetched() -> Result<PathBuf> {
    let root = workspace::target_dir().join("port").join(NAME);
    if root.join(COMPLETE).exists() {
        return Ok(root);
    }
    // What was left by a run that was interrupted is incomplete.
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    fs::create_dir_all(&root)?;
    install::unpack_of(SUITE, &PACKAGES, &root)?;
    fs::metadata(root.join(LOADER)).with_context(|| format!("{} of {SUITE} has no {LOADER}", PACKAGES[0]))?;
    keep_links_inside(&root, &root)?;
    fs::write(root.join(COMPLETE), "")?;
    Ok(root)
}

/// Links with absolute paths lead to the system's own files: they are made to lead to those below `root`.
fn keep_links_inside(root: &Path, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_dir() {
            keep_links_inside(root, &path)?;
        } else if metadata.is_symlink()
            && let Ok(inside) = fs::read_link(&path)?.strip_prefix("/")
        {
            fs::remove_file(&path)?;
            symlink(root.join(inside), &path)?;
        }
    }
    Ok(())
}
