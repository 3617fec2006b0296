//! One object file of the archive that cargo builds: what the interface needs, and no global symbol but its names.
//!
//! The archive has Rust's own parts in it, whose symbols would clash with those of a Rust program, and three hundred
//! members. `ld -r` takes from it what the names of the interface need; `objcopy` makes all other symbols local.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::abi::Tables;
use crate::child::done;
use crate::symbols;

/// A fully static C++ program has of libstdc++.a only what its linker was asked for, and the library's reference to the
/// function that throws std::bad_alloc is weak, since a C program has none, and asks for nothing. This one is in the
/// same member of libstdc++.a. An undefined symbol that no relocation uses takes that member in where there is one, and
/// is nobody's error where there is none.
const COMPANION: &str = "_ZSt16__throw_bad_castv";

/// Makes the object file in the folder `work`.
pub fn make(archive: &Path, work: &Path) -> Result<PathBuf> {
    let (all, object, list) = (work.join("all.o"), work.join("mimalloc.o"), work.join("names"));
    let names = exports(archive)?;
    let mut link = Command::new("ld");
    link.args(["-r", "--gc-sections", "-u", COMPANION]);
    // Members are taken for these names; sections stay that these, or what runs at the start and at the end, reach.
    for name in &names {
        link.args(["-u", name]);
    }
    done(link.arg("-o").arg(&all).arg(archive))?;
    fs::write(&list, names.iter().map(|name| format!("{name}\n")).collect::<String>())?;
    let keep = format!("--keep-global-symbols={}", list.display());
    done(Command::new("objcopy").args([&keep, "--strip-debug"]).arg(&all).arg(&object))?;
    Ok(object)
}

/// Links a shared library from the object file.
pub fn shared(object: &Path, soname: &str, library: &Path) -> Result<()> {
    let mut link = Command::new("gcc");
    link.args(["-shared", "-pthread", "-Wl,-z,nodelete,-z,relro,-z,now,--gc-sections"]);
    link.arg(format!("-Wl,-soname,{soname}")).arg("-o").arg(library).arg(object);
    done(&mut link).map(drop)
}

/// The names of the interface that an archive defines.
fn exports(archive: &Path) -> Result<BTreeSet<String>> {
    let defined = symbols::global(archive)?;
    Ok(Tables::read()?.symbols().into_iter().filter(|name| defined.contains(name)).collect())
}
