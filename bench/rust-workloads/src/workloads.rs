//! The table of the workloads: the same source for every allocator, each checking what it got.

use crate::outcome::{Outcome, Task};
use crate::{blocks, expressions, maps, pair, shared, strings, text, threads, trees, vecs};

/// A workload: its name on the command line, what it does, and whether it works with more than one thread.
pub struct Workload {
    pub name: &'static str,
    pub what: &'static str,
    pub threaded: bool,
    pub run: fn(&Task) -> Outcome,
}

const fn one(name: &'static str, what: &'static str, run: fn(&Task) -> Outcome) -> Workload {
    Workload { name, what, threaded: false, run }
}

const fn many(name: &'static str, what: &'static str, run: fn(&Task) -> Outcome) -> Workload {
    Workload { name, what, threaded: true, run }
}

pub const WORKLOADS: [Workload; 20] = [
    one("pair", "SIZE RING: a Box freed and one allocated, nothing written", pair::run),
    one("pairs", "a 64-byte Box made and dropped", blocks::pairs),
    one("ring", "64-byte Boxes replaced in a ring of 1024", blocks::ring),
    one("random", "5000 random blocks of 8-1000 B replaced", blocks::random),
    one("written", "the same, each block written", blocks::written),
    one("objects", "4096 trait objects of five sizes replaced", blocks::objects),
    one("trees", "trees of Boxes built and dropped", trees::trees),
    one("vecs", "Vecs grown to 200 numbers by push", vecs::vecs),
    one("growth", "64 byte buffers grown to 256 KiB by chunks", vecs::growth),
    one("strings", "lines built, split, joined and replaced", strings::strings),
    one("numbers", "HashMap<u64, String> of 20 000 entries", maps::numbers),
    one("words", "HashMap<String, Vec<u32>> of 20 000 words", maps::words),
    one("ordered", "BTreeMap<u64, Box<[u64]>> of 30 000 entries", maps::ordered),
    one("expressions", "expressions parsed, copied, evaluated and dropped", expressions::expressions),
    one("graph", "a graph of Rc and Weak built, walked and dropped", shared::graph),
    one("versions", "a tree of Arcs with a new version for each change", shared::versions),
    one("text", "a text sorted, counted, printed as a tree and read back", text::text),
    many("server", "each thread replaces 5000 blocks of its own, which it does not look at when they go", blocks::server),
    many("threads", "each thread replaces things of its own", threads::threads),
    many("channels", "messages allocated by one thread and freed by another", threads::channels),
];
