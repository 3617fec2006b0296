//! The fast paths: a block leaves a stack to the program, or comes back to one.

use super::{HotBin, Theap};
use crate::page::bins::{Bin, slot};
use crate::prim::processor;
use core::mem::offset_of;

/// From a bin's hot part to its inverse.
const INVERSE: usize = offset_of!(HotBin, inverse);
/// Bytes of a word of a stack.
const WORD: isize = size_of::<*mut u8>() as isize;

impl Theap {
    /// Pop the stack whose hot part is at that offset, or null.
    ///
    /// # Safety
    /// - as for [`Theap::hot_at`]; the theap is the calling thread's, or the empty one.
    #[inline(always)]
    unsafe fn pop_at(&self, at: usize) -> *mut u8 {
        // SAFETY: by the contract. `top` names a null, or a block; below a block lies another word of the stack.
        unsafe {
            let block = *self.word(self.hot_at(at).top.get());
            if !block.is_null() {
                processor::advance::<{ -WORD }>(self.bytes(), at);
            }
            block
        }
    }

    /// Pop the stack of a bin, or null.
    ///
    /// # Safety
    /// - `b` is below BINS; the theap is the calling thread's, or the empty one.
    #[inline(always)]
    pub unsafe fn pop(&self, b: usize) -> *mut u8 {
        // SAFETY: by the contract.
        unsafe { self.pop_at(self.place_of(b)) }
    }

    /// Pop the stack of the bin of a size, or null.
    ///
    /// # Safety
    /// - the size is at most BLOCK_MAX; the theap is the calling thread's, or the empty one.
    #[inline(always)]
    pub unsafe fn pop_size(&self, size: usize) -> *mut u8 {
        // SAFETY: by the contract; the table has offsets of hot parts.
        unsafe { self.pop_at(*self.offsets.get_unchecked(slot(size)) as usize) }
    }

    /// Whether a block may start at the address `p`, in a slice whose entry in the slice class map is `at`. Slices
    /// that are not open have bin 0's entry, for which no address passes.
    ///
    /// # Safety
    /// - `at` is an entry of the map. The theap has opened the bin, or has never opened a bin at this entry.
    #[inline(always)]
    pub unsafe fn is_block_start(&self, at: usize, p: usize) -> bool {
        // SAFETY: entries are offsets of hot parts from the start of a theap.
        unsafe { processor::divides::<INVERSE>(self.bytes(), at, p) }
    }

    /// Whether a block of an open bin, whose pages are one slice long, may start at the address `p`.
    pub fn is_start_of(&self, bin: Bin, p: usize) -> bool {
        // SAFETY: the place of a bin's hot part.
        unsafe { self.is_block_start(self.place_of(bin.index()), p) }
    }

    /// Push a block on the stack whose hot part is at the entry `at` of the slice class map. Returns false if the
    /// stack takes no block.
    ///
    /// # Safety
    /// - the block is of that entry's bin, and the caller's; the theap is the calling thread's, or the empty one.
    #[inline(always)]
    pub unsafe fn push_at(&self, at: usize, block: *mut u8) -> bool {
        // SAFETY: entries are offsets of hot parts from the start of a theap. Below the limit there is room for a word
        // above the top.
        unsafe {
            let hot = self.hot_at(at);
            let top = hot.top.get();
            if top >= hot.limit.get() {
                return false;
            }
            *self.word(top).add(1) = block;
            processor::advance::<WORD>(self.bytes(), at);
            true
        }
    }
}
