//! Memory of the one linear memory that a module has. It grows at its end, by units of 64 KiB, and never shrinks.
//!
//! Whatever is reserved is accessible at once and zero. What is unmapped goes to the list of `free`, and comes from
//! there again. The list has every byte between the first reservation and the end that nobody has: not ours, and not
//! those of others who let the memory grow.

use super::Wasm;
use super::free::{Free, UNIT};
use crate::prim::contract::{At, Capabilities, Memory};
use core::arch::wasm32::{memory_grow, memory_size};
use core::ptr::{self, NonNull};

/// What was unmapped.
static FREE: Free = Free::new();

/// The end of the address space is not used, so that the address behind a range is a number.
const LAST: usize = usize::MAX & !(UNIT - 1);

/// The address behind the memory.
fn end() -> usize {
    memory_size::<0>().saturating_mul(UNIT).min(LAST)
}

/// Take a range of which each part is free or lies behind the end.
fn take(start: usize, size: usize) -> At {
    let end = end();
    let Some(to) = start.checked_add(size).filter(|&to| to <= LAST) else { return At::Refused };
    // What lies below the end, at the range's beginning.
    let old = end.saturating_sub(start).min(size);
    if FREE.free_from(start) < old {
        return At::Occupied;
    }
    if to > end {
        if memory_grow::<0>((to - end) / UNIT) == usize::MAX {
            return At::Refused;
        }
        if let Some(gap) = NonNull::new(ptr::with_exposed_provenance_mut(end))
            && start > end
        {
            // SAFETY: the host made it just now, and it is not a part of the range.
            unsafe { FREE.insert(gap, start - end) };
        }
    }
    if old > 0 {
        FREE.take(start, old);
        // SAFETY: it was free, so nobody uses it. (What the host has just made is zero.)
        unsafe { ptr::with_exposed_provenance_mut::<u8>(start).write_bytes(0, old) };
    }
    At::Mapped
}

impl Memory for Wasm {
    const CAPABILITIES: Capabilities = Capabilities {
        sparse: false,
        threads: false,
        reports: cfg!(feature = "reports"),
        unmap_part: true,
        decommit_part: false,
        remap: false,
        advise_huge: false,
        protect: false,
        lock: false,
        fork: false,
        thread_end: false,
        address_bits: 32,
        // No hint is followed, so these only have to be numbers that the contract allows.
        arenas_at: 1 << 20,
        arenas_spread: 1 << 26,
        granularity: UNIT,
        // There are none, but others rely on their being larger than a slice.
        large_page_shift: 21,
        huge_page_shift: 21,
    };
    const RESIDENT_MAX: usize = 4;

    #[inline(always)]
    fn page_size() -> usize {
        UNIT
    }

    #[inline(always)]
    fn overcommits() -> bool {
        true
    }

    #[inline(always)]
    fn limit(_address_space: bool) -> Option<usize> {
        None
    }

    #[inline(never)]
    fn reserve(_hint: usize, size: usize, _commit: bool) -> *mut u8 {
        let size = size.checked_next_multiple_of(UNIT).unwrap_or(usize::MAX);
        let end = end();
        let start = FREE.first_fit(size).or_else(|| FREE.ending_at(end)).unwrap_or(end);
        match take(start, size) {
            At::Mapped => ptr::with_exposed_provenance_mut(start),
            _ => ptr::null_mut(),
        }
    }

    #[inline(never)]
    fn reserve_at(p: *mut u8, size: usize, _commit: bool) -> At {
        take(p.expose_provenance(), size)
    }

    #[inline(always)]
    fn reserve_large(_hint: usize, _size: usize, _page_shift: u32) -> *mut u8 {
        ptr::null_mut()
    }

    #[inline(never)]
    unsafe fn unmap(p: *mut u8, size: usize) -> bool {
        // SAFETY: by the contract the range is the caller's alone, and was reserved here.
        NonNull::new(p).inspect(|p| unsafe { FREE.insert(*p, size) }).is_some()
    }

    #[inline(always)]
    unsafe fn commit(_p: *mut u8, _size: usize) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn protect(_p: *mut u8, _size: usize) -> bool {
        false
    }

    #[inline(always)]
    unsafe fn decommit(_p: *mut u8, _size: usize, _strict: bool) -> bool {
        false
    }

    #[inline(always)]
    unsafe fn reset(_p: *mut u8, _size: usize) -> bool {
        false
    }

    #[inline(always)]
    unsafe fn advise_huge(_p: *mut u8, _size: usize, _on: bool) -> bool {
        false
    }

    #[inline(always)]
    unsafe fn populate(_p: *mut u8, _size: usize) {}

    #[inline(always)]
    fn resident(_p: *const u8, _size: usize) -> usize {
        0
    }

    #[inline(always)]
    unsafe fn remap(_p: *mut u8, _old: usize, _new: usize, _to: *mut u8) -> *mut u8 {
        ptr::null_mut()
    }

    #[inline(always)]
    unsafe fn remap_in_place(_p: *mut u8, _old: usize, _new: usize) -> bool {
        false
    }
}
