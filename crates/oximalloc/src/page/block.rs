//! A free block: its first word links it to the next, and its second may name one further on, for who walks the list to
//! have it in the cache in time. Raw access to these words is here and nowhere else.

use crate::prim::processor::prefetch_to_read;

/// A free block of a page; blocks are at least 16 bytes and aligned to 16.
#[repr(C)]
pub struct Block(*mut Block, *mut Block);

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

    /// Name a block that comes later on the list.
    ///
    /// # Safety
    /// - as for [`Block::set_next`].
    #[inline(always)]
    pub unsafe fn set_ahead(block: *mut Block, ahead: *mut Block) {
        // SAFETY: by the contract the word is ours.
        unsafe { (*block).1 = ahead }
    }

    /// Have the block that comes later brought near, if this one names one: else the word is what the program left there,
    /// and bringing near whatever it names does no harm.
    ///
    /// # Safety
    /// - `block` is a free block that only the caller may touch.
    #[inline(always)]
    pub unsafe fn prefetch_ahead(block: *mut Block) {
        // SAFETY: by the contract nobody writes the word now; the program or the system wrote it; it is not followed.
        prefetch_to_read(unsafe { (&raw const (*block).1).read_volatile() }.cast());
    }
}
