//! Blocks of a fixed or random size, made and dropped one by one: little else than the allocator is at work.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::hint::black_box;

use crate::numbers::Xorshift;
use crate::outcome::{Outcome, Task, check, sum_below};

const PAIRS: u64 = 400_000;
const RING: usize = 1024;
const RING_STEPS: u64 = 300_000;
const BLOCKS: usize = 5000;
const RANDOM_STEPS: u64 = 200_000;
const WRITTEN_STEPS: u64 = 100_000;
const OBJECTS: usize = 4096;
const OBJECT_STEPS: u64 = 80_000;

pub fn pairs(task: &Task) -> Outcome {
    let pairs = task.amount * PAIRS;
    Outcome::of(pairs, || {
        let mut sum = 0;
        for i in 0..pairs {
            let block = black_box(Box::new([i; 8]));
            check(block[0] == i, "a block was overwritten");
            sum += block[7];
        }
        sum
    })
    .expecting(sum_below(pairs))
}

pub fn ring(task: &Task) -> Outcome {
    let steps = task.amount * RING_STEPS;
    let mut ring: Vec<Option<Box<[u64; 8]>>> = (0..RING).map(|_| None).collect();
    // Every Box is read once: when it is replaced, or at the end.
    Outcome::of(steps, || {
        let mut sum = 0;
        for i in 0..steps {
            let slot = &mut ring[i as usize % RING];
            if let Some(old) = slot.take() {
                check(old[0] == old[7], "a block was overwritten");
                sum += old[7];
            }
            *slot = Some(black_box(Box::new([i; 8])));
        }
        sum + ring.drain(..).flatten().map(|block| block[7]).sum::<u64>()
    })
    .expecting(sum_below(steps))
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
        check(start.addr().is_multiple_of(8), "a block is not aligned");
        if write {
            // SAFETY: `alloc` returned `size` bytes for us alone.
            unsafe { start.write_bytes(fill, size) };
        }
        Self { start: black_box(start), layout, fill }
    }

    /// The bytes of a block that was written as a whole.
    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        // SAFETY: only called on written blocks, which live as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start, self.layout.size()) }
    }
}

impl Drop for Block {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: `start` came from `alloc` with this layout, and nothing else frees it.
        unsafe { dealloc(self.start, self.layout) };
    }
}

pub fn random(task: &Task) -> Outcome {
    replace_random::<false>(task.amount * RANDOM_STEPS)
}

pub fn written(task: &Task) -> Outcome {
    replace_random::<true>(task.amount * WRITTEN_STEPS)
}

#[inline(always)]
fn random_size(number: u64) -> usize {
    8 + ((number & 0xFFFF_FFFF) % 993) as usize
}

/// Of a written block the first and the last byte are looked at when it goes, and every byte of those that stay.
fn replace_random<const WRITE: bool>(steps: u64) -> Outcome {
    let mut numbers = Xorshift::new();
    let expected = (0..BLOCKS as u64 + steps).map(|_| random_size(numbers.next()) as u64).sum();
    Outcome::of(steps, || {
        let mut numbers = Xorshift::new();
        let mut bytes = 0;
        let block = |fill: u64, number: u64| Block::new(random_size(number), fill as u8, WRITE);
        let mut blocks: Vec<Block> = (0..BLOCKS as u64).map(|i| block(i, numbers.next())).collect();
        for step in 0..steps {
            let number = numbers.next();
            let slot = &mut blocks[(number >> 32) as usize % BLOCKS];
            bytes += slot.layout.size() as u64;
            if WRITE {
                let old = slot.bytes();
                check(old[0] == slot.fill && old[old.len() - 1] == slot.fill, "a block was overwritten");
            }
            *slot = block(step, number);
        }
        bytes += blocks.iter().map(|block| block.layout.size() as u64).sum::<u64>();
        if WRITE {
            let intact = |block: &Block| block.bytes().iter().all(|&byte| byte == block.fill);
            check(blocks.iter().all(intact), "a block was overwritten");
        }
        blocks.sort_unstable_by_key(|block| block.start);
        let apart = |two: &[Block]| two[1].start.addr() - two[0].start.addr() >= two[0].layout.size();
        check(blocks.windows(2).all(apart), "two blocks overlap");
        bytes
    })
    .expecting(expected)
}

/// Each thread has 5000 blocks and replaces random ones; the first byte of each is written, and none is looked at when it
/// goes: it is as cold as it was left.
pub fn server(task: &Task) -> Outcome {
    let steps = task.amount * RANDOM_STEPS;
    let count = |thread: usize| task.share(steps, thread).count() as u64;
    let bytes = |number: u64| random_size(number) as u64;
    let all = |thread: usize| {
        let mut numbers = Xorshift::new();
        (0..BLOCKS as u64 + count(thread)).map(|_| bytes(numbers.next())).sum::<u64>()
    };
    Outcome::of_threads(steps, task.threads, |thread| {
        let mut numbers = Xorshift::new();
        let block = |fill: u64, number: u64| {
            let block = Block::new(random_size(number), fill as u8, false);
            // SAFETY: the block has at least 8 bytes.
            unsafe { block.start.write(block.fill) };
            block
        };
        let mut blocks: Vec<Block> = (0..BLOCKS as u64).map(|i| block(i, numbers.next())).collect();
        let mut sum = 0;
        for step in 0..count(thread) {
            let number = numbers.next();
            let slot = &mut blocks[(number >> 32) as usize % BLOCKS];
            sum += slot.layout.size() as u64;
            *slot = block(step, number);
        }
        for block in &blocks {
            // SAFETY: the byte was written above.
            check(unsafe { block.start.read() } == block.fill, "a block was overwritten");
            sum += block.layout.size() as u64;
        }
        sum
    })
    .expecting((0..task.threads).map(all).sum())
}

/// Objects of one trait and five sizes, as in a program with `Box<dyn Trait>`.
trait Object {
    /// The number that it was made with, read from its first and its last word.
    fn number(&self) -> (u64, u64);
}

impl<const WORDS: usize> Object for [u64; WORDS] {
    fn number(&self) -> (u64, u64) {
        (self[0], self[WORDS - 1])
    }
}

impl Object for Vec<u64> {
    fn number(&self) -> (u64, u64) {
        (self[0], self[self.len() - 1])
    }
}

fn object(number: u64, kind: u64) -> Box<dyn Object> {
    match kind % 5 {
        0 => Box::new([number; 1]),
        1 => Box::new([number; 3]),
        2 => Box::new([number; 6]),
        3 => Box::new([number; 20]),
        _ => Box::new(vec![number; 2 + (kind % 31) as usize]),
    }
}

pub fn objects(task: &Task) -> Outcome {
    let steps = task.amount * OBJECT_STEPS;
    Outcome::of(steps, || {
        let mut numbers = Xorshift::new();
        let mut objects: Vec<Option<Box<dyn Object>>> = (0..OBJECTS).map(|_| None).collect();
        let read = |object: Box<dyn Object>| {
            let (first, last) = object.number();
            check(first == last, "an object was overwritten");
            first
        };
        let mut sum = 0;
        for step in 0..steps {
            let number = numbers.next();
            let slot = &mut objects[(number >> 32) as usize % OBJECTS];
            if let Some(old) = slot.replace(black_box(object(step, (number >> 16) & 0xFFFF))) {
                sum += read(old);
            }
        }
        sum + objects.into_iter().flatten().map(read).sum::<u64>()
    })
    .expecting(sum_below(steps))
}
