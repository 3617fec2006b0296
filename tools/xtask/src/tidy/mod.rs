//! `cargo xtask tidy`: the rules of the source tree that no compiler checks.
//!
//! A rule is one file with one function, from parsed sources to complaints.

mod circles;
mod complaint;
mod door;
mod facts;
mod fields;
mod floors;
mod form;
mod modules;
mod platform;
mod reader;
mod report;
mod source;
mod uses;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use complaint::Complaint;
use modules::Modules;
use source::Source;

use crate::table::{Table, Wrong};
use crate::workspace;

/// Checks every rule on the whole tree.
pub fn check() -> Result<Vec<Complaint>> {
    let sources = read(&workspace::root())?;
    let mut complaints = form::form(&sources);
    complaints.extend(platform::platform(&sources, &platform::EXCEPTIONS));
    complaints.extend(door::door(&sources));
    for modules in Modules::crates(&sources) {
        let uses = uses::uses(&modules);
        complaints.extend(circles::circles(&modules, &uses, &circles::ALLOWED));
        if modules.root == Path::new("crates/oximalloc/src") {
            complaints.extend(floors::floors(&modules, &uses));
            complaints.extend(fields::fields(&modules, &fields::EXCEPTIONS));
        }
    }
    let untested = Table::read()?.wrong();
    complaints.extend(untested.into_iter().map(|Wrong { file, line, rule }| Complaint { file, line, rule }));
    complaints.sort();
    Ok(complaints)
}

/// The shape of the tree in numbers.
pub fn report() -> Result<String> {
    let root = workspace::root();
    report::report(&root, &read(&root)?)
}

/// What the files with that path, or a path that ends so, use of other files, and other files of them.
pub fn neighbours(path: &Path) -> Result<String> {
    report::neighbours(&read(&workspace::root())?, path)
}

/// Parses all Rust files of the workspace.
fn read(root: &Path) -> Result<Vec<Source>> {
    let mut paths = Vec::new();
    for folder in ["crates", "tools", "bench", "fuzz"] {
        rust_files(&root.join(folder), &mut paths)?;
    }
    paths.sort();
    let parse = |path: PathBuf| {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        Source::parse(path.strip_prefix(root).expect("the walk began at the root"), text)
    };
    paths.into_iter().map(parse).collect()
}

/// Collects the Rust files below a folder, without what cargo built.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type()?.is_dir() {
            if name != "target" && !name.as_encoded_bytes().starts_with(b".") {
                rust_files(&path, found)?;
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    Ok(())
}
