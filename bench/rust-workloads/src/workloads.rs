//! The six workloads, the same source for every allocator, each checking what it got.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::hint::black_box;

/// A workload: its name on the command line and in the table, what it does, and the checksum it returns.
pub struct Workload {
    pub name: &'static str,
    pub what: &'static str,
    pub run: fn() -> u64,
    pub checksum: u64,
}

pub const WORKLOADS: [Workload; 6] = [
    Workload { name: "pairs", what: "5 M pairs of a 64-byte Box", run: pairs, checksum: sum_below(PAIRS) },
    Workload {
        name: "ring",
        what: "4 M Boxes replaced in a ring of 1024",
        run: ring,
        // Every Box is read once: when it is replaced, or at the end.
        checksum: sum_below(RING_STEPS),
    },
    Workload {
        name: "trees",
        what: "6 trees of 2^18 nodes built and dropped",
        run: trees,
        checksum: TREES * sum_below(TREE_NODES + 1),
    },
    Workload {
        name: "vecs",
        what: "20 000 Vecs grown to 200",
        run: vecs,
        // Vec number n holds n, n + 1, ...: its last element is n + 199.
        checksum: sum_below(VECS) + VECS * (VEC_LENGTH - 1),
    },
    Workload {
        name: "random",
        what: "5000 random blocks of 8-1000 B replaced 4 M times",
        run: || random::<false>(),
        checksum: RANDOM_BYTES,
    },
    Workload {
        name: "written",
        what: "the same, each block written",
        run: || random::<true>(),
        checksum: RANDOM_BYTES,
    },
];

const PAIRS: u64 = 5_000_000;
const RING: usize = 1024;
const RING_STEPS: u64 = 4_000_000;
const TREES: u64 = 6;
const TREE_NODES: u64 = 1 << 18;
const VECS: u64 = 20_000;
const VEC_LENGTH: u64 = 200;
const BLOCKS: usize = 5000;
const RANDOM_STEPS: u64 = 4_000_000;
/// The sizes that the generator yields from its fixed seed, added up.
const RANDOM_BYTES: u64 = 2_018_286_764;

/// 0 + 1 + ... + (n - 1).
const fn sum_below(n: u64) -> u64 {
    n * (n - 1) / 2
}

fn pairs() -> u64 {
    let mut sum = 0;
    for i in 0..PAIRS {
        let block = black_box(Box::new([i; 8]));
        sum += block[7];
    }
    sum
}

fn ring() -> u64 {
    let mut ring: Vec<Option<Box<[u64; 8]>>> = (0..RING).map(|_| None).collect();
    let mut sum = 0;
    for i in 0..RING_STEPS {
        let slot = &mut ring[i as usize % RING];
        if let Some(old) = slot.take() {
            sum += old[7];
        }
        *slot = Some(black_box(Box::new([i; 8])));
    }
    sum + ring.iter().flatten().map(|block| block[7]).sum::<u64>()
}

struct Node {
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
    value: u64,
}

impl Node {
    /// A balanced tree of `nodes` nodes whose values are `first`, `first + 1`, and so on.
    fn build(first: u64, nodes: u64) -> Option<Box<Node>> {
        if nodes == 0 {
            return None;
        }
        let left = (nodes - 1) / 2;
        Some(Box::new(Node {
            left: Node::build(first, left),
            value: first + left,
            right: Node::build(first + left + 1, nodes - 1 - left),
        }))
    }

    fn sum(&self) -> u64 {
        self.value + self.left.as_ref().map_or(0, |node| node.sum()) + self.right.as_ref().map_or(0, |node| node.sum())
    }
}

fn trees() -> u64 {
    (0..TREES).map(|_| black_box(Node::build(1, TREE_NODES)).map_or(0, |root| root.sum())).sum()
}

fn vecs() -> u64 {
    let mut sum = 0;
    for n in 0..VECS {
        let mut vec = Vec::new();
        for i in 0..VEC_LENGTH {
            vec.push(n + i);
        }
        sum += black_box(&vec)[VEC_LENGTH as usize - 1];
    }
    sum
}

/// Marsaglia's xorshift of 64 bits.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// A block of a size known only at run time, and the byte it was filled with.
struct Block {
    start: *mut u8,
    layout: Layout,
    fill: u8,
}

impl Block {
    #[inline(always)]
    fn new(size: usize, fill: u8, write: bool) -> Self {
        let layout = Layout::from_size_align(size, 8).expect("a small size");
        // SAFETY: the size is not zero.
        let start = unsafe { alloc(layout) };
        if start.is_null() {
            handle_alloc_error(layout);
        }
        if write {
            // SAFETY: `alloc` returned `size` bytes for us alone.
            unsafe { start.write_bytes(fill, size) };
        }
        Self { start: black_box(start), layout, fill }
    }

    /// Whether every byte is still what was written, or nothing was written.
    fn is_intact(&self, written: bool) -> bool {
        // SAFETY: the block lives as long as `self`, and was written as a whole if `written`.
        !written
            || unsafe { std::slice::from_raw_parts(self.start, self.layout.size()) }.iter().all(|&b| b == self.fill)
    }
}

impl Drop for Block {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: `start` came from `alloc` with this layout, and nothing else frees it.
        unsafe { dealloc(self.start, self.layout) };
    }
}

fn random<const WRITE: bool>() -> u64 {
    let mut numbers = Xorshift(0x9E37_79B9_7F4A_7C15);
    let mut bytes = 0;
    let mut block = |fill: u64, number: u64| {
        let size = 8 + (number % 993) as usize;
        bytes += size as u64;
        Block::new(size, fill as u8, WRITE)
    };
    let mut blocks: Vec<Block> = (0..BLOCKS).map(|i| block(i as u64, numbers.next())).collect();
    for step in 0..RANDOM_STEPS {
        let number = numbers.next();
        blocks[(number >> 32) as usize % BLOCKS] = block(step, number & 0xFFFF_FFFF);
    }
    assert!(blocks.iter().all(|block| block.is_intact(WRITE)), "a block was overwritten");
    bytes
}
