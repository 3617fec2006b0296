//! Chains: linked records that belong to one thread.
//!
//! Records of heaps, theaps and pages are never unmapped, so a reference to one is valid for ever. But a record may be
//! reused for another heap, theap or page. So a thread that holds a reference asks the record what it is now.

use crate::base::sync::{AtomicPtr, Ordering};

/// A record that can be on a list. It has a link, which belongs to the list while the record is on one.
///
/// # Safety
/// - the link is null or names a record that lives for ever: only lists and chains write it.
pub unsafe trait Linked: Sized + 'static {
    /// The link.
    fn link(&self) -> &AtomicPtr<Self>;

    /// The record after this one in its chain.
    fn next_in_chain(&self) -> Option<&'static Self> {
        // SAFETY: by the contract of the trait.
        unsafe { self.link().load(Ordering::Relaxed).as_ref() }
    }

    /// Put `next` after this record. The caller must have the right to link it.
    fn set_next_in_chain(&self, next: Option<&'static Self>) {
        let next = next.map_or(core::ptr::null_mut(), |next| core::ptr::from_ref(next).cast_mut());
        self.link().store(next, Ordering::Relaxed);
    }
}

/// A chain of records that belongs to its holder. The iterator reads a record's link before it returns the record, so
/// the caller may then put the record on any list.
pub struct Chain<T: 'static>(Option<&'static T>);

impl<T: Linked> Chain<T> {
    /// The chain that begins with a record.
    pub fn from(first: Option<&'static T>) -> Chain<T> {
        Chain(first)
    }

    /// The last record of the chain that begins with `first`.
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
