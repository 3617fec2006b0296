//! What a workload is asked for and what it hands back: the task, the time it took, the checksum, and how a wrong result
//! ends the process. A result that differs from the expected one is never reported as a time.

use std::ops::Range;
use std::process;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// What the command line asks for.
pub struct Task {
    pub threads: usize,
    /// The amount of work: 100 is a full run, and all work is proportional to it.
    pub amount: u64,
    /// The words after the amount.
    pub arguments: Vec<String>,
}

impl Task {
    /// The part of `0..total` that thread `thread` of all threads works on; the parts together are the whole.
    pub fn share(&self, total: u64, thread: usize) -> Range<u64> {
        let threads = self.threads as u64;
        let bound = |thread: u64| total * thread / threads;
        bound(thread as u64)..bound(thread as u64 + 1)
    }
}

/// A finished run.
pub struct Outcome {
    pub operations: u64,
    pub seconds: f64,
    pub checksum: u64,
}

impl Outcome {
    /// Runs and times `work`, which returns its checksum. What it made it has also dropped.
    pub fn of(operations: u64, work: impl FnOnce() -> u64) -> Self {
        let start = Instant::now();
        let checksum = work();
        Self { operations, seconds: start.elapsed().as_secs_f64(), checksum }
    }

    /// Runs `work(0)`, `work(1)`, ... each in a thread of its own; the time is from the first one's start to the last
    /// one's end, taken by the threads themselves, and the checksum is the sum of theirs.
    pub fn of_threads(operations: u64, threads: usize, work: impl Fn(usize) -> u64 + Sync) -> Self {
        let barrier = Barrier::new(threads);
        let run = |thread: usize| {
            barrier.wait();
            let start = Instant::now();
            let checksum = work(thread);
            (start, Instant::now(), checksum)
        };
        let run = &run;
        let parts: Vec<(Instant, Instant, u64)> = thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || run(thread))).collect();
            running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| wrong("a thread panicked"))).collect()
        });
        let start = parts.iter().map(|part| part.0).min().expect("at least one thread");
        let end = parts.iter().map(|part| part.1).max().expect("at least one thread");
        let checksum = parts.iter().fold(0, |sum: u64, part| sum.wrapping_add(part.2));
        Self { operations, seconds: end.duration_since(start).as_secs_f64(), checksum }
    }

    /// The same outcome if its checksum is `expected`, which must come from arithmetic that does not allocate.
    pub fn expecting(self, expected: u64) -> Self {
        if self.checksum != expected {
            wrong(&format!("the checksum is {:x}, not {expected:x}", self.checksum));
        }
        self
    }
}

/// Ends the process: the allocator gave the program something wrong.
#[cold]
pub fn wrong(what: &str) -> ! {
    eprintln!("rust-workloads: {what}");
    process::exit(1)
}

/// Ends the process unless `right`.
#[inline(always)]
pub fn check(right: bool, what: &str) {
    if !right {
        wrong(what);
    }
}

/// 0 + 1 + ... + (n - 1): the checksum of every workload in which each number below n is read exactly once.
pub const fn sum_below(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}
