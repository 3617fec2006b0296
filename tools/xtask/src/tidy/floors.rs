//! Floors: the allocator's folders, ordered bottom up. A file uses its own floor and lower ones.
//!
//! Tests obey the floors too, but a test in `heap` may use all of `heap`, because it needs a working heap.

use std::path::Path;

use super::complaint::Complaint;
use super::modules::Modules;
use super::uses::Use;

/// The floors, bottom up. Folders on the same floor may use each other.
pub const FLOORS: [&[&str]; 13] = [
    &["base"],
    &["prim"],
    &["diag"],
    &["os", "bitmap"],
    &["arena"],
    &["page"],
    &["heap/state"],
    &["heap/pages"],
    &["heap/blocks"],
    &["heap/inspect"],
    &["heap/life"],
    &["alloc"],
    &["api", "raw"],
];

/// The floor of a file, by its path below `src`: its number and its name.
pub fn floor(inner: &Path) -> Option<(usize, &'static str)> {
    // `raw.rs` is the floor `raw`, but `heap/life.rs` is not in the folder `heap/life`.
    let path = if inner.iter().count() == 1 { inner.with_extension("") } else { inner.to_path_buf() };
    let folder = |names: &&[&'static str]| names.iter().copied().find(|name| path.starts_with(name));
    FLOORS.iter().enumerate().find_map(|(height, names)| folder(names).map(|name| (height, name)))
}

/// The crate's root and a `mod.rs` that declares floors are on none of them: they only re-export what others define.
fn declares_floors(inner: &Path) -> bool {
    let folder = inner.parent().unwrap_or(inner);
    let above = |name: &&str| Path::new(name).starts_with(folder);
    inner == Path::new("lib.rs") || (inner.ends_with("mod.rs") && FLOORS.iter().copied().flatten().any(above))
}

/// Every file is on a floor, and uses its own and lower ones.
pub fn floors(modules: &Modules, uses: &[Use]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (file, source) in modules.sources.iter().enumerate() {
        let inner = modules.inner(file);
        if floor(inner).is_none() && !declares_floors(inner) {
            complaints.push(source.complain(1, "is on no floor"));
        }
    }
    for found in uses {
        let (source, from, to) = (modules.sources[found.from], modules.inner(found.from), modules.inner(found.to));
        let Some((own, floor_of)) = floor(from) else { continue };
        let Some((height, other)) = floor(to) else {
            if declares_floors(to) {
                let rule = format!("`{}` is in `{}`, which is on no floor", found.what, to.display());
                complaints.push(source.complain(found.line, rule));
            }
            continue;
        };
        let same_folder = floor_of.split('/').next() == other.split('/').next();
        if height > own && !(found.test && same_folder) {
            let what = &found.what;
            let rule = format!("`{floor_of}` is floor {own} and may not use `{other}`, floor {height}: `{what}`");
            complaints.push(source.complain(found.line, rule));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::super::source::sources;
    use super::super::uses::uses;
    use super::*;

    /// The complaints about a file in a crate that has a file on most floors.
    fn complaints(path: &str, text: &str) -> Vec<String> {
        let path = format!("crates/oximalloc/src/{path}");
        let sources = sources(&[
            ("crates/oximalloc/src/lib.rs", "pub use api::go;"),
            ("crates/oximalloc/src/base/mod.rs", ""),
            ("crates/oximalloc/src/os/mod.rs", ""),
            ("crates/oximalloc/src/bitmap/mod.rs", ""),
            ("crates/oximalloc/src/page/block.rs", ""),
            ("crates/oximalloc/src/heap/mod.rs", "pub mod state; pub mod life;"),
            ("crates/oximalloc/src/heap/state/mod.rs", "pub mod theap;"),
            ("crates/oximalloc/src/heap/life/mod.rs", "pub mod start;"),
            ("crates/oximalloc/src/heap/state/theap.rs", "pub struct Theap; impl Theap { pub fn stack_up(&self) {} }"),
            ("crates/oximalloc/src/heap/life/start.rs", "impl Theap { pub fn begin(&self) {} }"),
            ("crates/oximalloc/src/alloc/mod.rs", "pub fn f() {}"),
            ("crates/oximalloc/src/api/mod.rs", "pub fn go() {}"),
            (&path, text),
        ]);
        let modules = &Modules::crates(&sources)[0];
        floors(modules, &uses(modules)).iter().map(|complaint| complaint.to_string()).collect()
    }

    #[test]
    fn upward_imports_are_found() {
        let found = complaints(
            "page/mod.rs",
            "use crate::{base, heap::{self, state::theap::Theap}, os};\nuse crate::alloc::f;\n",
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains(":1: `page` is floor 5 and may not use `heap/state`, floor 6"), "{found:?}");
        assert!(found[1].contains(":2: `page` is floor 5 and may not use `alloc`, floor 11"), "{found:?}");
        assert_eq!(complaints("page/mod.rs", "/// See [`crate::alloc`].\nuse crate::page::block::X;\n"), [""; 0]);
        assert_eq!(complaints("os/mod.rs", "use crate::bitmap::X;\n"), [""; 0]);
        assert_eq!(complaints("raw.rs", "use crate :: api::go;\n"), [""; 0]);
        assert_eq!(complaints("page/mod.rs", "fn f() { crate::go() }\n").len(), 1);
    }

    #[test]
    fn sub_floors_have_an_order() {
        assert_eq!(complaints("heap/state/x.rs", "use crate::heap::life::start::X;").len(), 1);
        assert_eq!(complaints("heap/state/x.rs", "use super::super::life::start::X;").len(), 1);
        assert_eq!(complaints("heap/life/x.rs", "use crate::heap::state::theap::Theap;"), [""; 0]);
        let test = "#[cfg(test)] mod tests { use crate::heap::life::start::X; }";
        assert_eq!(complaints("heap/state/x.rs", test), [""; 0]);
        let test = "#[cfg(test)] mod tests { use crate::alloc::f; }";
        assert_eq!(complaints("heap/state/x.rs", test).len(), 1);
    }

    #[test]
    fn what_declares_floors_defines_nothing() {
        let found = complaints("page/mod.rs", "fn f() { crate::x() }\nfn g() { crate::heap::y() }");
        assert!(found[0].ends_with("`crate::x` is in `lib.rs`, which is on no floor"), "{found:?}");
        assert!(found[1].ends_with("`crate::heap::y` is in `heap/mod.rs`, which is on no floor"), "{found:?}");
    }

    #[test]
    fn calls_count_as_imports_do() {
        let found = complaints("page/mod.rs", "fn f() { x.stack_up(); }");
        assert!(
            found[0].contains("`page` is floor 5 and may not use `heap/state`, floor 6: `.stack_up()`"),
            "{found:?}"
        );
        assert_eq!(complaints("heap/state/x.rs", "fn f() { x.begin(); }").len(), 1);
        assert_eq!(complaints("heap/life/x.rs", "fn f() { x.stack_up(); }"), [""; 0]);
    }

    #[test]
    fn files_on_no_floor_are_found() {
        assert_eq!(complaints("utils.rs", "").len(), 1);
        assert_eq!(complaints("heap/life.rs", "").len(), 1);
        assert_eq!(complaints("heaps/mod.rs", "").len(), 1);
        assert_eq!(complaints("heap/blocks/mod.rs", ""), [""; 0]);
        assert_eq!(complaints("base.rs", ""), [""; 0]);
    }
}
