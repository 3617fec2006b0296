//! Threads that have small stacks give strings to each other and end; then the program forks, and its child does the same.

use std::collections::HashMap;
use std::sync::mpsc;
use std::thread;

#[global_allocator]
static GLOBAL: oximalloc::Oximalloc = oximalloc::Oximalloc::new();

const THREADS: usize = 8;
const TIMES: usize = 3;

/// Makes strings, keeps some, and returns the others to be dropped elsewhere.
fn work(seed: usize) -> Vec<String> {
    let mut kept = HashMap::new();
    let mut given = Vec::new();
    for i in 0..2000 {
        let text = format!("{seed} {i} {}", "x".repeat(i % 700));
        if i % 3 == 0 {
            given.push(text);
        } else {
            kept.insert(i % 500, text);
        }
    }
    assert!(kept.iter().all(|(i, text)| text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() % 500 == *i));
    given
}

fn run() -> usize {
    let (sender, receiver) = mpsc::channel();
    let threads: Vec<_> = (0..THREADS)
        .map(|seed| {
            let sender = sender.clone();
            let small = thread::Builder::new().stack_size(64 << 10);
            small.spawn(move || sender.send(work(seed)).unwrap()).unwrap()
        })
        .collect();
    drop(sender);
    let given: usize = receiver.iter().map(|texts| texts.len()).sum();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    given
}

fn main() {
    let ours = Box::new(1);
    assert!(oximalloc::raw::owns((&raw const *ours).cast()));
    for _ in 0..TIMES {
        assert_eq!(run(), THREADS * 667);
    }
    // SAFETY: the child runs code of this program only, and ends by `_exit`.
    match unsafe { libc::fork() } {
        0 => {
            let code = if run() == THREADS * 667 { 0 } else { 1 };
            // SAFETY: ends the child.
            unsafe { libc::_exit(code) }
        }
        child => {
            let mut status = -1;
            // SAFETY: `status` is a place for a number.
            assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
            assert_eq!(status, 0);
        }
    }
    println!("{THREADS} threads, {TIMES} times, and a fork");
}
