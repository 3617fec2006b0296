//! The deferred-free function that a runtime registers, and each thread's heartbeat, which calls it
//! (`life::heartbeat`).

use crate::base::pair::Pair;
use core::cell::Cell;

/// The function and its argument.
pub static REGISTERED: Pair = Pair::new();

/// Whether one is registered.
#[inline]
pub fn is_registered() -> bool {
    REGISTERED.is_some()
}

/// A thread's heartbeat. Zero is a thread that has not begun.
pub struct Heartbeat {
    beats: Cell<u64>,
    /// The thread is in the function, or is not to call it.
    calling: Cell<bool>,
}

impl Heartbeat {
    /// One more beat.
    #[inline]
    pub fn beat(&self) {
        self.beats.set(self.beats.get() + 1);
    }
    /// How many there were.
    pub fn beats(&self) -> u64 {
        self.beats.get()
    }
    /// Whether the thread is in the function, or is not to call it.
    pub fn is_calling(&self) -> bool {
        self.calling.get()
    }
    /// See [`Heartbeat::is_calling`].
    pub fn set_calling(&self, is: bool) {
        self.calling.set(is);
    }
}
