//! A free block. Its first word links it to the next block. Its second word may name a block further on, so that a
//! thread that walks the list can prefetch it. Raw access to these words is here and nowhere else.

use crate::prim::processor::prefetch_to_read;

/// A free block of a page. Blocks have at least 16 bytes and are aligned to 16.
#[repr(C)]
pub struct Block(*mut Block, *mut Block);

impl Block {
    /// The next block of a list.
    ///
    /// # Safety
    /// - `block` is a free block that only the caller may touch, on a list built by [`Block::set_next`].
    #[inline(always)]
    pub unsafe fn next(block: *mut Block) -> *mut Block {
        // SAFETY: by the contract the word is ours and has been written.
        unsafe { (*block).0 }
    }

    /// Link a block to the next one.
    ///
    /// # Safety
    /// - `block` is a free block that only the caller may touch.
    #[inline(always)]
    pub unsafe fn set_next(block: *mut Block, next: *mut Block) {
        // SAFETY: by the contract the word is ours.
        unsafe { (*block).0 = next }
    }

    /// Name a block further on in the list.
    ///
    /// # Safety
    /// - as for [`Block::set_next`].
    #[inline(always)]
    pub unsafe fn set_ahead(block: *mut Block, ahead: *mut Block) {
        // SAFETY: by the contract the word is ours.
        unsafe { (*block).1 = ahead }
    }

    /// Prefetch the block further on, if this block names one. Otherwise the word is whatever the program left there,
    /// and prefetching any address does no harm.
    ///
    /// # Safety
    /// - `block` is a free block that only the caller may touch.
    #[inline(always)]
    pub unsafe fn prefetch_ahead(block: *mut Block) {
        // SAFETY: by the contract nobody writes the word now. The program or the system wrote it before. It is not
        // dereferenced.
        prefetch_to_read(unsafe { (&raw const (*block).1).read_volatile() }.cast());
    }
}
