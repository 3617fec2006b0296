//! Allocation of blocks that share a page.

use super::{large, report, strict};
use crate::alloc::door;
use crate::alloc::empty;
use crate::alloc::find::find;
use crate::alloc::ready::{may_align, out_of_memory, ready_for};
use crate::heap::state::theap::Theap;
use crate::heap::state::theap::secured::{BLOCK_MOST, MOST, bin_for, room_for};
use crate::page::bins::Bin;
use crate::page::keys::keys;
use crate::page::tag::{Tagged, kind};
use crate::prim::{Errno, Os, Process};
use core::ptr;

/// Allocate `size` bytes in a theap of the calling thread, or in the empty one of a thread that has none.
#[inline]
pub fn malloc(theap: &Theap, size: usize) -> *mut u8 {
    // SAFETY: the theap is under protection.
    if theap.is_secured() { unsafe { malloc_in(theap, size) } } else { supply(theap, size, false) }
}

/// As [`malloc`], for a call of this [`kind`].
#[inline(always)]
pub fn new<const KIND: u64>(theap: &Theap, size: usize) -> *mut u8 {
    if theap.is_secured() && size.wrapping_sub(1) < MOST {
        // SAFETY: as in `malloc_in`.
        unsafe { pop(theap, room_for(size), size, 1, KIND) }
    } else {
        place(theap, room_for(size.min(MOST + 1)), size, 1, false, KIND)
    }
}

/// As [`malloc`].
///
/// # Safety
/// - the theap is under protection, and the calling thread's.
#[inline(never)]
pub unsafe fn malloc_in(theap: &Theap, size: usize) -> *mut u8 {
    if size.wrapping_sub(1) < MOST {
        // SAFETY: at most MOST bytes, and the theap is under protection.
        unsafe { pop(theap, room_for(size), size, 1, kind::PLAIN) }
    } else {
        supply(theap, size, false)
    }
}

/// A block that has `room`, at a multiple of `align`.
///
/// # Safety
/// - the room is at most [`BLOCK_MOST`], enough for `size` bytes, which is not 0, and above an alignment of 16 a multiple
///   of it; the theap is the calling thread's, and under protection.
#[inline(always)]
unsafe fn pop(theap: &Theap, room: usize, size: usize, align: usize, kind: u64) -> *mut u8 {
    // SAFETY: by the contract. Off the stack, the block is ours.
    unsafe {
        let (secured, at) = (theap.secured_unchecked(), theap.place_for(room));
        let start = theap.pop_secured(at);
        if start.is_null() {
            return slow(theap, room, size, align, kind);
        }
        let block = Tagged { start, bytes: at.info().bytes as usize };
        if !(block.is_free(secured.keys()) && block.is_head_clear()) {
            return damaged(theap, room, size, align, kind, block);
        }
        block.hand_out(size, kind, secured.keys());
        start
    }
}

/// A block that waited on the stack was written to. It is given up.
#[cold]
#[inline(never)]
unsafe fn damaged(theap: &Theap, room: usize, size: usize, align: usize, kind: u64, block: Tagged) -> *mut u8 {
    // SAFETY: the block is ours; as for `pop`.
    unsafe {
        report::written_after_free(block, None, theap.secured_unchecked().keys());
        pop(theap, room, size, align, kind)
    }
}

#[inline(never)]
fn slow(theap: &Theap, room: usize, size: usize, align: usize, kind: u64) -> *mut u8 {
    if theap.is_strict() {
        // SAFETY: the calling thread's theap.
        let block = unsafe { strict::pop(theap, room, size, kind) };
        if !block.is_null() {
            return block;
        }
    }
    place(theap, room, size, align, false, kind)
}

/// Allocate `size` bytes, zeroed with `zero`, in a thread that may have no theap.
#[inline(never)]
pub fn supply(theap: &Theap, size: usize, zero: bool) -> *mut u8 {
    place(theap, room_for(size.min(MOST + 1)), size, 1, zero, kind::PLAIN)
}

/// The slow path: `size` bytes at a multiple of `align`, in a block that has `room`, which is a multiple of `align`.
#[inline(never)]
fn place(theap: &Theap, room: usize, size: usize, align: usize, zero: bool, kind: u64) -> *mut u8 {
    let block = placed(theap, room, size, align, zero, kind);
    if block.is_null() {
        Os::set_errno(Errno::ENOMEM);
    }
    block
}

fn placed(theap: &Theap, room: usize, size: usize, align: usize, zero: bool, kind: u64) -> *mut u8 {
    let Some(theap) = ready_for(theap, size) else { return ptr::null_mut() };
    theap.tick();
    if size == 0
        && align <= 16
        && theap.is_main()
        && let Some(block) = empty::claim()
    {
        return block;
    }
    if let Some(block) = door::leave(&theap, size, align, zero) {
        return large::finish(block, size);
    }
    let Some(secured) = theap.secured().filter(|_| room <= BLOCK_MOST) else {
        return large::allocate(&theap, size, align, zero);
    };
    let bin = bin_for(room);
    loop {
        let start = theap.refill_secured(bin);
        if start.is_null() {
            out_of_memory(size);
            return start;
        }
        let block = Tagged { start, bytes: bin.block_size() };
        // SAFETY: off the stack, so ours.
        unsafe {
            if strict::is_untouched(block, theap.is_strict(), secured) {
                block.hand_out(size, kind, secured.keys());
                if zero {
                    ptr::write_bytes(start, 0, size);
                }
                return start;
            }
        }
    }
}

/// As [`malloc`], zeroed.
#[inline(never)]
pub fn zalloc(theap: &Theap, size: usize) -> *mut u8 {
    if !theap.is_secured() || size.wrapping_sub(1) >= MOST {
        return supply(theap, size, true);
    }
    // SAFETY: at most MOST bytes, and the theap is under protection.
    let block = unsafe { pop(theap, room_for(size), size, 1, kind::PLAIN) };
    if !block.is_null() {
        // SAFETY: a block of that many bytes.
        unsafe { ptr::write_bytes(block, 0, size) };
    }
    block
}

/// Allocate `size` bytes; the address plus `offset` is a multiple of `align`, a power of two.
#[inline(never)]
pub fn aligned(theap: &Theap, size: usize, align: usize, offset: usize, zero: bool) -> *mut u8 {
    if !may_align(size, align) {
        return ptr::null_mut();
    }
    if !offset.is_multiple_of(align) {
        return at_offset(theap, size, align, offset, zero);
    }
    let room = if size > BLOCK_MOST { BLOCK_MOST + 1 } else { room_for(size).next_multiple_of(align) };
    if !theap.is_secured() || room > BLOCK_MOST || size == 0 {
        return place(theap, room, size, align, zero, kind::PLAIN);
    }
    // The blocks of a bin whose size is a multiple of an alignment have it.
    // SAFETY: the theap is under protection, and the room enough.
    let block = unsafe { pop(theap, room, size, align, kind::PLAIN) };
    if zero && !block.is_null() {
        // SAFETY: a block of that many bytes.
        unsafe { ptr::write_bytes(block, 0, size) };
    }
    block
}

/// A pointer into a larger block, whose mark says so. The bytes that were asked for end where the mark is.
fn at_offset(theap: &Theap, size: usize, align: usize, offset: usize, zero: bool) -> *mut u8 {
    let total = size + align - 1;
    if total > MOST {
        return large::at_offset(theap, size, align, offset, zero);
    }
    let block = if zero { zalloc(theap, total) } else { malloc(theap, total) };
    if block.is_null() {
        return block;
    }
    let shift = block.addr().wrapping_add(offset).wrapping_neg() & (align - 1);
    let Some((page, found)) = find(block) else { return block };
    if shift != 0 {
        page.set_interior();
    }
    if page.bin() != Bin::SINGLE {
        let kind = if shift == 0 { kind::PLAIN } else { kind::INSIDE };
        let block = Tagged { start: found.cast(), bytes: page.block_size() };
        // SAFETY: a block of `total` bytes, ours.
        unsafe { block.move_live(total, shift + size, kind, &keys()) };
    }
    block.wrapping_add(shift)
}
