//! The symbols of libraries and object files, as `readelf` tells them.
//!
//! `nm` would do, but loads the compilers' plugins, and those fail on bitcode of a newer compiler than theirs.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::child;

/// What a shared library offers to others.
pub fn exported(library: &Path) -> Result<BTreeSet<String>> {
    visible(library, "--dyn-syms")
}

/// What the objects of an archive, or one object, offer to others.
pub fn global(objects: &Path) -> Result<BTreeSet<String>> {
    visible(objects, "--syms")
}

fn visible(file: &Path, table: &str) -> Result<BTreeSet<String>> {
    let end = child::capture(Command::new("readelf").args(["-W", table]).arg(file), Duration::from_secs(60))?;
    if !end.success() {
        bail!("readelf {}: {}\n{}", file.display(), end.status, end.stderr);
    }
    Ok(end.stdout.lines().filter_map(defined).map(String::from).collect())
}

/// The name in a line of the table, if the symbol is defined there and others may use it.
fn defined(line: &str) -> Option<&str> {
    // Num: Value Size Type Bind Vis Ndx Name
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [number, _, _, _, bind, visibility, section, name, ..] = words[..] else { return None };
    let open = ["GLOBAL", "WEAK"].contains(&bind) && ["DEFAULT", "PROTECTED"].contains(&visibility);
    (number.ends_with(':') && open && section != "UND" && section != "ABS").then(|| name.split('@').next())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_of_the_table() {
        let line =
            |bind, visibility, section| format!(" 7: 0000000000001139 21 FUNC {bind} {visibility} {section} malloc");
        assert_eq!(defined(&line("GLOBAL", "DEFAULT", "12")), Some("malloc"));
        assert_eq!(defined(&line("WEAK", "DEFAULT", "12")), Some("malloc"));
        assert_eq!(defined(&line("LOCAL", "DEFAULT", "12")), None);
        assert_eq!(defined(&line("GLOBAL", "HIDDEN", "12")), None);
        assert_eq!(defined(&line("GLOBAL", "DEFAULT", "UND")), None);
        assert_eq!(defined("   Num:    Value          Size Type    Bind   Vis      Ndx Name"), None);
    }
}
