//! The word that threads share about a page. It says who may touch the page's lists, and holds the blocks that were
//! given back to it.
//!
//! ```text
//! bits 0..3   state      bits 3..23  head: offset of the first given block, in units of 16 bytes
//! bits 23..43 given: number of blocks on that list      bits 43..63 out: blocks in the program's hands
//! ```
//!
//! States and transitions (each is one compare-and-swap on this word):
//!
//! ```text
//! ATTACHED  one theap allocates from the page, and only it touches the page's other lists; `out` is not kept (0)
//!     give:    push a chain; given += n
//!     take:    the owner empties the list
//!     detach:  -> FULL or LISTED; the owner puts its own free blocks on the list and sets `out`
//!              -> GONE if nothing is out
//! FULL      no list holds the page
//!     give:    push; given += n, out -= n
//!              -> LISTED when given reaches the threshold: the giver must put the page on a list
//!              -> GONE when out reaches 0: only the giver has the page, and it releases record and memory
//! LISTED    the page is on exactly one list (or the thread that made it LISTED is putting it there)
//!     give:    as in FULL;   -> DYING when out reaches 0: the giver releases the memory, not the record
//!     attach:  the list's consumer -> ATTACHED, taking the list
//!     begin_purge:  any thread -> PURGING, taking the list, to give back OS pages in which all blocks are free
//! PURGING   on its list; the list's consumer cannot use it now, and leaves it on the list
//!     give:    push; given += n, out -= n, also to 0
//!     end_purge:  the thread that purges -> LISTED, putting back the blocks that are still linked
//!              -> DYING if out is 0: that thread releases the memory, not the record
//! DYING     on its list; the giver of the last block is releasing the memory, and reads the record for that
//!     bury:    -> DEAD  the giver has released the memory
//!     drop:    -> DROPPED  the list's consumer leaves the record to the giver
//! DEAD      only the record is left, on its list; the list's consumer releases it
//! DROPPED   off its list; the giver releases the record once it is done with it
//! ```
//!
//! Why this is safe. Blocks are only pushed to the list, or the list is taken whole. So a head that comes back (ABA) is
//! harmless: the link that a giver wrote is right for any list that has that head, and all other facts that the giver
//! relied on are in the word itself. `out` counts the blocks that the program, a theap's stack or a chain still holds.
//! When it is 0 in a detached page, nobody can give to the page any more, so the thread that brought it to 0 is alone.
//! A thread that is stopped anywhere delays nobody. It holds blocks (which keeps the page alive) or a page that is
//! LISTED and not yet on its list (which keeps that record from reuse), but no lock.
//!
//! Orderings: a giver's success is Release. Its writes into the blocks, and everything it did with them before, happen
//! before the taker's use. It pairs with the Acquire in `take`, in `attach`, and in a give that ends in GONE or DYING.
//! Of the two threads in `bury` and `drop_dead`, the second one releases the record, and acquires what the first one
//! did with it.

use crate::base::sync::{AtomicU64, Ordering};

const STATE: u64 = 7;
const FIELD: u64 = (1 << 20) - 1;
const HEAD: u32 = 3;
const GIVEN: u32 = 23;
const OUT: u32 = 43;

/// The state of a page, as in the file's head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// A theap allocates from it.
    Attached = 0,
    /// Detached, on no list.
    Full = 1,
    /// Detached, on a list.
    Listed = 2,
    /// On a list, memory released.
    Dead = 3,
    /// Memory and record are released (or were never used).
    Gone = 4,
    /// On a list, memory being released.
    Dying = 5,
    /// On no list any more, memory being released.
    Dropped = 6,
    /// On a list, and a thread gives back OS pages in which all blocks are free.
    Purging = 7,
}

impl State {
    /// Whether all blocks are free for ever.
    pub fn is_dead(self) -> bool {
        matches!(self, State::Dead | State::Gone | State::Dying | State::Dropped)
    }
}

/// What a giver has to do after its give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given {
    /// Nothing.
    Done,
    /// Put the page on a list.
    List,
    /// Release memory and record: nobody else has the page.
    Release,
    /// Release the memory, then [`Word::bury`]: the record is on a list.
    ReleaseMemory,
}

/// What is left for a list's consumer of a page that it took off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dropped {
    /// A page that is alive.
    Alive,
    /// A record that the consumer has to release.
    Ours,
    /// Nothing: the thread that releases the memory also releases the record.
    Theirs,
}

/// A list of given blocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chain {
    /// Offset of the first block, divided by 16. Meaningless if `count` is 0.
    pub head: u32,
    /// Number of blocks.
    pub count: u32,
}

#[derive(Clone, Copy)]
struct Bits(u64);

impl Bits {
    fn new(state: State, head: u32, given: u32, out: u32) -> Bits {
        Bits(state as u64 | (head as u64) << HEAD | (given as u64) << GIVEN | (out as u64) << OUT)
    }
    fn state(self) -> State {
        match self.0 & STATE {
            0 => State::Attached,
            1 => State::Full,
            2 => State::Listed,
            3 => State::Dead,
            5 => State::Dying,
            6 => State::Dropped,
            7 => State::Purging,
            _ => State::Gone,
        }
    }
    fn head(self) -> u32 {
        (self.0 >> HEAD & FIELD) as u32
    }
    fn given(self) -> u32 {
        (self.0 >> GIVEN & FIELD) as u32
    }
    fn out(self) -> u32 {
        (self.0 >> OUT & FIELD) as u32
    }
}

/// The word. [`Word::new`] makes one that is GONE.
pub struct Word(AtomicU64);

impl Word {
    /// The word of an unused page.
    #[cfg(not(loom))]
    pub const fn new() -> Word {
        Word(AtomicU64::new(State::Gone as u64))
    }
    /// The word of an unused page.
    #[cfg(loom)]
    pub fn new() -> Word {
        Word(AtomicU64::new(State::Gone as u64))
    }

    /// The page begins its life attached to the calling theap. No other thread has its memory.
    pub fn start_attached(&self) {
        self.0.store(Bits::new(State::Attached, 0, 0, 0).0, Ordering::Relaxed);
    }

    /// The page begins its life with `out` blocks handed out and on no list.
    pub fn start_full(&self, out: u32) {
        self.0.store(Bits::new(State::Full, 0, 0, out).0, Ordering::Relaxed);
    }

    /// State, given and out, as of a moment ago.
    pub fn peek(&self) -> (State, u32, u32) {
        let bits = Bits(self.0.load(Ordering::Relaxed));
        (bits.state(), bits.given(), bits.out())
    }

    /// Give back a chain of `n` blocks whose first one has offset `head`. `link` is called with the present list,
    /// possibly more than once, and must make the chain's last block point to it. A FULL page must be listed once it
    /// has `threshold` given blocks.
    #[inline]
    pub fn give(&self, head: u32, n: u32, threshold: u32, mut link: impl FnMut(Chain)) -> Given {
        let mut old = Bits(self.0.load(Ordering::Relaxed));
        loop {
            link(Chain { head: old.head(), count: old.given() });
            let given = old.given() + n;
            let state = old.state();
            let (new, then) = match state {
                State::Attached => (Bits::new(State::Attached, head, given, 0), Given::Done),
                State::Full | State::Listed => {
                    // A double free can give more than is out. The page then stays, which is safe.
                    let out = old.out().saturating_sub(n);
                    match (out, state) {
                        (0, State::Full) => (Bits::new(State::Gone, 0, 0, 0), Given::Release),
                        (0, _) => (Bits::new(State::Dying, 0, 0, 0), Given::ReleaseMemory),
                        (_, State::Full) if given >= threshold => {
                            (Bits::new(State::Listed, head, given, out), Given::List)
                        }
                        _ => (Bits::new(state, head, given, out), Given::Done),
                    }
                }
                // The thread that purges also handles the end of the page.
                State::Purging => (Bits::new(state, head, given, old.out().saturating_sub(n)), Given::Done),
                // Only a double free comes here. There is nothing left to give to.
                State::Dead | State::Gone | State::Dying | State::Dropped => return Given::Done,
            };
            // AcqRel: Release publishes the blocks' links to `take` and `attach`. Acquire, for the giver that ends the
            // page, pairs with the Release of all earlier givers.
            match self.0.compare_exchange_weak(old.0, new.0, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return then,
                Err(now) => old = Bits(now),
            }
        }
    }

    /// The owner of an ATTACHED page takes the given blocks.
    #[inline]
    pub fn take(&self) -> Chain {
        let seen = Bits(self.0.load(Ordering::Relaxed));
        if seen.given() == 0 {
            return Chain { head: 0, count: 0 };
        }
        // Acquire: pairs with the Release of each give whose blocks are on the list.
        let old = Bits(self.0.swap(Bits::new(State::Attached, 0, 0, 0).0, Ordering::Acquire));
        Chain { head: old.head(), count: old.given() }
    }

    /// The owner lets go of an ATTACHED page, of which `carved` blocks exist. It returns `n` free blocks of its own as
    /// a chain that begins at `head` (linked as in [`Word::give`]). `keep` lists the page whatever the threshold.
    /// Returns Done (FULL), List (now LISTED) or Release (nothing is out).
    pub fn detach(
        &self,
        head: u32,
        n: u32,
        carved: u32,
        threshold: u32,
        keep: bool,
        mut link: impl FnMut(Chain),
    ) -> Given {
        let mut old = Bits(self.0.load(Ordering::Relaxed));
        loop {
            if n > 0 {
                link(Chain { head: old.head(), count: old.given() });
            }
            let given = old.given() + n;
            let out = carved.saturating_sub(given);
            let first = if n > 0 { head } else { old.head() };
            let (new, then) = if out == 0 {
                (Bits::new(State::Gone, 0, 0, 0), Given::Release)
            } else if keep || given >= threshold {
                (Bits::new(State::Listed, first, given, out), Given::List)
            } else {
                (Bits::new(State::Full, first, given, out), Given::Done)
            };
            // AcqRel: as in `give`.
            match self.0.compare_exchange_weak(old.0, new.0, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return then,
                Err(now) => old = Bits(now),
            }
        }
    }

    /// Take the page from everybody, with all its blocks, whoever holds them. True: only the caller has the page now.
    /// False: another thread is releasing it, either the giver of the last block, or a thread that purges and finds out
    /// when it ends that.
    pub fn seize(&self) -> bool {
        // Acquire: pairs with the Release of all givers.
        let old = Bits(self.0.swap(Bits::new(State::Gone, 0, 0, 0).0, Ordering::Acquire));
        !old.state().is_dead() && old.state() != State::Purging
    }

    /// The state, and the word as a number. While the number stays the same, nothing was given to the page or taken
    /// from it.
    pub fn snapshot(&self) -> (State, u64) {
        let bits = Bits(self.0.load(Ordering::Relaxed));
        (bits.state(), bits.0)
    }

    /// Take the list of a LISTED page, to purge OS pages in it. None if the page is not LISTED or nothing was given to
    /// it. Until [`Word::end_purge`] the caller may read the record, and may write it as its owner may.
    pub fn begin_purge(&self) -> Option<Chain> {
        // Acquire: pairs with the Release of the givers, and of the detach that published the page's fields.
        let mut old = Bits(self.0.load(Ordering::Acquire));
        loop {
            if old.state() != State::Listed || old.given() == 0 {
                return None;
            }
            let new = Bits::new(State::Purging, 0, 0, old.out());
            // Acquire: as above.
            match self.0.compare_exchange_weak(old.0, new.0, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some(Chain { head: old.head(), count: old.given() }),
                Err(now) => old = Bits(now),
            }
        }
    }

    /// End what [`Word::begin_purge`] began. The `n` blocks that are still free and linked, beginning at `head`, go
    /// back to the list (linked as in [`Word::give`]). Returns Done (LISTED), ReleaseMemory (nothing is out), or
    /// Release (the page's heap was destroyed meanwhile).
    pub fn end_purge(&self, head: u32, n: u32, mut link: impl FnMut(Chain)) -> Given {
        let mut old = Bits(self.0.load(Ordering::Relaxed));
        loop {
            if old.state() != State::Purging {
                // Acquire: what the thread that seized the page did happens before its memory is released.
                let _ = self.0.load(Ordering::Acquire);
                return Given::Release;
            }
            if n > 0 {
                link(Chain { head: old.head(), count: old.given() });
            }
            let first = if n > 0 { head } else { old.head() };
            let (new, then) = match old.out() {
                0 => (Bits::new(State::Dying, 0, 0, 0), Given::ReleaseMemory),
                out => (Bits::new(State::Listed, first, old.given() + n, out), Given::Done),
            };
            // AcqRel: as in `give`. Release also publishes what was written to the record to the thread that attaches
            // the page.
            match self.0.compare_exchange_weak(old.0, new.0, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return then,
                Err(now) => old = Bits(now),
            }
        }
    }

    /// In the child of a fork: the thread that purged does not exist here. Of the page's `made` blocks, those that it
    /// had taken off the list count as out from now on, for ever.
    pub fn forget_purge(&self, made: u32) {
        let old = Bits(self.0.load(Ordering::Relaxed));
        if old.state() == State::Purging {
            let new = Bits::new(State::Listed, old.head(), old.given(), made.saturating_sub(old.given()));
            self.0.store(new.0, Ordering::Relaxed);
        }
    }

    /// The giver of the last block has released the memory. False: the caller must release the record too.
    pub fn bury(&self) -> bool {
        let [dying, dead] = [State::Dying, State::Dead].map(|state| Bits::new(state, 0, 0, 0).0);
        // Release: what the giver read of the record happens before the consumer releases it. Acquire: the consumer is
        // done with the record. Both pair with `drop_dead`.
        self.0.compare_exchange(dying, dead, Ordering::Release, Ordering::Acquire).is_ok()
    }

    /// The consumer of a list has taken the page off it, and lets go of it if it is dead.
    pub fn drop_dead(&self) -> Dropped {
        // Acquire, here and below: pairs with the Release in `bury`.
        let mut old = Bits(self.0.load(Ordering::Acquire));
        if old.state() == State::Dying {
            let dropped = Bits::new(State::Dropped, 0, 0, 0);
            // Release: pairs with the Acquire in `bury`.
            match self.0.compare_exchange(old.0, dropped.0, Ordering::Release, Ordering::Acquire) {
                Ok(_) => return Dropped::Theirs,
                Err(now) => old = Bits(now),
            }
        }
        if old.state() == State::Dead { Dropped::Ours } else { Dropped::Alive }
    }

    /// The list of given blocks, as of a moment ago.
    pub fn list(&self) -> Chain {
        // Acquire: pairs with the Release of the givers, so the caller may follow their links.
        let bits = Bits(self.0.load(Ordering::Acquire));
        Chain { head: bits.head(), count: bits.given() }
    }

    /// The consumer of a list attaches a page that it took off. Returns the given blocks. None if the page is dead (see
    /// [`Word::drop_dead`]), or is PURGING and must go back on the list.
    pub fn attach(&self) -> Option<Chain> {
        // Acquire: pairs with the Release of the givers, and of the detach that published the page's fields.
        let mut old = Bits(self.0.load(Ordering::Acquire));
        loop {
            if old.state() != State::Listed {
                return None;
            }
            match self.0.compare_exchange_weak(
                old.0,
                Bits::new(State::Attached, 0, 0, 0).0,
                Ordering::Acquire, // as above
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(Chain { head: old.head(), count: old.given() }),
                Err(now) => old = Bits(now),
            }
        }
    }
}

impl Default for Word {
    fn default() -> Self {
        Word::new()
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_through_its_states() {
        let word = Word::new();
        word.start_attached();
        assert_eq!(word.give(3, 1, 2, |c| assert_eq!(c.count, 0)), Given::Done);
        assert_eq!(word.take(), Chain { head: 3, count: 1 });
        assert_eq!(word.detach(0, 0, 4, 2, false, |_| ()), Given::Done);
        assert_eq!(word.peek(), (State::Full, 0, 4));
        assert_eq!(word.give(1, 1, 2, |_| ()), Given::Done);
        assert_eq!(word.give(2, 1, 2, |c| assert_eq!(c, Chain { head: 1, count: 1 })), Given::List);
        assert_eq!(word.attach(), Some(Chain { head: 2, count: 2 }));
        assert_eq!(word.detach(2, 2, 4, 2, false, |_| ()), Given::List);
        assert_eq!(word.drop_dead(), Dropped::Alive);
        assert_eq!(word.give(0, 2, 2, |_| ()), Given::ReleaseMemory);
        assert_eq!(word.attach(), None);
        assert!(word.bury());
        assert_eq!(word.drop_dead(), Dropped::Ours);
        word.start_full(1);
        assert_eq!(word.give(0, 1, 1, |_| ()), Given::Release);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicUsize;
    use loom::thread;

    /// Two threads give the last two blocks of a page that its owner detaches. Exactly one of the three ends the page,
    /// and its memory is released exactly once.
    #[test]
    fn loom_the_last_giver_releases_once() {
        loom::model(|| {
            let word = Arc::new(Word::new());
            let released = Arc::new(AtomicUsize::new(0));
            let listed = Arc::new(AtomicUsize::new(0));
            word.start_attached();
            let note = |given: Given, released: &AtomicUsize, listed: &AtomicUsize| match given {
                Given::Release | Given::ReleaseMemory => {
                    released.fetch_add(1, Ordering::Relaxed);
                }
                Given::List => {
                    listed.fetch_add(1, Ordering::Relaxed);
                }
                Given::Done => {}
            };
            let threads: Vec<_> = (0..2)
                .map(|i| {
                    let (word, released, listed) = (word.clone(), released.clone(), listed.clone());
                    thread::spawn(move || note(word.give(i, 1, 1, |_| ()), &released, &listed))
                })
                .collect();
            note(word.detach(0, 0, 2, 1, false, |_| ()), &released, &listed);
            for t in threads {
                t.join().unwrap();
            }
            assert_eq!(released.load(Ordering::Relaxed), 1);
            assert!(listed.load(Ordering::Relaxed) <= 1);
        });
    }

    /// A thread gives the last block of a listed page while the consumer of the list looks at the page. The record is
    /// released once, and never before the memory.
    #[test]
    fn loom_a_record_outlives_its_memory() {
        loom::model(|| {
            let word = Arc::new(Word::new());
            let held = Arc::new(loom::cell::UnsafeCell::new(()));
            word.start_attached();
            assert_eq!(word.detach(5, 1, 2, 1, false, |_| ()), Given::List);
            let giver = {
                let (word, held) = (word.clone(), held.clone());
                thread::spawn(move || {
                    assert_eq!(word.give(7, 1, 1, |_| ()), Given::ReleaseMemory);
                    // The record is read to release the memory.
                    held.with(|_| ());
                    let ours = !word.bury();
                    if ours {
                        held.with_mut(|_| ());
                    }
                    ours as u32
                })
            };
            let mut freed = 0;
            let mut left = false;
            match word.drop_dead() {
                Dropped::Alive => {}
                Dropped::Theirs => left = true,
                Dropped::Ours => {
                    held.with_mut(|_| ());
                    freed += 1;
                }
            }
            let alive = freed == 0 && !left;
            freed += giver.join().unwrap();
            if alive {
                assert_eq!(word.drop_dead(), Dropped::Ours);
                freed += 1;
            }
            assert_eq!(freed, 1);
        });
    }

    /// A consumer attaches a listed page while another thread gives. No block is lost or seen twice.
    #[test]
    fn loom_attach_and_give_lose_nothing() {
        loom::model(|| {
            let word = Arc::new(Word::new());
            word.start_attached();
            assert_eq!(word.detach(5, 1, 3, 1, false, |_| ()), Given::List);
            let other = {
                let word = word.clone();
                thread::spawn(move || word.give(7, 1, 1, |_| ()))
            };
            let mut have = word.attach().expect("one block is still out").count;
            let given = other.join().unwrap();
            assert_eq!(given, Given::Done);
            have += word.take().count;
            assert_eq!(have, 2);
            assert_eq!(word.peek(), (State::Attached, 0, 0));
        });
    }

    /// One thread purges a listed page, one gives its last two blocks, and the list's consumer comes by. No block is
    /// lost or seen twice, one thread at a time has the record, and the memory of an empty page is released once.
    #[test]
    fn loom_a_purge_loses_nothing() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(4);
        builder.check(|| {
            let word = Arc::new(Word::new());
            // What a purge and an owner write.
            let record = Arc::new(loom::cell::UnsafeCell::new(0u32));
            word.start_attached();
            assert_eq!(word.detach(5, 2, 4, 1, false, |_| ()), Given::List);
            let giver = {
                let word = word.clone();
                thread::spawn(move || {
                    let first = word.give(7, 1, 1, |_| ());
                    (first, word.give(8, 1, 1, |_| ()))
                })
            };
            let purger = {
                let (word, record) = (word.clone(), record.clone());
                thread::spawn(move || {
                    let Some(chain) = word.begin_purge() else { return (0, Given::Done) };
                    // One block stays linked. The others lie in holes.
                    // SAFETY: loom checks that nobody else has it.
                    record.with_mut(|holes| unsafe { *holes = chain.count - 1 });
                    (chain.count, word.end_purge(chain.head, 1, |_| ()))
                })
            };
            let chain = word.attach();
            let mut free = 0;
            if let Some(chain) = chain {
                // SAFETY: as above.
                free = chain.count + record.with(|holes| unsafe { *holes });
            }
            let (first, last) = giver.join().unwrap();
            let (_, purged) = purger.join().unwrap();
            assert_eq!(first, Given::Done);
            let released = [last, purged].iter().filter(|&&then| then == Given::ReleaseMemory).count();
            if chain.is_some() {
                assert_eq!((released, free + word.take().count), (0, 4));
            } else {
                // Now only this thread has the page, which is empty.
                assert_eq!(released, 1);
                assert_eq!(word.peek().0, State::Dying);
            }
        });
    }
}
