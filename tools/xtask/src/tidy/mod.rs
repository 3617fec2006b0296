//! `cargo xtask tidy`: the rules of the source tree that no compiler checks.
//!
//! Each rule is one function from a file to complaints; [`check`] says which files it is for.

mod source;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use source::{code_of, find_word, line_of, word_at};

use crate::table::{Table, Wrong};
use crate::workspace;

/// The floors of the allocator, bottom up. A file may use its own floor and lower ones.
const FLOORS: [&[&str]; 9] =
    [&["base"], &["prim"], &["diag"], &["os", "bitmap"], &["arena"], &["page"], &["heap"], &["alloc"], &["api", "raw"]];

/// The largest number of lines in a Rust file.
const MAX_LINES: usize = 600;

/// The largest number of `macro_rules!` in the allocator.
const MAX_MACROS: usize = 3;

/// What a `cfg` about the platform looks at.
const PLATFORM: [&str; 7] =
    ["unix", "windows", "target_os", "target_arch", "target_family", "target_env", "target_vendor"];

/// What is for the platform alone.
const PLATFORM_FOLDERS: [&str; 2] = ["crates/oximalloc/src/prim", "crates/oximalloc-c/src/export"];

/// What only these folders name: the C library, and assembler.
const SYSTEM: [&str; 4] = ["libc", "asm", "global_asm", "naked_asm"];

/// A broken rule.
#[derive(Debug)]
pub struct Complaint {
    file: PathBuf,
    line: usize,
    rule: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.rule)
    }
}

/// A Rust file, and what is code in it.
struct Source {
    /// Relative to the root of the workspace.
    path: PathBuf,
    text: String,
    code: String,
}

impl Source {
    fn complain(&self, line: usize, rule: impl Into<String>) -> Complaint {
        Complaint { file: self.path.clone(), line, rule: rule.into() }
    }
}

/// Checks every rule on the whole tree.
pub fn check() -> Result<Vec<Complaint>> {
    let root = workspace::root();
    let mut paths = Vec::new();
    for folder in ["crates", "tools", "bench", "fuzz"] {
        rust_files(&root.join(folder), &mut paths)?;
    }
    paths.sort();
    let mut complaints = Vec::new();
    let mut macros = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let path = path.strip_prefix(&root).expect("the walk began at the root").to_path_buf();
        let source = Source { code: code_of(&text), text, path };
        check_file(&source, &mut complaints);
        if source.path.starts_with("crates/oximalloc") {
            let found = find_word(&source.code, "macro_rules").map(|at| line_of(&source.code, at));
            macros.extend(found.map(|line| source.complain(line, format!("more than {MAX_MACROS} macro_rules!"))));
        }
    }
    complaints.extend(macros.into_iter().skip(MAX_MACROS));
    let untested = Table::read()?.wrong();
    complaints.extend(untested.into_iter().map(|Wrong { file, line, rule }| Complaint { file, line, rule }));
    Ok(complaints)
}

fn check_file(source: &Source, complaints: &mut Vec<Complaint>) {
    complaints.extend(size(source));
    complaints.extend(head(source));
    if let Ok(inner) = source.path.strip_prefix("crates/oximalloc/src") {
        complaints.extend(floors(source, inner));
    }
    let below = |folder: &str| source.path.starts_with(folder);
    let library = source.path.components().any(|part| part.as_os_str() == "src") && below("crates");
    if library && !PLATFORM_FOLDERS.iter().any(|folder| below(folder)) {
        complaints.extend(platform(source));
        complaints.extend(system(source));
    }
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

fn size(source: &Source) -> Option<Complaint> {
    let lines = source.text.lines().count();
    (lines > MAX_LINES).then(|| source.complain(lines, format!("more than {MAX_LINES} lines")))
}

fn head(source: &Source) -> Option<Complaint> {
    let start = source.text.lines().next().unwrap_or_default();
    let said = start.strip_prefix("//!").is_some_and(|words| !words.trim().is_empty());
    (!said).then(|| source.complain(1, "does not begin with a `//!` that says what it is"))
}

/// The height of a floor.
fn height(name: &str) -> Option<usize> {
    FLOORS.iter().position(|names| names.contains(&name))
}

/// A file uses its own floor and lower ones.
fn floors(source: &Source, inner: &Path) -> Vec<Complaint> {
    let first = inner.iter().next().unwrap_or_default().to_string_lossy();
    let floor = first.strip_suffix(".rs").unwrap_or(&first);
    if floor == "lib" {
        return Vec::new();
    }
    let Some(own) = height(floor) else {
        return vec![source.complain(1, format!("`{floor}` is no floor"))];
    };
    let upward = |(name, at): (&str, usize)| {
        let other = height(name).filter(|other| *other > own)?;
        let rule = format!("`{floor}` is floor {own} and may not use `{name}`, floor {other}");
        Some(source.complain(line_of(&source.code, at), rule))
    };
    let roots = find_word(&source.code, "crate").flat_map(|at| named_below(&source.code, at + "crate".len()));
    roots.filter_map(upward).collect()
}

/// The modules that a path names right below the crate's root, after `crate`: one, or several in braces.
fn named_below(code: &str, at: usize) -> Vec<(&str, usize)> {
    let Some(rest) = code[at..].trim_start().strip_prefix("::") else { return Vec::new() };
    let rest = rest.trim_start();
    let start = code.len() - code[at..].len() + (code[at..].len() - rest.len());
    let Some(group) = rest.strip_prefix('{') else { return vec![(word_at(rest), start)] };
    let (mut names, mut depth, mut fresh) = (Vec::new(), 0, true);
    for (offset, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && !c.is_whitespace() => {
                names.push((word_at(&group[offset..]), start + 1 + offset));
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

/// Conditions about the platform stay in the folders that are for it.
fn platform(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for name in ["cfg", "cfg_attr"] {
        for at in find_word(&source.code, name) {
            let rest = source.code[at + name.len()..].trim_start_matches(['!', ' ', '\n']);
            let Some(condition) = rest.starts_with('(').then(|| balanced(rest)) else { continue };
            if let Some(word) = PLATFORM.iter().find(|word| find_word(condition, word).next().is_some()) {
                let rule = format!("`cfg({word})` outside {}", PLATFORM_FOLDERS.join(" and "));
                complaints.push(source.complain(line_of(&source.code, at), rule));
            }
        }
    }
    complaints
}

/// So do the C library and assembler.
fn system(source: &Source) -> Vec<Complaint> {
    let named = |word: &'static str| find_word(&source.code, word).map(move |at| (word, at));
    let complain = |(word, at)| {
        source.complain(line_of(&source.code, at), format!("`{word}` outside {}", PLATFORM_FOLDERS.join(" and ")))
    };
    SYSTEM.into_iter().flat_map(named).map(complain).collect()
}

/// The text up to the parenthesis that closes the first one.
fn balanced(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return &text[..=at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        let source = Source { path: path.into(), text: text.into(), code: code_of(text) };
        let mut complaints = Vec::new();
        check_file(&source, &mut complaints);
        complaints.iter().map(|complaint| complaint.to_string()).collect()
    }

    #[test]
    fn upward_imports_are_found() {
        let page = "crates/oximalloc/src/page/mod.rs";
        let found = complaints(page, "//! A page.\nuse crate::{base, heap::{self, page}, os};\nuse crate::alloc::f;\n");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains(":2: `page` is floor 5 and may not use `heap`, floor 6"));
        assert!(complaints(page, "//! A page.\n/// See [`crate::heap`].\nuse crate::page::block;\n").is_empty());
        assert!(complaints("crates/oximalloc/src/os/mod.rs", "//! OS.\nuse crate::bitmap;\n").is_empty());
        assert_eq!(complaints("crates/oximalloc/src/raw.rs", "//! Raw.\nuse crate :: api::x;\n"), [""; 0]);
        assert_eq!(complaints("crates/oximalloc/src/utils.rs", "//! No floor.\n").len(), 1);
    }

    #[test]
    fn platform_conditions_are_found() {
        let text = "//! X.\n#[cfg(all(\n    unix,\n    not(loom)))]\nfn f() {}\nfn g() { if cfg!(target_os = \"linux\") {} }\n";
        assert_eq!(complaints("crates/oximalloc/src/os/mod.rs", text).len(), 2);
        assert!(complaints("crates/oximalloc/src/prim/mod.rs", text).is_empty());
        assert_eq!(complaints("crates/oximalloc-c/src/lib.rs", text).len(), 2);
        assert!(complaints("crates/oximalloc-c/src/export/mod.rs", text).is_empty());
        let harmless =
            "//! X.\n#[cfg(feature = \"unix\")]\nfn unix() {}\n#[cfg(target_pointer_width = \"64\")]\nfn f() {}\n";
        assert!(complaints("crates/oximalloc/src/os/mod.rs", harmless).is_empty());
    }

    #[test]
    fn the_c_library_and_assembler_are_found() {
        let text = "//! X: no libc.\nuse libc::c_int;\nfn f() { unsafe { core::arch::asm!(\"\") } }\n";
        assert_eq!(complaints("crates/oximalloc/src/heap/x.rs", text).len(), 2);
        assert_eq!(complaints("crates/oximalloc-c/src/mi/x.rs", text).len(), 2);
        assert!(complaints("crates/oximalloc/src/prim/linux/x.rs", text).is_empty());
        assert!(complaints("crates/oximalloc-c/src/export/x.rs", text).is_empty());
        assert!(complaints("crates/oximalloc/tests/x.rs", text).is_empty());
    }

    #[test]
    fn long_files_and_headless_files_are_found() {
        assert_eq!(complaints("tools/x.rs", &format!("//! Long.\n{}", "\n".repeat(MAX_LINES))).len(), 1);
        assert_eq!(complaints("tools/x.rs", "fn main() {}\n").len(), 1);
        assert_eq!(complaints("tools/x.rs", "//!\nfn main() {}\n").len(), 1);
        assert!(complaints("tools/x.rs", "//! Short.\n").is_empty());
    }
}
