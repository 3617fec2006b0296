//! Maps whose keys and values own memory. The hash maps have the standard hasher with fixed keys, so that every run
//! and every allocator sees the same buckets.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::hint::black_box;

use crate::numbers::{Xorshift, scatter};
use crate::outcome::{Outcome, Task, check, sum_below, wrong};

pub type FixedMap<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

const NUMBER_STEPS: u64 = 15_000;
const NUMBERS: u64 = 20_000;
const WORD_STEPS: u64 = 15_000;
const WORDS: u64 = 5_000;
const LONGEST_LIST: usize = 64;
const ORDERED_STEPS: u64 = 7_000;
const ORDERED: u64 = 30_000;

/// Calls `insert(i)` for every number and `remove(i)` once `window` later ones are in; at the end all are out.
fn slide(numbers: u64, window: u64, mut step: impl FnMut(Option<u64>, Option<u64>)) {
    for i in 0..numbers {
        step(Some(i), i.checked_sub(window));
    }
    for i in numbers.saturating_sub(window)..numbers {
        step(None, Some(i));
    }
}

/// The number in decimal and up to 40 full stops after it.
fn text_of(number: u64) -> String {
    let mut text = number.to_string();
    text.extend(std::iter::repeat_n('.', (scatter(number) >> 40) as usize % 40));
    text
}

fn number_in(text: &str) -> u64 {
    text.trim_end_matches('.').parse().unwrap_or_else(|_| wrong("a text was overwritten"))
}

/// A map from numbers to texts; each step adds one entry, takes the oldest out and looks up one that must be there.
pub fn numbers(task: &Task) -> Outcome {
    let steps = task.amount * NUMBER_STEPS;
    Outcome::of(steps, || {
        let mut map: FixedMap<u64, String> = FixedMap::default();
        let mut random = Xorshift::new();
        let mut sum = 0;
        slide(steps, NUMBERS, |new, old| {
            if let Some(new) = new {
                map.insert(scatter(new), black_box(text_of(new)));
                let other = new - random.below(new.min(NUMBERS - 1) + 1);
                check(map.contains_key(&scatter(other)), "an entry is not in the map");
            }
            if let Some(old) = old {
                let text = map.remove(&scatter(old)).unwrap_or_else(|| wrong("an entry is not in the map"));
                sum += number_in(&text);
            }
        });
        check(map.is_empty(), "the map has entries that nobody put in");
        sum
    })
    .expecting(sum_below(steps))
}

/// A map from words to lists of where they stand; a list that is long enough is taken out with its word.
pub fn words(task: &Task) -> Outcome {
    let steps = task.amount * WORD_STEPS;
    Outcome::of(steps, || {
        let mut map: FixedMap<String, Vec<u32>> = FixedMap::default();
        let mut random = Xorshift::new();
        let total = |list: &[u32]| list.iter().map(|&place| u64::from(place)).sum::<u64>();
        let mut sum = 0;
        for place in 0..steps {
            let word = black_box(format!("the word {}", scatter(random.below(WORDS)) >> (16 + place % 4)));
            match map.entry(word) {
                Entry::Vacant(entry) => {
                    entry.insert(vec![place as u32]);
                }
                Entry::Occupied(mut entry) => {
                    entry.get_mut().push(place as u32);
                    if entry.get().len() == LONGEST_LIST {
                        let (word, list) = entry.remove_entry();
                        check(word.starts_with("the word "), "a word was overwritten");
                        sum += total(&list);
                    }
                }
            }
        }
        sum + map.into_values().map(|list| total(&list)).sum::<u64>()
    })
    .expecting(sum_below(steps))
}

/// An ordered map from numbers to boxed slices; each step adds one entry, takes the oldest out and reads eight in order.
pub fn ordered(task: &Task) -> Outcome {
    let steps = task.amount * ORDERED_STEPS;
    Outcome::of(steps, || {
        let mut map: BTreeMap<u64, Box<[u64]>> = BTreeMap::new();
        let mut random = Xorshift::new();
        let mut sum = 0;
        slide(steps, ORDERED, |new, old| {
            if let Some(new) = new {
                let length = 1 + (new % 12) as usize;
                map.insert(scatter(new), black_box(vec![new; length].into_boxed_slice()));
                for (&key, value) in map.range(random.next()..).take(8) {
                    check(scatter(value[0]) == key, "a value was overwritten");
                }
            }
            if let Some(old) = old {
                let value = map.remove(&scatter(old)).unwrap_or_else(|| wrong("an entry is not in the map"));
                sum += value[value.len() - 1];
            }
        });
        check(map.is_empty(), "the map has entries that nobody put in");
        sum
    })
    .expecting(sum_below(steps))
}
