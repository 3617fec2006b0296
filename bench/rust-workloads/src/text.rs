//! A program that reads a large text: it sorts the lines, counts the words, and makes a tree of records that it prints
//! and reads back.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hash::Hasher;

use crate::maps::FixedMap;
use crate::numbers::{Xorshift, scatter};
use crate::outcome::{Outcome, Task, check, wrong};

const LINES: u64 = 500;
const KNOWN_WORDS: u64 = 20_000;
const MOST_WORDS: u64 = 18;

/// Lines of up to 18 words, of which the first words of the dictionary are the most frequent.
fn write_text(lines: u64) -> (String, u64) {
    let mut random = Xorshift::new();
    let (mut text, mut words) = (String::new(), 0);
    for _ in 0..lines {
        let count = 1 + random.below(MOST_WORDS);
        for i in 0..count {
            let rank = random.below(KNOWN_WORDS) * random.below(KNOWN_WORDS) / KNOWN_WORDS;
            push_word(&mut text, scatter(rank), i == 0);
        }
        words += count;
        text.push('\n');
    }
    (text, words)
}

/// A word of letters that the number's digits choose; the first of a line begins with a capital.
fn push_word(text: &mut String, number: u64, first: bool) {
    if !first {
        text.push(' ');
    }
    let length = 2 + (number >> 60);
    for i in 0..length {
        let letter = char::from(b'a' + ((number >> (5 * i)) % 26) as u8);
        text.push(if first && i == 0 { letter.to_ascii_uppercase() } else { letter });
    }
}

#[derive(PartialEq)]
enum Value {
    Number(u64),
    Text(String),
    List(Vec<Value>),
    Record(BTreeMap<String, Value>),
}

impl Value {
    fn print(&self, out: &mut String) {
        match self {
            Value::Number(number) => write!(out, "{number}").expect("a String takes what is written"),
            Value::Text(text) => write!(out, "\"{text}\"").expect("a String takes what is written"),
            Value::List(values) => {
                for (i, value) in values.iter().enumerate() {
                    out.push(if i == 0 { '[' } else { ',' });
                    value.print(out);
                }
                out.push_str(if values.is_empty() { "[]" } else { "]" });
            }
            Value::Record(fields) => {
                for (i, (name, value)) in fields.iter().enumerate() {
                    out.push(if i == 0 { '{' } else { ',' });
                    write!(out, "\"{name}\":").expect("a String takes what is written");
                    value.print(out);
                }
                out.push_str(if fields.is_empty() { "{}" } else { "}" });
            }
        }
    }
}

/// Reads what `print` printed: no escapes, no empty list or record, no spaces outside texts.
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> u8 {
        let Some(&byte) = self.rest.as_bytes().first() else { wrong("the printed tree ends too early") };
        self.rest = &self.rest[1..];
        byte
    }

    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn text(&mut self) -> String {
        check(self.next() == b'"', "a printed text was overwritten");
        let text = self.until(|c| c == '"').to_owned();
        self.next();
        text
    }

    fn value(&mut self) -> Value {
        match self.rest.as_bytes().first() {
            Some(b'"') => Value::Text(self.text()),
            Some(b'[') => {
                let mut values = Vec::new();
                while self.next() != b']' {
                    values.push(self.value());
                }
                Value::List(values)
            }
            Some(b'{') => {
                let mut fields = BTreeMap::new();
                while self.next() != b'}' {
                    let name = self.text();
                    check(self.next() == b':', "a printed record was overwritten");
                    fields.insert(name, self.value());
                }
                Value::Record(fields)
            }
            _ => {
                let digits = self.until(|c| !c.is_ascii_digit());
                Value::Number(digits.parse().unwrap_or_else(|_| wrong("a printed number was overwritten")))
            }
        }
    }
}

/// One line as a record: its words, how long they are together, and how often each occurs in the whole text.
fn record(line: &str, counts: &FixedMap<String, u64>) -> Value {
    let words: Vec<String> = line.split(' ').map(str::to_lowercase).collect();
    let count = |word: &String| Value::Number(counts.get(word).copied().unwrap_or(0));
    let fields = [
        ("counts", Value::List(words.iter().map(count).collect())),
        ("letters", Value::Number(words.iter().map(|word| word.len() as u64).sum())),
        ("words", Value::List(words.into_iter().map(Value::Text).collect())),
    ];
    Value::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn transform(text: &str, words: u64) -> u64 {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    let mut counts: FixedMap<String, u64> = FixedMap::default();
    for word in lines.iter().flat_map(|line| line.split(' ')) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    check(counts.values().sum::<u64>() == words, "the words were not all counted");

    let tree = Value::List(lines.iter().map(|line| record(line, &counts)).collect());
    let mut printed = String::new();
    tree.print(&mut printed);
    let mut reader = Reader { rest: &printed };
    check(reader.value() == tree && reader.rest.is_empty(), "the tree read back is another one");

    let mut order: Vec<(&String, &u64)> = counts.iter().collect();
    order.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
    let frequent: Vec<String> = order.iter().map(|(word, count)| format!("{word} {count}\n")).collect();

    let mut hash = std::hash::DefaultHasher::new();
    hash.write(printed.as_bytes());
    hash.write(frequent.concat().as_bytes());
    hash.finish()
}

pub fn text(task: &Task) -> Outcome {
    let (text, words) = write_text(task.amount * LINES);
    Outcome::of(words, || transform(&text, words))
}
