//! A root's table of its thread's other theaps, by the slot of their heap.
//!
//! Only the thread itself reads or writes the entries. Other threads may take a theap away (they destroy its heap) or
//! make it the main heap's (they delete its heap). They only mark the table as *stale*. So an entry counts only if the
//! theap still has the heap's id and this thread's tag.

use crate::arena::meta::meta_alloc;
use crate::base::sync::{AtomicBool, Ordering};
use core::cell::Cell;
use core::ptr;

/// Slots of the first table.
const FIRST: usize = 16;
/// How many entries a thread may look at on each slow path, on average.
const LOOKS: u32 = 16;

type Entry<T> = Cell<Option<&'static T>>;

/// The table. Zero is an empty one.
pub struct HeapTable<T: 'static> {
    entries: Cell<*const Entry<T>>,
    len: Cell<u32>,
    /// One of the thread's heaps was deleted by another thread.
    stale: AtomicBool,
    /// How many slow paths the thread took since.
    stale_for: Cell<u32>,
}

impl<T> HeapTable<T> {
    /// What is at a slot.
    #[inline(always)]
    pub fn get(&self, slot: u32) -> Option<&'static T> {
        // SAFETY: below the length of the table.
        if slot < self.len.get() { unsafe { (*self.entries.get().add(slot as usize)).get() } } else { None }
    }

    /// Set what is at a slot. Returns false if there is no memory for a longer table.
    pub fn set(&self, slot: u32, value: Option<&'static T>) -> bool {
        if slot >= self.len.get() && !self.grow(slot as usize + 1) {
            return false;
        }
        // SAFETY: below the length of the table.
        unsafe { (*self.entries.get().add(slot as usize)).set(value) };
        true
    }

    /// The number of slots.
    pub fn slots(&self) -> u32 {
        self.len.get()
    }

    fn grow(&self, need: usize) -> bool {
        let len = need.next_power_of_two().max(FIRST);
        let table = meta_alloc(len * size_of::<Entry<T>>(), align_of::<usize>()).cast::<Entry<T>>();
        if table.is_null() {
            return false;
        }
        // SAFETY: both tables have at least that length, and zero is an empty entry. The old table is never used
        // again, and never freed (all old tables together are at most as large as the new one).
        unsafe { ptr::copy_nonoverlapping(self.entries.get(), table, self.len.get() as usize) };
        self.entries.set(table);
        self.len.set(len as u32);
        true
    }

    /// Note that one of the heaps in the table was deleted. Any thread may do so.
    pub fn note_stale(&self) {
        self.stale.store(true, Ordering::Relaxed);
    }

    /// Whether that was noted.
    #[inline(always)]
    pub fn is_stale(&self) -> bool {
        self.stale.load(Ordering::Relaxed)
    }

    /// Whether to clean up now what is left of heaps that other threads deleted. With many entries this is not so on
    /// each slow path, so that looking at all entries costs a constant for each slow path.
    #[inline]
    pub fn is_cleanup_due(&self) -> bool {
        self.is_stale() && self.count_stale()
    }

    #[cold]
    fn count_stale(&self) -> bool {
        self.stale_for.set(self.stale_for.get() + 1);
        self.stale_for.get() > self.len.get() / LOOKS
    }

    /// The thread is about to look at all entries. A heap that is deleted meanwhile is seen next time.
    pub fn begin_cleanup(&self) {
        self.stale_for.set(0);
        self.stale.store(false, Ordering::Relaxed);
    }
}
