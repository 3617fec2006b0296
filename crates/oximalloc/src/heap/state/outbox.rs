//! Outboxes hold blocks of other threads' pages on their way back (`blocks::remote`): one array for each of the
//! smallest size classes.

use crate::base::seen::Seen;
use core::cell::Cell;

/// How many blocks are given back together.
const OUTBOX: usize = 31;

/// Blocks of one bin on their way back. Zero is an empty outbox.
pub struct Outbox {
    count: Seen,
    blocks: [Cell<*mut u8>; OUTBOX],
}

impl Outbox {
    /// The blocks.
    pub fn blocks(&self) -> impl Iterator<Item = *mut u8> {
        self.blocks.iter().take(self.count.get()).map(Cell::get)
    }

    /// How many there are; any thread may ask.
    pub fn count(&self) -> usize {
        self.count.get()
    }

    /// Put in a block. There must be room for it. Returns whether the outbox is now full.
    #[inline]
    pub fn put(&self, block: *mut u8) -> bool {
        let count = self.count.get();
        if let Some(place) = self.blocks.get(count) {
            place.set(block);
            self.count.set(count + 1);
        }
        count + 1 == OUTBOX
    }

    /// The array that holds the blocks.
    pub fn array(&self) -> *const *mut u8 {
        self.blocks.as_ptr().cast()
    }

    /// Take out the last `n` blocks.
    pub fn drop_last(&self, n: usize) {
        self.count.set(self.count.get() - n);
    }

    /// Forget the blocks without giving them back.
    pub fn forget(&self) {
        self.count.set(0);
    }
}
