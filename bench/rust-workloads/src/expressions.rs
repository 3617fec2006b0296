//! Expressions parsed into a tree of Boxes, copied, evaluated and dropped: what an interpreter does with a line.

use std::hint::black_box;

use crate::numbers::Xorshift;
use crate::outcome::{Outcome, Task, check, wrong};

const TEXTS: usize = 64;
const DEPTH: u32 = 7;
const PARSED: u64 = 90;

#[derive(Clone)]
enum Tree {
    Number(i64),
    Name(String),
    Negative(Box<Tree>),
    Two(Box<Tree>, u8, Box<Tree>),
    Call(String, Vec<Tree>),
}

const NAMES: [&str; 4] = ["x", "height", "the_longer_variable_of_the_program", "count"];

fn value_of(name: &str) -> i64 {
    NAMES.iter().position(|known| *known == name).map_or_else(|| wrong("a name was overwritten"), |at| at as i64 + 3)
}

fn two(left: i64, operator: u8, right: i64) -> i64 {
    match operator {
        b'+' => left.wrapping_add(right),
        b'-' => left.wrapping_sub(right),
        b'*' => left.wrapping_mul(right),
        _ => wrong("an operator was overwritten"),
    }
}

fn call(name: &str, arguments: impl Iterator<Item = i64>) -> i64 {
    match name {
        "largest" => arguments.fold(i64::MIN, i64::max),
        "sum" => arguments.fold(0, i64::wrapping_add),
        _ => wrong("a function's name was overwritten"),
    }
}

impl Tree {
    fn value(&self) -> i64 {
        match self {
            Tree::Number(number) => *number,
            Tree::Name(name) => value_of(name),
            Tree::Negative(inner) => inner.value().wrapping_neg(),
            Tree::Two(left, operator, right) => two(left.value(), *operator, right.value()),
            Tree::Call(name, arguments) => call(name, arguments.iter().map(Tree::value)),
        }
    }
}

/// Appends a random expression to `text` and returns its value, which is so known without any tree.
fn write(text: &mut String, random: &mut Xorshift, depth: u32) -> i64 {
    match if depth == 0 { random.below(2) } else { 2 + random.below(8) } {
        0 => {
            let number = random.below(10_000) as i64;
            text.push_str(&number.to_string());
            number
        }
        1 => {
            let name = NAMES[random.below(4) as usize];
            text.push_str(name);
            value_of(name)
        }
        2 => {
            text.push('-');
            write(text, random, depth - 1).wrapping_neg()
        }
        3 | 4 => {
            let name = ["largest", "sum"][random.below(2) as usize];
            let count = 1 + random.below(4) as usize;
            text.push_str(name);
            text.push('(');
            let mut values = [0; 4];
            for (i, value) in values[..count].iter_mut().enumerate() {
                if i > 0 {
                    text.push_str(", ");
                }
                *value = write(text, random, depth - 1);
            }
            text.push(')');
            call(name, values[..count].iter().copied())
        }
        _ => {
            let operator = b"+-*"[random.below(3) as usize];
            text.push('(');
            let left = write(text, random, depth - 1);
            text.extend([' ', char::from(operator), ' ']);
            let right = write(text, random, depth - 1);
            text.push(')');
            two(left, operator, right)
        }
    }
}

/// Reads what `write` wrote. Every text is well-formed, so that anything else is an overwritten byte.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn word(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn take(&mut self, expected: &str) {
        self.rest = self.rest.strip_prefix(expected).unwrap_or_else(|| wrong("a text was overwritten"));
    }

    fn tree(&mut self) -> Tree {
        match self.rest.bytes().next() {
            Some(b'-') => {
                self.take("-");
                Tree::Negative(Box::new(self.tree()))
            }
            Some(b'(') => {
                self.take("(");
                let left = Box::new(self.tree());
                self.take(" ");
                let operator = self.rest.as_bytes()[0];
                self.rest = &self.rest[1..];
                self.take(" ");
                let right = Box::new(self.tree());
                self.take(")");
                Tree::Two(left, operator, right)
            }
            Some(b'0'..=b'9') => Tree::Number(self.word().parse().unwrap_or_else(|_| wrong("a text was overwritten"))),
            _ => {
                let name = self.word().to_owned();
                if self.rest.starts_with('(') { Tree::Call(name, self.arguments()) } else { Tree::Name(name) }
            }
        }
    }

    fn arguments(&mut self) -> Vec<Tree> {
        let mut arguments = Vec::new();
        self.take("(");
        loop {
            arguments.push(self.tree());
            if self.rest.starts_with(')') {
                self.take(")");
                return arguments;
            }
            self.take(", ");
        }
    }
}

pub fn expressions(task: &Task) -> Outcome {
    let mut random = Xorshift::new();
    let texts: Vec<(String, i64)> = (0..TEXTS)
        .map(|_| {
            let mut text = String::new();
            let value = write(&mut text, &mut random, DEPTH);
            (text, value)
        })
        .collect();
    let parsed = task.amount * PARSED;
    let expected = (0..parsed).map(|i| texts[i as usize % TEXTS].1).fold(0, i64::wrapping_add);
    Outcome::of(parsed, || {
        let mut sum: i64 = 0;
        for i in 0..parsed {
            let mut parser = Parser { rest: &texts[i as usize % TEXTS].0 };
            let tree = black_box(parser.tree());
            check(parser.rest.is_empty(), "an expression has an end that nobody wrote");
            let copy = black_box(tree.clone());
            drop(tree);
            sum = sum.wrapping_add(copy.value());
        }
        sum as u64
    })
    .expecting(expected as u64)
}
