//! A free block. Its first word links it to the next block. Its second word may name a block further on, so that a
//! thread that walks the list can prefetch it. Raw access to these words is here and nowhere else.
//!
//! Under protection a link is encoded: mixed with a secret and with the address of the block that it lies in. So who can
//! write to a free block cannot choose where it leads to, and who can read it learns no address.

use super::keys::keys;
use crate::diag::secure;
use crate::prim::processor::prefetch_to_read;

/// How links are encoded. It is the same for ever, so a loop asks once.
#[derive(Clone, Copy)]
pub struct Links(u64);

impl Links {
    /// As they are without protection.
    pub const PLAIN: Links = Links(0);

    /// Whether they are not encoded.
    #[inline(always)]
    pub fn are_plain(self) -> bool {
        self.0 == 0
    }

    /// As they are in this process.
    #[inline(always)]
    pub fn now() -> Links {
        Links(if secure::is_on() && secure::is_at_least(2) { keys().link } else { 0 })
    }

    /// Encode or decode the link in a block.
    #[inline(always)]
    fn code(self, block: *mut Block, link: *mut Block) -> *mut Block {
        if self.0 == 0 {
            return link;
        }
        // The multiplication spreads the address over the upper bits, the rotation brings them down.
        let mask = (block.addr() as u64).wrapping_mul(self.0).rotate_left(32) as usize;
        link.map_addr(|at| at ^ mask)
    }
}

/// A free block of a page. Blocks have at least 16 bytes and are aligned to 16.
#[repr(C)]
pub struct Block(*mut Block, *mut Block);

impl Block {
    /// The next block of a list.
    ///
    /// # Safety
    /// - `block` is a free block that only the caller may touch, on a list built by [`Block::set_next`].
    #[inline(always)]
    pub unsafe fn next(block: *mut Block, links: Links) -> *mut Block {
        // SAFETY: by the contract the word is ours and has been written.
        links.code(block, unsafe { (*block).0 })
    }

    /// Link a block to the next one.
    ///
    /// # Safety
    /// - `block` is a free block that only the caller may touch.
    #[inline(always)]
    pub unsafe fn set_next(block: *mut Block, next: *mut Block, links: Links) {
        // SAFETY: by the contract the word is ours.
        unsafe { (*block).0 = links.code(block, next) }
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
