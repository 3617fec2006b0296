//! The shadow model against the allocator, with the whole-heap validator after each operation.
mod shadow;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shadow::{Op, Shadow, op};

#[test]
fn one_thread() {
    let cases = if cfg!(debug_assertions) { 200 } else { 1000 };
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&prop::collection::vec(op(), 1..400), |ops| {
            let mut shadow = Shadow::default();
            ops.iter().for_each(|op| shadow.apply(op));
            shadow.clear();
            Ok(())
        })
        .unwrap();
}

#[test]
fn threads_each_with_a_model() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                let config = Config { cases: 50, failure_persistence: None, ..Config::default() };
                TestRunner::new(config)
                    .run(&prop::collection::vec(op(), 1..300), |ops| {
                        // A thread of its own: the pages of one that ended are reclaimed by the next.
                        std::thread::spawn(move || {
                            let mut shadow = Shadow::default();
                            ops.iter().for_each(|op: &Op| shadow.apply(op));
                            shadow.clear();
                        })
                        .join()
                        .map_err(|_| TestCaseError::fail("a thread panicked"))
                    })
                    .unwrap();
            })
        })
        .collect();
    for t in threads {
        t.join().unwrap();
    }
}
