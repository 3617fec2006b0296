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
use crate::diag::stack::{CALLS, Stack};
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
    ON.load(Ordering::Relaxed)
}

/// Who allocated or freed a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Who {
    /// The thread, as in messages.
    pub thread: usize,
    /// Its stack then.
    pub stack: Stack,
}

impl Who {
    /// The calling thread, now.
    fn here() -> Who {
        Who { thread: Os::thread_id() & !1, stack: Stack::here() }
    }

    fn facts(&self) -> [usize; WHO] {
        let mut facts = [self.thread; WHO];
        for (place, call) in facts.iter_mut().skip(1).zip(self.stack.0) {
            *place = call;
        }
        facts
    }

    fn from(facts: &[usize; FACTS], at: usize) -> Who {
        let mut facts = facts.iter().skip(at);
        let mut who = Who { thread: facts.next().copied().unwrap_or(0), stack: Stack::UNKNOWN };
        for (place, call) in who.stack.0.iter_mut().zip(facts) {
            *place = *call;
        }
        who
    }
}

/// Numbers of a [`Who`].
const WHO: usize = 1 + CALLS;
// Where the numbers of a record are.
const BLOCK: usize = 0;
const SIZE: usize = 1;
const GUARD: usize = 2;
const START: usize = 3;
const END: usize = 4;
const ALLOCATED: usize = 5;
const RELEASED: usize = ALLOCATED + WHO;
const _: () = assert!(RELEASED + WHO == FACTS);

/// What is known of a sampled block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// Its address.
    pub block: usize,
    /// The bytes that were asked for.
    pub size: usize,
    /// Where its guard begins.
    pub guard: usize,
    /// Who allocated it.
    pub allocated: Who,
    /// Who freed it.
    pub freed: Option<Who>,
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
    let who = Who::here();
    let Some(number) = claim() else { return };
    let Some(sample) = record(number, true) else { return taken().release(number as usize - 1, 1) };
    let (block, span) = (page.start().addr(), page.span());
    let start = span.start.addr();
    let place = [block, size, block + page.block_size(), start, start + span.slices * SLICE];
    let mut facts = [0; RELEASED];
    for (fact, value) in facts.iter_mut().zip(place.into_iter().chain(who.facts())) {
        *fact = value;
    }
    if sample.enter(&facts) {
        page.set_sample(number);
    }
}

/// The number of the record of the page's only block. None if there is none. The caller has the block.
#[inline]
pub fn number_of(page: &Page) -> Option<u32> {
    if page.bin() == Bin::SINGLE && page.sample() != 0 { Some(page.sample()) } else { None }
}

/// The block with that record is freed. Note who frees it. Returns false, and notes nothing, if it was freed before.
#[cold]
#[inline(never)]
pub fn leave(number: u32) -> bool {
    let who = Who::here().facts();
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

/// What is known of the sampled block in whose span an address is, if there is one. A signal handler may ask.
pub fn at(address: *const u8) -> Option<Known> {
    // The page may be any: what it has for a number is checked below.
    let sample = record(Page::at(address)?.sample(), false)?;
    let mut facts = [0; FACTS];
    let state = sample.read(&mut facts)?;
    if !(facts[START]..facts[END]).contains(&address.addr()) {
        return None;
    }
    let freed = (state == State::Freed).then(|| Who::from(&facts, RELEASED));
    let allocated = Who::from(&facts, ALLOCATED);
    Some(Known { block: facts[BLOCK], size: facts[SIZE], guard: facts[GUARD], allocated, freed })
}
