//! All theaps there ever were, and the pool of those in no use. Theaps are never unmapped.

use super::heap::Heap;
use super::theap::{Member, Theap};
use crate::arena::meta::meta_alloc;
use crate::base::grow_list::GrowList;
use crate::page::chain::Linked;
use crate::page::pool::Pool;

/// Theaps without a thread and a heap, which no page names as its owner.
static POOL: Pool<Theap> = Pool::new();
/// All theaps there ever were.
static ALL: GrowList<Theap> = GrowList::new();

/// All theaps there ever were.
pub fn all_theaps() -> impl Iterator<Item = &'static Theap> {
    theaps(None)
}

/// All theaps, or those on a heap's list of its own, also without a thread: when that heap ends meanwhile some of another may
/// follow.
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

/// A theap in no use.
#[inline]
pub fn from_pool() -> Option<&'static Theap> {
    POOL.take(0)
}

/// In the child of a fork: nobody else is at the pool.
pub fn fork_child() {
    POOL.fork_child();
}

/// A new theap; None without memory.
#[inline]
pub fn fresh() -> Option<&'static Theap> {
    let memory = meta_alloc(size_of::<Theap>(), align_of::<Theap>()) as *mut Theap;
    if memory.is_null() {
        return None;
    }
    // SAFETY: fresh zeroed memory of that size, for ever.
    let theap = unsafe { Theap::begin(memory) };
    // Others look at it from here on.
    theap.belong_to_nobody();
    ALL.add(theap);
    Some(theap)
}

/// A theap in no use, which no heap's list holds, no thread knows and no page in use names.
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
