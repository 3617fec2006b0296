//! Subprocesses: parts of a program that have their own heaps and arenas.
//!
//! A thread belongs to one subprocess, whose main heap is its default heap. Any thread of any subprocess may free
//! memory. Records are never unmapped, but are used again.

use super::heap::{Heap, MAIN};
use super::index::Index;
use super::theap::Theap;
use crate::arena::meta::meta_alloc;
use crate::base::grow_list::{GrowList, Listed};
use crate::base::sync::{AtomicPtr, AtomicU32, Ordering};
use crate::diag::stats::{Count, HeapStats};
use crate::page::bins::BINS;
use crate::page::chain::Linked;
use crate::page::shared_list::SharedList;
use core::ptr;

/// A subprocess.
#[repr(C)]
pub struct Subproc {
    /// Its number, by which heaps and arenas name it. The main subprocess has number 0.
    number: AtomicU32,
    /// Null if the subprocess has ended, and in the first subprocess, whose main heap is MAIN.
    main: AtomicPtr<Heap>,
    free: AtomicPtr<Subproc>,
    older: AtomicPtr<Subproc>,
    /// What its ended heaps have left with it.
    pub past: Past,
}

/// The statistics that ended heaps left with their subprocess. Nothing counted here is in use, so each `current` is 0.
pub struct Past {
    /// What a heap counts.
    pub stats: HeapStats,
    /// Blocks by bin.
    pub blocks: [Count; BINS],
    /// Pages by bin.
    pub pages: [Count; BINS + 1],
}

impl Past {
    const fn new() -> Past {
        Past {
            stats: HeapStats::new(),
            blocks: [const { Count::new() }; BINS],
            pages: [const { Count::new() }; BINS + 1],
        }
    }

    /// Move it to another subprocess.
    #[cold]
    pub fn leave_to(&self, other: &Past) {
        self.stats.leave_to(&other.stats);
        let all = self.blocks.iter().zip(&other.blocks).chain(self.pages.iter().zip(&other.pages));
        all.for_each(|(mine, theirs)| mine.leave_to(theirs));
    }

    /// Forget it.
    #[cold]
    pub fn reset(&self) {
        self.stats.reset();
        self.blocks.iter().chain(&self.pages).for_each(Count::reset);
    }
}

// SAFETY: the list of free records alone writes the link.
unsafe impl Linked for Subproc {
    #[cold]
    fn link(&self) -> &AtomicPtr<Subproc> {
        &self.free
    }
}

// SAFETY: the list of all records alone writes the link.
unsafe impl Listed for Subproc {
    #[cold]
    fn older(&self) -> &AtomicPtr<Subproc> {
        &self.older
    }
}

/// The subprocess of all threads that are not put into another.
pub static FIRST: Subproc = Subproc {
    number: AtomicU32::new(0),
    main: AtomicPtr::new(ptr::null_mut()),
    free: AtomicPtr::new(ptr::null_mut()),
    older: AtomicPtr::new(ptr::null_mut()),
    past: Past::new(),
};

static ALL: GrowList<Subproc> = GrowList::of(&FIRST);

static FREE: SharedList<Subproc> = SharedList::new();

/// All subprocesses but the main one, by address and by number.
static INDEX: Index<Subproc> = Index::new();

static NUMBERS: AtomicU32 = AtomicU32::new(1);

/// All subprocesses there ever were, including the main one.
#[cold]
pub fn all() -> impl Iterator<Item = &'static Subproc> {
    ALL.iter()
}

impl Subproc {
    /// The subprocess at an address; null stands for the main one. None if no subprocess is there.
    #[cold]
    pub fn at(p: *const Subproc) -> Option<&'static Subproc> {
        if p.is_null() || ptr::eq(p, &FIRST) {
            return Some(&FIRST);
        }
        let subproc = INDEX.find(p.addr(), |subproc| ptr::eq(subproc, p))?;
        (!subproc.main.load(Ordering::Relaxed).is_null()).then_some(subproc)
    }

    /// The subprocess with a number, which some heap has.
    #[cold]
    pub fn of_number(number: u32) -> &'static Subproc {
        let is = |subproc: &Subproc| subproc.number() == number;
        if number == 0 { &FIRST } else { INDEX.find(number as usize, is).unwrap_or(&FIRST) }
    }

    /// The living subprocesses, except the main one.
    #[cold]
    pub fn others() -> impl Iterator<Item = &'static Subproc> {
        all().filter(|subproc| !ptr::eq(*subproc, &FIRST) && !subproc.main.load(Ordering::Relaxed).is_null())
    }

    /// The calling thread's subprocess.
    #[cold]
    pub fn current() -> &'static Subproc {
        Self::of_number(Theap::current().root().heap().subproc())
    }

    /// Its number.
    #[cold]
    pub fn number(&self) -> u32 {
        self.number.load(Ordering::Relaxed)
    }

    /// Set its main heap; None says that the subprocess has ended.
    #[cold]
    pub fn set_main_heap(&self, heap: Option<&'static Heap>) {
        self.main.store(heap.map_or(ptr::null_mut(), |heap| ptr::from_ref(heap).cast_mut()), Ordering::Relaxed);
    }

    /// The record is not used any more.
    #[cold]
    pub fn free(&'static self) {
        FREE.add(self);
    }

    /// Its main heap.
    #[cold]
    pub fn main_heap(&self) -> &'static Heap {
        // SAFETY: set while the subprocess lives, and heaps' records are never unmapped.
        unsafe { self.main.load(Ordering::Relaxed).as_ref() }.unwrap_or(&MAIN)
    }
}

/// An unused record. None if there is no memory.
#[cold]
pub fn unused() -> Option<&'static Subproc> {
    FREE.take_one().or_else(fresh)
}

#[cold]
fn fresh() -> Option<&'static Subproc> {
    let memory = meta_alloc(size_of::<Subproc>(), align_of::<Subproc>()) as *mut Subproc;
    // SAFETY: fresh zeroed memory of that size, and zero is a subprocess without a main heap.
    let subproc = unsafe { memory.as_ref() }?;
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    subproc.number.store(number, Ordering::Relaxed);
    if !INDEX.insert(memory.addr(), subproc) || !INDEX.insert(number as usize, subproc) {
        return None;
    }
    ALL.add(subproc);
    Some(subproc)
}
