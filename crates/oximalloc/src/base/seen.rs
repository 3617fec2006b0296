//! Words that one thread at a time writes, as it would a `Cell`, and that others may look at.
//!
//! Who looks sees some value that was there, as of a moment ago; that is all: nothing else is ordered by it.

use super::sync::{AtomicPtr, AtomicUsize, Ordering};

/// A number.
#[repr(transparent)]
pub struct Seen(AtomicUsize);

impl Seen {
    /// The value.
    #[inline(always)]
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
    /// Another value.
    #[inline(always)]
    pub fn set(&self, value: usize) {
        self.0.store(value, Ordering::Relaxed);
    }
}

/// A pointer.
#[repr(transparent)]
pub struct SeenPtr<T>(AtomicPtr<T>);

impl<T> SeenPtr<T> {
    /// The pointer.
    #[inline(always)]
    pub fn get(&self) -> *mut T {
        self.0.load(Ordering::Relaxed)
    }
    /// Another pointer.
    #[inline(always)]
    pub fn set(&self, pointer: *mut T) {
        self.0.store(pointer, Ordering::Relaxed);
    }
}
