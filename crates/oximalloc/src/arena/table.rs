//! The arenas of the process.
//!
//! The table consists of chunks of places. The first chunk is static. The arenas that claims may use without asking for
//! a certain one are also linked, in the order in which they came. So a claim does not meet the others, however many
//! there are.
//!
//! Invariant: an arena, once entered, stays until [`destroy_all`]. Its number is its place in the table. All places
//! below the count are taken.

use super::region::Arena;
use super::slice_class;
use super::span::Origin;
use crate::base::sync::{AtomicPtr, AtomicUsize, Ordering};
use crate::diag::stats::PROCESS;
use crate::prim::{Memory, Os};
use core::ptr;

/// Places in a chunk. Sizes double every 16 arenas, so 256 that begin with the default size need more addresses than
/// there are.
const CHUNK: usize = 256;
/// Chunks in the table. The others are for programs that ask for arenas of a certain size, and for subprocesses.
const CHUNKS: usize = 16;
/// Where nothing else is mapped, as a rule.
pub(super) const HINT: usize = Os::CAPABILITIES.arenas_at;

/// A part of the table.
pub(super) struct Chunk([AtomicPtr<Arena>; CHUNK]);

static TABLE: Chunk = Chunk([const { AtomicPtr::new(ptr::null_mut()) }; CHUNK]);
/// The chunks behind the first.
static MORE: [AtomicPtr<Chunk>; CHUNKS - 1] = [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS - 1];
/// The first of the linked arenas.
static OPEN: AtomicPtr<Arena> = AtomicPtr::new(ptr::null_mut());
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// How many arenas there are.
pub(super) fn count() -> usize {
    // Acquire: pairs with the Release in `put`.
    COUNT.load(Ordering::Acquire)
}

/// The arena with that number.
pub(super) fn arena(index: usize) -> Option<&'static Arena> {
    deref(place(index)?)
}

/// The arena that a span is from; None for a mapping of its own.
pub(super) fn arena_of(origin: Origin) -> Option<&'static Arena> {
    arena(origin.arena()?)
}

/// The arena that a place or a link leads to.
fn deref(place: &AtomicPtr<Arena>) -> Option<&'static Arena> {
    // Acquire: pairs with the Release in `put` and in `link`, so the arena's record is seen.
    // SAFETY: an arena in the table stays until `destroy_all`, after which nobody asks.
    unsafe { place.load(Ordering::Acquire).as_ref() }
}

/// The place for the arena with that number. None if there is no such place yet.
fn place(index: usize) -> Option<&'static AtomicPtr<Arena>> {
    let Some(beyond) = (index / CHUNK).checked_sub(1) else { return TABLE.0.get(index) };
    // Acquire: pairs with the Release in `append`.
    // SAFETY: a chunk stays for ever.
    unsafe { MORE.get(beyond)?.load(Ordering::Acquire).as_ref() }?.0.get(index % CHUNK)
}

/// All arenas.
pub(super) fn all() -> impl DoubleEndedIterator<Item = &'static Arena> {
    (0..count()).filter_map(arena)
}

/// The arenas of all subprocesses that claims may use without asking for a certain one.
pub(super) fn open() -> impl Iterator<Item = &'static Arena> {
    core::iter::successors(deref(&OPEN), |arena| deref(arena.next_open()))
}

/// Whether there is a place with that number.
pub(super) fn has_place(index: usize) -> bool {
    place(index).is_some()
}

/// Append a chunk of zero bytes, which has the place with that number. False if there is such a chunk already, or if
/// there may be no more chunks.
#[inline]
pub(super) fn append(chunk: *mut Chunk, index: usize) -> bool {
    // Release: publishes the (zero) places. Pairs with the Acquire in `place`.
    chunk_of(index).is_some_and(|place| {
        place.compare_exchange(ptr::null_mut(), chunk, Ordering::Release, Ordering::Relaxed).is_ok()
    })
}

/// Whether a chunk that has the place with that number may be appended.
#[inline]
pub(super) fn may_append(index: usize) -> bool {
    chunk_of(index).is_some()
}

/// Where the pointer to a place's chunk is. None for the first chunk, and for places that there cannot be.
fn chunk_of(index: usize) -> Option<&'static AtomicPtr<Chunk>> {
    MORE.get((index / CHUNK).wrapping_sub(1))
}

/// Put an arena, which is ours alone until then, into the place with that number. False if another arena has the place,
/// or if there is no such place.
#[inline]
pub(super) fn put(arena: *mut Arena, index: usize) -> bool {
    let Some(slot) = place(index) else { return false };
    // SAFETY: the arena was made just now and is ours alone until it is in the table, where it stays.
    let this = unsafe { &*arena };
    this.set_index(index);
    // Release: publishes the record. Pairs with the Acquire in `deref`.
    let done = slot.compare_exchange(ptr::null_mut(), arena, Ordering::Release, Ordering::Relaxed).is_ok();
    if done {
        // The window should begin at an arena behind which later ones are requested.
        if this.is_own() && (!this.is_pinned() || this.start().addr() < 2 * HINT) {
            slice_class::init_window(this.start().addr());
        }
        PROCESS.arena_count.add(1);
    }
    // Count the place even if another arena has it: the thread that put that arena there may be stopped before it
    // counts.
    // Release: pairs with the Acquire in `count`.
    COUNT.fetch_max(index + 1, Ordering::Release);
    if done && !this.is_exclusive() {
        link(arena);
    }
    done
}

/// Append an arena to the linked ones.
fn link(arena: *mut Arena) {
    let mut end = &OPEN;
    // Release: publishes the record. Pairs with the Acquire in `deref`.
    // Acquire: pairs with the Release that linked the arena that is already there, so its record is seen.
    while let Err(other) = end.compare_exchange(ptr::null_mut(), arena, Ordering::Release, Ordering::Acquire) {
        // SAFETY: an arena in the table stays.
        end = unsafe { (*other).next_open() };
    }
}

/// In the child of a fork: tell each arena that no other thread exists.
pub(super) fn fork_child() {
    all().for_each(Arena::fork_child);
}

/// Unmap all arenas, at the very end of a process.
///
/// # Safety
/// - nobody uses any of their memory, or the allocator, any more.
#[cold]
pub unsafe fn destroy_all() {
    OPEN.store(ptr::null_mut(), Ordering::Relaxed);
    for slot in (0..count()).filter_map(place) {
        // Acquire: pairs with the Release in `put`.
        let arena = slot.swap(ptr::null_mut(), Ordering::Acquire);
        if !arena.is_null() {
            // SAFETY: by the contract.
            unsafe { Arena::destroy(arena) };
        }
    }
    COUNT.store(0, Ordering::Relaxed);
}
