//! Vecs that grow: what a program pays for `push` and `extend_from_slice` without knowing the length before.

use std::hint::black_box;

use crate::numbers::Xorshift;
use crate::outcome::{Outcome, Task, sum_below};

const VECS: u64 = 25_000;
const VEC_LENGTH: u64 = 200;
const BUFFERS: usize = 64;
const CHUNKS: u64 = 12_000;
const LONGEST_CHUNK: usize = 2000;
const LONGEST_BUFFER: usize = 256 << 10;

pub fn vecs(task: &Task) -> Outcome {
    let vecs = task.amount * VECS;
    Outcome::of(vecs * VEC_LENGTH, || {
        let mut sum = 0;
        for n in 0..vecs {
            let mut vec = Vec::new();
            for i in 0..VEC_LENGTH {
                vec.push(n + i);
            }
            sum += black_box(&vec).iter().sum::<u64>();
        }
        sum
    })
    // Vec number n holds n, n + 1, ..., n + 199.
    .expecting(VEC_LENGTH * sum_below(vecs) + vecs * sum_below(VEC_LENGTH))
}

/// The buffer that the next chunk goes to, the chunk's length and the byte that it is full of.
fn chunk(numbers: &mut Xorshift) -> (usize, usize, u8) {
    let number = numbers.next();
    let length = 16 + ((number >> 16) & 0xFFFF) as usize % (LONGEST_CHUNK - 16);
    ((number >> 40) as usize % BUFFERS, length, (number >> 56) as u8)
}

pub fn growth(task: &Task) -> Outcome {
    let chunks = task.amount * CHUNKS;
    let mut numbers = Xorshift::new();
    let expected =
        (0..chunks).map(|_| chunk(&mut numbers)).map(|(_, length, byte)| length as u64 * u64::from(byte)).sum();
    let texts: Vec<[u8; LONGEST_CHUNK]> = (0..=255).map(|byte| [byte; LONGEST_CHUNK]).collect();
    Outcome::of(chunks, || {
        let sum = |buffer: &[u8]| buffer.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        let mut numbers = Xorshift::new();
        let mut buffers: Vec<Vec<u8>> = vec![Vec::new(); BUFFERS];
        let mut total = 0;
        for i in 0..chunks {
            let (index, length, byte) = chunk(&mut numbers);
            let buffer = &mut buffers[index];
            buffer.extend_from_slice(&texts[usize::from(byte)][..length]);
            if buffer.len() > LONGEST_BUFFER {
                total += sum(&std::mem::take(buffer));
            } else if i % 64 == 0 {
                buffer.shrink_to_fit();
            }
        }
        total + buffers.into_iter().map(|buffer| sum(black_box(&buffer))).sum::<u64>()
    })
    .expecting(expected)
}
