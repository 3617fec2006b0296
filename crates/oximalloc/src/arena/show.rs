//! Pictures of arenas, for people: a character for each slice.
//!
//! Invariant: only flags are read, so a picture may be taken at any time. It may show a slice between two states.

use super::region::{Arena, WORD};
use super::table;
use crate::base::config::SLICE;
use crate::diag::output::{Line, Sink};
use core::fmt::Write;

/// Print a picture of each arena: a line for every 64 slices (4 MiB), and one line for several that are alike.
#[cold]
pub fn print(sink: &Sink) {
    sink.print(format_args!(
        "arenas: a character is {} KiB: R record, x used, p free and waiting for its purge, - free and committed, \
         . purged or never used, _ not accessible, ~ not mapped\n",
        SLICE >> 10
    ));
    table::all().for_each(|arena| print_arena(sink, arena));
}

#[cold]
fn print_arena(sink: &Sink, arena: &Arena) {
    let mut words = Line::<128>::new();
    let _ = write!(words, "subprocess {}", arena.subproc());
    for (holds, word) in
        [(arena.is_exclusive(), "exclusive"), (!arena.is_own(), "managed"), (arena.is_pinned(), "pinned")]
    {
        if holds {
            let _ = write!(words, ", {word}");
        }
    }
    if arena.numa() >= 0 {
        let _ = write!(words, ", node {}", arena.numa());
    }
    let (index, start, mib, free) = (arena.index(), arena.start(), arena.bytes() >> 20, arena.free_slices());
    let (slices, committed) = (arena.slices(), arena.committed_bytes() >> 20);
    sink.print(format_args!(
        "arena {index}: {start:p}, {mib} MiB, {committed} MiB committed, {free} of {slices} slices free, {}\n",
        words.as_str()
    ));
    let (mut last, mut alike) = ([0; WORD], 0);
    for word in 0..arena.words() {
        let row = row(arena, word);
        if row == last {
            alike += 1;
            continue;
        }
        print_alike(sink, alike);
        sink.print(format_args!("  {word:>6} {}\n", text(&row)));
        (last, alike) = (row, 0);
    }
    print_alike(sink, alike);
}

#[cold]
fn print_alike(sink: &Sink, rows: usize) {
    if rows > 0 {
        sink.print(format_args!("         {rows} more like that\n"));
    }
}

#[cold]
fn text(row: &[u8; WORD]) -> &str {
    core::str::from_utf8(row).unwrap_or_default().trim_end()
}

#[cold]
fn row(arena: &Arena, word: usize) -> [u8; WORD] {
    let record = Arena::record_slices(arena.slices());
    let (taken, dirty) = (arena.taken().word(word), arena.dirty().word(word));
    let (pending, committed, absent) =
        (arena.pending().word(word), arena.committed().word(word), arena.absent().word(word));
    core::array::from_fn(|bit| {
        let (slice, has) = (word * WORD + bit, |map: u64| map >> bit & 1 != 0);
        match slice {
            slice if slice >= arena.slices() => b' ',
            slice if slice < record => b'R',
            _ if has(absent) => b'~',
            _ if has(taken) => b'x',
            _ if has(pending) => b'p',
            _ if has(dirty) => b'-',
            _ if has(committed) => b'.',
            _ => b'_',
        }
    })
}
