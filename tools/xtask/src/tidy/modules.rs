//! The modules of a crate, and which file a path leads to.
//!
//! A path leads to the file that defines what it names, not to one that re-exports it. So no path leads to a `mod.rs`
//! that only declares modules and re-exports what they define.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::facts::{How, Names, Place};
use super::source::Source;

/// How many imports a path is followed through. A longer chain would be a circle.
const MAX_STEPS: usize = 8;

/// A crate.
pub struct Modules<'s> {
    /// The folder of its sources, relative to the root of the workspace.
    pub root: PathBuf,
    /// Its files.
    pub sources: Vec<&'s Source>,
    /// The file of each module.
    files: HashMap<Names, usize>,
    /// What a module imports, by the name that it has there.
    imports: HashMap<(Names, String), Vec<Import>>,
}

struct Import {
    path: Names,
    reexported: bool,
}

/// The end of a path.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The number of the file.
    pub file: usize,
    /// What it names in the file; none where it leads to the module itself.
    pub name: Option<String>,
}

impl<'s> Modules<'s> {
    /// All crates that have files among these.
    pub fn crates(sources: &'s [Source]) -> Vec<Modules<'s>> {
        let mut crates: BTreeMap<PathBuf, Vec<&Source>> = BTreeMap::new();
        for source in sources {
            if let Some(root) = source.path.ancestors().filter(|folder| folder.ends_with("src")).last() {
                crates.entry(root.to_path_buf()).or_default().push(source);
            }
        }
        crates.into_iter().map(|(root, sources)| Modules::new(root, sources)).collect()
    }

    fn new(root: PathBuf, sources: Vec<&'s Source>) -> Modules<'s> {
        let mut modules = Modules { root, sources, files: HashMap::new(), imports: HashMap::new() };
        for file in 0..modules.sources.len() {
            let (source, module) = (modules.sources[file], modules.module(file));
            let inner = source.facts.modules.iter().map(|within| [module.as_slice(), within].concat());
            modules.files.extend(inner.chain([module.clone()]).map(|module| (module, file)));
            for name in &source.facts.exported_macros {
                let path = [&["crate".to_string()], module.as_slice(), std::slice::from_ref(name)].concat();
                let import = Import { path, reexported: true };
                modules.imports.entry((Names::new(), name.clone())).or_default().push(import);
            }
            for mention in &source.facts.mentions {
                let How::Import { name, reexported } = &mention.how else { continue };
                let module = [module.as_slice(), &mention.place.within].concat();
                let import = Import { path: mention.names.clone(), reexported: *reexported };
                modules.imports.entry((module, name.clone())).or_default().push(import);
            }
        }
        modules
    }

    /// A file's path below the root of the crate.
    pub fn inner(&self, file: usize) -> &Path {
        let path = &self.sources[file].path;
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// The module that a file is.
    fn module(&self, file: usize) -> Names {
        let path = self.inner(file).with_extension("");
        let names: Names = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        match names.split_last() {
            Some((last, folders)) if last == "mod" || (folders.is_empty() && (last == "lib" || last == "main")) => {
                folders.to_vec()
            }
            _ => names,
        }
    }

    /// The module that a place in a file is in.
    fn scope(&self, file: usize, place: &Place) -> Names {
        [self.module(file), place.within.clone()].concat()
    }

    /// Whether a module re-exports that name.
    pub fn reexports(&self, file: usize, place: &Place, name: &str) -> bool {
        let imports = self.imports.get(&(self.scope(file, place), name.to_string()));
        imports.is_some_and(|imports| imports.iter().any(|import| import.reexported))
    }

    /// Where a path in a file leads. It leads to several files if a `cfg` chooses among them; if the file itself is one
    /// of those, it leads to that one. A path to another crate leads to the file that the path is in.
    pub fn resolve(&self, file: usize, place: &Place, path: &[String]) -> Vec<Target> {
        let mut found = Vec::new();
        self.follow(&self.scope(file, place), path, MAX_STEPS, &mut found);
        if found.iter().any(|end| end.file == file) {
            found.retain(|end| end.file == file);
        }
        found
    }

    fn follow(&self, scope: &[String], path: &[String], steps: usize, found: &mut Vec<Target>) {
        let ups = path.iter().take_while(|name| *name == "super").count();
        let (mut at, mut rest) = match path.first().map(String::as_str) {
            None => return,
            Some("crate") => (Names::new(), &path[1..]),
            Some("self") => (scope.to_vec(), &path[1..]),
            Some(_) => (scope[..scope.len().saturating_sub(ups)].to_vec(), &path[ups..]),
        };
        while let Some((name, tail)) = rest.split_first() {
            at.push(name.clone());
            if self.files.contains_key(&at) {
                rest = tail;
                continue;
            }
            at.pop();
            let Some(imports) = self.imports.get(&(at.clone(), name.clone())) else { break };
            // `use name` alone re-exports a macro, which is defined here.
            let mut elsewhere = imports.iter().filter(|import| import.path != [name.as_str()]).peekable();
            if steps == 0 || elsewhere.peek().is_none() {
                break;
            }
            return elsewhere.for_each(|import| {
                self.follow(&at, &[import.path.as_slice(), tail].concat(), steps - 1, found);
            });
        }
        if let Some(&file) = self.files.get(&at) {
            found.push(Target { file, name: rest.first().cloned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::sources;
    use super::*;

    #[test]
    fn paths_lead_to_the_file_that_defines() {
        let sources = sources(&[
            ("c/src/lib.rs", "pub mod page; mod user; pub use page::Page;"),
            (
                "c/src/page/mod.rs",
                "pub mod record; mod bins; pub use bins::Bin as Size; pub use record::Page; fn f() {}",
            ),
            ("c/src/page/record.rs", "pub struct Page; pub(crate) use stamp;"),
            ("c/src/page/bins.rs", "pub struct Bin; #[macro_export] macro_rules! bins { () => {} }"),
            ("c/src/user.rs", "use crate::page::{self, record as r}; mod inner { }"),
        ]);
        let modules = &Modules::crates(&sources)[0];
        let (user, place) = (4, Place::default());
        let leads = |path: &str, place: &Place| {
            let names: Names = path.split("::").map(String::from).collect();
            let ends = modules.resolve(user, place, &names).into_iter();
            let end =
                |end: Target| (modules.inner(end.file).to_string_lossy().into_owned(), end.name.unwrap_or_default());
            ends.map(end).map(|(file, name)| format!("{file} {name}")).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(leads("crate::page::Page", &place), "page/record.rs Page");
        assert_eq!(leads("crate::Page::new", &place), "page/record.rs Page");
        assert_eq!(leads("page::Size", &place), "page/bins.rs Bin");
        assert_eq!(leads("page::f", &place), "page/mod.rs f");
        assert_eq!(leads("page::record", &place), "page/record.rs ");
        assert_eq!(leads("r::stamp", &place), "page/record.rs stamp");
        assert_eq!(leads("super::page::bins::Bin", &place), "page/bins.rs Bin");
        assert_eq!(leads("libc::free", &place), "user.rs libc");
        assert_eq!(leads("crate::bins", &place), "page/bins.rs bins");
        let inner = Place { within: vec!["inner".into()], ..Place::default() };
        assert_eq!(leads("super::r::Page", &inner), "page/record.rs Page");
    }

    #[test]
    fn files_for_different_platforms_are_all_meant() {
        let sources = sources(&[
            (
                "c/src/lib.rs",
                "#[cfg(a)] mod a; #[cfg(a)] use a::f; #[cfg(not(a))] mod b; #[cfg(not(a))] use b::f; mod user;",
            ),
            ("c/src/a.rs", "pub fn f() {}"),
            ("c/src/b.rs", "pub fn f() {}"),
            ("c/src/user.rs", ""),
        ]);
        let modules = &Modules::crates(&sources)[0];
        let files = |from| {
            let ends = modules.resolve(from, &Place::default(), &["super".to_string(), "f".to_string()]);
            ends.into_iter().map(|end| end.file).collect::<Vec<_>>()
        };
        assert_eq!((files(3), files(1), files(2)), (vec![1, 2], vec![1], vec![2]));
    }

    #[test]
    fn each_source_folder_is_a_crate() {
        let sources =
            sources(&[("a/src/lib.rs", ""), ("b/src/x/src/y.rs", ""), ("b/src/main.rs", ""), ("a/build.rs", "")]);
        let roots: Vec<_> = Modules::crates(&sources).into_iter().map(|modules| modules.root).collect();
        assert_eq!(roots, [Path::new("a/src"), Path::new("b/src")]);
    }
}
