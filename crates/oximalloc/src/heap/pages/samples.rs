//! The records of sampled blocks: who allocated each, and who freed it. They are kept only if the process began with
//! sampling and reports on.
//!
//! A page of a sampled block has its record's number ([`Page::sample`]), so an address leads to the record by the page
//! map. There are as many records as there may be guarded blocks. They come in parts, from memory that is never
//! unmapped. A bit for each tells whether it is taken, and the lowest free one is taken next.
//!
//! Invariant: the number of a page of a single block is 0, or that of a record that is this page's alone.

use super::guard;
use crate::arena::meta::meta_alloc;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use crate::bitmap::Bitmap;
use crate::diag::stack::{self, CALLS};
use crate::heap::state::sample::{FACTS, Sample, State};
use crate::page::Page;
use crate::page::bins::Bin;
use crate::prim::{Os, Threads};
use core::ptr::null_mut;

/// Records of a part.
const PART: usize = 256;

static ON: AtomicBool = AtomicBool::new(false);
static TAKEN: [AtomicU64; guard::MOST / 64] = [const { AtomicU64::new(0) }; guard::MOST / 64];
static PARTS: [AtomicPtr<[Sample; PART]>; guard::MOST / PART] =
    [const { AtomicPtr::new(null_mut()) }; guard::MOST / PART];

fn taken() -> Bitmap<'static, 1> {
    Bitmap::new(&TAKEN)
}

/// Keep records from now on.
pub fn begin() {
    ON.store(true, Ordering::Relaxed);
}

/// Whether records are kept.
pub fn are_kept() -> bool {
    cfg!(feature = "secure") && ON.load(Ordering::Relaxed)
}

// Where the numbers of a record are.
/// The address of the block.
const BLOCK: usize = 0;
/// The bytes that were asked for.
const SIZE: usize = 1;
/// Where the guard begins.
const GUARD: usize = 2;
/// Where the span begins, and where it ends.
const START: usize = 3;
const END: usize = 4;
/// The thread that allocated the block, and its stack.
const ALLOCATED: usize = 5;
/// The thread that freed the block, and its stack.
const RELEASED: usize = ALLOCATED + WHO;
const WHO: usize = 1 + CALLS;
const _: () = assert!(RELEASED + WHO == FACTS);

/// What is known of a sampled block.
pub struct Known {
    facts: [usize; FACTS],
    state: State,
}

impl Known {
    /// Nothing is known yet.
    pub const UNKNOWN: Known = Known { facts: [0; FACTS], state: State::Live };
    /// Its address.
    pub fn block(&self) -> usize {
        self.facts[BLOCK]
    }
    /// The bytes that were asked for.
    pub fn size(&self) -> usize {
        self.facts[SIZE]
    }
    /// Where its guard begins.
    pub fn guard(&self) -> usize {
        self.facts[GUARD]
    }
    /// Whether it was freed.
    pub fn is_freed(&self) -> bool {
        self.state == State::Freed
    }
    /// The thread that allocated it, and its stack then.
    pub fn allocated(&self) -> (usize, &[usize]) {
        (self.facts[ALLOCATED], self.facts.get(ALLOCATED + 1..RELEASED).unwrap_or_default())
    }
    /// The same of the thread that freed it, if it was freed.
    pub fn freed(&self) -> (usize, &[usize]) {
        (self.facts[RELEASED], self.facts.get(RELEASED + 1..).unwrap_or_default())
    }
}

/// Note the calling thread and its stack.
fn note_who(who: Option<&mut [usize]>) {
    if let Some((thread, calls)) = who.and_then(|who| who.split_first_mut()) {
        // As in messages.
        *thread = Os::thread_id() & !1;
        stack::walk(calls);
    }
}

/// The record of a number. With `make` it is made, if there is memory.
fn record(number: u32, make: bool) -> Option<&'static Sample> {
    let at = number.checked_sub(1)? as usize;
    let place = PARTS.get(at / PART)?;
    // Acquire: pairs with the Release below, or it is zeros that the system gave.
    let mut part = place.load(Ordering::Acquire);
    if part.is_null() && make {
        let fresh = meta_alloc(size_of::<[Sample; PART]>(), 64).cast::<[Sample; PART]>();
        // Release: pairs with the Acquire above. If another thread was faster, ours is lost, once.
        part = match place.compare_exchange(null_mut(), fresh, Ordering::Release, Ordering::Acquire) {
            Ok(_) => fresh,
            Err(other) => other,
        };
    }
    // SAFETY: null, or records for ever. All zeros are records.
    unsafe { part.as_ref()?.get(at % PART) }
}

/// Claim a number.
fn claim() -> Option<u32> {
    for word in 0..TAKEN.len() {
        let mut free = !taken().word(word);
        while free != 0 {
            let bit = free & free.wrapping_neg();
            if taken().claim_mask(word, bit) != 0 {
                return Some((word * 64) as u32 + bit.trailing_zeros() + 1);
            }
            free &= !bit;
        }
    }
    None
}

/// The page's only block, which is guarded, is about to be handed out, for `size` bytes that were asked for. Note who
/// allocates it. Without memory nothing is noted.
#[cold]
#[inline(never)]
pub fn enter(page: &Page, size: usize) {
    let Some(number) = claim() else { return };
    let Some(sample) = record(number, true) else { return taken().release(number as usize - 1, 1) };
    let mut facts = [0; RELEASED];
    let (start, bytes) = (page.span().start.addr(), page.span().slices * SLICE);
    facts[BLOCK] = page.start().addr();
    facts[SIZE] = size;
    facts[GUARD] = page.start().addr() + page.block_size();
    facts[START] = start;
    facts[END] = start + bytes;
    note_who(facts.get_mut(ALLOCATED..));
    if sample.enter(&facts) {
        page.set_sample(number);
    }
}

/// The number of the record of the page's only block. None if there is none. The caller has the block.
#[inline]
pub fn number_of(page: &Page) -> Option<u32> {
    let has = cfg!(feature = "secure") && page.bin() == Bin::SINGLE && page.sample() != 0;
    if has { Some(page.sample()) } else { None }
}

/// The block with that record is freed. Note who frees it. Returns false, and notes nothing, if it was freed before.
#[cold]
#[inline(never)]
pub fn leave(number: u32) -> bool {
    let mut who = [0; WHO];
    note_who(Some(&mut who));
    record(number, false).is_none_or(|sample| sample.free(RELEASED, &who))
}

/// The caller has the page alone, and its block is gone: its record is free for another block.
pub fn forget(page: &Page) {
    if let Some(number) = number_of(page)
        && let Some(sample) = record(number, false)
    {
        sample.forget();
        page.set_sample(0);
        taken().release(number as usize - 1, 1);
    }
}

/// Find out what is known of the sampled block in whose span an address is. Returns false if there is none. A signal
/// handler may ask.
#[cold]
#[inline(never)]
pub fn find(address: *const u8, known: &mut Known) -> bool {
    // The page may be any: what it has for a number is checked below.
    let Some(sample) = Page::at(address).and_then(|page| record(page.sample(), false)) else { return false };
    let Some(state) = sample.read(&mut known.facts) else { return false };
    known.state = state;
    (known.facts[START]..known.facts[END]).contains(&address.addr())
}
