//! The form of files: their length, their first line, and how many macros they define.

use super::complaint::Complaint;
use super::source::Source;

/// The largest number of lines in a Rust file.
const MAX_LINES: usize = 600;

/// The largest number of `macro_rules!` in the allocator.
const MAX_MACROS: usize = 3;

/// Finds files that are too long or do not say what they are, and macros beyond the limit.
pub fn form(sources: &[Source]) -> Vec<Complaint> {
    let each = sources.iter().flat_map(|source| size(source).into_iter().chain(head(source)));
    each.chain(macros(sources)).collect()
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

fn macros(sources: &[Source]) -> impl Iterator<Item = Complaint> {
    let allocator = sources.iter().filter(|source| source.is_below("crates/oximalloc"));
    let all = allocator.flat_map(|source| source.facts.macros.iter().map(move |&line| (source, line)));
    all.skip(MAX_MACROS).map(|(source, line)| source.complain(line, format!("more than {MAX_MACROS} macro_rules!")))
}

#[cfg(test)]
mod tests {
    use super::super::source::sources;
    use super::*;

    #[test]
    fn long_files_and_headless_files_are_found() {
        let complaints = |text: &str| form(&sources(&[("tools/x.rs", text)])).len();
        assert_eq!(complaints(&format!("//! Long.\n{}", "\n".repeat(MAX_LINES))), 1);
        assert_eq!(complaints("fn main() {}\n"), 1);
        assert_eq!(complaints("//!\nfn main() {}\n"), 1);
        assert_eq!(complaints("//! Short.\n"), 0);
    }

    #[test]
    fn macros_of_the_allocator_are_counted() {
        let macros = "//! Macros.\nmacro_rules! a { () => {} }\nmacro_rules! b { () => {} }\n";
        let complaints = |second: &str| form(&sources(&[("crates/oximalloc/src/a.rs", macros), (second, macros)]));
        assert_eq!(complaints("crates/oximalloc/src/b.rs").len(), 1);
        assert_eq!(complaints("crates/oximalloc-c/src/b.rs"), []);
    }
}
