//! The bare pair of a free and an allocation, for counting instructions: nothing is written into the blocks.

use std::hint::black_box;
use std::mem::{self, MaybeUninit};
use std::process;
use std::ptr;

use crate::outcome::{Outcome, Task, check};

type Bytes<const SIZE: usize> = Box<MaybeUninit<[u8; SIZE]>>;

const PAIRS: u64 = 400_000;

/// `pair THREADS AMOUNT SIZE RING`: blocks of SIZE bytes in a ring of RING blocks (a power of two).
pub fn run(task: &Task) -> Outcome {
    let number = |index: usize| task.arguments.get(index).and_then(|word| word.parse::<usize>().ok());
    let (Some(size), Some(blocks)) = (number(0), number(1)) else { usage() };
    if !blocks.is_power_of_two() {
        usage();
    }
    let pairs = task.amount * PAIRS;
    match size {
        16 => replace::<16>(blocks, pairs),
        64 => replace::<64>(blocks, pairs),
        512 => replace::<512>(blocks, pairs),
        _ => usage(),
    }
}

fn usage() -> ! {
    eprintln!("usage: rust-workloads pair THREADS AMOUNT SIZE RING, SIZE is 16, 64 or 512, RING a power of two");
    process::exit(2)
}

/// The size is known to the compiler, as in a program that uses `Box`.
fn replace<const SIZE: usize>(blocks: usize, pairs: u64) -> Outcome {
    let mut ring: Vec<Bytes<SIZE>> = (0..blocks).map(|_| black_box(Box::new_uninit())).collect();
    let outcome = Outcome::of(pairs, || {
        turn(&mut ring, pairs);
        pairs
    });
    let mut starts: Vec<usize> = ring.iter().map(|block| (&raw const **block).addr()).collect();
    starts.sort_unstable();
    check(starts.windows(2).all(|two| two[1] - two[0] >= SIZE), "two blocks overlap");
    check(starts.iter().all(|start| start % mem::align_of::<usize>() == 0), "a block is not aligned");
    outcome
}

#[inline(never)]
fn turn<const SIZE: usize>(ring: &mut [Bytes<SIZE>], pairs: u64) {
    let mask = ring.len() - 1;
    let start = black_box(ring.as_mut_ptr());
    for i in 0..pairs as usize {
        // SAFETY: the index is below the ring's length, a power of two, and the dropped Box is replaced before anything
        // reads it: a failed allocation aborts, it does not unwind.
        unsafe {
            let slot = start.add(i & mask);
            ptr::drop_in_place(slot);
            ptr::write(slot, Box::new_uninit());
        }
    }
    black_box(ring);
}
