//! Which test programs promise something about which function of the C interface.
//!
//! The functions are the rows of `abi/functions.tsv`; a program names those that it tests in its `// tests:` lines.
//! Guards that every function has a test, and that a program which names a function also calls it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::contract::Contract;
use crate::cprograms;
use crate::workspace;

/// The list of the functions, below the root of the workspace.
const FUNCTIONS: &str = "crates/oximalloc-c/abi/functions.tsv";

/// A function of the interface.
struct Row {
    function: String,
    line: usize,
    /// The programs that test it.
    programs: Vec<String>,
}

/// Every function with its tests.
pub struct Table {
    rows: Vec<Row>,
    wrong: Vec<Wrong>,
}

/// A function without a test, or a program that names one which it does not test.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Relative to the root of the workspace.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// What is wrong there.
    pub rule: String,
}

impl Table {
    /// Reads the list of functions and all test programs.
    pub fn read() -> Result<Table> {
        let root = workspace::root();
        let list = fs::read_to_string(root.join(FUNCTIONS)).with_context(|| format!("reading {FUNCTIONS}"))?;
        let mut table = Table::of(&list);
        for path in cprograms::programs(&[])? {
            let source = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            table.add(path.strip_prefix(&root).unwrap_or(&path), &source)?;
        }
        Ok(table)
    }

    fn of(list: &str) -> Table {
        let named = list.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
        let row = |(at, line): (usize, &str)| {
            let function = line.split('\t').next().unwrap_or_default().to_string();
            Row { function, line: at + 1, programs: Vec::new() }
        };
        Table { rows: named.map(row).collect(), wrong: Vec::new() }
    }

    /// Takes in what one program says that it tests.
    fn add(&mut self, path: &Path, source: &str) -> Result<()> {
        let contract = Contract::parse(source).with_context(|| format!("in {}", path.display()))?;
        let code = source.lines().filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n");
        for name in contract.tests {
            let line = source.lines().position(|line| line.contains(&name)).unwrap_or_default() + 1;
            let mut complain = |rule| self.wrong.push(Wrong { file: path.to_path_buf(), line, rule });
            match self.rows.iter_mut().find(|row| row.function == name) {
                None => complain(format!("`{name}` is not in {FUNCTIONS}")),
                Some(_) if !has_word(&code, &name) => complain(format!("names `{name}` but does not use it")),
                Some(row) => {
                    let program = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    if !row.programs.contains(&program) {
                        row.programs.push(program);
                    }
                }
            }
        }
        Ok(())
    }

    /// What is wrong with the table; nothing where every function has a test.
    pub fn wrong(self) -> Vec<Wrong> {
        let untested = self.rows.into_iter().filter(|row| row.programs.is_empty());
        let complain = |row: Row| Wrong {
            file: FUNCTIONS.into(),
            line: row.line,
            rule: format!("`{}` is in no `// tests:` line of a C test", row.function),
        };
        self.wrong.into_iter().chain(untested.map(complain)).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for row in &self.rows {
            writeln!(f, "{:<42} {}", row.function, row.programs.join(" "))?;
        }
        let tested = self.rows.iter().filter(|row| !row.programs.is_empty()).count();
        write!(f, "{tested} of {} functions are tested", self.rows.len())
    }
}

/// Is this word in the text, not just as a part of a longer one?
fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_not_tested() {
        let mut table = Table::of("# name\nmi_one\tint\tvoid\nmi_two\tint\tvoid\nmi_three\tint\tvoid\n");
        let source =
            "// build: link\n// tests: mi_one mi_two\n// tests: mi_four\n// Prose.\nmi_one(); mi_two_more();\n";
        table.add(Path::new("a.c"), source).unwrap();
        table.add(Path::new("b.c"), "// tests: mi_one\nmi_one();\n").unwrap();
        assert_eq!(table.rows[0].programs, ["a.c", "b.c"]);
        assert!(table.to_string().ends_with("1 of 3 functions are tested"));
        let wrong = table.wrong();
        let at = |wrong: &Wrong| (wrong.file.display().to_string(), wrong.line);
        let expected = [("a.c", 2), ("a.c", 3), (FUNCTIONS, 3), (FUNCTIONS, 4)];
        assert_eq!(wrong.iter().map(at).collect::<Vec<_>>(), expected.map(|(file, line)| (file.to_string(), line)));
    }
}
