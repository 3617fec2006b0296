//! Blocks of other threads' pages on their way back (`blocks::remote`): one array for each of the smallest size classes.

use crate::base::seen::Seen;
use core::cell::Cell;

/// Blocks that are given together.
const OUTBOX: usize = 31;

/// Blocks of one bin on their way back. Zero is none.
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

    /// Put a block in, for which there is room; says whether that was the last there is room for.
    #[inline]
    pub fn put(&self, block: *mut u8) -> bool {
        let count = self.count.get();
        if let Some(place) = self.blocks.get(count) {
            place.set(block);
            self.count.set(count + 1);
        }
        count + 1 == OUTBOX
    }

    /// The array of the blocks.
    pub fn array(&self) -> *const *mut u8 {
        self.blocks.as_ptr().cast()
    }

    /// The last `n` blocks are taken out.
    pub fn drop_last(&self, n: usize) {
        self.count.set(self.count.get() - n);
    }

    /// They are left to themselves.
    pub fn forget(&self) {
        self.count.set(0);
    }
}
