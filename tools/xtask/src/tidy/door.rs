//! The C library enters the allocator by one door: `oximalloc::raw`.

use super::complaint::Complaint;
use super::source::Source;

/// Where the rule holds.
const FOLDER: &str = "crates/oximalloc-c/src";

/// Finds the other doors that the C library uses.
pub fn door(sources: &[Source]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.is_below(FOLDER)) {
        for mention in &source.facts.mentions {
            let names = &mention.names;
            if names[0] == "oximalloc" && names.get(1).is_none_or(|next| next != "raw") {
                let rule = format!("`{}` does not go through `oximalloc::raw`", names.join("::"));
                complaints.push(source.complain(mention.place.line, rule));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::super::source::sources;
    use super::*;

    #[test]
    fn ways_around_the_door_are_found() {
        let complaints = |path: &str, text: &str| door(&sources(&[(path, text)])).len();
        let file = "crates/oximalloc-c/src/mi/heaps.rs";
        assert_eq!(
            complaints(file, "//! `oximalloc::raw` or `oximalloc::heap`.\nuse oximalloc::raw::{self, heaps};"),
            0
        );
        assert_eq!(complaints(file, "fn f() { oximalloc::raw::free(x) }"), 0);
        assert_eq!(complaints(file, "use oximalloc::{raw, heap::record};"), 1);
        assert_eq!(complaints(file, "use oximalloc::*;"), 1);
        assert_eq!(complaints(file, "use oximalloc as o;"), 1);
        assert_eq!(complaints(file, "fn f() { m! { a => oximalloc::prim::process::errno } }"), 1);
        assert_eq!(complaints("bench/driver/src/main.rs", "use oximalloc::heap;"), 0);
    }
}
