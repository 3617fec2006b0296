//! How fast the machine is now, which every limit is stretched by, and how many things it does at a time.
//!
//! Limits are written for a machine that has two processors and nothing else to do.

use std::hint::black_box;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// The processors that limits are written for.
const USUAL_CORES: usize = 2;

/// What [`piece`] takes where nothing else runs. Built with optimisation it takes less, and limits stay as written.
const USUAL: Duration = Duration::from_millis(100);

/// The processors that this process may use.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What limits are multiplied by: at least 1. Measured at the first call, which takes a few tenths of a second.
pub fn stretch() -> f64 {
    static STRETCH: OnceLock<f64> = OnceLock::new();
    *STRETCH.get_or_init(|| {
        let stretch = stretch_of(slowest_piece(), cores());
        if stretch > 1.2 {
            eprintln!("limits are stretched by {stretch:.1}: the machine is busy, slow, or has one processor");
        }
        stretch
    })
}

fn stretch_of(slowest: Duration, cores: usize) -> f64 {
    let slower = slowest.div_duration_f64(USUAL).max(1.0);
    let fewer = USUAL_CORES as f64 / cores.clamp(1, USUAL_CORES) as f64;
    slower * fewer
}

/// The longest that a piece of work takes of those that run on all processors at once.
fn slowest_piece() -> Duration {
    thread::scope(|scope| {
        let pieces: Vec<_> = (0..cores()).map(|_| scope.spawn(piece)).collect();
        pieces.into_iter().map(|piece| piece.join().expect("a piece does not panic")).max().unwrap_or_default()
    })
}

/// Work that uses no memory, always the same, and how long it took.
fn piece() -> Duration {
    let start = Instant::now();
    let mut x = 1_u64;
    for _ in 0..ROUNDS {
        x = black_box(x).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    }
    black_box(x);
    start.elapsed()
}

const ROUNDS: u32 = 10_000_000;

/// Starts `count` threads for each processor that do nothing but use it, until this process ends.
pub fn keep_busy(count: usize) {
    for _ in 0..count * cores() {
        thread::spawn(|| {
            loop {
                piece();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_never_shorter_than_written() {
        assert_eq!(stretch_of(USUAL / 10, 2), 1.0);
        assert_eq!(stretch_of(USUAL, 64), 1.0);
        assert_eq!(stretch_of(USUAL * 3, 4), 3.0);
    }

    #[test]
    fn one_processor_has_the_work_of_two() {
        assert_eq!(stretch_of(USUAL, 1), 2.0);
        assert_eq!(stretch_of(USUAL * 3, 1), 6.0);
    }

    #[test]
    fn it_is_measured_once() {
        let first = stretch();
        assert!(first >= 1.0);
        assert_eq!(stretch(), first);
    }
}
