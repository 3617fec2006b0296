//! A thread's theaps: found by heap, made when first asked for, ended one by one.
//!
//! The root's table has the theap for a heap at the heap's slot. Other threads may take a theap away (they destroy its
//! heap) or make it the main heap's (they delete it) without a word to the table: so an entry counts only if the theap
//! still has the heap's id and this thread's tag. Only the thread itself reads or writes its table.

use super::empty::thread;
use super::record::{Heap, MAIN, Member};
use super::theap::Theap;
use crate::arena::meta::meta_alloc;
use crate::base::sync::{AtomicPtr, Ordering};
use crate::page::pool::Pool;
use crate::prim::tls;
use core::cell::Cell;
use core::ptr;

/// Theaps without a thread and a heap, which no page names as its owner.
static POOL: Pool<Theap> = Pool::new();
/// All theaps there ever were.
static ALL: AtomicPtr<Theap> = AtomicPtr::new(ptr::null_mut());

const FIRST_PARTS: usize = 16;
/// Parts that a thread may look at each time that it comes by.
const LOOKS: u32 = 16;

/// The `heap_id` of a theap whose heap has ended, or that has none.
pub const NOBODY: u64 = u64::MAX;

/// All theaps there ever were.
pub fn all_theaps() -> impl Iterator<Item = &'static Theap> {
    theaps(None)
}

/// All theaps, or those on a heap's list of its own, also without a thread: when that heap ends meanwhile some of another may
/// follow.
pub(super) fn theaps(of: Option<&Heap>) -> impl Iterator<Item = &'static Theap> + use<> {
    let listed = of.is_some();
    // Acquire: pairs with the Release in `fresh`.
    let mut at = of.map_or_else(|| ALL.load(Ordering::Acquire), |heap| heap.theaps.first().cast());
    core::iter::from_fn(move || {
        // SAFETY: theaps on the lists are valid and never unmapped.
        let theap = unsafe { at.as_ref() }?;
        at = if listed { theap.peer.load(Ordering::Relaxed).cast() } else { theap.all.load(Ordering::Relaxed) };
        Some(theap)
    })
}

/// A theap of `heap` for the calling thread, with `root` as its root; or as a root itself, when there is none, in a step that
/// the caller leaves.
pub fn begin(heap: &'static Heap, root: Option<&Theap>) -> Option<&'static Theap> {
    if root.is_none()
        && heap.is_main()
        && let Some(theap) = super::warm::wake()
    {
        return Some(theap);
    }
    let theap = heap.vacant.take_one().or_else(pooled).or_else(fresh)?;
    let (id, tag) = (heap.id.load(Ordering::Relaxed), tls::tag());
    let known = theap.heap_id.load(Ordering::Relaxed) == id;
    // Before it is this thread's.
    theap.steps.begin();
    theap.heap.store((&raw const *heap).cast_mut(), Ordering::Relaxed);
    theap.heap_id.store(id, Ordering::Relaxed);
    theap.root.store((&raw const *root.unwrap_or(theap)).cast_mut(), Ordering::Relaxed);
    theap.slot.set(heap.slot.get());
    theap.set_tag(tag);
    theap.in_threadpool.set(false);
    theap.calling.set(false);
    theap.hold.start();
    theap.returned.open();
    theap.sampling.begin();
    for b in theap.open_bins() {
        theap.open(crate::page::Bin::at(b));
    }
    if !known && !heap.is_main() {
        // SAFETY: theaps are never unmapped, and it is on no heap's list.
        unsafe { heap.theaps.add((&raw const *theap).cast_mut().cast::<Member>()) };
    }
    if root.is_some() {
        theap.steps.none();
    }
    Some(theap)
}

fn pooled() -> Option<&'static Theap> {
    // SAFETY: theaps are never unmapped.
    unsafe { POOL.take(0).as_ref() }
}

/// In the child of a fork: nobody else is at the pool.
pub fn fork_child() {
    POOL.fork_child();
}

fn fresh() -> Option<&'static Theap> {
    let memory = meta_alloc(size_of::<Theap>(), align_of::<Theap>()) as *mut Theap;
    if memory.is_null() {
        return None;
    }
    // SAFETY: fresh zeroed memory of that size, for ever.
    let theap = unsafe { Theap::begin(memory) };
    let this = (&raw const *theap).cast_mut();
    // Others look at it from here on: it is nobody's, and what it counts is the main heap's.
    theap.heap.store((&raw const MAIN).cast_mut(), Ordering::Relaxed);
    theap.heap_id.store(NOBODY, Ordering::Relaxed);
    theap.root.store(this, Ordering::Relaxed);
    let mut head = ALL.load(Ordering::Relaxed);
    loop {
        theap.all.store(head, Ordering::Relaxed);
        // Release: pairs with the Acquire in `all_theaps`.
        match ALL.compare_exchange_weak(head, this, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return Some(theap),
            Err(now) => head = now,
        }
    }
}

/// A theap in no use, which no heap's list holds, no thread knows and no page in use names.
pub(super) fn pool(theap: &'static Theap) {
    theap.heap_id.store(NOBODY, Ordering::Relaxed);
    if theap.shown.retire() {
        // SAFETY: theaps are never unmapped; this one is on no list.
        unsafe { POOL.put((&raw const *theap).cast_mut()) };
    }
}

/// The calling thread's pointer is to `theap` from now on.
pub fn make_current(theap: &'static Theap) {
    let before = Theap::current();
    if ptr::eq(before, theap) {
        return;
    }
    thread::set(theap);
    if before.shown.hide() {
        // SAFETY: theaps are never unmapped.
        pool(unsafe { before.for_ever() });
    }
}

impl Theap {
    /// Of a root: the theap of `heap`, if the thread has one.
    #[inline(always)]
    pub fn part(&self, heap: &Heap) -> Option<&'static Theap> {
        let slot = heap.slot.get();
        if slot >= self.parts_len.get() {
            return None;
        }
        // SAFETY: below the length of the table, whose entries are null or theaps.
        let part = unsafe { (*self.parts.get().add(slot as usize)).get().as_ref() }?;
        // Another thread may have it now, for this same heap.
        (part.heap_id.load(Ordering::Relaxed) == heap.id.load(Ordering::Relaxed) && part.is_ours()).then_some(part)
    }

    /// Of a root: all parts that are still this thread's.
    pub fn parts(&self) -> impl Iterator<Item = &'static Theap> {
        (0..self.parts_len.get()).filter_map(|slot| self.part_at(slot))
    }

    /// Of a root: the part at a slot below the length of the table, if it is still this thread's.
    fn part_at(&self, slot: u32) -> Option<&'static Theap> {
        // SAFETY: as in `part`.
        let part = unsafe { (*self.parts.get().add(slot as usize)).get().as_ref() }?;
        let root = part.root.load(Ordering::Relaxed);
        (part.is_ours() && part.slot.get() == slot && ptr::eq(root, self)).then_some(part)
    }

    /// Of a root: make the theap of `heap`.
    #[cold]
    pub fn add_part(&self, heap: &'static Heap) -> Option<&'static Theap> {
        let slot = heap.slot.get();
        if slot >= self.parts_len.get() && !self.grow_parts(slot as usize + 1) {
            return None;
        }
        // A theap of a heap that was deleted may be in its place.
        if let Some(old) = self.part_at(slot) {
            old.finish_part();
        }
        let part = begin(heap, Some(self))?;
        // SAFETY: below the length of the table.
        unsafe { (*self.parts.get().add(slot as usize)).set((&raw const *part).cast_mut()) };
        Some(part)
    }

    fn grow_parts(&self, need: usize) -> bool {
        let len = need.next_power_of_two().max(FIRST_PARTS);
        let table = meta_alloc(len * size_of::<Cell<*mut Theap>>(), align_of::<usize>()).cast::<Cell<*mut Theap>>();
        if table.is_null() {
            return false;
        }
        // SAFETY: both tables are of at least that length; the old one is left to itself (together they are as large as
        // the new one at most).
        unsafe { ptr::copy_nonoverlapping(self.parts.get(), table, self.parts_len.get() as usize) };
        self.parts.set(table);
        self.parts_len.set(len as u32);
        true
    }

    /// Of a root: whether what is left of heaps that were deleted by other threads is to end now. With many parts not each
    /// time that the thread comes by, so that to look at all costs a constant for each.
    #[inline]
    pub fn orphans_are_due(&self) -> bool {
        self.stale.load(Ordering::Relaxed) && self.count_stale()
    }

    #[cold]
    fn count_stale(&self) -> bool {
        self.stale_for.set(self.stale_for.get() + 1);
        self.stale_for.get() > self.parts_len.get() / LOOKS
    }

    /// Of a root: end it.
    #[cold]
    pub fn finish_orphans(&self) {
        self.stale_for.set(0);
        // Cleared first, so that a heap that is deleted meanwhile is seen the next time.
        self.stale.store(false, Ordering::Relaxed);
        // Acquire: pairs with the Release of the thread that deleted the heap.
        for part in self.parts().filter(|part| part.heap_id.load(Ordering::Acquire) == NOBODY) {
            part.finish_part();
        }
    }

    /// Of a root: the thread ends, and with it all its parts.
    pub fn finish_parts(&self) {
        for part in self.parts() {
            part.finish_part();
        }
        for slot in 0..self.parts_len.get() as usize {
            // SAFETY: below the length of the table.
            unsafe { (*self.parts.get().add(slot)).set(ptr::null_mut()) };
        }
    }

    /// This thread is done with a part of its, or with its root, which its pointer is not to any more.
    pub fn finish_part(&'static self) {
        let mine = self.hold.enter(|| self.is_ours());
        if mine {
            self.give_up();
        }
        if ptr::eq(self, Theap::current()) {
            make_current(self.root());
        }
        // Not mine: its heap was destroyed, and the theap with it.
        if mine {
            self.leave_part();
        }
    }

    /// It was entered, and holds nothing any more: whoever is next may have it.
    pub(super) fn leave_part(&'static self) {
        // Acquire: pairs with the Release of the thread that deleted the heap, whose pages then name nobody.
        let orphan = self.heap_id.load(Ordering::Acquire) == NOBODY;
        let heap = self.heap();
        if !self.hold.leave(true) {
            super::end::doomed(self);
            return;
        }
        // Full pages of the heap go on to name the theap, so only the heap's next thread may have it. Its list is closed
        // when the heap has ended meanwhile.
        // SAFETY: theaps are never unmapped; this one is on no such list.
        if orphan || !unsafe { heap.vacant.push((&raw const *self).cast_mut()) } {
            pool(self);
        }
    }

    /// All blocks and pages to whoever wants them; then nothing is the theap's any more.
    pub(super) fn give_up(&self) {
        // Once, unless a function of the program's that is called meanwhile uses it again.
        loop {
            self.give_beyond(0);
            if self.is_bare() {
                break;
            }
        }
        // Only a root has any.
        self.free_records();
        self.leave_counts();
        self.set_tag(0);
    }

    /// Leave what was counted with the heap.
    pub(super) fn leave_counts(&self) {
        let heap = self.heap();
        for b in self.open_bins() {
            let (mine, all) = (&self.side[b].moved, &heap.bins[b].moved);
            let (taken, given) = (mine.taken.load(Ordering::Relaxed), mine.given.load(Ordering::Relaxed));
            // In this order what went is for a moment seen twice, and what came not at all: see `totals::gather`.
            if given != 0 {
                all.given.fetch_add(given, Ordering::Relaxed);
                mine.given.store(0, Ordering::Relaxed);
            }
            if taken != 0 {
                mine.taken.store(0, Ordering::Relaxed);
                all.taken.fetch_add(taken, Ordering::Relaxed);
            }
        }
    }

    /// Another thread's, whose heap was destroyed: nothing in it is looked at.
    pub(super) fn forget_all(&self) {
        self.forget_lists();
        self.leave_counts();
        self.set_tag(0);
    }

    /// What its stacks and lists hold is left to itself.
    pub(super) fn forget_lists(&self) {
        self.outs.iter().for_each(super::remote::Out::forget);
        for b in self.open_bins() {
            let (hot, side) = (self.hot(b), &self.side[b]);
            self.set_depth(b, 0);
            hot.limit.set(hot.base.get());
            side.page.set(ptr::null_mut());
            side.avail.set(ptr::null_mut());
        }
    }
}

/// The calling thread's theap of `heap`, made if there is none; None without memory. The root is an empty one in a thread
/// that has none.
#[inline]
pub fn part_of(root: &Theap, heap: &'static Heap) -> Option<&'static Theap> {
    if ptr::eq(root.heap.load(Ordering::Relaxed), heap) && !root.is_empty_theap() {
        // SAFETY: roots are theaps, which are never unmapped.
        return unsafe { (&raw const *root).as_ref() };
    }
    root.part(heap).or_else(|| root.add_part(heap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theap_that_others_can_see_has_a_heap() {
        let theap = fresh().unwrap();
        for seen in all_theaps() {
            assert!(!seen.heap.load(Ordering::Relaxed).is_null());
            assert!(!seen.root.load(Ordering::Relaxed).is_null());
        }
        assert!(!theap.is_ours());
        pool(theap);
    }
}
