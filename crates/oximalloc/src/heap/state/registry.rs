//! All theaps there ever were, and the pool of unused ones. Theaps are never unmapped.

use super::heap::Heap;
use super::theap::{Member, Theap, secured};
use crate::arena::meta::meta_alloc;
use crate::base::grow_list::GrowList;
use crate::diag::secure;
use crate::page::chain::Linked;
use crate::page::pool::Pool;

/// Theaps that have no thread and no heap, and that no page names as its owner.
static POOL: Pool<Theap> = Pool::new();
/// All theaps there ever were.
static ALL: GrowList<Theap> = GrowList::new();

/// All theaps there ever were.
pub fn all_theaps() -> impl Iterator<Item = &'static Theap> {
    theaps(None)
}

/// All theaps, or those on a heap's own list, including those without a thread. If that heap ends meanwhile, some
/// theaps of another heap may follow.
pub fn theaps(of: Option<&Heap>) -> impl Iterator<Item = &'static Theap> + use<> {
    let listed = of.is_some();
    let first = of.map_or_else(|| ALL.newest(), |heap| heap.theaps.first().map(Member::theap));
    core::iter::successors(first, move |theap| {
        if listed { theap.as_member().next_in_chain().map(Member::theap) } else { GrowList::older(theap) }
    })
}

/// The theap that was made before this one.
pub fn older(theap: &Theap) -> Option<&'static Theap> {
    GrowList::older(theap)
}

/// Take an unused theap.
#[inline]
pub fn from_pool() -> Option<&'static Theap> {
    POOL.take(0)
}

/// In the child of a fork: no other thread is using the pool.
pub fn fork_child() {
    POOL.fork_child();
}

/// A new theap. None if there is no memory.
#[inline]
pub fn fresh() -> Option<&'static Theap> {
    let (bytes, shift) = if secure::is_on() { (secured::BYTES, secured::SHIFT) } else { (size_of::<Theap>(), 0) };
    let memory = meta_alloc(bytes, align_of::<Theap>()) as *mut Theap;
    if memory.is_null() {
        return None;
    }
    // SAFETY: fresh zeroed memory of that size, for ever.
    let theap = unsafe { Theap::begin(memory, shift) };
    theap.begin_secured();
    // Other threads see it from here on.
    theap.belong_to_nobody();
    ALL.add(theap);
    Some(theap)
}

/// Put an unused theap into the pool. No heap's list holds it, no thread knows it and no page in use names it.
#[inline(never)]
pub fn to_pool(theap: &'static Theap) {
    theap.leave_heap();
    if theap.shown.retire() {
        POOL.put(theap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::state::heap::MAIN;

    #[test]
    fn a_theap_that_others_can_see_has_a_heap() {
        let theap = fresh().unwrap();
        for seen in all_theaps() {
            assert!(seen.heap().id() != 0 || core::ptr::eq(seen.heap(), &MAIN));
            assert!(!seen.root().is_empty_theap());
        }
        assert!(!theap.is_ours());
        to_pool(theap);
    }
}
