//! Chains: records linked one to the next, which one thread has alone.
//!
//! Records of heaps, theaps and pages are never unmapped, so that a reference to one lives for ever. What may change is what
//! the record is of; whoever has one in hand asks it.

use crate::base::sync::{AtomicPtr, Ordering};

/// What can be on a list: something with a link, which belongs to the list while it is on one.
///
/// # Safety
/// - the link is null or that of a record that lives for ever: lists and chains alone write it.
pub unsafe trait Linked: Sized + 'static {
    /// The link.
    fn link(&self) -> &AtomicPtr<Self>;

    /// The record behind this one in its chain.
    fn next_in_chain(&self) -> Option<&'static Self> {
        // SAFETY: by the contract of the trait.
        unsafe { self.link().load(Ordering::Relaxed).as_ref() }
    }

    /// `next` comes behind this one, which is the caller's to link.
    fn set_next_in_chain(&self, next: Option<&'static Self>) {
        let next = next.map_or(core::ptr::null_mut(), |next| core::ptr::from_ref(next).cast_mut());
        self.link().store(next, Ordering::Relaxed);
    }
}

/// A chain of records, the holder's alone. As an iterator it reads a record's link before it hands the record out, which
/// may then be put on any list.
pub struct Chain<T: 'static>(Option<&'static T>);

impl<T: Linked> Chain<T> {
    /// The chain from a record on.
    pub fn from(first: Option<&'static T>) -> Chain<T> {
        Chain(first)
    }

    /// The record at the end of the chain from `first` on.
    pub fn last_of(first: &'static T) -> &'static T {
        Chain(Some(first)).last().unwrap_or(first)
    }
}

impl<T: Linked> Iterator for Chain<T> {
    type Item = &'static T;
    #[inline]
    fn next(&mut self) -> Option<&'static T> {
        let record = self.0?;
        self.0 = record.next_in_chain();
        Some(record)
    }
}
