//! As many things at a time as there are processors: one that takes long does not hold up the rest, and none starves.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::pace;
use crate::tally::Tally;

/// Does `work` for each item, begun in order, and adds up what came of it.
pub fn each<T: Sync>(items: &[T], work: impl Fn(&T) -> Tally + Sync) -> Tally {
    let (next, sum) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..pace::cores() {
            scope.spawn(|| {
                // The counter only hands out numbers; nothing else is published through it.
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let tally = work(item);
                    *sum.lock().expect("no thread panics with the lock") += tally;
                }
            });
        }
    });
    sum.into_inner().expect("no thread panics with the lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_done_once() {
        let items: Vec<AtomicUsize> = (0..50).map(AtomicUsize::new).collect();
        let sum =
            each(
                &items,
                |item| {
                    if item.fetch_add(100, Ordering::Relaxed) % 5 == 0 { Tally::FAILED } else { Tally::PASSED }
                },
            );
        assert_eq!(sum, Tally { passed: 40, failed: 10, skipped: 0 });
        assert!(items.iter().enumerate().all(|(i, item)| item.load(Ordering::Relaxed) == i + 100));
    }
}
