//! Slots for things that wait to be taken again, each of a number of slices: the pages of `large_cache`.
//!
//! Protocol: a word is null or names an item, its slices, and whether it is marked. *Put* fills a null word by
//! compare-and-swap, *take* empties one by what its slices are, *age* marks those that are not, and takes those
//! that are: an item that a word names is nobody's, and who takes it out of the word has it alone. Nobody looks at an
//! item before. That one comes back to the word it was in while somebody looks (ABA) is harmless: the word says the same
//! of it.
//!
//! Orderings: who takes an item out (Acquire) sees all that was done with it before it was put in (Release). *Put* fills
//! a word and then, as its caller, looks whether a time is entered at which somebody ages the slots; who ages clears the
//! time and then looks at the words; these four are sequentially consistent. So either the item is seen, or that no
//! time is entered, and one is.

use crate::base::sync::{AtomicPtr, Ordering};
use core::ptr;

/// How many slots there are: one cache line.
const WORDS: usize = 8;
/// Slices of a page: 1 MiB.
pub const MOST: usize = 16;
/// Slices of all together: almost 2 MiB.
const ROOM: usize = 31;
/// In a word, below the address: the slices, and the mark.
const SLICES: usize = 31;
const MARK: usize = 32;
/// What is kept is aligned to that at least.
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

    /// Keep `page`, the caller's, of `n` slices, 1 to [`MOST`]; false, and it stays the caller's, where that is beyond the
    /// bounds, or another thread is faster.
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

    /// A page of `n` slices, the caller's from now on.
    pub fn take(&self, n: usize) -> Option<&'static T> {
        self.0.iter().find_map(|word| {
            let seen = word.load(Ordering::Relaxed);
            (slices(seen) == n
                // Acquire: as in the file's head.
                && word.compare_exchange(seen, ptr::null_mut(), Ordering::Acquire, Ordering::Relaxed).is_ok())
            .then(|| item(seen))?
        })
    }

    /// The page whose length is next to `n`, the caller's from now on: the smallest that is longer, else the largest.
    #[inline(never)]
    pub fn take_near(&self, n: usize) -> Option<&'static T> {
        let far = |&(_, seen): &(_, *mut T)| if slices(seen) >= n { slices(seen) } else { ROOM + n - slices(seen) };
        let held = self.0.iter().map(|word| (word, word.load(Ordering::Relaxed))).filter(|(_, seen)| !seen.is_null());
        let (word, seen) = held.min_by_key(far)?;
        // Acquire: as in the file's head.
        let taken = word.compare_exchange(seen, ptr::null_mut(), Ordering::Acquire, Ordering::Relaxed).is_ok();
        if taken { item(seen) } else { None }
    }

    /// Call `release` with the pages that are marked, or with `all`; they are the caller's. Mark the others; says whether
    /// there are any.
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
            // Acquire: as in the file's head. (A mark is a read-modify-write, so who takes the item later sees what its put
            // released.)
            let changed = word.compare_exchange(seen, then, Ordering::Acquire, Ordering::Relaxed).is_ok();
            match item(seen) {
                Some(page) if changed && then.is_null() => release(page),
                _ => left = true,
            }
        }
        left
    }

    /// How many pages are kept, and their slices, at some moment.
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

    /// What a record is, aligned as one.
    #[repr(align(128))]
    struct Item(AtomicU64);

    /// One thread puts, one takes, one ages: each item is one thread's at a time, which sees what was done with it, and none
    /// is lost.
    #[test]
    fn loom_an_item_of_a_slot_is_one_threads() {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(|| {
            let slots = Arc::new(PageSlots::<Item>::new());
            let items: [&'static Item; 2] = [(); 2].map(|()| &*Box::leak(Box::new(Item(AtomicU64::new(0)))));
            // Of the test, not of the model.
            let owned = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
            let own = |item: &Item, owned: &std::sync::atomic::AtomicU64| {
                owned.fetch_add(1, Ordering::Relaxed);
                // Not one step, so that a second owner would be seen.
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
