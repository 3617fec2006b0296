//! Words that one thread at a time writes like a `Cell`, and that other threads may read.
//!
//! A reader sees some value that was there a moment ago. No other access is ordered by it.

use super::sync::{AtomicPtr, AtomicUsize, Ordering};

/// A number.
#[repr(transparent)]
pub struct Seen(AtomicUsize);

impl Seen {
    /// Read the number.
    #[inline(always)]
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
    /// Replace the number.
    #[inline(always)]
    pub fn set(&self, value: usize) {
        self.0.store(value, Ordering::Relaxed);
    }
}

/// A pointer.
#[repr(transparent)]
pub struct SeenPtr<T>(AtomicPtr<T>);

impl<T> SeenPtr<T> {
    /// Read the pointer.
    #[inline(always)]
    pub fn get(&self) -> *mut T {
        self.0.load(Ordering::Relaxed)
    }
    /// Replace the pointer.
    #[inline(always)]
    pub fn set(&self, pointer: *mut T) {
        self.0.store(pointer, Ordering::Relaxed);
    }
}
