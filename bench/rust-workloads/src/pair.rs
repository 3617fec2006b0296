//! The bare pair of a free and an allocation, for counting instructions: nothing is written into the blocks.

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ptr;

type Bytes<const SIZE: usize> = Box<MaybeUninit<[u8; SIZE]>>;

/// Frees and allocates `pairs` blocks in a ring of `blocks` (a power of two).
pub fn run(size: usize, blocks: usize, pairs: usize) {
    assert!(blocks.is_power_of_two(), "the ring's length must be a power of two");
    match size {
        16 => replace::<16>(blocks, pairs),
        64 => replace::<64>(blocks, pairs),
        512 => replace::<512>(blocks, pairs),
        _ => panic!("the size must be 16, 64 or 512"),
    }
}

/// The size is known to the compiler, as in a program that uses `Box`.
#[inline(never)]
fn replace<const SIZE: usize>(blocks: usize, pairs: usize) {
    let mut ring: Vec<Bytes<SIZE>> = (0..blocks).map(|_| black_box(Box::new_uninit())).collect();
    let start = black_box(ring.as_mut_ptr());
    for i in 0..pairs {
        // SAFETY: the index is below the ring's length, and the dropped Box is replaced before anything reads it:
        // a failed allocation aborts, it does not unwind.
        unsafe {
            let slot = start.add(i & (blocks - 1));
            ptr::drop_in_place(slot);
            ptr::write(slot, Box::new_uninit());
        }
    }
    black_box(&ring);
}
