//! Code that depends on the platform stays in the folders for it.
//!
//! It depends on the platform if it has a `cfg` about it, uses the C library or contains assembler. The rule holds for
//! tests too: they have to build on every platform.

use super::complaint::Complaint;
use super::facts::{How, Mention};
use super::source::Source;

/// The folders for it.
const FOLDERS: [&str; 2] = ["crates/oximalloc/src/prim", "crates/oximalloc-c/src/export"];

/// Where the rule holds.
const LIBRARIES: [&str; 2] = ["crates/oximalloc/src", "crates/oximalloc-c/src"];

/// A file elsewhere that may depend on the platform in one way.
pub struct Exception {
    /// Relative to the root of the workspace.
    pub file: &'static str,
    /// In which way.
    pub what: What,
    /// Why.
    pub reason: &'static str,
}

/// All of them.
pub const EXCEPTIONS: [Exception; 0] = [];

/// The ways to depend on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A `cfg`.
    Cfg,
    /// Something of the C library.
    C,
    /// Assembler, or an instruction by its name.
    Instructions,
}

/// A dependence on the platform outside the folders for it.
pub struct Found<'s> {
    /// Where it is.
    pub source: &'s Source,
    /// From 1.
    pub line: usize,
    /// Its kind.
    pub what: What,
    /// In the file's words.
    pub words: String,
}

/// All dependences on the platform outside the folders for it.
pub fn outside(sources: &[Source]) -> Vec<Found<'_>> {
    let libraries = sources.iter().filter(|source| LIBRARIES.iter().any(|folder| source.is_below(folder)));
    let outside = libraries.filter(|source| !FOLDERS.iter().any(|folder| source.is_below(folder)));
    let mut found = Vec::new();
    for source in outside {
        let conditions = source.facts.conditions.iter();
        found.extend(conditions.map(|condition| {
            let words = format!("cfg({})", condition.word);
            Found { source, line: condition.place.line, what: What::Cfg, words }
        }));
        found.extend(source.facts.mentions.iter().filter_map(|mention| {
            let what = what(mention)?;
            Some(Found { source, line: mention.place.line, what, words: mention.names.join("::") })
        }));
    }
    found
}

fn what(mention: &Mention) -> Option<What> {
    let names: Vec<&str> = mention.names.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["libc"] if !matches!(mention.how, How::Import { .. }) => None,
        ["libc", ..] => Some(What::C),
        ["core" | "std", "arch", ..] => Some(What::Instructions),
        [.., "asm" | "naked_asm" | "global_asm"] if mention.how == How::Macro => Some(What::Instructions),
        _ => None,
    }
}

/// Finds the dependences on the platform outside the folders for it that are no exceptions, and the exceptions that are
/// not needed.
pub fn platform(sources: &[Source], exceptions: &[Exception]) -> Vec<Complaint> {
    let found = outside(sources);
    let meets = |exception: &Exception, found: &Found| {
        exception.what == found.what && found.source.path.as_os_str() == exception.file
    };
    let broken = found.iter().filter(|found| !exceptions.iter().any(|exception| meets(exception, found)));
    let broken = broken.map(|found| {
        let rule = format!("`{}` outside `{}`", found.words, FOLDERS.join("` and `"));
        found.source.complain(found.line, rule)
    });
    let unused = exceptions.iter().filter(|exception| !found.iter().any(|found| meets(exception, found)));
    let unused = unused.map(|exception| {
        let rule = format!("has nothing of the kind {:?}: remove the exception ({})", exception.what, exception.reason);
        Complaint { file: exception.file.into(), line: 1, rule }
    });
    broken.chain(unused).collect()
}

#[cfg(test)]
mod tests {
    use super::super::source::sources;
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        platform(&sources(&[(path, text)]), &[]).iter().map(|complaint| complaint.to_string()).collect()
    }

    #[test]
    fn platform_conditions_are_found() {
        let text = "//! X.\n#[cfg(all(\n    unix,\n    not(loom)))]\nfn f() {}\nfn g() { if cfg!(target_os = \"linux\") {} }\n";
        let found = complaints("crates/oximalloc/src/os/mod.rs", text);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/oximalloc/src/os/mod.rs:2: `cfg(unix)` outside"), "{found:?}");
        assert_eq!(complaints("crates/oximalloc/src/prim/mod.rs", text), [""; 0]);
        assert_eq!(complaints("crates/oximalloc-c/src/lib.rs", text).len(), 2);
        assert_eq!(complaints("crates/oximalloc-c/src/export/new.rs", text), [""; 0]);
        assert_eq!(complaints("tools/xtask/src/main.rs", text), [""; 0]);
        let harmless =
            "//! X.\n#[cfg(feature = \"unix\")]\nfn unix() {}\n#[cfg(target_pointer_width = \"64\")]\nfn f() {}\n";
        assert_eq!(complaints("crates/oximalloc/src/os/mod.rs", harmless), [""; 0]);
        let hidden = "#[cfg_attr(target_os = \"linux\", used)] static A: u8 = 0; mod m { #[cfg(windows)] mod n; }
            macro_rules! m { () => { #[cfg(target_arch = \"x86_64\")] fn f() {} } }
            struct S { #[cfg(target_family = \"unix\")] a: u8 }";
        assert_eq!(complaints("crates/oximalloc/src/os/mod.rs", hidden).len(), 4);
    }

    #[test]
    fn the_c_library_and_assembler_are_found() {
        let os = "crates/oximalloc/src/os/mod.rs";
        assert_eq!(complaints(os, "use libc::{EINVAL, c_int as int};").len(), 2);
        assert_eq!(complaints(os, "use libc;").len(), 1);
        assert_eq!(complaints(os, "fn f(x: libc::c_int) { unsafe { libc::abort() } }").len(), 2);
        assert_eq!(complaints(os, "fn f() { assert_eq!(x, Err(libc::ENOMEM)); m! { a => libc::A } }").len(), 2);
        assert_eq!(complaints(os, "#[cfg(test)] mod tests { fn f() { libc::abort() } }").len(), 1);
        assert_eq!(complaints(os, "use core::arch::asm; fn f() { asm!(\"nop\") }").len(), 2);
        assert_eq!(complaints(os, "core::arch::global_asm!(\"nop\");").len(), 1);
        assert_eq!(complaints(os, "//! Not `libc::abort`.\nfn libc() { x.libc } // libc::free"), [""; 0]);
        assert_eq!(complaints("crates/oximalloc/src/prim/x.rs", "use libc::abort;"), [""; 0]);
    }

    #[test]
    fn exceptions_are_needed() {
        let exception = || [Exception { file: "crates/oximalloc-c/src/a.rs", what: What::C, reason: "a test" }];
        let complaints = |text| platform(&sources(&[("crates/oximalloc-c/src/a.rs", text)]), &exception());
        assert_eq!(complaints("use libc::free;"), []);
        assert_eq!(complaints("use libc::free; #[cfg(unix)] fn f() {}").len(), 1);
        let stale = complaints("");
        assert!(stale.len() == 1 && stale[0].rule.contains("remove the exception (a test)"), "{stale:?}");
    }
}
