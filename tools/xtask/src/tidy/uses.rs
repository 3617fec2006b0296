//! Which file of a crate uses which other.
//!
//! A file uses another if it names something that the other defines, in a `use` or in any other path, or if it calls a
//! method that the other defines. The type of the value tells which method that is, where the text tells the type: of
//! `self`, of variables, parameters and fields with a declared type, of what functions return. Where it does not, the
//! name decides if all methods of that name are in one file, except in tests and for names that the standard library
//! uses as well. A call that remains ambiguous is not counted. A trait's methods are defined where the trait is, not
//! where it is implemented; so a call of a method of `Drop` or `Debug` is no use of a file.
//!
//! To declare a module, to import one or to re-export a name is not a use.

use std::collections::{HashMap, HashSet};

use super::facts::{Call, How, Mention, Place, Value, is_type};
use super::modules::{Modules, Target};

/// Names of methods in the standard library. On a value of unknown type they tell nothing.
const STANDARD: &str = "\
    abs abs_diff add addr all and_then any append arg args as_bytes as_deref as_mut as_mut_ptr as_ptr as_ref \
    as_slice as_str bits by_ref bytes capacity cast chain char_indices chars chunks clear clone clone_from \
    cloned cmp collect compare_exchange concat contains contains_key copied copy_from_slice count cycle dedup \
    default div_ceil drain drop elapsed end ends_with entry enumerate eq err exists expect extend fetch_add \
    fetch_and fetch_or fetch_sub fill filter filter_map find find_map first flat_map flatten flush fmt fold \
    for_each from ge get get_mut gt hash id index insert inspect into into_iter is_empty is_err is_none \
    is_none_or is_null is_ok is_ok_and is_power_of_two is_some is_some_and iter iter_mut join keys kill kind \
    last le len lines load lock lt map map_err map_or map_or_else max max_by max_by_key metadata min min_by \
    min_by_key name ne new next next_back nth offset ok ok_or ok_or_else or or_default or_else or_insert output \
    parse partial_cmp partition path peek peekable pop position pow product push push_str read remove repeat \
    replace reserve resize retain rev reverse scan set skip skip_while sort sort_by sort_by_key spawn split \
    split_at split_first split_last start starts_with status step_by store strip_prefix strip_suffix sub success \
    sum swap take take_while to_owned to_string trim truncate try_fold try_for_each try_into unwrap unwrap_or \
    unwrap_or_default unwrap_or_else unzip update values wait windows with write write_all write_str zip";

/// A file that uses another.
#[derive(Debug)]
pub struct Use {
    /// The number of the file.
    pub from: usize,
    /// The number of the file that is used.
    pub to: usize,
    /// The line of the first such use.
    pub line: usize,
    /// What is used: a path, or the name of a method.
    pub what: String,
    /// It is a call of a method.
    pub by_call: bool,
    /// It is in code for tests.
    pub test: bool,
}

/// A type: the file that defines it, and its name.
type Id = (usize, String);

/// What is known of a value's type.
enum Kind {
    /// Nothing.
    Unknown,
    /// It is none of the crate's.
    Foreign,
    /// It is this one.
    Ours(Id),
}

/// Where something is defined, and of what kind it is or returns.
#[derive(Clone, Copy)]
struct Defined<'s> {
    file: usize,
    place: &'s Place,
    value: &'s Value,
}

/// What the files of a crate define.
struct Types<'s> {
    modules: &'s Modules<'s>,
    known: HashSet<Id>,
    /// By name: of which type each is, if that is known.
    methods: HashMap<&'s str, Vec<(Option<Id>, Defined<'s>)>>,
    fields: HashMap<(Id, &'s str), Defined<'s>>,
    /// Statics, constants and functions.
    values: HashMap<Id, Defined<'s>>,
}

/// All uses between the files of a crate, by file and line. Of equal uses only the first is kept.
pub fn uses(modules: &Modules) -> Vec<Use> {
    let types = Types::new(modules);
    let mut uses = Vec::new();
    for (file, source) in modules.sources.iter().enumerate() {
        for mention in &source.facts.mentions {
            types.named(file, mention, &mut uses);
        }
        for call in &source.facts.calls {
            types.called(file, call, &mut uses);
        }
    }
    uses.retain(|found| found.from != found.to);
    uses.sort_by_key(|found| (found.from, found.test, found.line, found.to));
    let mut seen = HashSet::new();
    uses.retain(|found| seen.insert((found.from, found.to, found.what.clone())));
    uses
}

impl<'s> Types<'s> {
    fn new(modules: &'s Modules<'s>) -> Types<'s> {
        let mut types = Types {
            modules,
            known: HashSet::new(),
            methods: HashMap::new(),
            fields: HashMap::new(),
            values: HashMap::new(),
        };
        for (file, source) in modules.sources.iter().enumerate() {
            types.known.extend(source.facts.types.iter().map(|name| (file, name.clone())));
            for found in &source.facts.structs {
                let place = &found.place;
                let fields = found.fields.iter().map(|field| {
                    (((file, found.name.clone()), field.name.as_str()), Defined { file, place, value: &field.value })
                });
                types.fields.extend(fields);
            }
            for found in &source.facts.definitions {
                let defined = Defined { file, place: &found.place, value: &found.gives };
                match &found.of {
                    None => drop(types.values.insert((file, found.name.clone()), defined)),
                    Some(of) => {
                        let id = types.id(file, &found.place, of);
                        types.methods.entry(&found.name).or_default().push((id, defined));
                    }
                }
            }
        }
        types
    }

    /// The type that a path names.
    fn id(&self, file: usize, place: &Place, path: &[String]) -> Option<Id> {
        let Target { file, name } = self.modules.resolve(file, place, path).pop()?;
        name.filter(|name| is_type(name)).map(|name| (file, name))
    }

    fn kind(&self, file: usize, place: &Place, value: &Value) -> Kind {
        let of = |found: Option<&Defined>| {
            found.map_or(Kind::Unknown, |found| self.kind(found.file, found.place, found.value))
        };
        match value {
            Value::Unknown => Kind::Unknown,
            Value::Type(path) => match self.id(file, place, path) {
                // A type of another file that is not known there is defined by a macro.
                Some(id) if id.0 != file || self.known.contains(&id) => Kind::Ours(id),
                _ => Kind::Foreign,
            },
            Value::Named(path) => match self.modules.resolve(file, place, path).pop() {
                Some(Target { file, name: Some(name) }) => of(self.values.get(&(file, name))),
                _ => Kind::Unknown,
            },
            Value::Field(base, field) => match self.kind(file, place, base) {
                Kind::Ours(id) => of(self.fields.get(&(id, field.as_str()))),
                _ => Kind::Unknown,
            },
            Value::Returned(base, method) => match self.kind(file, place, base) {
                Kind::Ours(id) => match self.methods_of(&id, method).first() {
                    Some(found) => of(Some(found)),
                    // It is a wrapper's method.
                    None => Kind::Ours(id),
                },
                _ => Kind::Unknown,
            },
        }
    }

    fn methods_of(&self, id: &Id, method: &str) -> Vec<Defined<'s>> {
        let all = self.methods.get(method).into_iter().flatten();
        all.filter(|(of, _)| of.as_ref() == Some(id)).map(|(_, found)| *found).collect()
    }

    /// The uses by a path.
    fn named(&self, from: usize, mention: &Mention, uses: &mut Vec<Use>) {
        let (names, place) = (&mention.names, &mention.place);
        let found = |to, what| Use { from, to, line: place.line, what, by_call: false, test: place.test };
        let counts = match &mention.how {
            How::Import { reexported, .. } => !reexported,
            // The import of a single name counts for it, unless that is a re-export.
            How::Path if names.len() == 1 => self.modules.reexports(from, place, &names[0]),
            How::Path | How::Macro => true,
        };
        if counts {
            let ends = self.modules.resolve(from, place, names).into_iter().filter(|end| end.name.is_some());
            uses.extend(ends.map(|end| found(end.file, names.join("::"))));
        }
        if let [of @ .., method] = names.as_slice()
            && let Some(id) = self.id(from, place, of)
            && let Some(to) = only(self.methods_of(&id, method).iter().map(|found| found.file))
        {
            uses.push(Use { by_call: true, ..found(to, format!("{}::{method}", id.1)) });
        }
    }

    /// The use by the call of a method.
    fn called(&self, from: usize, call: &Call, uses: &mut Vec<Use>) {
        let (its, of) = match self.kind(from, &call.place, &call.on) {
            Kind::Foreign => return,
            Kind::Unknown => (Vec::new(), String::new()),
            Kind::Ours(id) => (self.methods_of(&id, &call.name), id.1),
        };
        let to = match its.as_slice() {
            // Tests call many methods of other crates.
            [] if call.place.test || STANDARD.split(' ').any(|name| name == call.name) => None,
            [] => {
                let all = self.methods.get(call.name.as_str()).into_iter().flatten();
                only(all.filter(|(_, found)| !found.place.test).map(|(_, found)| found.file))
            }
            its => only(its.iter().map(|found| found.file)),
        };
        let what = format!("{of}.{}()", call.name);
        let found = |to| Use { from, to, line: call.place.line, what, by_call: true, test: call.place.test };
        uses.extend(to.map(found));
    }
}

/// The file, if they are all the same.
fn only(mut files: impl Iterator<Item = usize>) -> Option<usize> {
    let first = files.next()?;
    files.all(|file| file == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::source::sources;
    use super::*;

    /// The uses of `c/src/user.rs`, which says `text`, as "file what".
    fn found(text: &str) -> Vec<String> {
        let sources = sources(&[
            ("c/src/lib.rs", "mod theap; mod fill; mod page; mod user; pub mod names;"),
            (
                "c/src/theap.rs",
                "use super::page::Page;
                pub struct Theap { pub page: Cell<*mut Page>, pub count: Cell<usize>, list: Vec<Page> }
                impl Theap { pub fn heap(&self) -> Option<&Page> { None } pub fn len(&self) {} fn one() {} }
                pub static FIRST: Theap = Theap;
                impl Drop for Theap { fn drop(&mut self) {} }",
            ),
            ("c/src/fill.rs", "use crate::theap::Theap; impl Theap { pub fn fill_up(&self) {} pub fn get(&self) {} }"),
            (
                "c/src/page.rs",
                "pub struct Page; impl Page { pub fn give(&self) {} pub fn take(&self) {} pub fn one() {} }
                pub trait Linked { fn link(&self); } impl Linked for Page { fn link(&self) {} }
                macro_rules! m { () => { impl Page { fn made(&self) {} } } }",
            ),
            ("c/src/names.rs", "pub use crate::page::Page as Sheet;"),
            ("c/src/user.rs", text),
        ]);
        let modules = &Modules::crates(&sources)[0];
        let of_user = uses(modules).into_iter().filter(|found| found.from == 5);
        let said = |found: Use| format!("{}:{} {}", modules.inner(found.to).display(), found.line, found.what);
        of_user.map(said).collect()
    }

    #[test]
    fn paths_are_uses() {
        assert_eq!(found("use crate::theap::Theap;"), ["theap.rs:1 crate::theap::Theap"]);
        assert_eq!(found("fn f() { let x = super::page::free(1); }"), ["page.rs:1 super::page::free"]);
        assert_eq!(found("use crate::page;\nfn f() { assert!(page::free(1)); }"), ["page.rs:2 page::free"]);
        assert_eq!(found("m! { a => crate::page::free }"), ["page.rs:1 crate::page::free"]);
        assert_eq!(found("use crate::names::Sheet;"), ["page.rs:1 crate::names::Sheet"]);
    }

    #[test]
    fn to_declare_import_or_reexport_is_no_use() {
        assert_eq!(found("use crate::page; pub mod theap;"), [""; 0]);
        assert_eq!(found("pub use crate::page::Page;"), [""; 0]);
        assert_eq!(found("pub use crate::page::Page;\nfn f(page: Page) {}"), ["page.rs:2 Page"]);
    }

    #[test]
    fn calls_are_uses_of_the_file_with_the_method() {
        assert_eq!(found("fn f() { x().fill_up(); }"), ["fill.rs:1 .fill_up()"]);
        assert_eq!(found("fn f() { assert!(x().fill_up(), \"x\"); m! { a => y.give() } }").len(), 2);
        let said = found("use crate::theap::Theap;\nfn f() { Theap::fill_up(x); }");
        assert_eq!(said, ["theap.rs:1 crate::theap::Theap", "theap.rs:2 Theap::fill_up", "fill.rs:2 Theap::fill_up"]);
        assert_eq!(found("fn f() { x().link(); x().made(); }"), ["page.rs:1 .link()", "page.rs:1 .made()"]);
        assert_eq!(found("fn f() { x().drop(); }"), [""; 0]);
    }

    #[test]
    fn types_tell_whose_method_it_is() {
        let calls = |text: &str| {
            let said = found(&format!("use crate::{{theap::{{FIRST, Theap}}, page::Page}};\n{text}"));
            said.into_iter().filter(|said| said.contains('(')).collect::<Vec<_>>()
        };
        // Ambiguous, or as in the standard library, where the type is not told.
        assert_eq!(calls("fn f() { x().get(); x().take(); x().len(); }"), [""; 0]);
        assert_eq!(calls("fn f(theap: &Theap) { theap.get(); }"), ["fill.rs:2 Theap.get()"]);
        assert_eq!(calls("fn f(theap: &Theap) { theap.page.get().take(); }"), ["page.rs:2 Page.take()"]);
        assert_eq!(calls("fn f() { if let Some(p) = FIRST.heap() { unsafe { &*p }.take(); } }").len(), 2);
        assert_eq!(calls("fn f(t: &Theap) { let p = t.heap().unwrap(); p.take() }").len(), 2);
        assert_eq!(calls("fn f(t: &Theap) { t.count.give(); t.list.take(); }"), [""; 0]);
        assert_eq!(calls("fn f(list: Vec<u8>) { list.give(); }"), [""; 0]);
        assert_eq!(calls("fn f(x: Theap) { let x = y(); x.get(); }"), [""; 0]);
        assert_eq!(calls("impl Page { fn new(&self) { self.take(); Self::take(self); } }"), ["page.rs:2 Page.take()"]);
    }

    #[test]
    fn what_only_tests_have_is_told_apart() {
        let text = "#[cfg(test)] mod tests { use crate::page::Page; }
            #[cfg(all(test, loom))] fn f() { x.fill_up() }
            #[cfg(not(test))] fn g() { x.give() }";
        let sources = sources(&[
            (
                "c/src/page.rs",
                "pub struct Page; impl Page { fn give(&self) {} } #[cfg(test)] impl Page { fn t(&self) {} }",
            ),
            ("c/src/fill.rs", "struct A; impl A { fn fill_up(&self) {} }"),
            ("c/src/user.rs", text),
            ("c/src/user/tests.rs", "use crate::page::Page; fn f() { x.t(); }"),
        ]);
        let tests: Vec<_> = uses(&Modules::crates(&sources)[0]).into_iter().map(|found| found.test).collect();
        assert_eq!(tests, [false, true, true]);
    }
}
