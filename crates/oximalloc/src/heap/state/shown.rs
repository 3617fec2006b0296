//! Whether a thread's pointer is to a theap that other threads may take away: its default, where that is not its root.
//!
//! ```text
//! HIDDEN  no thread's pointer is to it
//!     show:   its thread makes it its default -> SHOWN
//!     retire: another thread is done with the record -> it goes to the pool
//! SHOWN
//!     hide:   the thread has another default -> HIDDEN
//!     retire: -> LEFT  the thread may read the record until it notices, at its next slow path or its end
//! LEFT    the heap has ended, and nobody else knows of the record
//!     hide:   the thread has noticed -> HIDDEN, and it puts the record in the pool
//! ```
//!
//! Only the thread whose default it is shows and hides. Orderings: each of `retire` and `hide`, where
//! it comes second, acquires what the other thread did with the record before.

use crate::base::sync::{AtomicU32, Ordering};

const HIDDEN: u32 = 0;
const SHOWN: u32 = 1;
const LEFT: u32 = 2;

/// The state, as in the file's head. Zero is HIDDEN.
pub struct Shown(AtomicU32);

impl Shown {
    /// The calling thread's pointer will be to the theap, which is its own.
    pub fn show(&self) {
        self.0.store(SHOWN, Ordering::Relaxed);
    }

    /// Whether a thread's pointer is to it.
    pub fn is_shown(&self) -> bool {
        self.0.load(Ordering::Relaxed) != HIDDEN
    }

    /// The calling thread's pointer was to the theap, and is not any more. True: the caller puts the record in the pool.
    pub fn hide(&self) -> bool {
        // Not a swap at once: the theap of threads that have none is never written.
        // Acquire: pairs with the Release in `retire`. Release: this thread reads the record no more; pairs with the Acquire
        // there.
        self.is_shown() && self.0.swap(HIDDEN, Ordering::AcqRel) == LEFT
    }

    /// Nobody but a thread that shows it knows of the theap. True: no thread does, and the caller puts it in the pool.
    pub fn retire(&self) -> bool {
        // Release, and Acquire where it is hidden: both pair with `hide`.
        self.0.compare_exchange(SHOWN, LEFT, Ordering::Release, Ordering::Acquire).is_err()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread;

    struct Model(Shown, UnsafeCell<usize>);
    // SAFETY: loom checks the uses of the cell.
    unsafe impl Sync for Model {}
    // SAFETY: as above.
    unsafe impl Send for Model {}

    /// A thread changes its default while another ends its heap: the record is pooled once, by the one that comes second.
    #[test]
    fn loom_a_default_that_is_taken_away_is_pooled_once() {
        loom::model(|| {
            let model = Arc::new(Model(Shown(AtomicU32::new(HIDDEN)), UnsafeCell::new(0)));
            model.0.show();
            let pool = |model: &Model| {
                // SAFETY: loom checks.
                model.1.with_mut(|pooled| unsafe { *pooled += 1 });
            };
            let ender = {
                let model = model.clone();
                thread::spawn(move || {
                    if model.0.retire() {
                        pool(&model);
                    }
                })
            };
            if model.0.hide() {
                pool(&model);
            }
            ender.join().unwrap();
            // SAFETY: as above.
            assert_eq!(model.1.with(|pooled| unsafe { *pooled }), 1);
            assert!(!model.0.is_shown());
        });
    }
}
