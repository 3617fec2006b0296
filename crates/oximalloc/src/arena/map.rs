//! The page map: from any address to the record of what lies there, or null.
//!
//! Two levels. The root is a static table with an entry for each 512 MiB of 48 bits of address; a node has a pointer
//! for each slice of those. The first nodes are static too, so that a small program maps none. Invariant: a node,
//! once installed, stays for the life of the process, so a lookup never faults, whatever address it is asked for.

use crate::base::config::SLICE_SHIFT;
use crate::base::sync::{AtomicPtr, AtomicUsize, Ordering};
use crate::diag::options::{self, Opt};
use crate::os;
use core::ptr;

const NODE_SHIFT: usize = 13;
/// Slices of a node.
const NODE: usize = 1 << NODE_SHIFT;
/// The map knows addresses of so many bits.
pub(super) const ADDRESS_BITS: usize = if usize::BITS < 48 { usize::BITS as usize } else { 48 };
const ROOTS: usize = 1 << (ADDRESS_BITS - SLICE_SHIFT - NODE_SHIFT);
const STATIC_NODES: usize = 3;

struct Node([AtomicPtr<u8>; NODE]);

static ROOT: [AtomicPtr<Node>; ROOTS] = [const { AtomicPtr::new(ptr::null_mut()) }; ROOTS];
static FIRST: [Node; STATIC_NODES] = [const { Node([const { AtomicPtr::new(ptr::null_mut()) }; NODE]) }; STATIC_NODES];
static FIRST_USED: AtomicUsize = AtomicUsize::new(0);

/// The record at an address, or null: for any address, canonical or not, ours or not.
#[inline(always)]
pub fn get(p: *const u8) -> *mut u8 {
    let slice = p.addr() >> SLICE_SHIFT;
    let Some(root) = ROOT.get(slice >> NODE_SHIFT) else {
        return ptr::null_mut();
    };
    // Acquire: pairs with the Release that installed the node.
    let node = root.load(Ordering::Acquire);
    if node.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: an installed node stays for ever, and its memory is zero or holds what `set` stored.
    let entry = unsafe { &(*node).0[slice % NODE] };
    // Acquire: pairs with the Release in `set`, so the record's fields are seen.
    entry.load(Ordering::Acquire)
}

/// Enter `record` for the slices from `start` on. False, with nothing entered, if the map cannot hold them.
pub fn set(start: *const u8, slices: usize, record: *mut u8) -> bool {
    let first = start.addr() >> SLICE_SHIFT;
    let Some(last) = first.checked_add(slices.saturating_sub(1)) else {
        return false;
    };
    let bits = options::get(Opt::MaxVabits);
    if (32..64).contains(&bits) && last >> (bits as usize - SLICE_SHIFT) != 0 {
        return false;
    }
    let (low, high) = (first >> NODE_SHIFT, last >> NODE_SHIFT);
    if high >= ROOTS || (low..=high).any(|root| node(root).is_null()) {
        return false;
    }
    store(start, slices, record);
    true
}

/// Forget the slices from `start` on.
pub fn clear(start: *const u8, slices: usize) {
    store(start, slices, ptr::null_mut());
}

#[inline(never)]
fn store(start: *const u8, slices: usize, record: *mut u8) {
    let (mut at, end) = (start.addr() >> SLICE_SHIFT, (start.addr() >> SLICE_SHIFT).saturating_add(slices));
    while at < end {
        let Some(root) = ROOT.get(at >> NODE_SHIFT) else { return };
        let next = end.min((at | (NODE - 1)) + 1);
        // Acquire: pairs with the Release that installed the node.
        // SAFETY: as in `get`.
        if let Some(node) = unsafe { root.load(Ordering::Acquire).as_ref() } {
            let entries = node.0.iter().skip(at % NODE).take(next - at);
            // Release: pairs with the Acquire in `get`.
            entries.for_each(|entry| entry.store(record, Ordering::Release));
        }
        at = next;
    }
}

/// The node of a root entry, made if there is none; null when memory is refused.
fn node(root: usize) -> *mut Node {
    // Acquire: pairs with the Release below.
    let known = ROOT[root].load(Ordering::Acquire);
    if !known.is_null() {
        return known;
    }
    let size = size_of::<Node>();
    // Checked first so that the counter cannot run away.
    let taken = if FIRST_USED.load(Ordering::Relaxed) < STATIC_NODES {
        FIRST_USED.fetch_add(1, Ordering::Relaxed)
    } else {
        STATIC_NODES
    };
    let fresh = match FIRST.get(taken) {
        Some(node) => (&raw const *node).cast_mut(),
        None => os::reserve(size, os::page_size(), true, 0).cast::<Node>(),
    };
    if fresh.is_null() {
        return fresh;
    }
    if options::enabled(Opt::PagemapCommit) {
        for at in (0..size).step_by(os::page_size()) {
            // SAFETY: inside the fresh node, whose entries are still zero and seen by nobody else.
            unsafe { (*fresh).0[at / size_of::<usize>()].store(ptr::null_mut(), Ordering::Relaxed) };
        }
    }
    // Release: the node's (zero) contents; Acquire: those of the node that somebody else installed first.
    match ROOT[root].compare_exchange(ptr::null_mut(), fresh, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => fresh,
        Err(other) => {
            if taken >= STATIC_NODES {
                // SAFETY: mapped above and told to nobody.
                unsafe { os::release(fresh.cast(), size) };
            }
            other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_address_may_be_asked_for() {
        for p in [0usize, 1, usize::MAX, 1 << 47, 1 << 48, 0x7fff_ffff_f000, &raw const ROOT as usize] {
            assert!(get(ptr::without_provenance(p)).is_null());
        }
    }

    #[test]
    fn what_is_entered_is_found() {
        let start = ptr::without_provenance::<u8>((5 << 29) - (2 << SLICE_SHIFT) + (1 << 44));
        let record = ptr::without_provenance_mut(64);
        assert!(set(start, 4, record));
        assert!(get(start.wrapping_sub(1)).is_null());
        for at in [0, 1, (4 << SLICE_SHIFT) - 1] {
            assert_eq!(get(start.wrapping_add(at)), record);
        }
        assert!(get(start.wrapping_add(4 << SLICE_SHIFT)).is_null());
        clear(start, 4);
        assert!(get(start).is_null());
        assert!(!set(ptr::without_provenance(usize::MAX), 4, record));
        assert!(!set(ptr::without_provenance(1 << 50), 1, record));
    }
}
