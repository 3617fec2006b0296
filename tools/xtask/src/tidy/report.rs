//! `cargo xtask tidy --report` and `--uses`: the shape of the source tree, to compare one tree with another.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::circles::knots;
use super::fields::{EXCEPTIONS, STRUCTS, public_fields};
use super::floors::{FLOORS, floor};
use super::modules::Modules;
use super::platform::{What, outside};
use super::source::Source;
use super::uses::{Use, uses};

/// The longest line in the documentation.
const MAX_COLUMNS: usize = 120;

/// The report on a tree of these sources.
pub fn report(root: &Path, sources: &[Source]) -> Result<String> {
    let crates = Modules::crates(sources);
    let mut text = String::new();
    let allocator = crates.iter().find(|modules| modules.root == Path::new("crates/oximalloc/src"));
    if let Some(allocator) = allocator {
        floor_sizes(allocator, &mut text)?;
    }
    let uses: Vec<_> = crates.iter().map(|modules| (modules, uses(modules))).collect();
    circles("by paths alone", &uses, |found| !found.by_call, &mut text)?;
    circles("by paths and calls of methods", &uses, |_| true, &mut text)?;
    if let Some(allocator) = allocator {
        fields(allocator, &mut text)?;
    }
    let found = outside(sources);
    let count = |what| found.iter().filter(|found| found.what == what).count();
    writeln!(text, "\noutside prim and export")?;
    writeln!(text, "  cfg of the platform  {:>5}", count(What::Cfg))?;
    writeln!(text, "  libc                 {:>5}", count(What::C))?;
    writeln!(text, "  assembler            {:>5}", count(What::Instructions))?;
    let libraries =
        sources.iter().filter(|source| source.is_below("crates") && source.path.iter().any(|part| part == "src"));
    let blocks: usize = libraries.map(|source| source.facts.unsafe_blocks).sum();
    writeln!(text, "\nunsafe blocks in the libraries: {blocks}")?;
    if let Some(longest) = sources.iter().max_by_key(|source| source.text.lines().count()) {
        writeln!(text, "longest file: {}, {} lines", longest.path.display(), longest.text.lines().count())?;
    }
    let (long, longest) = long_lines(&root.join("docs"))?;
    writeln!(
        text,
        "lines of documents in docs with more than {MAX_COLUMNS} characters: {long}, the longest with {longest}"
    )?;
    Ok(text)
}

/// What the files with that path, or a path that ends so, use of other files, and other files of them.
pub fn neighbours(sources: &[Source], path: &Path) -> Result<String> {
    let mut text = String::new();
    for modules in Modules::crates(sources) {
        let is_meant = |file: usize| modules.sources[file].path.ends_with(path);
        for found in uses(&modules).iter().filter(|found| is_meant(found.from) || is_meant(found.to)) {
            let (from, to) = (&modules.sources[found.from].path, modules.inner(found.to).display());
            let tests = if found.test { " (tests)" } else { "" };
            writeln!(text, "{}:{}: uses {to}: `{}`{tests}", from.display(), found.line, found.what)?;
        }
    }
    Ok(text)
}

fn floor_sizes(modules: &Modules, text: &mut String) -> fmt::Result {
    // In the order of the floors, and then what is on none, by its folder.
    let mut rows: BTreeMap<(usize, String), (usize, usize)> = BTreeMap::new();
    for (file, source) in modules.sources.iter().enumerate() {
        let inner = modules.inner(file);
        let none = || (FLOORS.len(), format!("{} (on no floor)", inner.parent().unwrap_or(inner).display()));
        let row = floor(inner).map_or_else(none, |(height, name)| (height, name.to_string()));
        let (files, lines) = rows.entry(row).or_default();
        (*files, *lines) = (*files + 1, *lines + source.text.lines().count());
    }
    writeln!(text, "{:<24} {:>5} {:>6}", "floor", "files", "lines")?;
    for ((_, name), (files, lines)) in rows {
        writeln!(text, "{:<24} {files:>5} {lines:>6}", name.trim_start())?;
    }
    Ok(())
}

fn circles(by: &str, crates: &[(&Modules, Vec<Use>)], counts: impl Fn(&Use) -> bool, text: &mut String) -> fmt::Result {
    let mut rows = Vec::new();
    for (modules, uses) in crates {
        let uses: Vec<&Use> = uses.iter().filter(|found| !found.test && counts(found)).collect();
        for knot in knots(modules.sources.len(), &uses) {
            let names: Vec<_> = knot.iter().map(|&file| modules.inner(file).display().to_string()).collect();
            rows.push(format!("  {}: {} files: {}", modules.root.display(), knot.len(), names.join(", ")));
        }
    }
    writeln!(text, "\ncircles {by}: {}", rows.len())?;
    rows.iter().try_for_each(|row| writeln!(text, "{row}"))
}

fn fields(modules: &Modules, text: &mut String) -> fmt::Result {
    let public = public_fields(modules);
    let excepted =
        |of: &str, field: &str| EXCEPTIONS.iter().any(|exception| (exception.of, exception.field) == (of, field));
    let note = |guarded, of: &str, field: &str| match (guarded, excepted(of, field)) {
        (true, _) => ", of a type that guards itself",
        (false, true) => ", an exception",
        (false, false) => "",
    };
    let guarded = public.iter().filter(|field| field.guarded).count();
    writeln!(
        text,
        "\npublic fields of {}: {}, and {guarded} of types that guard themselves",
        STRUCTS.join(", "),
        public.len() - guarded
    )?;
    for found in &public {
        let (of, name) = (found.of, &found.field.name);
        let place = format!("{}:{}", modules.inner(found.file).display(), found.field.line);
        writeln!(text, "  {of}.{name} ({place}{})", note(found.guarded, of, name))?;
    }
    Ok(())
}

/// How many lines of the documents below a folder are too long, and how long the longest is.
fn long_lines(folder: &Path) -> Result<(usize, usize)> {
    let (mut long, mut longest) = (0, 0);
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            let (below, longest_below) = long_lines(&path)?;
            (long, longest) = (long + below, longest.max(longest_below));
        } else if path.extension().is_some_and(|end| end == "md") {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            let lengths = text.lines().map(|line| line.chars().count());
            long += lengths.clone().filter(|&length| length > MAX_COLUMNS).count();
            longest = longest.max(lengths.max().unwrap_or(0));
        }
    }
    Ok((long, longest))
}
