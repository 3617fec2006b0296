//! The tables in `crates/oximalloc-c/abi`: what the interface is, as facts.
//!
//! One row a line, columns separated by tabs, `#` before remarks.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::workspace;

/// A function of the interface, as C spells it.
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it returns.
    pub result: String,
    /// Its parameters, with names.
    pub parameters: String,
}

/// A field of a struct.
pub struct Field {
    /// The struct.
    pub owner: String,
    /// The field.
    pub name: String,
    /// Its type; that of the elements, if it is an array.
    pub kind: String,
    /// How many elements.
    pub length: usize,
}

/// All tables.
pub struct Tables {
    /// The functions.
    pub functions: Vec<Function>,
    /// Names and values of the options, the older names too.
    pub options: Vec<(String, usize)>,
    /// Fields of structs, those of one struct in order.
    pub fields: Vec<Field>,
    /// Callbacks: the types that they point to.
    pub callbacks: Vec<Function>,
    /// Standard names that the library defines too.
    pub overrides: BTreeSet<String>,
    /// Those of them that are glibc's alone.
    glibc: BTreeSet<String>,
}

/// How `types.md` calls the callbacks, and how C does.
const CALLBACKS: [(&str, &str); 6] = [
    ("deferred free", "mi_deferred_free_fun"),
    ("output", "mi_output_fun"),
    ("error", "mi_error_fun"),
    ("block visit", "mi_block_visit_fun"),
    ("heap visit", "mi_heap_visit_fun"),
    ("commit", "mi_commit_fun_t"),
];

impl Tables {
    /// Reads them.
    pub fn read() -> Result<Tables> {
        let functions = rows("functions.tsv")?.into_iter().map(|row| {
            let [name, result, parameters] = columns(&row)?;
            Ok(Function { name, result, parameters })
        });
        let fields = rows("structs.tsv")?.into_iter().map(|row| {
            let [owner, name, kind, length] = columns(&row)?;
            Ok(Field { owner, name, kind, length: length.parse().context("a length is a number")? })
        });
        let mut overrides: BTreeSet<String> = rows("override-symbols.txt")?.into_iter().collect();
        // C++'s names begin with one underscore.
        let mut glibc: BTreeSet<String> = overrides.iter().filter(|name| name.starts_with("__")).cloned().collect();
        for row in rows("extra-symbols.tsv")? {
            let [name, why] = columns(&row)?;
            if why.starts_with("glibc's ") {
                glibc.insert(name.clone());
            }
            ensure!(!why.is_empty() && overrides.insert(name), "`{row}` needs a reason, and a place in one table only");
        }
        let types = text("types.md")?;
        Ok(Tables {
            functions: functions.collect::<Result<_>>()?,
            options: options()?,
            fields: fields.collect::<Result<_>>()?,
            callbacks: CALLBACKS
                .map(|(label, name)| callback(&types, label, name))
                .into_iter()
                .collect::<Result<_>>()?,
            overrides,
            glibc,
        })
    }

    /// Every name that the library defines, and no other.
    pub fn symbols(&self) -> BTreeSet<String> {
        self.functions.iter().map(|function| function.name.clone()).chain(self.overrides.iter().cloned()).collect()
    }

    /// The same where the C library is not glibc.
    pub fn symbols_without_glibc(&self) -> BTreeSet<String> {
        self.symbols().difference(&self.glibc).cloned().collect()
    }
}

fn options() -> Result<Vec<(String, usize)>> {
    let mut options: Vec<(String, usize)> = Vec::new();
    for row in rows("options.tsv")? {
        let words: Vec<&str> = row.split('\t').collect();
        match words[..] {
            ["older", older, name] => {
                let (_, value) = options.iter().find(|(known, _)| known == name).context("an older name of nothing")?;
                options.push((older.into(), *value));
            }
            [value, name, ..] => options.push((name.into(), value.parse().context("a value is a number")?)),
            _ => bail!("no option: `{row}`"),
        }
    }
    Ok(options)
}

/// Finds ``- label: `result (parameters)` `` in the text.
fn callback(types: &str, label: &str, name: &str) -> Result<Function> {
    let find = || {
        let line = types.lines().find_map(|line| line.strip_prefix(&format!("- {label}: `")))?;
        let (result, parameters) = line.split('`').next()?.strip_suffix(')')?.split_once(" (")?;
        Some(Function { name: name.into(), result: result.into(), parameters: parameters.into() })
    };
    find().with_context(|| format!("types.md does not tell the type of `{label}`"))
}

fn text(name: &str) -> Result<String> {
    let path = workspace::root().join("crates/oximalloc-c/abi").join(name);
    fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

fn rows(name: &str) -> Result<Vec<String>> {
    let text = text(name)?;
    Ok(text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).map(String::from).collect())
}

fn columns<const N: usize>(row: &str) -> Result<[String; N]> {
    let columns: Vec<String> = row.split('\t').map(|column| column.trim().to_string()).collect();
    <[String; N]>::try_from(columns).ok().with_context(|| format!("`{row}` has not {N} columns"))
}
