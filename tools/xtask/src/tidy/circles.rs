//! Circles: files that use each other, directly or through others.
//!
//! To understand one file of a circle, a reader has to understand all of them. What tests use does not count.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use super::complaint::Complaint;
use super::modules::Modules;
use super::uses::Use;

/// Files that may use each other.
pub struct Allowed {
    /// The files, relative to the root of the workspace, in alphabetical order.
    pub files: &'static [&'static str],
    /// Why they may.
    pub reason: &'static str,
}

/// All allowed circles.
pub const ALLOWED: [Allowed; 1] = [Allowed {
    files: &["crates/oximalloc/src/heap/state/heap.rs", "crates/oximalloc/src/heap/state/theap.rs"],
    reason: "a heap has a list of its theaps, and each theap leads to its heap",
}];

/// Finds the circles that are not allowed, and the allowed ones that are no circle.
pub fn circles(modules: &Modules, uses: &[Use], allowed: &[Allowed]) -> Vec<Complaint> {
    let uses: Vec<&Use> = uses.iter().filter(|found| !found.test).collect();
    let knots = knots(modules.sources.len(), &uses);
    let path = |file: &usize| modules.sources[*file].path.as_path();
    let may_be = |knot: &Vec<usize>| {
        allowed.iter().any(|circle| knot.iter().map(path).eq(circle.files.iter().map(|file| Path::new(*file))))
    };
    let mut complaints = Vec::new();
    for knot in knots.iter().filter(|knot| !may_be(knot)) {
        let round = shortest_round(knot, &uses);
        let names: Vec<_> = knot.iter().map(|&file| modules.inner(file).display().to_string()).collect();
        let step = |found: &&Use| format!("{}:{} `{}`", modules.inner(found.from).display(), found.line, found.what);
        let steps: Vec<_> = round.iter().map(step).collect();
        let rule = format!(
            "{} files use each other ({}); the shortest way round: {}",
            knot.len(),
            names.join(", "),
            steps.join(" -> ")
        );
        complaints.push(modules.sources[round[0].from].complain(round[0].line, rule));
    }
    for circle in allowed.iter().filter(|circle| Path::new(circle.files[0]).starts_with(&modules.root)) {
        if !knots.iter().any(|knot| circle.files.iter().all(|name| knot.iter().any(|file| path(file) == *name))) {
            let others = circle.files[1..].join("`, `");
            let rule = format!("does not use `{others}` and is used by it: remove the exception ({})", circle.reason);
            complaints.push(Complaint { file: circle.files[0].into(), line: 1, rule });
        }
    }
    complaints
}

/// The circles, each with all of its files: each file of a circle uses all others, directly or through others.
pub fn knots(files: usize, uses: &[&Use]) -> Vec<Vec<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..files).map(|file| reached(file, uses)).collect();
    let knot = |file: usize| -> Vec<usize> {
        reached[file].iter().copied().filter(|&other| reached[other].contains(&file)).collect()
    };
    // Each is found at its first file.
    (0..files)
        .map(|file| (file, knot(file)))
        .filter(|(file, knot)| knot.first() == Some(file))
        .map(|(_, knot)| knot)
        .collect()
}

/// All files that a file uses, directly or through others.
fn reached(file: usize, uses: &[&Use]) -> BTreeSet<usize> {
    let (mut found, mut next) = (BTreeSet::new(), vec![file]);
    while let Some(from) = next.pop() {
        next.extend(
            uses.iter().filter(|found| found.from == from).map(|found| found.to).filter(|&to| found.insert(to)),
        );
    }
    found
}

/// The shortest chain of uses that leads from a file of a circle back to it.
fn shortest_round<'u>(knot: &[usize], uses: &[&'u Use]) -> Vec<&'u Use> {
    knot.iter().filter_map(|&file| round(file, uses)).min_by_key(Vec::len).unwrap_or_default()
}

fn round<'u>(file: usize, uses: &[&'u Use]) -> Option<Vec<&'u Use>> {
    let (mut seen, mut ways) = (BTreeSet::new(), VecDeque::from([Vec::new()]));
    while let Some(way) = ways.pop_front() {
        let at = way.last().map_or(file, |found: &&Use| found.to);
        if at == file && !way.is_empty() {
            return Some(way);
        }
        for &found in uses.iter().filter(|found| found.from == at) {
            if seen.insert(found.to) {
                ways.push_back([way.as_slice(), &[found]].concat());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::source::{Source, sources};
    use super::super::uses::uses;
    use super::*;

    fn complaints(sources: &[Source], allowed: &[Allowed]) -> Vec<String> {
        let modules = &Modules::crates(sources)[0];
        circles(modules, &uses(modules), allowed).iter().map(|complaint| complaint.to_string()).collect()
    }

    const PAIR: [Allowed; 1] = [Allowed { files: &["c/src/a.rs", "c/src/b.rs"], reason: "a test" }];

    #[test]
    fn circles_are_found_by_paths_and_by_calls() {
        let sources = sources(&[
            ("c/src/a.rs", "use crate::b::f;"),
            ("c/src/b.rs", "fn f() {\n crate::c::f() }"),
            ("c/src/c.rs", "use crate::d::D; fn f() { x.call_a() }"),
            ("c/src/d.rs", "pub struct D;"),
            ("c/src/e.rs", "use crate::a::A; impl A { pub fn call_a(&self) {} }"),
        ]);
        let found = complaints(&sources, &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        let start = "c/src/a.rs:1: 4 files use each other (a.rs, b.rs, c.rs, e.rs); the shortest way round: ";
        let round = "a.rs:1 `crate::b::f` -> b.rs:2 `crate::c::f` -> c.rs:1 `.call_a()` -> e.rs:1 `crate::a::A`";
        assert_eq!(found[0], format!("{start}{round}"));
    }

    #[test]
    fn folders_and_tests_make_no_circles() {
        let sources = sources(&[
            ("c/src/lib.rs", "mod a; pub use a::{A, b::B};"),
            ("c/src/a/mod.rs", "mod b; pub use b::B; pub use self::c::f; mod c;"),
            ("c/src/a/b.rs", "use super::f; pub struct B; #[cfg(test)] mod tests { use crate::d::D; }"),
            ("c/src/a/c.rs", "pub fn f() {}"),
            ("c/src/d.rs", "use crate::B;"),
        ]);
        assert_eq!(complaints(&sources, &[]), [""; 0]);
    }

    #[test]
    fn a_pair_may_use_each_other_and_must() {
        let (a, b) = (("c/src/a.rs", "use super::b::B;"), ("c/src/b.rs", "use super::a::A;"));
        assert_eq!(complaints(&sources(&[a, b]), &[]).len(), 1);
        assert_eq!(complaints(&sources(&[a, b]), &PAIR), [""; 0]);
        let through_c = [("c/src/b.rs", "use super::c::C;"), ("c/src/c.rs", "use super::a::A;")];
        let larger = complaints(&sources(&[a, through_c[0], through_c[1]]), &PAIR);
        assert!(larger.len() == 1 && larger[0].contains("3 files use each other"), "{larger:?}");
        let stale = complaints(&sources(&[a, ("c/src/b.rs", "")]), &PAIR);
        assert!(stale.len() == 1 && stale[0].contains("remove the exception (a test)"), "{stale:?}");
        let elsewhere = [Allowed { files: &["d/src/a.rs", "d/src/b.rs"], reason: "a test" }];
        assert_eq!(complaints(&sources(&[a]), &elsewhere), [""; 0]);
    }
}
