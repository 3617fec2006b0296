//! The page map: from any address to the record of what lies there, or null.
//!
//! It has three levels. The root is a small static table with an entry for each TiB of 48 bits of address. A branch has
//! an entry for each 512 MiB of that, and a node has a pointer for each slice of those. The first branches and nodes
//! are static too, so that a small program maps none. Where an address has 32 bits, there is one branch of eight nodes.
//!
//! Invariant: a branch or node, once installed, stays for the life of the process. So a lookup never faults, whatever
//! the address is.

use crate::base::config::SLICE_SHIFT;
use crate::base::sync::{AtomicPtr, AtomicUsize, Ordering};
use crate::diag::options::{self, Opt};
use crate::os;
use crate::prim::{Memory, Os};
use core::ptr;

const NODE_SHIFT: usize = 13;
/// Slices of a node.
const NODE: usize = 1 << NODE_SHIFT;
/// The map covers all addresses that the system has.
const ADDRESS_BITS: usize = Os::CAPABILITIES.address_bits;
const BRANCH_SHIFT: usize = if ADDRESS_BITS < 40 { ADDRESS_BITS - SLICE_SHIFT - NODE_SHIFT } else { 11 };
const ROOTS: usize = 1 << (ADDRESS_BITS - SLICE_SHIFT - NODE_SHIFT - BRANCH_SHIFT);
/// Whether the map is one static table instead, of all slices that there can be. Where memory cannot be reserved without
/// taking it, that costs no more than the three levels do.
const FLAT: bool = !Os::CAPABILITIES.sparse && ADDRESS_BITS <= 32;
const STATIC_BRANCHES: usize = 2;
const STATIC_NODES: usize = 3;

/// A table of pointers, all null at first. In the root and in branches, a pointer that is not null stays.
struct Table<T, const N: usize>([AtomicPtr<T>; N]);

impl<T, const N: usize> Table<T, N> {
    const fn new() -> Self {
        Table([const { AtomicPtr::new(ptr::null_mut()) }; N])
    }
}

type Node = Table<u8, NODE>;
type Branch = Table<Node, { 1 << BRANCH_SHIFT }>;

static ROOT: Table<Branch, ROOTS> = Table::new();
static BRANCHES: [Branch; STATIC_BRANCHES] = [const { Table::new() }; STATIC_BRANCHES];
static BRANCHES_USED: AtomicUsize = AtomicUsize::new(0);
static FIRST: [Node; STATIC_NODES] = [const { Table::new() }; STATIC_NODES];
/// All slices, if the map is flat.
static ALL: Table<u8, { if FLAT { 1 << (ADDRESS_BITS - SLICE_SHIFT) } else { 0 } }> = Table::new();
static FIRST_USED: AtomicUsize = AtomicUsize::new(0);

/// The place of the node for a slice. None if its branch does not exist yet, or if the map does not cover the address.
#[inline(always)]
fn place(slice: usize) -> Option<&'static AtomicPtr<Node>> {
    let root = ROOT.0.get(slice >> (NODE_SHIFT + BRANCH_SHIFT))?;
    // Acquire: pairs with the Release that installed the branch.
    // SAFETY: an installed branch stays for ever. Each of its words is zero, or what `install` stored.
    let branch = unsafe { root.load(Ordering::Acquire).as_ref() }?;
    Some(&branch.0[(slice >> NODE_SHIFT) % branch.0.len()])
}

/// The record at an address, or null. The address may be any: canonical or not, ours or not.
#[inline(always)]
pub fn get(p: *const u8) -> *mut u8 {
    let slice = p.addr() >> SLICE_SHIFT;
    if FLAT {
        // Acquire: pairs with the Release in `store`, so the record's fields are seen.
        return ALL.0.get(slice).map_or(ptr::null_mut(), |entry| entry.load(Ordering::Acquire));
    }
    let Some(place) = place(slice) else {
        return ptr::null_mut();
    };
    // Acquire: pairs with the Release that installed the node.
    let node = place.load(Ordering::Acquire);
    if node.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: an installed node stays for ever. Each of its words is zero, or what `store` stored.
    let entry = unsafe { &(*node).0[slice % NODE] };
    // Acquire: pairs with the Release in `store`, so the record's fields are seen.
    entry.load(Ordering::Acquire)
}

/// Enter `record` for the slices from `start` on. False, with nothing entered, if the map cannot hold them.
pub fn set(start: *const u8, slices: usize, record: *mut u8) -> bool {
    let can = prepare(start, slices);
    if can {
        store(start, slices, record);
    }
    can
}

/// Whether the map can hold the slices from `start` on. If so, it can from now on.
#[inline(never)]
pub(super) fn prepare(start: *const u8, slices: usize) -> bool {
    let first = start.addr() >> SLICE_SHIFT;
    let Some(last) = first.checked_add(slices.saturating_sub(1)) else {
        return false;
    };
    let bits = options::get(Opt::MaxVabits);
    if (32..64).contains(&bits) && last as u64 >> (bits as usize - SLICE_SHIFT) != 0 {
        return false;
    }
    if FLAT {
        return last < ALL.0.len();
    }
    let (low, high) = (first >> NODE_SHIFT, last >> NODE_SHIFT);
    high >> BRANCH_SHIFT < ROOTS && !(low..=high).any(|number| !has_node(number))
}

/// Forget the slices from `start` on.
pub fn clear(start: *const u8, slices: usize) {
    store(start, slices, ptr::null_mut());
}

#[inline(never)]
fn store(start: *const u8, slices: usize, record: *mut u8) {
    let (mut at, end) = (start.addr() >> SLICE_SHIFT, (start.addr() >> SLICE_SHIFT).saturating_add(slices));
    if FLAT {
        // Release: pairs with the Acquire in `get`.
        ALL.0.iter().take(end).skip(at).for_each(|entry| entry.store(record, Ordering::Release));
        return;
    }
    while at < end {
        let next = end.min((at | (NODE - 1)) + 1);
        // Acquire: pairs with the Release that installed the node.
        // SAFETY: as in `get`.
        if let Some(node) = place(at).and_then(|place| unsafe { place.load(Ordering::Acquire).as_ref() }) {
            let entries = node.0.iter().skip(at % NODE).take(next - at);
            // Release: pairs with the Acquire in `get`.
            entries.for_each(|entry| entry.store(record, Ordering::Release));
        }
        at = next;
    }
}

/// Make the node of that number if there is none. False if there is no memory for it.
fn has_node(number: usize) -> bool {
    // The option asks that all of the map be resident, so each new node is touched.
    let touch = options::enabled(Opt::PagemapCommit);
    ROOT.0.get(number >> BRANCH_SHIFT).is_some_and(|root| install(root, &BRANCHES, &BRANCHES_USED, false))
        && place(number << NODE_SHIFT).is_some_and(|place| install(place, &FIRST, &FIRST_USED, touch))
}

/// Install a table at a place if it is empty: a static one if one is left, else fresh memory. False if there is no
/// memory.
fn install<T, const N: usize>(
    place: &AtomicPtr<Table<T, N>>,
    first: &'static [Table<T, N>],
    used: &AtomicUsize,
    touch: bool,
) -> bool {
    if !place.load(Ordering::Relaxed).is_null() {
        return true;
    }
    // (Called only when needed: a small program should not touch the memory that has the size of OS pages.)
    let size = || size_of::<Table<T, N>>().next_multiple_of(os::page_size());
    // The check comes first, so that the counter stops growing.
    let taken =
        if used.load(Ordering::Relaxed) < first.len() { used.fetch_add(1, Ordering::Relaxed) } else { first.len() };
    let fresh = match first.get(taken) {
        Some(table) => (&raw const *table).cast_mut(),
        None => fresh(size()).cast::<Table<T, N>>(),
    };
    if fresh.is_null() {
        return false;
    }
    if touch {
        for at in (0..size_of::<Table<T, N>>()).step_by(os::page_size()) {
            // SAFETY: inside the fresh table. Its entries are still zero, and nobody else sees them.
            unsafe { (*fresh).0[at / size_of::<usize>()].store(ptr::null_mut(), Ordering::Relaxed) };
        }
    }
    // Release: publishes the (zero) contents. Pairs with the Acquire of whoever follows the pointer.
    let lost = place.compare_exchange(ptr::null_mut(), fresh, Ordering::Release, Ordering::Relaxed).is_err();
    if lost && taken >= first.len() {
        // SAFETY: mapped above, and nobody knows of it.
        unsafe { os::release(fresh.cast(), size()) };
    }
    true
}

/// Memory from the system. If it refuses, free parts of arenas go back to it first.
fn fresh(size: usize) -> *mut u8 {
    let map = || os::reserve(size, os::page_size(), true, 0);
    let p = map();
    if p.is_null() && super::purge::give_back(1) { map() } else { p }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::power;

    #[test]
    fn any_address_may_be_asked_for() {
        for p in [
            0usize,
            1,
            usize::MAX,
            1 << (usize::BITS - 1),
            usize::MAX >> 1,
            usize::MAX & !4095,
            power(44),
            power(47),
            power(47) - 1,
            power(48),
            &raw const ROOT as usize,
        ] {
            assert!(get(ptr::without_provenance(p)).is_null());
        }
    }

    #[test]
    fn what_is_entered_is_found() {
        let far = if ADDRESS_BITS > 44 { power(44) } else { 0 };
        let start = ptr::without_provenance::<u8>((5 << 29) - (2 << SLICE_SHIFT) + far);
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
        if let Some(beyond) = 1usize.checked_shl(ADDRESS_BITS as u32 + 2) {
            assert!(!set(ptr::without_provenance(beyond), 1, record));
        }
    }
}
