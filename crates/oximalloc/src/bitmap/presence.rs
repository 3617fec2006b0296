//! Which slices of an arena are mapped, and how unmapped slices pass from thread to thread.
//!
//! Besides the bit that says that somebody has a slice, each slice has two more:
//! - *absent*: its addresses are not ours at the moment;
//! - *gone*: it belongs to nobody. A thread that clears this bit may map it again.
//!
//! ```text
//!           taken absent gone
//! free        0     0     0    claim -> owned
//! owned       1     0     0    release -> free
//!                              give up: its owner sets absent, unmaps it and leaves it (sets gone) -> gone
//! between     1     1     0    the owner is giving it up or mapping it again
//! gone        1     1     1    take: clears gone, so only the caller has it; the caller
//!                              maps it and clears absent -> owned, or puts it back -> gone
//! ```
//!
//! Invariant: a slice has at most one owner. Only the owner changes whether it is mapped. A slice that is gone is not
//! mapped. The orderings are those of the bitmap: what the last owner did happens before what the next one does.

use super::{BITS as WORD, Bitmap, parts};

/// The three bitmaps of an arena's slices.
pub struct Presence<'a, const STEP: usize> {
    /// Somebody has the slice, or it is gone.
    pub taken: Bitmap<'a, STEP>,
    /// The slice is not mapped.
    pub absent: Bitmap<'a, STEP>,
    /// The slice is not mapped and belongs to nobody.
    pub gone: Bitmap<'a, STEP>,
}

impl<const STEP: usize> Presence<'_, STEP> {
    /// The slices of a word that can be taken, as of a moment ago.
    #[cold]
    fn at_hand(&self, w: usize) -> u64 {
        !self.taken.word(w) | self.gone.word(w)
    }

    /// The first index in `i..end` that can be taken (`wanted`), or that cannot (not `wanted`). `end` if there is none.
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

    /// Take slices that are free or gone. Takes all of them, or none and returns false.
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

    /// Take the slices that are gone from `i` on, up to `most`. Returns how many.
    #[cold]
    pub fn take_more(&self, i: usize, most: usize) -> usize {
        let mut more = 0;
        for (w, mask) in parts(i, most) {
            let low = mask.trailing_zeros();
            let got = self.gone.clear_mask(w, mask);
            // Keep only the slices that follow without a gap.
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

    /// Give our slices back as they were taken: free or gone.
    #[cold]
    pub fn put_back(&self, i: usize, n: usize) {
        for at in i..i + n {
            if self.absent.none_set(at, 1) { self.taken.release(at, 1) } else { self.leave(at, 1) }
        }
    }

    /// Leave our slices, which are absent: from now on they belong to nobody.
    #[cold]
    pub fn leave(&self, i: usize, n: usize) {
        // Release, by `set`: pairs with the Acquire of the next thread that clears them, which then sees that they are
        // unmapped.
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

    /// Four slices, and for each whether it is mapped. Only a slice's owner may read and change that.
    struct Model {
        taken: [AtomicU64; 1],
        absent: [AtomicU64; 1],
        gone: [AtomicU64; 1],
        mapped: [UnsafeCell<bool>; 4],
    }
    // SAFETY: only a slice's owner uses its cell, which loom checks.
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
        /// Like `Arena::give_up`, for a free slice.
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
        /// Like `Arena::bring`. Then it puts the slices back, as they are by then.
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

    /// One thread gives up a slice while another claims it together with the gone slice beside it. One of the two gets
    /// it.
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

    /// Two threads want overlapping runs, and the system refuses to map one of them. The thread that loses leaves
    /// everything as it was.
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

    /// Only slices that follow a run without a gap are taken along with it.
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
