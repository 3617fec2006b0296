//! Whether a thread's pointer names a theap that other threads may take away: a default theap that is not the thread's
//! root.
//!
//! ```text
//! HIDDEN  no thread's pointer names it
//!     show:   the theap's thread makes it its default -> SHOWN
//!     retire: another thread is done with the record -> it goes to the pool
//! SHOWN
//!     hide:   the thread takes another default -> HIDDEN
//!     retire: -> LEFT  the thread may read the record until it notices, at its next slow path or its end
//! LEFT    the heap has ended, and nobody else knows of the record
//!     hide:   the thread has noticed -> HIDDEN, and it puts the record in the pool
//! ```
//!
//! Only the thread whose default it is calls `show` and `hide`. Orderings: when one thread retires the theap and
//! another hides it, the later call acquires what the other thread did with the record before.

use crate::base::sync::{AtomicU32, Ordering};

const HIDDEN: u32 = 0;
const SHOWN: u32 = 1;
const LEFT: u32 = 2;

/// The state, as in the file's head. Zero is HIDDEN.
pub struct Shown(AtomicU32);

impl Shown {
    /// The calling thread's pointer will name the theap, which is its own.
    pub fn show(&self) {
        self.0.store(SHOWN, Ordering::Relaxed);
    }

    /// Whether a thread's pointer names it.
    pub fn is_shown(&self) -> bool {
        self.0.load(Ordering::Relaxed) != HIDDEN
    }

    /// The calling thread's pointer named the theap, and does not any more. Returns true if the caller is to put the
    /// record in the pool.
    pub fn hide(&self) -> bool {
        // Read first, because an empty theap must never be written.
        // Acquire: pairs with the Release in `retire`. Release: this thread does not read the record any more; pairs
        // with the Acquire there.
        self.is_shown() && self.0.swap(HIDDEN, Ordering::AcqRel) == LEFT
    }

    /// Only a thread that shows the theap may still know of it. Returns true if no thread does, and the caller is to
    /// put it in the pool.
    pub fn retire(&self) -> bool {
        // Release, and Acquire if it is hidden; both pair with `hide`.
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

    /// A thread changes its default while another ends its heap. The record is pooled once, by whichever of them comes
    /// later.
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
