//! A slot that holds one item, or none. Whoever takes an item out, by an exchange, has it alone.
//!
//! ```text
//! empty  --exchange-->  has an item  --exchange-->  has another; the first is the caller's
//!                                    --take-->      empty; the item is the caller's
//! ```
//!
//! Each step is one exchange, so a thread that is stopped between two of them keeps nobody waiting.

use crate::base::sync::{AtomicPtr, Ordering};
use core::ptr;

/// A place for one item.
pub struct Slot<T: 'static>(AtomicPtr<T>);

impl<T> Slot<T> {
    /// An empty one.
    #[cfg(not(loom))]
    pub const fn new() -> Slot<T> {
        Slot(AtomicPtr::new(ptr::null_mut()))
    }

    /// An empty one.
    #[cfg(loom)]
    pub fn new() -> Slot<T> {
        Slot(AtomicPtr::new(ptr::null_mut()))
    }

    /// Whether there was none a moment ago.
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed).is_null()
    }

    /// Put an item in. Returns the one that was there, which is the caller's now.
    pub fn exchange(&self, item: &'static T) -> Option<&'static T> {
        // Release: pairs with the Acquire of whoever takes the item out, who sees what was done to it before. Acquire:
        // pairs with the Release that put the other item in.
        let other = self.0.swap(ptr::from_ref(item).cast_mut(), Ordering::AcqRel);
        // SAFETY: null, or a reference that `exchange` was given.
        unsafe { other.as_ref() }
    }

    /// Take the item out, which is the caller's now.
    pub fn take(&self) -> Option<&'static T> {
        // Acquire: as in `exchange`.
        let item = self.0.swap(ptr::null_mut(), Ordering::Acquire);
        // SAFETY: as in `exchange`.
        unsafe { item.as_ref() }
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use crate::base::sync::AtomicU64;
    use loom::sync::Arc;
    use loom::thread;

    struct Item(AtomicU64);

    /// What an owner does, in two steps: a second owner at the same time would be seen.
    fn own(item: &Item) {
        item.0.store(item.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Two threads put an item each, and one takes what is there. Each item comes out once, and its new owner sees what
    /// was done before.
    #[test]
    fn loom_an_item_comes_out_once() {
        loom::model(|| {
            let slot = Arc::new(Slot::<Item>::new());
            let items: [&'static Item; 2] = [(); 2].map(|()| &*Box::leak(Box::new(Item(AtomicU64::new(0)))));
            let putters = items.map(|item| {
                let slot = slot.clone();
                thread::spawn(move || {
                    own(item);
                    if let Some(other) = slot.exchange(item) {
                        own(other);
                    }
                })
            });
            if let Some(item) = slot.take() {
                own(item);
            }
            for putter in putters {
                putter.join().unwrap();
            }
            if let Some(item) = slot.take() {
                own(item);
            }
            assert!(slot.take().is_none());
            assert!(items.iter().all(|item| item.0.load(Ordering::Relaxed) == 2));
        });
    }
}
