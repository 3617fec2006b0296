//! A free block: its first word links it to the next. Raw access to that word is here and nowhere else.

/// A free block of a page; blocks are at least 16 bytes and aligned to 16.
#[repr(transparent)]
pub struct Block(*mut Block);

impl Block {
    /// The next block of a list.
    ///
    /// # Safety
    /// - `block` is a free block that only the caller may touch, on a list built by [`Block::set_next`].
    #[inline(always)]
    pub unsafe fn next(block: *mut Block) -> *mut Block {
        // SAFETY: by the contract the word is ours and was written.
        unsafe { (*block).0 }
    }

    /// Link a block.
    ///
    /// # Safety
    /// - `block` is a free block that only the caller may touch.
    #[inline(always)]
    pub unsafe fn set_next(block: *mut Block, next: *mut Block) {
        // SAFETY: by the contract the word is ours.
        unsafe { (*block).0 = next }
    }
}
