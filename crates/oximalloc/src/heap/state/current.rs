//! What the thread-local pointer names in a thread that has no theap: theaps that are all zero. Each of their stacks
//! is both empty and full. So a malloc and a free need no test for them, and take the generic path. They are never
//! written.
//!
//! They lie 64 bytes apart in one static of zeros. Which of them the pointer names says what became of the thread:
//!
//! ```text
//! NEW(n)   it has not allocated, and has freed n blocks
//!     free:   -> NEW(n + 1), the block goes to its page; from NEW(FREES) on the thread gets a theap to free with
//!     malloc: the thread gets a theap
//! a theap
//!     done:   -> NEW(0)  the program says that the thread is done with the allocator for now
//!     end:    -> GONE
//! GONE     the C library has told of the thread's end, and does not do so again
//!     free:   the block goes to its page
//!     malloc: the thread borrows a theap for the one operation (`life::lease`)
//! ```
//!
//! The pointer itself keeps this, because the C library forgets the values of all keys before it frees what it
//! allocated for the thread itself (`strerror`, `dlerror`, the resolver). A thread may even free for the first time at
//! that point: a thread that ends unmaps the stacks of earlier threads, whose tables of thread-local memory are
//! blocks. So the first frees make no theap.

use super::steps::Step;
use super::theap::Theap;
use crate::page::record::Owner;

/// Blocks that a thread frees before it gets a theap to free with.
const FREES: usize = 63;
/// Bytes from one to the next: a theap's alignment.
const STEP: usize = align_of::<Theap>();

/// The bytes of all empty theaps, which overlap.
#[repr(C)]
pub struct Zeros {
    first: Theap,
    more: [[u8; STEP]; FREES + 1],
}

/// All zero, so that it takes no room in a file and needs no relocations. The first is also the owner of full pages
/// that their thread gave up: nothing is on its list of returned pages, and nothing may be put there.
// SAFETY: a theap consists of numbers, of pointers that may be null, and of cells and atomics of those. Zero is valid
// for all of them.
pub static EMPTY: Zeros = unsafe { core::mem::MaybeUninit::zeroed().assume_init() };

/// The thread-local pointer to the thread's theap.
pub mod thread {
    crate::by_system!(thread_pointer: super::Theap, super::EMPTY);
}

fn at(n: usize) -> &'static Theap {
    let zeros = (&raw const EMPTY).cast::<u8>();
    // SAFETY: at that many steps, the static still has all the bytes of a theap. They are zero and never written.
    unsafe { &*zeros.add(n.min(FREES + 1) * STEP).cast::<Theap>() }
}

/// The empty theap of a thread that has done nothing yet.
pub fn new() -> &'static Theap {
    &EMPTY.first
}

/// The empty theap of a thread that was told of its end.
pub fn gone() -> &'static Theap {
    at(FREES + 1)
}

/// The owner of pages that are left to whoever frees into them.
pub fn owner() -> *mut Owner {
    EMPTY.first.as_owner()
}

/// Which of the empty theaps it is; None for an ordinary theap.
#[inline(always)]
fn number(theap: &Theap) -> Option<usize> {
    let distance = (&raw const *theap).addr().wrapping_sub((&raw const EMPTY).addr());
    (distance < size_of::<[[u8; STEP]; FREES + 2]>()).then_some(distance / STEP)
}

/// Whether a thread whose pointer is to `theap` was told of its end.
pub fn is_gone(theap: &Theap) -> bool {
    number(theap) == Some(FREES + 1)
}

/// Whether a thread whose pointer is to `theap` has freed so often that it gets a theap.
pub fn frees_often(theap: &Theap) -> bool {
    number(theap) == Some(FREES)
}

/// The calling thread, whose pointer is to `theap`, frees a block without a theap.
pub fn count_free(theap: &Theap) {
    if let Some(n) = number(theap)
        && n < FREES
    {
        thread::set(at(n + 1));
    }
}

impl Theap {
    /// The calling thread's, or an empty one (see the file's head); never null.
    #[inline(always)]
    pub fn current() -> &'static Theap {
        // SAFETY: the pointer is to an empty theap or to an ordinary one, and theaps are never unmapped.
        unsafe { &*thread::get() }
    }

    /// The thread's first theap. For an empty theap, an empty one.
    #[inline(always)]
    pub fn root(&self) -> &'static Theap {
        self.root_of().unwrap_or(new())
    }

    /// The calling thread begins a step in its theaps. This theap is one of them, or an empty one if the thread has
    /// none.
    #[inline]
    pub fn step(&self) -> Step<'_> {
        let root = self.root();
        if root.is_empty_theap() { Step::NONE } else { root.steps.step() }
    }

    /// Debug builds check this wherever a theap changes: its thread is in a step.
    #[inline]
    pub fn assert_in_step(&self) {
        debug_assert!(self.steps.any() || self.root().steps.any(), "a theap is changed in no step");
    }

    /// Whether this is what threads without a theap have.
    #[inline(always)]
    pub fn is_empty_theap(&self) -> bool {
        number(self).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::bins::BINS;

    #[test]
    fn each_is_empty_and_shut() {
        for theap in (0..=FREES + 1).map(at) {
            assert!(theap.is_empty_theap());
            for b in 0..BINS {
                // SAFETY: the place of a bin; nothing is pushed.
                unsafe {
                    assert!(theap.pop(b).is_null());
                    assert!(!theap.push_at(theap.place_of(b), core::ptr::dangling_mut()));
                }
            }
        }
    }

    #[test]
    fn the_last_one_is_that_of_ended_threads() {
        assert!(is_gone(gone()) && !is_gone(at(FREES)) && !is_gone(new()));
        assert!(frees_often(at(FREES)) && !frees_often(gone()));
        let end = (&raw const EMPTY.more).wrapping_add(1).addr();
        assert_eq!((&raw const *gone()).wrapping_add(1).addr(), end);
    }

    #[test]
    fn frees_are_counted_up_to_the_last() {
        std::thread::spawn(|| {
            for n in 0..2 * FREES {
                assert_eq!(number(Theap::current()), Some(n.min(FREES)));
                count_free(Theap::current());
            }
            thread::set(gone());
            count_free(Theap::current());
            assert!(is_gone(Theap::current()));
        })
        .join()
        .unwrap();
    }
}
