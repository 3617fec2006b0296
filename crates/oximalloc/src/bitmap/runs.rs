//! Runs of free bits in a bitmap. A claim takes the lowest run that fits. For each word, one byte records the length of
//! the longest run that begins there. A search reads the bytes of eight words at once, and looks only at the words that
//! can have what it wants.
//!
//! A word's byte is the number of bits that its longest run *lacks*: 64 less its length, but not below 0. So zeroed
//! memory is a bitmap whose bits are all free. A run counts in the word where it begins, and includes the bits that
//! continue it in the next word.
//!
//! Protocol: a thread that has changed a word updates the word's byte. It also updates the byte of the word before, if
//! the change lies in the run with which the word begins. An update reads the words and exchanges the byte for what
//! they say, and repeats that until the words say the same afterwards. Invariant: while no thread is between its change
//! and the end of its updates, no byte states a lack greater than the real one. A byte may state a smaller lack; a
//! search that looks at the word in vain updates the byte. So bits freed by a thread that is stopped before its update
//! may be found later, as if they had been freed later. In the child of a fork all bytes are forgotten.
//!
//! Orderings: a thread that has freed bits always updates the byte with a read-modify-write (Release, after the change
//! of the word). If another thread's update of the byte comes after it (Acquire), that thread's second look at the
//! words sees the change. Otherwise this update is the last. Claims and releases are ordered by the bitmap alone.

use super::{BITS, Bitmap};
use crate::base::sync::{AtomicU64, Ordering};

/// Lacks in a word of `lacks`, one byte each.
const LANES: usize = 8;
const LANE: u64 = 0xff;
const ONES: u64 = u64::MAX / LANE;
const HIGHS: u64 = ONES << 7;

/// A bitmap and the lacks of its words.
#[derive(Clone, Copy)]
pub struct Runs<'a, const STEP: usize> {
    bits: Bitmap<'a, STEP>,
    lacks: &'a [AtomicU64],
}

/// How many words hold the lacks of a bitmap of `words` words.
pub const fn room(words: usize) -> usize {
    words.div_ceil(LANES)
}

/// The positions where runs of `n` set bits begin. `n` is 1 to 64.
fn starts(mut bits: u64, n: usize) -> u64 {
    let mut have = 1;
    while have < n {
        let more = have.min(n - have);
        bits &= bits >> more;
        have += more;
    }
    bits
}

/// The length of the longest run of set bits.
fn longest(bits: u64) -> usize {
    if bits == 0 {
        return 0;
    }
    // The positions where runs of `len` bits begin. Two runs that overlap or touch form a longer one.
    let (mut runs, mut len) = (bits, 1);
    while len < BITS && runs & runs >> len != 0 {
        runs &= runs >> len;
        len *= 2;
    }
    let mut more = len / 2;
    while more > 0 {
        if runs & runs >> more != 0 {
            runs &= runs >> more;
            len += more;
        }
        more /= 2;
    }
    len
}

/// The bits of word `w` whose index is `phase` modulo `align`. `align` is a power of two.
#[cold]
#[inline(never)]
fn aligned(w: usize, align: usize, phase: usize) -> u64 {
    let first = phase & (align - 1);
    match align {
        1 => u64::MAX,
        2..BITS => (u64::MAX / ((1 << align) - 1)) << first,
        _ if w & (align / BITS - 1) == first / BITS => 1 << (first % BITS),
        _ => 0,
    }
}

impl<'a, const STEP: usize> Runs<'a, STEP> {
    /// The runs of `bits`. `lacks` has [`room`] words; zero at first, which says that all bits are free.
    pub fn new(bits: Bitmap<'a, STEP>, lacks: &'a [AtomicU64]) -> Runs<'a, STEP> {
        Runs { bits, lacks }
    }

    /// Claim the lowest run of `n` free bits whose index is `phase` modulo `align` (a power of two). The search begins
    /// at word `hint`, and then covers the words below it.
    pub fn claim(&self, n: usize, align: usize, phase: usize, hint: usize) -> Option<usize> {
        if n == 0 || n > self.bits.len() || !align.is_power_of_two() {
            return None;
        }
        let (words, claim) = (self.bits.words(), |from, to| self.claim_between(from, to, n, align, phase));
        let hint = hint.min(words);
        claim(hint, words).or_else(|| claim(0, hint))
    }

    /// Claim a run that begins in one of the words `from..to`.
    fn claim_between(&self, from: usize, to: usize, n: usize, align: usize, phase: usize) -> Option<usize> {
        let lack = (BITS - n.min(BITS)) as u64;
        let mut from = from;
        loop {
            let w = self.next(from, to, lack)?;
            let places = if align == 1 { u64::MAX } else { aligned(w, align, phase) };
            match self.claim_in(w, n, places) {
                Ok(start) => return Some(start),
                Err(next) => from = next,
            }
        }
    }

    /// The first of the words `from..to` that lacks at most `lack` bits.
    fn next(&self, from: usize, to: usize, lack: u64) -> Option<usize> {
        let (mut i, mut lanes) = (from / LANES, u64::MAX << (from % LANES * 8));
        while i * LANES < to {
            count_a_look();
            // No lane borrows from its neighbour, because at most 64 is subtracted. A lane's high bit stays set if its
            // lack is small enough.
            let lacks = self.lacks.get(i)?.load(Ordering::Relaxed);
            let fits = (((ONES * lack) | HIGHS) - lacks) & HIGHS & lanes;
            if fits != 0 {
                let w = i * LANES + fits.trailing_zeros() as usize / 8;
                return (w < to).then_some(w);
            }
            (i, lanes) = (i + 1, u64::MAX);
        }
        None
    }

    /// Claim the lowest run of `n` free bits that begins at one of `places` in word `w`. On failure, returns the next
    /// word to look at.
    #[inline(never)]
    fn claim_in(&self, w: usize, n: usize, mut places: u64) -> Result<usize, usize> {
        let mut next = w + 1;
        while places != 0 {
            count_a_look();
            let free = !self.bits.word(w);
            let inside = if n <= BITS { starts(free, n) & places } else { 0 };
            // The position of the run that continues in the next word.
            let tail = places & !u64::MAX.checked_shr(free.leading_ones()).unwrap_or(0);
            if inside | tail == 0 {
                break;
            }
            let bit = if inside != 0 { inside } else { tail }.trailing_zeros();
            let start = w * BITS + bit as usize;
            let end = if inside != 0 { start + n } else { self.taken_from(w + 1, start + n) };
            if end < start + n {
                // A run that begins later and ends at the same place is not long enough either.
                next = end / BITS;
                break;
            }
            if self.claim_at(start, n) {
                return Ok(start);
            }
            // Another thread was faster. Go on from the next place.
            places &= (u64::MAX << bit) << 1;
        }
        self.update(w, false);
        Err(next)
    }

    /// The first taken bit from the start of word `w` on, before `end`. If there is none: `end`, or the end of the map
    /// if that comes first.
    fn taken_from(&self, mut w: usize, end: usize) -> usize {
        let end = end.min(self.bits.len());
        while w * BITS < end {
            count_a_look();
            let taken = self.bits.word(w);
            if taken != 0 {
                return end.min(w * BITS + taken.trailing_zeros() as usize);
            }
            w += 1;
        }
        end
    }

    /// Claim exactly the bits `i..i + n`. False, with nothing changed, if one of them is not free.
    pub fn claim_at(&self, i: usize, n: usize) -> bool {
        let claimed = self.bits.claim_at(i, n);
        // If the bits span several words, some may have been taken and given back.
        if claimed || (self.bits.holds(i, n) && i / BITS != (i + n - 1) / BITS) {
            self.note(i, n, !claimed);
        }
        claimed
    }

    /// Give the bits `i..i + n` back. Only their owner may do so.
    pub fn release(&self, i: usize, n: usize) {
        self.bits.release(i, n);
        self.note(i, n, true);
    }

    /// Set the bits `i..i + n` for ever.
    pub fn set(&self, i: usize, n: usize) {
        if n > 0 {
            self.bits.set(i, n);
            self.note(i, n, false);
        }
    }

    /// Forget all lacks, so that a run may be anywhere. No other thread may use the map at the same time.
    pub fn forget(&self) {
        self.lacks.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }

    /// The bits `i..i + n` have changed. `freed`: some of them were freed; each thread that frees bits must say so.
    #[inline(never)]
    pub fn note(&self, i: usize, n: usize, freed: bool) {
        let first = i / BITS;
        // A thread that changes a lower bit after this look makes the same update itself.
        if first > 0 && self.bits.word(first) & !(u64::MAX << (i % BITS)) == 0 {
            self.update(first - 1, freed);
        }
        for w in first..=(i + n - 1) / BITS {
            self.update(w, freed);
        }
    }

    /// What determines a word's longest run: its free bits, and how many free bits follow the last one in the next
    /// word.
    #[inline(never)]
    fn look(&self, w: usize) -> (u64, usize) {
        let free = !self.bits.word(w);
        let goes_on = free >> (BITS - 1) != 0 && w + 1 < self.bits.words();
        (free, if goes_on { self.bits.word(w + 1).trailing_zeros() as usize } else { 0 })
    }

    /// Bring the byte of a word up to date. If bits were `freed`, it is always written by a read-modify-write.
    #[inline(never)]
    fn update(&self, w: usize, mut freed: bool) {
        let (Some(word), shift) = (self.lacks.get(w / LANES), w % LANES * 8) else { return };
        let mut look = self.look(w);
        let mut seen = word.load(Ordering::Relaxed);
        loop {
            let lack = lack(look);
            if !freed && seen >> shift & LANE == lack {
                return;
            }
            let new = seen & !(LANE << shift) | lack << shift;
            // AcqRel: as in the file's head.
            let exchanged = word.compare_exchange_weak(seen, new, Ordering::AcqRel, Ordering::Relaxed);
            let again = self.look(w);
            match exchanged {
                Ok(_) if again == look => return,
                Ok(_) => (seen, freed) = (new, false),
                Err(now) => seen = now,
            }
            look = again;
        }
    }
}

/// The lack of a word's longest run.
fn lack((free, more): (u64, usize)) -> u64 {
    let tail = free.leading_ones() as usize;
    if tail + more >= BITS {
        return 0;
    }
    // Leave out the last run. It is counted together with its continuation in the next word.
    let others = free & (u64::MAX >> tail);
    (BITS - (tail + more).max(longest(others))) as u64
}

#[cfg(test)]
std::thread_local! {
    /// How many words this thread has looked at.
    static LOOKS: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

#[inline(always)]
fn count_a_look() {
    #[cfg(test)]
    LOOKS.set(LOOKS.get() + 1);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn words(n: usize) -> Vec<AtomicU64> {
        (0..n).map(|_| AtomicU64::new(0)).collect()
    }

    fn looks(work: impl FnOnce()) -> usize {
        let before = LOOKS.get();
        work();
        LOOKS.get() - before
    }

    #[test]
    fn runs_in_a_word_are_told() {
        let mut bits = 1u64;
        for _ in 0..20_000 {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            let word = bits & bits.rotate_left(1) | bits.rotate_left(31) >> (bits % 50);
            let naive = |n: usize| (0..=BITS - n).filter(move |i| (0..n).all(|k| word >> (i + k) & 1 == 1));
            let most = (1..=BITS).rev().find(|&n| naive(n).next().is_some()).unwrap_or(0);
            assert_eq!(longest(word), most, "{word:b}");
            for n in 1..=BITS {
                assert_eq!(starts(word, n), naive(n).fold(0, |all, i| all | 1 << i), "{n} in {word:b}");
            }
        }
        assert_eq!([longest(0), longest(u64::MAX), starts(u64::MAX, 64) as usize], [0, 64, 1]);
    }

    #[test]
    fn aligned_places_are_told() {
        for align in (0..9).map(|a| 1usize << a) {
            for (w, phase) in (0..8).flat_map(|w| (0..align).map(move |phase| (w, phase))) {
                let naive = (0..BITS).filter(|b| (w * BITS + b) % align == phase).fold(0, |all, b| all | 1 << b);
                assert_eq!(aligned(w, align, phase), naive, "{align} {phase} {w}");
            }
        }
    }

    /// Holes that are too short cost one look at every eighth word, however many there are.
    #[test]
    fn holes_that_do_not_fit_are_not_looked_at() {
        for n in [1usize << 10, 1 << 12, 1 << 14] {
            let (memory, lacks) = (words(n), words(room(n)));
            let runs: Runs<1> = Runs::new(Bitmap::new(&memory), &lacks);
            let end = (n - 8) * BITS;
            runs.set(0, end);
            (0..end - 5).step_by(5).for_each(|i| runs.release(i, 2 + i / 5 % 2));
            for (want, align) in [(4, 1), (6, 1), (4, 4), (64, 1), (70, 1), (2, 1), (3, 1)] {
                let mut got = 0;
                let looks = looks(|| got = runs.claim(want, align, 0, 0).unwrap());
                assert!(looks <= n / LANES + 20, "{looks} looks at {n} words for {want}");
                assert_eq!(got < end, want <= 3);
                runs.release(got, want);
            }
        }
    }

    /// Many words could begin a long run, but only one run is long enough. Each word is looked at a few times at most.
    #[test]
    fn long_runs_are_looked_at_once() {
        let n = 4096;
        let (memory, lacks) = (words(n), words(room(n)));
        let runs: Runs<1> = Runs::new(Bitmap::new(&memory), &lacks);
        (0..n - 300).step_by(200).for_each(|w| runs.set(w * BITS, 1));
        let looks =
            looks(|| assert!(runs.claim(205 * BITS, 1, 0, 0).is_some_and(|i| i > (n - 300) * BITS - 200 * BITS)));
        assert!(looks < 2 * n, "{looks} looks");
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    struct Map {
        bits: [AtomicU64; 2],
        lacks: [AtomicU64; 1],
    }

    impl Map {
        fn runs(&self) -> Runs<'_, 1> {
            Runs::new(Bitmap::new(&self.bits), &self.lacks)
        }
        fn lacks(&self, w: usize) -> u64 {
            self.lacks[0].load(Ordering::Relaxed) >> (w * 8) & LANE
        }
    }

    /// One thread frees bits while another frees or claims their neighbours, across the border of two words. In the end
    /// no byte states a lack greater than the real one.
    #[test]
    fn loom_no_free_run_is_overlooked() {
        for others in [|runs: Runs<1>| runs.release(62, 2), |runs: Runs<1>| assert!(runs.claim_at(67, 2))] {
            let mut builder = loom::model::Builder::new();
            builder.preemption_bound = Some(3);
            builder.check(move || {
                let map = Arc::new(Map { bits: [(); 2].map(|()| AtomicU64::new(0)), lacks: [AtomicU64::new(0)] });
                map.runs().set(0, 2 * BITS);
                map.runs().release(66, 4);
                let other = {
                    let map = map.clone();
                    thread::spawn(move || others(map.runs()))
                };
                map.runs().release(64, 2);
                other.join().unwrap();
                for w in 0..2 {
                    assert!(map.lacks(w) <= lack(map.runs().look(w)), "word {w}");
                }
            });
        }
    }
}
