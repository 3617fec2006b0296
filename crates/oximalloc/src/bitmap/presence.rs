//! Which slices of an arena are mapped: how those that are not pass from thread to thread.
//!
//! Beside the bit that says that somebody has a slice there are two:
//! - *absent*: its addresses are not ours at the moment;
//! - *gone*: it is nobody's, and may be mapped again by whoever clears this bit.
//!
//! ```text
//!           taken absent gone
//! free        0     0     0    claim -> owned
//! owned       1     0     0    release -> free; its owner sets absent, unmaps it, and leaves it: sets gone -> gone
//! between     1     1     0    the owner is giving it up or mapping it again
//! gone        1     1     1    take: clears gone, which makes it the caller's alone, who maps it and clears absent -> owned; or
//!                              puts it back -> gone
//! ```
//!
//! Invariant: a slice has one owner at most, who alone changes whether it is mapped; what is gone is not. Orderings are those of
//! the bitmap: what the last owner did happens before what the next one does.

use super::{BITS as WORD, Bitmap, parts};

/// The bits of slices.
pub struct Presence<'a, const STEP: usize> {
    /// Somebody has it, or it is gone.
    pub taken: Bitmap<'a, STEP>,
    /// It is not mapped.
    pub absent: Bitmap<'a, STEP>,
    /// It is not mapped, and nobody's.
    pub gone: Bitmap<'a, STEP>,
}

impl<const STEP: usize> Presence<'_, STEP> {
    /// Slices of a word that can be had, as it was a moment ago.
    #[cold]
    fn at_hand(&self, w: usize) -> u64 {
        !self.taken.word(w) | self.gone.word(w)
    }

    /// The least index from `i` to `end` that can be had (`wanted`) or not; `end` if there is none.
    #[cold]
    pub fn next(&self, i: usize, end: usize, wanted: bool) -> usize {
        let mut at = i;
        while at < end {
            let word = if wanted { self.at_hand(at / WORD) } else { !self.at_hand(at / WORD) } >> (at % WORD);
            if word != 0 {
                return end.min(at + word.trailing_zeros() as usize);
            }
            at = (at / WORD + 1) * WORD;
        }
        end
    }

    /// Make slices ours that are free or gone: all, or none and false.
    #[cold]
    pub fn take(&self, i: usize, n: usize) -> bool {
        for (w, mask) in parts(i, n) {
            let gone = self.gone.clear_mask(w, mask);
            let free = self.taken.claim_mask(w, mask & !gone);
            if gone | free != mask {
                self.put_back_of(w, gone | free);
                let before = (w * WORD).max(i);
                self.put_back(i, before - i);
                return false;
            }
        }
        true
    }

    /// Make ours what is gone from `i` on, up to `most` slices; says how many.
    #[cold]
    pub fn take_more(&self, i: usize, most: usize) -> usize {
        let mut more = 0;
        for (w, mask) in parts(i, most) {
            let low = mask.trailing_zeros();
            let got = self.gone.clear_mask(w, mask);
            // Only what follows without a gap.
            let run = (got >> low).trailing_ones();
            let kept = mask & got & (u64::MAX >> (u64::BITS - (low + run).max(1)));
            self.put_back_of(w, got & !kept);
            more += run as usize;
            if kept != mask {
                break;
            }
        }
        more
    }

    #[cold]
    fn put_back_of(&self, w: usize, mut mask: u64) {
        while mask != 0 {
            self.put_back(w * WORD + mask.trailing_zeros() as usize, 1);
            mask &= mask - 1;
        }
    }

    /// Our slices are free again, or gone, as they were taken.
    #[cold]
    pub fn put_back(&self, i: usize, n: usize) {
        for at in i..i + n {
            if self.absent.none_set(at, 1) { self.taken.release(at, 1) } else { self.leave(at, 1) }
        }
    }

    /// Our slices, which are absent, are nobody's from now on.
    #[cold]
    pub fn leave(&self, i: usize, n: usize) {
        // Release, as `set` is: pairs with the Acquire of the next to clear them; that they are unmapped is seen then.
        self.gone.set(i, n);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use crate::base::sync::AtomicU64;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread;

    /// Four slices, and of each whether it is mapped: to be known and changed by its owner alone.
    struct Model {
        taken: [AtomicU64; 1],
        absent: [AtomicU64; 1],
        gone: [AtomicU64; 1],
        mapped: [UnsafeCell<bool>; 4],
    }
    // SAFETY: the cells are used by the slices' owners alone, which loom checks.
    unsafe impl Sync for Model {}
    // SAFETY: as above.
    unsafe impl Send for Model {}

    impl Model {
        fn new(taken: u64, gone: u64) -> Model {
            Model {
                taken: [AtomicU64::new(!0b1111 | taken | gone)],
                absent: [AtomicU64::new(gone)],
                gone: [AtomicU64::new(gone)],
                mapped: [0, 1, 2, 3].map(|i| UnsafeCell::new(gone >> i & 1 == 0)),
            }
        }
        fn bits(&self) -> Presence<'_, 1> {
            Presence {
                taken: Bitmap::new(&self.taken),
                absent: Bitmap::new(&self.absent),
                gone: Bitmap::new(&self.gone),
            }
        }
        fn map(&self, i: usize, to: bool) {
            // SAFETY: loom checks.
            self.mapped[i].with_mut(|mapped| unsafe {
                assert_ne!(*mapped, to);
                *mapped = to;
            });
        }
        /// As `Arena::give_up`, for what is free.
        fn give_up(&self, i: usize) -> bool {
            let bits = self.bits();
            let ours = bits.taken.claim_mask(0, 1 << i) != 0;
            if ours {
                bits.absent.set(i, 1);
                self.map(i, false);
                bits.leave(i, 1);
            }
            ours
        }
        /// As `Arena::bring`; and gives the slices back, as they are then.
        fn use_once(&self, i: usize, n: usize, refused: bool) -> bool {
            let bits = self.bits();
            if !bits.take(i, n) {
                return false;
            }
            for at in i..i + n {
                if bits.absent.all_set(at, 1) && !refused {
                    self.map(at, true);
                    bits.absent.clear(at, 1);
                }
                if !refused {
                    // SAFETY: loom checks.
                    assert!(self.mapped[at].with(|mapped| unsafe { *mapped }));
                }
            }
            bits.put_back(i, n);
            true
        }
        fn check(&self) {
            let bits = self.bits();
            let (taken, absent, gone) = (bits.taken.word(0), bits.absent.word(0), bits.gone.word(0));
            assert_eq!(taken & 0b1111, gone, "nobody has any");
            assert_eq!(absent, gone);
            for i in 0..4 {
                // SAFETY: all threads have ended.
                assert_eq!(self.mapped[i].with(|mapped| unsafe { *mapped }), absent >> i & 1 == 0);
            }
        }
    }

    fn run(model: Model, work: [fn(&Model); 2]) {
        let model = Arc::new(model);
        let other = {
            let model = model.clone();
            thread::spawn(move || work[1](&model))
        };
        work[0](&model);
        other.join().unwrap();
        model.check();
    }

    /// A slice that is given up while another thread claims it, and the gone one beside it: one of the two has it.
    #[test]
    fn loom_given_up_against_brought() {
        loom::model(|| {
            run(
                Model::new(0, 0b0100),
                [
                    |model| {
                        model.give_up(1);
                    },
                    |model| {
                        model.use_once(1, 2, false);
                    },
                ],
            );
        });
    }

    /// Two that want runs which overlap, one of which the system refuses: whoever loses leaves all as it was.
    #[test]
    fn loom_brought_against_brought() {
        loom::model(|| {
            run(
                Model::new(0, 0b0110),
                [
                    |model| {
                        model.use_once(0, 2, false);
                    },
                    |model| {
                        model.use_once(1, 3, true);
                    },
                ],
            );
        });
    }

    /// What is taken behind a run is what follows without a gap.
    #[test]
    fn loom_more_is_taken_behind() {
        loom::model(|| {
            run(
                Model::new(0, 0b1110),
                [
                    |model| {
                        let bits = model.bits();
                        if bits.take(0, 1) {
                            let more = bits.take_more(1, 3);
                            for at in 1..1 + more {
                                model.map(at, true);
                                bits.absent.clear(at, 1);
                            }
                            bits.put_back(0, 1 + more);
                        }
                    },
                    |model| {
                        model.use_once(2, 1, false);
                    },
                ],
            );
        });
    }
}
