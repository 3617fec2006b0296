//! Strings built, split, turned around and joined, as in a program that works on lines of text.

use std::fmt::Write;
use std::hint::black_box;

use crate::numbers::Xorshift;
use crate::outcome::{Outcome, Task, check};

const LINES: u64 = 320;
const WORDS: usize = 50;

/// A number of up to six digits: short and long words.
fn value(numbers: &mut Xorshift) -> u64 {
    let number = numbers.next() >> 20;
    (number % 1_000_000) >> ((number >> 24) % 20)
}

pub fn strings(task: &Task) -> Outcome {
    let lines = task.amount * LINES;
    let mut numbers = Xorshift::new();
    let expected = (0..lines * WORDS as u64).map(|_| value(&mut numbers)).sum();
    Outcome::of(lines * WORDS as u64, || {
        let mut numbers = Xorshift::new();
        (0..lines).map(|_| work_on(&black_box(line(&mut numbers)))).sum()
    })
    .expecting(expected)
}

/// Words such as `number-123`, with a space between them; built by appending.
fn line(numbers: &mut Xorshift) -> String {
    let mut line = String::new();
    for i in 0..WORDS {
        if i > 0 {
            line.push(' ');
        }
        let value = value(numbers);
        if value.is_multiple_of(2) {
            line.push_str(&format!("number-{value}"));
        } else {
            write!(line, "the-odd-number-{value}").expect("a String takes what is written");
        }
    }
    line
}

/// The sum of the line's numbers, the long way round.
fn work_on(line: &str) -> u64 {
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    words.reverse();
    let turned = words.join(", ");
    let loud = black_box(turned.to_uppercase()).replace("NUMBER", "N");
    let parts: Vec<String> = loud.split(", ").map(|word| word.trim_start_matches("THE-ODD-").to_string()).collect();
    check(parts.len() == WORDS, "a line lost words");
    parts.iter().map(|part| part.strip_prefix("N-").and_then(|digits| digits.parse::<u64>().ok()).unwrap_or(0)).sum()
}
