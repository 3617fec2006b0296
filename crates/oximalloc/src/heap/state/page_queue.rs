//! For one theap and bin: the page that supplies the stack, and the pages with room that may come next. Only the
//! theap's thread uses it.
//!
//! Invariants: the page in front is attached to the theap. Those behind it are LISTED or DEAD, and the theap owns
//! them.

use crate::page::Page;
use crate::page::chain::{Chain, Linked};
use crate::page::word::State;
use core::cell::Cell;

/// The queue. Zero is an empty one.
pub struct PageQueue {
    front: Cell<Option<&'static Page>>,
    /// Pages with room.
    available: Cell<Option<&'static Page>>,
}

impl PageQueue {
    /// The page in front.
    #[inline(always)]
    pub fn front(&self) -> Option<&'static Page> {
        self.front.get()
    }

    /// Put a page in front that was just attached. There was none.
    pub fn set_front(&self, page: &'static Page) {
        debug_assert!(self.front.get().is_none());
        self.front.set(Some(page));
    }

    /// Take off the page in front. It is still attached.
    #[inline]
    pub fn take_front(&self) -> Option<&'static Page> {
        self.front.take()
    }

    /// Whether `page` is in front.
    #[inline(always)]
    pub fn is_front(&self, page: &Page) -> bool {
        self.front.get().is_some_and(|front| core::ptr::eq(front, page))
    }

    /// Put a page behind.
    pub fn push(&self, page: &'static Page) {
        page.set_next_in_chain(self.available.replace(Some(page)));
    }

    /// The pages behind. They stay in the queue.
    pub fn available(&self) -> Chain<Page> {
        Chain::from(self.available.get())
    }

    /// Take all pages behind.
    pub fn take_available(&self) -> Chain<Page> {
        Chain::from(self.available.take())
    }

    /// Of the first `candidates` pages behind, take the one with the most blocks in use, so that the others may become
    /// empty. A page that is being purged has to wait. Also returns how many pages were looked at.
    pub fn take_fullest(&self, candidates: i64) -> (Option<&'static Page>, usize) {
        let (mut best, mut before_best, mut most) = (None, None, 0);
        let (mut before, mut seen) = (None::<&'static Page>, 0);
        for page in self.available().take(candidates as usize) {
            let (state, _, out) = page.word().peek();
            if state != State::Purging && (best.is_none() || out > most) {
                (best, before_best, most) = (Some(page), before, out);
            }
            before = Some(page);
            seen += 1;
        }
        if let Some(page) = best {
            let next = page.next_in_chain();
            match before_best {
                None => self.available.set(next),
                Some(before) => before.set_next_in_chain(next),
            }
        }
        (best, seen)
    }
}

/// How many pages of other threads a theap has taken over for a bin. Some options limit this. Zero is none.
pub struct Reclaims(Cell<(u16, u16)>);

impl Reclaims {
    /// How many pages were taken over since [`Reclaims::restart`]: for an allocation, and at a free.
    pub fn counts(&self) -> (i64, i64) {
        let (taken, on_free) = self.0.get();
        (taken.into(), on_free.into())
    }

    /// Count one more, at a free or for an allocation.
    pub fn count(&self, at_free: bool) {
        let (taken, on_free) = self.0.get();
        let one = |is: bool, n: u16| n.saturating_add(u16::from(is));
        self.0.set((one(!at_free, taken), one(at_free, on_free)));
    }

    /// Start counting again from zero.
    pub fn restart(&self) {
        self.0.set((0, 0));
    }
}
