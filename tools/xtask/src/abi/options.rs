//! What other places say of the options follows from their table in the allocator, `diag/options.rs`: the enum in the
//! header, `options.tsv`, and README.md's rows for some of them.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::workspace;

const TABLE: &str = "crates/oximalloc/src/diag/options.rs";
const HEADER: &str = "crates/oximalloc-c/include/mimalloc.h";
const TSV: &str = "crates/oximalloc-c/abi/options.tsv";
const README: &str = "README.md";

/// The longest line of the header that the comment on an option makes.
const WIDTH: usize = 120;

/// The unit of options without effect.
const NONE: &str = "-";

/// Defaults that the flavour of the library decides: 0 in a release build.
const BY_FLAVOUR: [&str; 2] = ["cfg!(debug_assertions) as i64", "SECURE"];

/// What stands before the rows of the options that mimalloc does not have, and the number of the first of these.
const OWN_ROWS: &str = "// Own options.";
pub const OWN: usize = 1000;

/// A row of the table.
struct Row {
    name: String,
    /// In the C interface.
    number: usize,
    older: Vec<String>,
    /// In a release build for a machine of 64 bits.
    default: i64,
    unit: String,
    meaning: String,
}

/// A file as it is and as it should be.
pub struct Text {
    /// Its path, relative to the root of the workspace.
    pub name: &'static str,
    there: String,
    meant: String,
}

impl Text {
    /// A line for each that differs, and at the end what mends them.
    pub fn difference(&self) -> Vec<String> {
        let (there, meant): (Vec<_>, Vec<_>) = (self.there.lines().collect(), self.meant.lines().collect());
        let missing = meant.iter().filter(|line| !there.contains(line)).map(|line| format!("lacks: {line}"));
        let extra = there.iter().filter(|line| !meant.contains(line)).map(|line| format!("has:   {line}"));
        let mut found: Vec<_> = missing.chain(extra).collect();
        if self.there != self.meant {
            found.push(format!("{TABLE} says otherwise: `cargo xtask abi --write` writes what it says"));
        }
        found
    }

    /// Writes the file as it should be.
    pub fn write(&self) -> Result<()> {
        fs::write(workspace::root().join(self.name), &self.meant).with_context(|| format!("writing {}", self.name))
    }
}

/// The files that say something of the options.
pub fn texts() -> Result<Vec<Text>> {
    let rows = rows(&read(TABLE)?)?;
    let text = |name, make: fn(&[Row], &str) -> Result<String>| -> Result<Text> {
        let there = read(name)?;
        let meant = make(&rows, &there).with_context(|| format!("in {name}"))?;
        Ok(Text { name, there, meant })
    };
    Ok(vec![text(HEADER, header)?, text(TSV, tsv)?, text(README, readme)?])
}

fn read(name: &str) -> Result<String> {
    fs::read_to_string(workspace::root().join(name)).with_context(|| format!("reading {name}"))
}

/// The rows of the table: `Variant: "name", ["older"], default, "unit", "meaning";`.
fn rows(source: &str) -> Result<Vec<Row>> {
    let (_, table) = source.split_once("\noptions! {\n").context("the table of options has no start")?;
    let (table, _) = table.split_once("\n}\n").context("the table of options has no end")?;
    let rows: Vec<&str> = table.split_terminator("\";").map(str::trim).collect();
    let mut next = 0;
    let number = |row: &str| {
        let number = if row.starts_with(OWN_ROWS) { OWN } else { next };
        next = number + 1;
        number
    };
    let numbers: Vec<usize> = rows.iter().copied().map(number).collect();
    let read = |(row, number)| self::row(row, number).with_context(|| format!("the row `{row}`"));
    rows.into_iter().zip(numbers).map(read).collect()
}

fn row(row: &str, number: usize) -> Result<Row> {
    ensure!(!row.contains('\\'), "strings with escapes are not read");
    // Every second part is inside quotes.
    let parts: Vec<&str> = row.split('"').collect();
    let [_, name, .., between, unit, _, meaning] = parts[..] else { anyhow::bail!("there are too few strings") };
    let default = between.rsplit_once(']').context("there is no list of older names")?.1;
    let strings: Vec<String> = parts.iter().skip(1).step_by(2).map(|part| part.to_string()).collect();
    Ok(Row {
        name: name.into(),
        number,
        older: strings[1..strings.len() - 2].to_vec(),
        default: value(default.trim_matches([',', ' ', '\n']))?,
        unit: unit.into(),
        meaning: meaning.into(),
    })
}

/// What an expression for a default comes to in a release build for a machine of 64 bits.
fn value(expression: &str) -> Result<i64> {
    if BY_FLAVOUR.contains(&expression) {
        return Ok(0);
    }
    let wide = expression.strip_prefix("if usize::BITS == 64 {").and_then(|rest| rest.split_once('}'));
    let factors = wide.map_or(expression, |(wide, _)| wide).split('*').map(|factor| factor.trim().parse::<i64>());
    factors.product::<Result<_, _>>().with_context(|| format!("the default `{expression}` is no product of numbers"))
}

/// The header, with the enum that follows from the rows.
fn header(rows: &[Row], there: &str) -> Result<String> {
    const START: &str = "typedef enum mi_option_e {\n";
    const END: &str = "} mi_option_t;";
    let (before, rest) = there.split_once(START).context("the enum has no start")?;
    let (_, after) = rest.split_once(END).context("the enum has no end")?;
    let (own, interface): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.number >= OWN);
    let mut text = String::new();
    for (i, row) in interface.iter().enumerate() {
        let start = if i == 0 { " = 0" } else { "" };
        writeln!(text, "{}", entry(row, start))?;
    }
    let older = |row: &Row| {
        let each = row.older.iter().map(|older| format!("  mi_option_{older} = mi_option_{}", row.name));
        each.collect::<Vec<_>>()
    };
    text.push_str("  _mi_option_last, /* how many there are */\n");
    if !own.is_empty() {
        text.push_str("  /* options that mimalloc does not have */\n");
    }
    for (i, row) in own.iter().enumerate() {
        let start = if i == 0 { format!(" = {OWN}") } else { String::new() };
        writeln!(text, "{}", entry(row, &start))?;
    }
    text.push_str("  /* older names */\n");
    text.push_str(&rows.iter().flat_map(older).collect::<Vec<_>>().join(",\n"));
    Ok(format!("{before}{START}{text}\n{END}{after}"))
}

/// An option in the enum, with its comment beside it or above.
fn entry(row: &Row, start: &str) -> String {
    let entry = format!("  mi_option_{}{start},", row.name);
    let say = match row.unit.as_str() {
        NONE => row.meaning.clone(),
        unit => format!("{} ({unit}, default {})", row.meaning, row.default),
    };
    let line = format!("{entry} /* {say} */");
    if line.len() > WIDTH { format!("{}\n{entry}", wrapped(&say)) } else { line }
}

/// A comment of its own, in lines that are not too long.
fn wrapped(say: &str) -> String {
    let mut text = String::from("  /*");
    let mut length = text.len();
    for word in say.split(' ') {
        if length + 1 + word.len() + " */".len() > WIDTH {
            text.push_str("\n    ");
            length = 4;
        }
        text.push(' ');
        text.push_str(word);
        length += 1 + word.len();
    }
    text + " */"
}

/// The table for other tools, below its remarks.
fn tsv(rows: &[Row], _: &str) -> Result<String> {
    let mut text = String::from(
        "# options in enum order (mi_option_NAME; environment MIMALLOC_NAME in upper case): value, name, default, \
         unit, meaning\n",
    );
    for Row { name, number, default, unit, meaning, .. } in rows {
        let default = if unit == NONE { NONE.into() } else { default.to_string() };
        writeln!(text, "{number}\t{name}\t{default}\t{unit}\t{meaning}")?;
    }
    text.push_str("# older names, accepted for the option on the right, in the API and the environment\n");
    for Row { name, older, .. } in rows {
        older.iter().try_for_each(|older| writeln!(text, "older\t{older}\t{name}"))?;
    }
    Ok(text)
}

/// README, in which each row of the table that begins with a variable of ours says what the option's row says.
fn readme(rows: &[Row], there: &str) -> Result<String> {
    let line = |line: &str| -> Result<String> {
        let Some((variable, _)) = line.strip_prefix("| `MIMALLOC_").and_then(|rest| rest.split_once('`')) else {
            return Ok(format!("{line}\n"));
        };
        let row = rows.iter().find(|row| row.name == variable.to_lowercase());
        let Row { default, unit, meaning, .. } = row.with_context(|| format!("no option MIMALLOC_{variable}"))?;
        Ok(format!("| `MIMALLOC_{variable}` | {default} | {unit} | {meaning} |\n"))
    };
    there.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
macro_rules! options { }

options! {
    Plain: "plain", [], 2, "0/1/2",
        "one; two";
    Wide: "wide", ["old", "older"], if usize::BITS == 64 { 1024 * 4 } else { 3 }, "KiB",
        "of much";
    Gone: "gone", [], 0, "-",
        "accepted, no effect";
    // Own options.
    Ours: "ours", [], SECURE, "bool",
        "three";
    More: "more", [], 0, "bool",
        "four";
}

fn f() {}
"#;

    const MEANT: &str = "a
typedef enum mi_option_e {
  mi_option_plain = 0, /* one; two (0/1/2, default 2) */
  mi_option_wide, /* of much (KiB, default 4096) */
  mi_option_gone, /* accepted, no effect */
  _mi_option_last, /* how many there are */
  /* options that mimalloc does not have */
  mi_option_ours = 1000, /* three (bool, default 0) */
  mi_option_more, /* four (bool, default 0) */
  /* older names */
  mi_option_old = mi_option_wide,
  mi_option_older = mi_option_wide
} mi_option_t;
b
";

    #[test]
    fn rows_are_read() {
        let rows = rows(SOURCE).unwrap();
        let told = |row: &Row| format!("{} {:?} {} {} {}", row.name, row.older, row.default, row.unit, row.meaning);
        let expected = [
            "plain [] 2 0/1/2 one; two",
            "wide [\"old\", \"older\"] 4096 KiB of much",
            "gone [] 0 - accepted, no effect",
            "ours [] 0 bool three",
            "more [] 0 bool four",
        ];
        assert_eq!(rows.iter().map(told).collect::<Vec<_>>(), expected);
        assert_eq!(rows.iter().map(|row| row.number).collect::<Vec<_>>(), [0, 1, 2, OWN, OWN + 1]);
        assert!(super::rows("\noptions! {\n    A: \"a\", [], some(), \"KiB\", \"x\";\n}\n").is_err());
    }

    #[test]
    fn what_is_said_follows_from_the_rows() {
        let rows = rows(SOURCE).unwrap();
        let there = "a\ntypedef enum mi_option_e {\n  mi_option_plain, /* else */\n} mi_option_t;\nb\n";
        let meant = header(&rows, there).unwrap();
        assert_eq!(meant, MEANT);
        let text = Text { name: HEADER, there: there.into(), meant };
        assert_eq!(text.difference().len(), 11 + 1, "ten lines too few, one too many, and what mends it");
        assert!(tsv(&rows, "").unwrap().contains("2\tgone\t-\t-\taccepted, no effect\n1000\tours\t0\tbool\tthree\n"));
        assert_eq!(
            readme(&rows, "x\n| `MIMALLOC_WIDE` | 3 |\n").unwrap(),
            "x\n| `MIMALLOC_WIDE` | 4096 | KiB | of much |\n"
        );
        assert!(readme(&rows, "| `MIMALLOC_NONE` | 3 |\n").is_err());
    }

    #[test]
    fn long_comments_are_wrapped() {
        let text = wrapped(&"word ".repeat(60));
        assert!(text.lines().count() > 2 && text.lines().all(|line| line.len() <= WIDTH));
    }
}
