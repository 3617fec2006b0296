//! The fields of the allocator's central structs are private to the file that owns their protocol.
//!
//! A field may be public if its type is a struct of ours whose fields are all private: then that struct's file guards
//! it. Atomics and cells guard nothing.

use super::complaint::Complaint;
use super::facts::{Field, Struct, is_type};
use super::modules::{Modules, Target};

/// The structs.
pub const STRUCTS: [&str; 6] = ["Theap", "Heap", "Page", "Arena", "HotBin", "ColdBin"];

/// Structs with private fields that anybody can read and write all the same, like a `Cell`.
const CELLS: [&str; 2] = ["Seen", "SeenPtr"];

/// A field that may be public.
pub struct Exception {
    /// The struct.
    pub of: &'static str,
    /// The field.
    pub field: &'static str,
    /// Why other files touch it.
    pub reason: &'static str,
}

/// All of them.
pub const EXCEPTIONS: [Exception; 2] = [
    Exception { of: "Heap", field: "stats", reason: "a row of counters, each of a type with private fields" },
    Exception {
        of: "Heap",
        field: "bins",
        reason: "lists and counters for each bin, each of a type with private fields",
    },
];

/// A public field of one of the structs.
pub struct Public<'s> {
    /// The number of the file.
    pub file: usize,
    /// The struct.
    pub of: &'s str,
    /// The field.
    pub field: &'s Field,
    /// Its type is a struct of ours whose fields are all private.
    pub guarded: bool,
}

/// All public fields of the structs in a crate.
pub fn public_fields<'s>(modules: &Modules<'s>) -> Vec<Public<'s>> {
    let mut found = Vec::new();
    for (file, source) in modules.sources.iter().enumerate() {
        let large = |of: &&Struct| !of.place.test && STRUCTS.contains(&of.name.as_str());
        for of in source.facts.structs.iter().filter(large) {
            for field in of.fields.iter().filter(|field| field.public) {
                found.push(Public { file, of: &of.name, field, guarded: is_guarded(modules, file, of, field) });
            }
        }
    }
    found
}

/// Whether the type of a field is a struct of ours whose fields are all private.
fn is_guarded(modules: &Modules, file: usize, of: &Struct, field: &Field) -> bool {
    let ends = field.itself.as_ref().map(|path| modules.resolve(file, &of.place, path)).unwrap_or_default();
    let guards = |end: &Target| {
        let name = end.name.as_deref().filter(|name| is_type(name) && !CELLS.contains(name));
        let defined = modules.sources[end.file].facts.structs.iter().find(|found| Some(found.name.as_str()) == name);
        defined.is_some_and(|found| found.fields.iter().all(|field| !field.public))
    };
    !ends.is_empty() && ends.iter().all(guards)
}

/// Finds the public fields that are no exceptions, and the exceptions that are no public fields.
pub fn fields(modules: &Modules, exceptions: &[Exception]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut unused: Vec<&Exception> = exceptions.iter().collect();
    for Public { file, of, field, .. } in public_fields(modules).iter().filter(|public| !public.guarded) {
        let before = unused.len();
        unused.retain(|exception| (exception.of, exception.field) != (of, field.name.as_str()));
        if unused.len() == before {
            let rule = format!("`{of}.{}` is public: any file can break its protocol", field.name);
            complaints.push(modules.sources[*file].complain(field.line, rule));
        }
    }
    let stale = unused.into_iter().map(|Exception { of, field, reason }| {
        let rule = format!("`{of}.{field}` is not public: remove the exception ({reason})");
        Complaint { file: modules.root.clone(), line: 1, rule }
    });
    complaints.extend(stale);
    complaints
}

#[cfg(test)]
mod tests {
    use super::super::source::sources;
    use super::*;

    fn complaints(theap: &str, exceptions: &[Exception]) -> Vec<String> {
        let theap = format!("use crate::{{Hold, Open, Seen, Cell}};\n{theap}");
        let sources = sources(&[
            (
                "crates/oximalloc/src/lib.rs",
                "pub use hold::{Hold, Open}; pub use core::cell::Cell; pub use seen::Seen;",
            ),
            ("crates/oximalloc/src/hold.rs", "pub struct Hold(Cell<u8>); pub struct Open { pub a: u8, b: u8 }"),
            ("crates/oximalloc/src/seen.rs", "pub struct Seen(AtomicUsize);"),
            ("crates/oximalloc/src/theap.rs", &theap),
        ]);
        fields(&Modules::crates(&sources)[0], exceptions).iter().map(|complaint| complaint.to_string()).collect()
    }

    #[test]
    fn public_fields_are_found() {
        let found =
            complaints("struct Theap { pub a: Cell<u8>,\n pub(crate) b: u8, pub(super) c: *mut Hold, d: u8 }", &[]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].starts_with("crates/oximalloc/src/theap.rs:3: `Theap.b` is public"), "{found:?}");
        assert_eq!(complaints("struct Page(pub u8);", &[]).len(), 1);
        assert_eq!(complaints("struct Moved { pub a: u8 }", &[]), [""; 0]);
    }

    #[test]
    fn structs_with_private_fields_guard_themselves() {
        assert_eq!(complaints("struct ColdBin { pub hold: Hold, pub holds: [Hold; 3] }", &[]), [""; 0]);
        assert_eq!(complaints("struct ColdBin { pub open: Open, pub seen: Seen, pub cell: Cell<Hold> }", &[]).len(), 3);
        assert_eq!(complaints("struct ColdBin { pub open: &'static Hold, pub other: Option<Hold> }", &[]).len(), 2);
    }

    #[test]
    fn exceptions_are_needed() {
        let exception = [Exception { of: "HotBin", field: "top", reason: "a test" }];
        assert_eq!(complaints("struct HotBin { pub top: Seen }", &exception), [""; 0]);
        let stale = complaints("struct HotBin { top: Seen }", &exception);
        assert!(stale.len() == 1 && stale[0].contains("remove the exception (a test)"), "{stale:?}");
        assert_eq!(complaints("struct HotBin { pub top: Hold }", &exception).len(), 1);
    }
}
