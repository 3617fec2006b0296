//! Counts words of standard input on oximalloc, then tells what the allocator did.
//!
//! ```text
//! cargo run --release --example words < README.md
//! ```
use std::collections::HashMap;
use std::io::Read;

#[global_allocator]
static A: oximalloc::Oximalloc = oximalloc::Oximalloc;

fn main() -> std::io::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|&(word, n)| (std::cmp::Reverse(n), word));
    for (word, n) in rows.iter().take(10) {
        println!("{n:6} {word}");
    }
    let totals = oximalloc::stats::totals();
    println!("{} bytes in use, {} committed, {} reserved", totals.in_use, totals.committed, totals.mapped);
    Ok(())
}
