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

/// The newest glibc whose functions `libmimalloc.so` may need.
const GLIBC: [u32; 2] = [2, 17];

/// The functions of a library's that need a newer glibc: a line for each.
pub fn too_new(library: &Path) -> Result<Vec<String>> {
    let text = table(library, "--dyn-syms")?;
    Ok(text.lines().filter_map(needed).filter(|(_, version)| is_too_new(version)).map(complaint).collect())
}

fn complaint((name, version): (&str, &str)) -> String {
    format!("{name} needs {version}, and {}.{} should do", GLIBC[0], GLIBC[1])
}

/// A version of glibc after that one. Others (of the compiler's libraries) are no matter here.
fn is_too_new(version: &str) -> bool {
    let Some(numbers) = version.strip_prefix("GLIBC_") else { return false };
    let numbers: Vec<u32> = numbers.split('.').map(|number| number.parse().unwrap_or(u32::MAX)).collect();
    numbers[..] > GLIBC[..]
}

/// Name and version in a line of the table, if the symbol is another library's. It may be a weak one too: the loader
/// wants the version all the same.
fn needed(line: &str) -> Option<(&str, &str)> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, _, _, _, _, _, "UND", name, ..] = words[..] else { return None };
    name.split_once('@').map(|(name, version)| (name, version.trim_start_matches('@')))
}

fn visible(file: &Path, which: &str) -> Result<BTreeSet<String>> {
    Ok(table(file, which)?.lines().filter_map(defined).map(String::from).collect())
}

fn table(file: &Path, table: &str) -> Result<String> {
    let end = child::capture(Command::new("readelf").args(["-W", table]).arg(file), Duration::from_secs(60))?;
    if !end.success() {
        bail!("readelf {}: {}\n{}", file.display(), end.status, end.stderr);
    }
    Ok(end.stdout)
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
    fn tells_versions_apart() {
        let line = |section, name| format!(" 7: 0000000000000000 0 FUNC WEAK DEFAULT {section} {name} (3)");
        assert_eq!(needed(&line("UND", "dlsym@GLIBC_2.34")), Some(("dlsym", "GLIBC_2.34")));
        assert_eq!(needed(&line("UND", "__gmon_start__")), None);
        assert_eq!(needed(&line("12", "malloc@@OURS_1")), None);
        for (version, too) in [("GLIBC_2.2.5", false), ("GLIBC_2.17", false), ("GLIBC_2.18", true), ("GCC_3.0", false)]
        {
            assert_eq!(is_too_new(version), too, "{version}");
        }
        for version in ["GLIBC_2.34", "GLIBC_3.0", "GLIBC_PRIVATE", "GLIBC_ABI_DT_RELR"] {
            assert!(is_too_new(version), "{version}");
        }
    }

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
