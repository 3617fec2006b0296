//! Changing the size of a block. It stays where it is while it has room and wastes little. Its mark moves to the new end.

use super::free::{free_moved, usable_size};
use super::{large, malloc};
use crate::alloc::empty;
use crate::alloc::find::find;
use crate::alloc::ready::{SIZE_MAX, Want, too_large};
use crate::base::config::SLICE;
use crate::heap::state::theap::Theap;
use crate::heap::state::theap::secured::MOST;
use crate::page::bins::{Bin, least};
use crate::page::keys::keys;
use crate::page::tag::{TAG, Tagged};
use core::ptr;

/// Blocks of at least this size grow by half.
const STEP_MIN: usize = 1024;

fn allocate(theap: &Theap, size: usize, want: Want) -> *mut u8 {
    match (want.align, want.zero) {
        (1, false) => malloc::malloc(theap, size),
        (1, true) => malloc::zalloc(theap, size),
        (align, zero) => malloc::aligned(theap, size, align, want.offset, zero),
    }
}

/// As `alloc::realloc::realloc_in`.
///
/// # Safety
/// - as there.
#[inline(never)]
pub unsafe fn realloc(theap: &Theap, p: *mut u8, size: usize, want: Want) -> *mut u8 {
    if p.is_null() {
        return allocate(theap, size, want);
    }
    let Some(old) = usable_size("realloc", p) else { return ptr::null_mut() };
    if size > SIZE_MAX {
        too_large(size);
        return ptr::null_mut();
    }
    let stays = p.addr().wrapping_add(want.offset).is_multiple_of(want.align);
    // SAFETY: `p` is a block of `old` bytes, and the caller's.
    unsafe {
        if stays && size > 0 && resize(p, size, true) {
            if want.zero && size > old {
                ptr::write_bytes(p.add(old), 0, size - old);
            }
            return p;
        }
        let fresh = grown(theap, size, old, want);
        if fresh.is_null() {
            return fresh;
        }
        ptr::copy_nonoverlapping(p, fresh, old.min(size));
        if want.zero && size > old {
            ptr::write_bytes(fresh.add(old), 0, size - old);
        }
        free_moved(p);
        fresh
    }
}

/// A block for `size` bytes. One that grows gets room to grow on in place, so that growing by small steps takes linear
/// time.
unsafe fn grown(theap: &Theap, size: usize, old: usize, want: Want) -> *mut u8 {
    // No more than that where the block may be a sampled one, whose end is what its guard watches.
    let grows = size > old && !theap.sampling.is_on();
    if grows && size > MOST && want.align <= SLICE && want.offset == 0 {
        return large::grown(theap, size);
    }
    let ample = if grows && old >= STEP_MIN && size <= MOST { size.max(old + old / 2).min(MOST) } else { size };
    let fresh = allocate(theap, ample, Want { zero: false, ..want });
    if !fresh.is_null() && ample != size {
        // SAFETY: a block of ours of `ample` bytes.
        unsafe { resize(fresh, size, false) };
    }
    fresh
}

/// Note that a block has `size` bytes from now on. Returns false if it has no room or, with `sparing`, would waste too
/// much.
///
/// # Safety
/// - `p` is a block of ours, and the caller's.
unsafe fn resize(p: *mut u8, size: usize, sparing: bool) -> bool {
    let Some((page, block)) = find(p) else { return false };
    let inside = p.addr() - block.addr();
    // SAFETY: by the contract.
    unsafe {
        if page.bin() == Bin::SINGLE {
            return large::resize(page, inside, size, sparing);
        }
        let (keys, tagged) = (keys(), Tagged { start: block.cast(), bytes: page.block_size() });
        let room = tagged.bytes - TAG;
        let Some(said) = tagged.said(&keys) else { return false };
        if inside + size > room || (sparing && inside + size + TAG < least(tagged.bytes)) {
            return false;
        }
        tagged.move_live(said.size, inside + size, said.kind, &keys);
    }
    true
}

/// As `alloc::realloc::expand`.
///
/// # Safety
/// - as there.
pub unsafe fn expand(p: *mut u8, size: usize) -> *mut u8 {
    if empty::is_block(p) || p.is_null() || size > SIZE_MAX {
        return ptr::null_mut();
    }
    let Some(old) = usable_size("expand", p) else { return ptr::null_mut() };
    // SAFETY: by the contract.
    if size <= old || unsafe { resize(p, size, true) } { p } else { ptr::null_mut() }
}
