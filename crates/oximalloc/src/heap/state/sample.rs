//! What is noted of one sampled block: numbers whose meaning is `pages::samples`'s, under a word that says what they are
//! worth.
//!
//! ```text
//! FREE      nobody's: it says nothing
//!     enter:   whoever claimed the record -> CHANGING -> LIVE
//! LIVE      the block is in use
//!     free:    -> CHANGING -> FREED, by the one free that finds it LIVE. All others are told that the block was freed
//!     forget:  whoever has the block's page alone -> FREE
//! CHANGING  one thread writes
//! FREED     the block was freed, and nobody has it again
//!     forget:  whoever has the block's page alone -> FREE
//! ```
//!
//! The word also counts the changes. A reader reads the numbers between two looks at the word. If both show the same,
//! nobody wrote in between. So a reader never waits, and a signal handler may read. A thread that is stopped while it
//! writes leaves a record that says nothing; so does a fork at that moment, in the child.

use crate::base::sync::{AtomicU64, AtomicUsize, Ordering, fence};

/// How many numbers a record has.
#[cfg(not(loom))]
pub const FACTS: usize = 39;
#[cfg(loom)]
pub const FACTS: usize = 2;

/// What a record says of its block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It is in use.
    Live,
    /// It was freed, and waits.
    Freed,
}

const FREE: u64 = 0;
const LIVE: u64 = 1;
const FREED: u64 = 2;
const CHANGING: u64 = 3;
/// The bits of the word that have the state. Those above count.
const STATE: u64 = 3;
const ONE: u64 = 4;

/// The record. All zeros are a FREE one.
pub struct Sample {
    word: AtomicU64,
    facts: [AtomicUsize; FACTS],
}

impl Sample {
    /// A record that says nothing.
    #[cfg(any(test, loom))]
    fn new() -> Sample {
        Sample { word: AtomicU64::new(FREE), facts: core::array::from_fn(|_| AtomicUsize::new(0)) }
    }

    /// From `from`, move on to `to`, with these numbers from the `at`th on. Returns false, and changes nothing, if the
    /// state is another one.
    #[inline(never)]
    fn change(&self, from: u64, to: u64, at: usize, facts: &[usize]) -> bool {
        let word = self.word.load(Ordering::Relaxed);
        let changing = word & !STATE | CHANGING;
        if word & STATE != from
            // Acquire: pairs with the Release of the change before, whose stores must come before ours.
            || self.word.compare_exchange(word, changing, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return false;
        }
        // Pairs with the fence in `read`: a thread that sees one of our stores also sees that the word has changed.
        fence(Ordering::Release);
        for (place, fact) in self.facts.iter().skip(at).zip(facts) {
            place.store(*fact, Ordering::Relaxed);
        }
        // Release: pairs with the Acquire in `read`. A thread that sees this word sees the numbers.
        self.word.store((word & !STATE).wrapping_add(ONE) | to, Ordering::Release);
        true
    }

    /// The block is about to be handed out. Only who claimed the record may call this.
    pub fn enter(&self, facts: &[usize]) -> bool {
        self.change(FREE, LIVE, 0, facts)
    }

    /// The block is freed: add numbers from the `at`th on. Returns false, and changes nothing, if it was freed before.
    pub fn free(&self, at: usize, facts: &[usize]) -> bool {
        self.change(LIVE, FREED, at, facts)
    }

    /// The record says nothing from now on. The caller has the block's page alone, and gives the record back.
    pub fn forget(&self) {
        let word = self.word.load(Ordering::Relaxed);
        // Relaxed: the next change acquires by the bit that gives the record back. A reader only needs another word.
        self.word.store((word & !STATE).wrapping_add(ONE) | FREE, Ordering::Relaxed);
    }

    /// The state and the numbers. None if it says nothing, or changes.
    #[inline(never)]
    pub fn read(&self, facts: &mut [usize; FACTS]) -> Option<State> {
        // Acquire: pairs with the Release in `change`.
        let word = self.word.load(Ordering::Acquire);
        let state = match word & STATE {
            LIVE => State::Live,
            FREED => State::Freed,
            _ => return None,
        };
        // (The number is hidden from the compiler, because it would unroll the loop.)
        for (fact, place) in facts.iter_mut().zip(&self.facts).take(core::hint::black_box(FACTS)) {
            *fact = place.load(Ordering::Relaxed);
        }
        // Pairs with the fence in `change`.
        fence(Ordering::Acquire);
        (self.word.load(Ordering::Relaxed) == word).then_some(state)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_record_goes_from_state_to_state() {
        let (sample, mut facts) = (Sample::new(), [0; FACTS]);
        assert_eq!(sample.read(&mut facts), None);
        assert!(!sample.free(0, &[1]));
        for round in 1..4 {
            assert!(sample.enter(&[round, 2, 3]) && !sample.enter(&[0]));
            assert_eq!((sample.read(&mut facts), facts[0], facts[1]), (Some(State::Live), round, 2));
            if round == 2 {
                sample.forget();
                continue;
            }
            assert!(sample.free(1, &[7]) && !sample.free(1, &[8]));
            assert_eq!((sample.read(&mut facts), &facts[..3]), (Some(State::Freed), &[round, 7, 3][..]));
            sample.forget();
            assert_eq!(sample.read(&mut facts), None);
        }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    /// A block is freed and its record used again, while another thread reads. What is read belongs together.
    #[test]
    fn loom_a_sample_is_never_torn() {
        loom::model(|| {
            let sample = Arc::new(Sample::new());
            assert!(sample.enter(&[1, 1]));
            let writer = {
                let sample = sample.clone();
                thread::spawn(move || {
                    assert!(sample.free(1, &[2]));
                    sample.forget();
                    assert!(sample.enter(&[3, 3]));
                })
            };
            let mut facts = [0; FACTS];
            match sample.read(&mut facts) {
                Some(State::Live) => assert!(facts == [1, 1] || facts == [3, 3]),
                Some(State::Freed) => assert_eq!(facts, [1, 2]),
                None => {}
            }
            writer.join().unwrap();
        });
    }

    /// Two threads free the same block: one of them is told that it was freed before.
    #[test]
    fn loom_of_two_frees_one_counts() {
        loom::model(|| {
            let sample = Arc::new(Sample::new());
            assert!(sample.enter(&[1, 1]));
            let other = {
                let sample = sample.clone();
                thread::spawn(move || sample.free(1, &[2]))
            };
            let mine = sample.free(1, &[2]);
            assert!(mine != other.join().unwrap());
            assert_eq!(sample.read(&mut [0; FACTS]), Some(State::Freed));
        });
    }
}
