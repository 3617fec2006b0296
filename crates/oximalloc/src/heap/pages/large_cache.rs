//! The large cache keeps the page of a freed large block as it is, for the next block of as many slices. So a thread
//! that takes and frees such blocks in turns asks neither the arena nor the maps. A block of another length gets the
//! next longer page, whose end goes back. If no page is longer, it gets the longest one, if that can be extended. Both
//! take one call of the arena, not two.
//!
//! ```text
//! in use   its only block is out
//!     free:   its word is GONE, so it is the caller's alone; it has no block any more, so no pointer leads to one
//!             -> CACHED in a slot of the thread's number, or released if it is too large or no slot has room
//! CACHED   in a slot (`large_cache_slots`), and nobody's
//!     take:   a block of as many slices is asked for, or of other lengths and no page is nearer -> in use;
//!             or released, if the page is too short and cannot grow
//!     flush:  the thread is about to claim other memory -> released
//!     age:    a thread sweeps after `purge_delay` has passed, and marks it; or, if it was marked already -> released
//! ```
//!
//! Only pages of the main heap come here, because nobody deletes or destroys that heap.
//!
//! Bounds: eight pages of up to 1 MiB, 2 MiB together, for each of the [`NUMBERS`] theap numbers; none when
//! `purge_delay` is 0.

use super::large_cache_slots::{ALIGN, MOST, PageSlots};
use super::{guard, resize};
use crate::arena;
use crate::base::units::Slices;
use crate::diag::secure::is_on;
use crate::heap::state::heap::MAIN;
use crate::heap::state::theap::{NUMBERS, Theap};
use crate::heap::state::timer::schedule_sweep;
use crate::os;
use crate::page::Page;
use crate::page::word::State;
use core::ptr;

const _: () = assert!(align_of::<Page>() >= ALIGN);

static SLOTS: [PageSlots<Page>; NUMBERS] = [const { PageSlots::new() }; NUMBERS];

/// All slots. The compiler must not know how many there are, or it would unroll loops over them.
fn all_slots() -> impl Iterator<Item = &'static PageSlots<Page>> {
    SLOTS.iter().take(core::hint::black_box(NUMBERS))
}

/// Keep a page whose only block was freed. Returns false if the page is to be released instead.
///
/// # Safety
/// - the page is the caller's alone (GONE), and is of a single block.
#[inline]
pub unsafe fn put(theap: &Theap, page: &'static Page) -> bool {
    let root = theap.root();
    let (slices, delay) = (page.span().slices, arena::purge_delay());
    if !os::capabilities().decommit_part
        || root.is_empty_theap()
        || slices > MOST
        || !ptr::eq(page.heap(), MAIN.as_page_heap())
        || (page.is_guarded() && !guard::is_wall(page))
        || delay == Some(0)
    {
        return false;
    }
    resize::forget_end(page);
    page.cache_single();
    if !SLOTS[root.number()].put(page, slices) {
        return false;
    }
    root.note_cached_pages(true);
    schedule_sweep(delay);
    true
}

/// A page of that many slices, which is now the caller's and has no block yet.
#[inline]
pub fn take(theap: &Theap, slices: usize) -> Option<&'static Page> {
    let root = theap.root();
    if !os::capabilities().decommit_part || slices > MOST || !root.may_have_cached_pages() {
        return None;
    }
    SLOTS[root.number()].take(slices).or_else(|| if is_on() { None } else { fit(root, slices) })
}

/// A page of another length, which is cut or extended.
#[inline(never)]
fn fit(root: &Theap, slices: usize) -> Option<&'static Page> {
    let page = SLOTS[root.number()].take_near(slices)?;
    let has = page.span().slices;
    // SAFETY: out of its slot, so the caller's alone.
    unsafe {
        if has >= slices {
            resize::cut(page, slices);
        } else if !resize::extend(page, slices - has) {
            release(root, page);
            return None;
        }
    }
    Some(page)
}

/// The thread is about to claim other memory: release the pages that are kept for it. Otherwise they would lie in the
/// way, and add to what the program has in use.
#[inline]
pub fn flush(theap: &Theap) {
    let root = theap.root();
    if os::capabilities().decommit_part && root.may_have_cached_pages() {
        root.note_cached_pages(false);
        flush_slots(root);
    }
}

#[inline(never)]
fn flush_slots(root: &Theap) {
    SLOTS[root.number()].age(true, &mut |page| release(root, page));
}

/// How many pages are kept, and how many bytes they have, at some moment.
#[cold]
pub fn held() -> (usize, usize) {
    let (mut pages, mut slices) = (0, 0);
    for slots in all_slots() {
        let held = slots.held();
        pages += held.0;
        slices += held.1;
    }
    (pages, Slices(slices).bytes())
}

/// Bytes of the pages that are kept for the thread of `theap`.
#[cold]
pub fn bytes(theap: &Theap) -> usize {
    Slices(SLOTS[theap.root().number()].held().1).bytes()
}

/// For the validator: whether the pages that wait for the thread of `theap` are what they should be.
#[cold]
pub fn are_sound(theap: &Theap) -> bool {
    let slots = &SLOTS[theap.root().number()];
    (1..=MOST).filter_map(|n| slots.take(n).map(|page| (n, page))).all(|(n, page)| {
        let sound = page.word().peek().0 == State::Gone
            && page.carved() == 0
            && ptr::eq(page.heap(), MAIN.as_page_heap())
            && page.span().slices == n
            && Page::at(page.start()).is_some_and(|at| ptr::eq(at, page));
        if !slots.put(page, n) {
            release(theap, page);
        }
        sound
    })
}

/// Release the pages that have waited for a delay, or all pages. Returns whether some are left.
#[cold]
pub fn sweep(theap: &Theap, all: bool) -> bool {
    let mut left = false;
    for slots in all_slots() {
        left |= slots.age(all, &mut |page| release(theap, page));
    }
    left
}

#[inline(never)]
fn release(theap: &Theap, page: &'static Page) {
    let _step = theap.step();
    // SAFETY: out of its slot, so the caller's alone.
    unsafe { super::release::release(page) };
    theap.root().free_record(page);
}
