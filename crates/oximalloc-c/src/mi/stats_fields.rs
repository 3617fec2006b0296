//! The fields of `mi_stats_t`, read from `abi/structs.tsv` when the library is built. (`cargo xtask abi` compares that
//! table with the header.) A field that has the name of a statistic in the allocator's table holds that statistic.
//!
//! Invariant: each field is a statistic, or in [`DERIVED`], or in [`ALWAYS_0`]; each statistic is a field, or in
//! [`NOT_IN_C`]. Otherwise this does not compile.

use oximalloc::raw::stats::{HeapSnapshot, Snapshot, cut, number};

/// Fields that `stats_layout` adds up from size classes.
const DERIVED: &str = "malloc_normal malloc_requested malloc_normal_count malloc_huge_count malloc_bins page_bins";
/// Fields of things that do not exist here. The head of `stats_layout` says why.
const ALWAYS_0: &str = "pages_extended segments segments_abandoned segments_cache _segments_reserved \
                        pages_unabandon_busy_wait heaps_delete_wait _stat_reserved _stat_counter_reserved chunk_bins";
/// Statistics of ours that C programs do not see.
const NOT_IN_C: &str = "";

const STRUCTS: &str = include_str!("../../abi/structs.tsv");

/// A field.
#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    /// Words of an item: 3 in a count, 1 in a counter.
    item: usize,
    items: usize,
    /// The first word.
    first: usize,
}

/// How many fields follow the size and the version.
const COUNT: usize = {
    let (mut count, mut rest) = (0, STRUCTS);
    while let Some((_, later)) = next(rest) {
        (count, rest) = (count + 1, later);
    }
    count
};

const FIELDS: [Field; COUNT] = {
    let mut fields = [Field { name: "", item: 0, items: 0, first: 0 }; COUNT];
    let (mut i, mut first, mut rest) = (0, 0, STRUCTS);
    while let Some((field, later)) = next(rest) {
        fields[i] = Field { first, ..field };
        (i, first, rest) = (i + 1, first + field.item * field.items, later);
    }
    fields
};

/// The next field in the lines of the table, and the lines after it.
const fn next(mut rest: &'static str) -> Option<(Field, &'static str)> {
    while !rest.is_empty() {
        let (line, later) = cut(rest, b'\n');
        rest = later;
        let (owner, line) = cut(line, b'\t');
        let (name, line) = cut(line, b'\t');
        let (kind, length) = cut(line, b'\t');
        let item = same(kind, "mi_stat_count_t") as usize * 3 + same(kind, "mi_stat_counter_t") as usize;
        if same(owner, "mi_stats_t") && item > 0 {
            return Some((Field { name, item, items: number(length.as_bytes()).0 as usize, first: 0 }, rest));
        }
    }
    None
}

/// How many words the fields have.
pub const WORDS: usize = {
    let last = FIELDS[COUNT - 1];
    last.first + last.item * last.items
};

/// The names, one on each line. They are one text, so that the loader has nothing to relocate.
pub const NAMES: &str = match core::str::from_utf8(&LETTERS) {
    Ok(names) => names,
    Err(_) => panic!("a name is no text"),
};

const LETTERS: [u8; {
    let (mut len, mut i) = (0, 0);
    while i < COUNT {
        (len, i) = (len + FIELDS[i].name.len() + 1, i + 1);
    }
    len
}] = {
    let (mut letters, mut len, mut i) = ([b'\n'; _], 0, 0);
    while i < COUNT {
        let mut name = FIELDS[i].name.as_bytes();
        while let [letter, rest @ ..] = name {
            letters[len] = *letter;
            (name, len) = (rest, len + 1);
        }
        (len, i) = (len + 1, i + 1);
    }
    letters
};

/// For each field, how many words an item has, and how many items there are.
pub static SHAPES: [[u8; 2]; COUNT] = {
    let (mut shapes, mut i) = ([[0; 2]; COUNT], 0);
    while i < COUNT {
        shapes[i] = [FIELDS[i].item as u8, FIELDS[i].items as u8];
        assert!(shapes[i][1] as usize == FIELDS[i].items);
        i += 1;
    }
    shapes
};

/// The place of each word of a [`Snapshot`].
pub static MEMORY: [u8; Snapshot::WORDS] = places(Snapshot::NAMES, Snapshot::LABELS);
/// The place of each word of a [`HeapSnapshot`].
pub static HEAPS: [u8; HeapSnapshot::WORDS] = places(HeapSnapshot::NAMES, HeapSnapshot::LABELS);

/// Stands for a word that C does not have.
const NOWHERE: u8 = u8::MAX;

/// Where the words of a snapshot belong. This goes by the names of its rows, and by their labels, which begin with the
/// number of words.
const fn places<const N: usize>(mut names: &str, mut labels: &str) -> [u8; N] {
    let (mut places, mut word) = ([NOWHERE; N], 0);
    while !names.is_empty() {
        let ((name, later), (label, labels_later)) = (cut(names, b'\n'), cut(labels, b'\n'));
        (names, labels) = (later, labels_later);
        let width = number(label.as_bytes()).0 as usize;
        if !has(NOT_IN_C, name, b' ') {
            let field = field(name);
            assert!(field.item == width && field.items == 1, "a statistic has another type in C");
            assert!(field.first + width <= NOWHERE as usize, "a statistic is too far from the start");
            let mut i = 0;
            while i < width {
                places[word + i] = (field.first + i) as u8;
                i += 1;
            }
        }
        word += width;
    }
    assert!(word == N);
    places
}

/// The first word of a field.
pub const fn at(name: &str) -> usize {
    field(name).first
}

/// The field of that name.
const fn field(name: &str) -> Field {
    let mut i = 0;
    while i < COUNT {
        if same(FIELDS[i].name, name) {
            return FIELDS[i];
        }
        i += 1;
    }
    panic!("a statistic is no field of `mi_stats_t`: it goes into the header and structs.tsv, or into NOT_IN_C")
}

const _: () = {
    let mut i = 0;
    while i < COUNT {
        let name = FIELDS[i].name;
        let counted = has(Snapshot::NAMES, name, b'\n') as u8 + has(HeapSnapshot::NAMES, name, b'\n') as u8;
        let filled = counted + has(DERIVED, name, b' ') as u8 + has(ALWAYS_0, name, b' ') as u8;
        assert!(filled == 1, "a field of `mi_stats_t` is filled by no statistic, or by two");
        i += 1;
    }
};

/// Whether a name is in a list.
const fn has(list: &str, name: &str, mark: u8) -> bool {
    let mut rest = list;
    while !rest.is_empty() {
        let (word, later) = cut(rest, mark);
        if same(word, name) {
            return true;
        }
        rest = later;
    }
    false
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut i = 0;
    while i < one.len() && i < other.len() && one[i] == other[i] {
        i += 1;
    }
    i == one.len() && i == other.len()
}
