//! Slots for items that wait to be taken again, each of a number of slices: the pages of `large_cache`.
//!
//! Protocol: a word is null, or names an item, its slices, and whether it is marked. *Put* fills a null word by
//! compare-and-swap. *Take* empties a word that has the right number of slices. *Age* marks the items that are not
//! marked, and takes those that are. An item that a word names is nobody's. Whoever takes it out of the word has it
//! alone, and nobody looks at an item before that. An item may leave a word and come back to it while somebody looks
//! at the word (ABA). That is harmless, because the word says the same about the item.
//!
//! Orderings: whoever takes an item out (Acquire) sees all that was done with it before it was put in (Release). After
//! *put* fills a word, its caller reads whether a time for the next sweep is set. A sweep first clears that time, and
//! then reads the words. These four accesses are sequentially consistent. So either the sweep sees the item, or the
//! caller of *put* sees that no time is set, and sets one.

use crate::base::sync::{AtomicPtr, Ordering};
use core::ptr;

/// How many slots there are: one cache line.
const WORDS: usize = 8;
/// The most slices of one page: 1 MiB.
pub const MOST: usize = 16;
/// The most slices of all pages together: almost 2 MiB.
const ROOM: usize = 31;
/// In a word, the bits below the address hold the slices and the mark.
const SLICES: usize = 31;
const MARK: usize = 32;
/// The least alignment of what is kept.
pub const ALIGN: usize = 64;

/// The slots.
#[repr(align(64))]
pub struct PageSlots<T: 'static>([AtomicPtr<T>; WORDS]);

fn slices<T>(word: *mut T) -> usize {
    word.addr() & SLICES
}

fn item<T>(word: *mut T) -> Option<&'static T> {
    // SAFETY: null, or put there by `put`, which takes what lives for ever.
    unsafe { word.map_addr(|at| at & !(SLICES | MARK)).as_ref() }
}

impl<T> PageSlots<T> {
    /// Nothing is kept.
    #[cfg(not(loom))]
    pub const fn new() -> PageSlots<T> {
        PageSlots([const { AtomicPtr::new(ptr::null_mut()) }; WORDS])
    }
    /// Nothing is kept.
    #[cfg(loom)]
    pub fn new() -> PageSlots<T> {
        PageSlots(core::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())))
    }

    /// Keep the caller's `page` of `n` slices, 1 to [`MOST`]. Returns false, and the page stays the caller's, if that
    /// exceeds the bounds or another thread is faster.
    pub fn put(&self, page: &'static T, n: usize) -> bool {
        let new = ptr::from_ref(page).cast_mut().map_addr(|at| at | n);
        let fills = |word: &AtomicPtr<T>| {
            // SeqCst: as in the file's head.
            word.compare_exchange(ptr::null_mut(), new, Ordering::SeqCst, Ordering::Relaxed).is_ok()
        };
        let (mut sum, mut empty) = (n, None);
        for word in self.0.iter().rev() {
            let held = slices(word.load(Ordering::Relaxed));
            sum += held;
            empty = if held == 0 { Some(word) } else { empty };
        }
        sum <= ROOM && empty.is_some_and(fills)
    }

    /// Take a page of `n` slices. It is the caller's from now on.
    pub fn take(&self, n: usize) -> Option<&'static T> {
        self.0.iter().find_map(|word| {
            let seen = word.load(Ordering::Relaxed);
            (slices(seen) == n
                // Acquire: as in the file's head.
                && word.compare_exchange(seen, ptr::null_mut(), Ordering::Acquire, Ordering::Relaxed).is_ok())
            .then(|| item(seen))?
        })
    }

    /// Take the page whose length is nearest to `n`: the shortest that is at least as long, else the longest. It is
    /// the caller's from now on.
    #[inline(never)]
    pub fn take_near(&self, n: usize) -> Option<&'static T> {
        let far = |&(_, seen): &(_, *mut T)| if slices(seen) >= n { slices(seen) } else { ROOM + n - slices(seen) };
        let held = self.0.iter().map(|word| (word, word.load(Ordering::Relaxed))).filter(|(_, seen)| !seen.is_null());
        let (word, seen) = held.min_by_key(far)?;
        // Acquire: as in the file's head.
        let taken = word.compare_exchange(seen, ptr::null_mut(), Ordering::Acquire, Ordering::Relaxed).is_ok();
        if taken { item(seen) } else { None }
    }

    /// Call `release` with the pages that are marked, or with `all` pages; they are the caller's. Mark the others.
    /// Returns whether there are any.
    #[inline(never)]
    pub fn age(&self, all: bool, release: &mut dyn FnMut(&'static T)) -> bool {
        let mut left = false;
        for word in &self.0 {
            // SeqCst: as in the file's head.
            let seen = word.load(Ordering::SeqCst);
            if seen.is_null() {
                continue;
            }
            let marked = seen.map_addr(|at| at | MARK);
            let then = if all || seen == marked { ptr::null_mut() } else { marked };
            // Acquire: as in the file's head. (Setting a mark is a read-modify-write, so whoever takes the item later
            // still sees what its put released.)
            let changed = word.compare_exchange(seen, then, Ordering::Acquire, Ordering::Relaxed).is_ok();
            match item(seen) {
                Some(page) if changed && then.is_null() => release(page),
                _ => left = true,
            }
        }
        left
    }

    /// How many pages are kept, and how many slices they have, at some moment.
    #[inline(never)]
    pub fn held(&self) -> (usize, usize) {
        let (mut pages, mut sum) = (0, 0);
        for word in &self.0 {
            let n = slices(word.load(Ordering::Relaxed));
            pages += (n != 0) as usize;
            sum += n;
        }
        (pages, sum)
    }
}

impl<T> Default for PageSlots<T> {
    fn default() -> Self {
        PageSlots::new()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[repr(align(64))]
    #[derive(PartialEq, Debug)]
    struct Item(usize);

    fn items() -> Vec<&'static Item> {
        (0..30).map(|n| &*Box::leak(Box::new(Item(n)))).collect()
    }

    #[test]
    fn an_item_is_taken_by_its_slices() {
        let (slots, at) = (PageSlots::new(), items());
        assert!(slots.put(at[1], 2) && slots.put(at[2], 3));
        assert_eq!([slots.take(4), slots.take(1)], [None, None]);
        assert_eq!(slots.held(), (2, 5));
        assert_eq!(slots.take(3), Some(at[2]));
        assert_eq!(slots.take(3), None);
        assert_eq!(slots.take(2), Some(at[1]));
        assert_eq!(slots.held(), (0, 0));
    }

    #[test]
    fn the_next_longer_item_is_nearest_and_then_the_largest() {
        let (slots, at) = (PageSlots::new(), items());
        assert_eq!(slots.take_near(3), None);
        assert!(slots.put(at[1], 2) && slots.put(at[2], 7) && slots.put(at[3], 4) && slots.put(at[4], 1));
        let near = [3, 3, 3, 3, 3].map(|n| slots.take_near(n).map_or(0, |item| item.0));
        assert_eq!(near, [3, 2, 1, 4, 0]);
        assert!(slots.put(at[5], MOST));
        assert_eq!(slots.take_near(MOST), Some(at[5]));
    }

    #[test]
    fn there_are_bounds() {
        let (slots, at) = (PageSlots::new(), items());
        assert!((1..WORDS).all(|n| slots.put(at[n], 4)));
        assert!(!slots.put(at[20], 4) && slots.put(at[21], 3) && !slots.put(at[22], 1));
        assert_eq!(slots.held(), (WORDS, ROOM));
        assert!(!slots.age(true, &mut |_| ()));
        assert!(slots.put(at[23], MOST) && slots.put(at[24], ROOM - MOST) && !slots.put(at[25], 1));
    }

    #[test]
    fn what_nobody_takes_goes_at_the_second_look() {
        let (slots, at) = (PageSlots::new(), items());
        assert!(slots.put(at[1], 2) && slots.put(at[2], 2));
        assert!(slots.age(false, &mut |item| panic!("{item:?} goes")));
        let again = slots.take(2).unwrap();
        assert!(slots.put(again, 2));
        let mut gone = Vec::new();
        assert!(slots.age(false, &mut |item| gone.push(item)));
        assert_eq!(gone.len(), 1);
        assert_ne!(gone[0], again);
        assert!(!slots.age(true, &mut |item| gone.push(item)));
        assert_eq!(gone[1], again);
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use crate::base::sync::AtomicU64;
    use loom::sync::Arc;
    use loom::thread;

    /// Stands for a page's record, and is aligned like one.
    #[repr(align(128))]
    struct Item(AtomicU64);

    /// One thread puts, one takes, one ages. Each item belongs to one thread at a time, which sees what was done with
    /// the item before. No item is lost.
    #[test]
    fn loom_an_item_of_a_slot_is_one_threads() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let slots = Arc::new(PageSlots::<Item>::new());
            let items: [&'static Item; 2] = [(); 2].map(|()| &*Box::leak(Box::new(Item(AtomicU64::new(0)))));
            // Belongs to the test, not to the model.
            let owned = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
            let own = |item: &Item, owned: &std::sync::atomic::AtomicU64| {
                owned.fetch_add(1, Ordering::Relaxed);
                // Two steps, not one, so that a second owner would be seen.
                item.0.store(item.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            };
            assert!(slots.put(items[0], 2));
            let putter = {
                let (slots, owned) = (slots.clone(), owned.clone());
                thread::spawn(move || {
                    own(items[1], &owned);
                    if !slots.put(items[1], 2) {
                        own(items[1], &owned);
                    }
                })
            };
            let taker = {
                let (slots, owned) = (slots.clone(), owned.clone());
                thread::spawn(move || {
                    if let Some(item) = slots.take(2) {
                        own(item, &owned);
                        if !slots.put(item, 2) {
                            own(item, &owned);
                        }
                    }
                })
            };
            slots.age(false, &mut |item| own(item, &owned));
            slots.age(false, &mut |item| own(item, &owned));
            putter.join().unwrap();
            taker.join().unwrap();
            slots.age(true, &mut |item| own(item, &owned));
            let counts = items.map(|item| item.0.load(Ordering::Relaxed));
            // Each was released, and one may have been taken before.
            assert!(counts.iter().all(|&owners| owners >= 1), "{counts:?}");
            assert_eq!(counts.iter().sum::<u64>(), owned.load(Ordering::Relaxed));
        });
    }
}
