//! Spares: pages of a large block that was freed, kept as they are for the next block of as many slices. What takes such
//! blocks and gives them in turns then asks neither the arena nor the maps. A block of another length gets the next longer
//! page, of which the end goes back, or the longest, where what follows it is free: that is one call of the arena, not two.
//!
//! ```text
//! in use   its only block is out
//!     free:   its word is GONE, which makes it the caller's alone; it has no block any more, so that no pointer leads to one
//!             -> SPARE in the row of the thread's number, or released where it is too large, or the row is full
//! SPARE    in a row (`row`), and nobody's
//!     take:   a block of as many slices is asked for, or of others and no page is nearer -> in use; or, where it is too
//!             short and cannot grow, released
//!     flush:  the thread is about to claim other memory -> released
//!     age:    a thread comes by once `purge_delay` has passed, and marks it; or it was marked already -> released
//! ```
//!
//! Only pages of the main heap, which nobody deletes or destroys. Bounds: eight pages of up to 1 MiB, of together 2 MiB, for each of the
//! [`NUMBERS`] numbers; none when `purge_delay` is 0.

use super::depot;
use super::record::MAIN;
use super::row::{ALIGN, MOST, Row};
use super::single;
use super::theap::{NUMBERS, Theap};
use crate::arena::{self, map};
use crate::base::units::Slices;
use crate::page::Page;
use crate::page::word::State;
use core::ptr;

const _: () = assert!(align_of::<Page>() >= ALIGN);

static ROWS: [Row<Page>; NUMBERS] = [const { Row::new() }; NUMBERS];

/// All rows, of which the compiler does not know how many there are: it would write loops over them out.
fn rows() -> impl Iterator<Item = &'static Row<Page>> {
    ROWS.iter().take(core::hint::black_box(NUMBERS))
}

/// Keep a page whose only block was freed; false: it is to be released.
///
/// # Safety
/// - the page is the caller's alone (GONE), of a single block.
pub unsafe fn put(theap: &Theap, page: *mut Page) -> bool {
    let root = theap.root();
    // SAFETY: by the contract.
    let page = unsafe { &*page };
    let (slices, delay) = (page.span().slices, arena::purge_delay());
    if root.is_empty_theap()
        || slices > MOST
        || !ptr::eq(page.heap(), MAIN.as_page_heap())
        || page.is_guarded()
        || delay == Some(0)
    {
        return false;
    }
    single::forget_end(page);
    page.rest_single();
    if !ROWS[root.number()].put((&raw const *page).cast_mut(), slices) {
        return false;
    }
    root.has_spares.set(true);
    depot::come_back(delay);
    true
}

/// A page of so many slices; it is the caller's, and has no block yet.
#[inline]
pub fn take(theap: &Theap, slices: usize) -> Option<*mut Page> {
    let root = theap.root();
    if slices > MOST || !root.has_spares.get() {
        return None;
    }
    ROWS[root.number()].take(slices).or_else(|| fit(root, slices))
}

/// A page of another length, cut or extended.
#[inline(never)]
fn fit(root: &Theap, slices: usize) -> Option<*mut Page> {
    let page = ROWS[root.number()].take_near(slices)?;
    // SAFETY: from a row, so the caller's alone.
    unsafe {
        let has = (*page).span().slices;
        if has >= slices {
            single::cut(&*page, slices);
        } else if !single::extend(&*page, slices - has) {
            release(root, page);
            return None;
        }
    }
    Some(page)
}

/// The thread is about to claim other memory: release what is kept for it, which would lie in the way, and be more than the
/// program has in use.
#[inline]
pub fn flush(theap: &Theap) {
    let root = theap.root();
    if root.has_spares.get() {
        root.has_spares.set(false);
        flush_row(root);
    }
}

#[inline(never)]
fn flush_row(root: &Theap) {
    ROWS[root.number()].age(true, &mut |page| release(root, page));
}

/// How many pages are kept, and their bytes, at some moment.
#[cold]
pub fn held() -> (usize, usize) {
    let (mut pages, mut slices) = (0, 0);
    for row in rows() {
        let held = row.held();
        pages += held.0;
        slices += held.1;
    }
    (pages, Slices(slices).bytes())
}

/// Bytes of what is kept for the thread of `theap`.
#[cold]
pub fn bytes(theap: &Theap) -> usize {
    Slices(ROWS[theap.root().number()].held().1).bytes()
}

/// For the validator: whether the pages that wait for the thread of `theap` are what they should be.
#[cold]
pub fn are_sound(theap: &Theap) -> bool {
    let row = &ROWS[theap.root().number()];
    (1..=MOST).filter_map(|n| row.take(n).map(|page| (n, page))).all(|(n, page)| {
        // SAFETY: ours alone, out of its row.
        let seen = unsafe { &*page };
        let start = seen.start();
        let sound = seen.word().peek().0 == State::Gone
            && seen.carved() == 0
            && ptr::eq(seen.heap(), MAIN.as_page_heap())
            && seen.span().slices == n
            && map::get(start) as *mut Page == page;
        if !row.put(page, n) {
            release(theap, page);
        }
        sound
    })
}

/// Release what has waited for a delay, or all; says whether something is left.
#[cold]
pub fn sweep(theap: &Theap, all: bool) -> bool {
    let mut left = false;
    for row in rows() {
        left |= row.age(all, &mut |page| release(theap, page));
    }
    left
}

#[inline(never)]
fn release(theap: &Theap, page: *mut Page) {
    let _step = theap.step();
    // SAFETY: from a row, so the caller's alone.
    unsafe {
        theap.release(page);
        theap.root().free_record(page);
    }
}
