//! How another arena is reserved and entered into the table.
//!
//! When the table is full, no more arenas are reserved, and claims go to mappings of their own at once.
//!
//! Invariant: an arena that cannot be entered leaves nothing behind. One thread reserves at a time, so that many
//! threads do not reserve an arena each. But a thread waits for another no longer than some yields.

use super::backing::Backing;
use super::meta::meta_alloc;
use super::region::{Arena, MAIN, Use, WORD};
use super::table::{self, Chunk, HINT, all, count};
use super::{huge, reuse};
use crate::base::config::{SLICE, power};
use crate::base::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::base::units::{SliceIndex, Slices};
use crate::diag::options::{self, Opt};
use crate::diag::secure;
use crate::diag::stats::PROCESS;
use crate::os;
use crate::prim::{Memory, Os, Threads};

const DOUBLE_AFTER: usize = 16;
/// The smallest number of bytes that an arena is reserved with.
const SMALLEST: usize = WORD * SLICE;
/// The smallest where an arena grows as it is used, so that nothing needs a mapping of its own.
const GROWING: usize = power(30);
const YIELDS: usize = 2000;
const HINT_SPREAD: usize = Os::CAPABILITIES.arenas_spread;
/// The first arena begins at a multiple of this: 1 GiB, if that leaves some to choose from.
const STEP: usize = if HINT_SPREAD / 16 >= 1 << 30 { 1 << 30 } else { SMALLEST };
/// The same under protection, where addresses should be hard to guess: 24 bits on Linux.
const WIDE: usize = HINT_SPREAD.saturating_mul(8);

static RESERVING: AtomicBool = AtomicBool::new(false);
/// Where the next arena should go; 0: not yet chosen.
static NEXT: AtomicUsize = AtomicUsize::new(0);
/// The largest size that is worth asking for.
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// The smallest number of bytes that makes an arena.
pub fn min_size() -> usize {
    SMALLEST
}

/// Whether another arena can be entered, as of a moment ago.
fn has_room() -> bool {
    let index = count();
    table::has_place(index) || has_new_room(index)
}

#[cold]
fn has_new_room(index: usize) -> bool {
    if !table::may_append(index) {
        return false;
    }
    let fresh = meta_alloc(size_of::<Chunk>(), align_of::<Chunk>()).cast::<Chunk>();
    // If two threads do this at once, one of them loses its chunk: 2 KiB, at most 15 times.
    (!fresh.is_null() && table::append(fresh, index)) || table::has_place(index)
}

/// The size in bytes that the option asks for, rounded up to words of 4 MiB.
pub(super) fn base_size() -> usize {
    let least = if os::capabilities().sparse { SMALLEST } else { GROWING };
    options::size(Opt::ArenaReserve).clamp(least, power(42)).next_multiple_of(SMALLEST)
}

/// Reserve an arena with room for `n` slices at that alignment, or let another thread do so. False if there is none.
pub(super) fn grow(n: usize, align: usize, what_for: Use) -> bool {
    let seen = count();
    let mut mine = false;
    for _ in 0..YIELDS {
        // Acquire: pairs with the Release below, so the other thread's arena is seen.
        mine = !RESERVING.swap(true, Ordering::Acquire);
        if mine || count() != seen {
            break;
        }
        Os::yield_now();
    }
    // A thread that keeps its turn for longer is stopped. Go ahead without the turn.
    let room = n + align - 1;
    let done = count() != seen || adopt(room, what_for) || (has_room() && add(room, what_for));
    if mine {
        // Release: pairs with the Acquire above.
        RESERVING.store(false, Ordering::Release);
    }
    done
}

/// Take over an arena that an ended subprocess left to the main one, so that subprocesses that come and go need no new
/// arenas.
fn adopt(room: usize, what_for: Use) -> bool {
    what_for.subproc != MAIN && all().skip(1).any(|arena| arena.adopt(room, what_for))
}

/// In the child of a fork: forget what other threads were doing. Slices that a vanished thread was claiming or purging
/// stay its own for ever.
#[cold]
pub fn fork_child() {
    RESERVING.store(false, Ordering::Relaxed);
    table::fork_child();
}

fn add(room: usize, what_for: Use) -> bool {
    let exact = Slices(room + Arena::record_slices(room + 1)).bytes();
    let large = options::enabled(Opt::AllowLargeOsPages);
    let own = all().filter(|arena| arena.subproc() == what_for.subproc).count();
    let doubled = base_size().saturating_mul(1 << (own / DOUBLE_AFTER).min(16));
    if !os::capabilities().sparse {
        return add_small(doubled, room, what_for);
    }
    let mut first = doubled.min(LIMIT.load(Ordering::Relaxed)).min(power(44));
    if let Some(limit) = os::address_space_limit() {
        reuse::note_limited(true);
        let may_grow = os::capabilities().unmap_part && !large && options::get(Opt::ArenaEagerCommit) != 1;
        if may_grow && add_growing(doubled.min(power(44)), room, what_for) {
            return true;
        }
        first = first.min((limit / 8).next_multiple_of(SMALLEST));
    }
    let mut size = first;
    while size >= SMALLEST {
        // Larger arenas have larger records.
        if size / SLICE >= room + Arena::record_slices(size / SLICE)
            && let Some(arena) = add_sized(size, false, large, what_for)
        {
            arena.let_give();
            if size != first {
                LIMIT.store(size, Ordering::Relaxed);
            }
            return true;
        }
        size = (size / 4).next_multiple_of(SLICE);
    }
    add_sized(exact, false, large, what_for).inspect(|arena| arena.let_give()).is_some()
}

/// Where a reservation takes memory at once: add an arena of `size` bytes, or of less if there are not so many addresses
/// behind it.
fn add_small(size: usize, room: usize, what_for: Use) -> bool {
    let mut size = size.min(power(44));
    while size >= SMALLEST && !add_growing(size, room, what_for) {
        size = (size / 4).next_multiple_of(SLICE);
    }
    size >= SMALLEST
}

/// For a process whose address space is limited, or where a reservation takes memory at once: add an arena of `size`
/// bytes of which only the start is mapped. The rest is mapped as it is used (`mapping`), so that others can use the
/// addresses meanwhile. False if that is impossible.
#[cold]
fn add_growing(size: usize, room: usize, what_for: Use) -> bool {
    let (slices, record) = (size / SLICE, Arena::record_slices(size / SLICE));
    if slices < room + record {
        return false;
    }
    let place = hint(size);
    let sparse = os::capabilities().sparse;
    // A claim that finds no room in the new arena would add another one. So there is room if memory is short.
    let least = record + if sparse { 1 } else { room };
    for first in [if sparse { at_first(size) } else { 0 }, Slices(least).bytes()] {
        let start = os::reserve(first, SLICE, true, place);
        if start.is_null() {
            // (This is also so where there is nothing to reserve.)
            continue;
        }
        // SAFETY: reserved above, and not used before it is entered. What is not reserved is marked as gone before
        // that.
        unsafe {
            if (start.addr() == place || !sparse) && !beyond(start, size) {
                huge::begin(start, first, what_for.numa);
                let made = Arena::create(start, slices, first / SLICE, Backing::own(), what_for);
                (*made).begin_gone(SliceIndex(first / SLICE));
                (*made).let_give();
                if enter(made).is_some() {
                    return true;
                }
            }
            os::release(start, first);
        }
        return false;
    }
    false
}

/// Bytes at the start of an arena that are accessible from the beginning: its record, at least.
fn at_first(size: usize) -> usize {
    SMALLEST.max(Slices(Arena::record_slices(size / SLICE)).bytes())
}

/// Reserve an arena of `size` bytes, a multiple of a slice. It is accessible at once if `commit`. It consists of large
/// OS pages if `large`, and if there are any.
pub(super) fn add_sized(size: usize, commit: bool, large: bool, what_for: Use) -> Option<&'static Arena> {
    if large && let Some(arena) = add_large(size, what_for, os::reserve_large) {
        return Some(arena);
    }
    let start = os::reserve(size, SLICE, false, hint(size));
    if start.is_null() {
        return None;
    }
    let first = if commit || options::get(Opt::ArenaEagerCommit) == 1 { size } else { size.min(at_first(size)) };
    // SAFETY: reserved above, and not used before it is entered.
    unsafe {
        huge::begin(start, size, what_for.numa);
        if !beyond(start, size) && os::commit(start, first) {
            let made = Arena::create(start, size / SLICE, first / SLICE, Backing::own(), what_for);
            if let Some(arena) = enter(made) {
                return Some(arena);
            }
        }
        os::release(start, size);
    }
    None
}

pub(super) fn add_large(size: usize, what_for: Use, reserve: os::ReserveLarge) -> Option<&'static Arena> {
    let size = size.next_multiple_of(os::LARGE_PAGE);
    let hint = next().next_multiple_of(os::LARGE_PAGE);
    let start = reserve(size, hint);
    if start.is_null() {
        return None;
    }
    took(hint, start, size);
    // SAFETY: as above. Nothing has touched the memory, so it can still come from any node.
    unsafe {
        os::numa::prefer(start, size, what_for.numa);
        let slices = size / SLICE;
        let arena = if beyond(start, size) {
            None
        } else {
            enter(Arena::create(start, slices, slices, Backing::own_pinned(), what_for))
        };
        if arena.is_none() {
            os::release(start, size);
        }
        arena
    }
}

/// Whether a range lies beyond the addresses that the page map covers, or that the option `max_vabits` allows.
pub(super) fn beyond(start: *mut u8, size: usize) -> bool {
    let bits = options::get(Opt::MaxVabits);
    let bits = if (32..64).contains(&bits) { bits as usize } else { usize::MAX };
    let last = start.addr() + (size - 1);
    // Nothing lies beyond all the bits that an address has.
    last.checked_shr(bits.min(Os::CAPABILITIES.address_bits) as u32).unwrap_or(0) != 0
}

/// Enter an arena into the table. None if the table is full; then nobody knows of the arena, and it is not counted.
#[inline(never)]
pub(super) fn enter(arena: *mut Arena) -> Option<&'static Arena> {
    // SAFETY: the arena was made just now and is ours alone until it is in the table, where it stays.
    let this = unsafe { &*arena };
    while has_room() {
        if table::put(arena, count()) {
            return Some(this);
        }
    }
    PROCESS.committed.sub(this.committed_bytes());
    None
}

/// Where a range of that size should go: behind the previous one.
fn hint(size: usize) -> usize {
    next();
    NEXT.fetch_add(size, Ordering::Relaxed)
}

/// Where the next range should go.
#[inline(never)]
pub(super) fn next() -> usize {
    if NEXT.load(Ordering::Relaxed) == 0 {
        let bits = options::get(Opt::MaxVabits);
        let (from, spread) = if (32..=i64::from(HINT.ilog2() + 1)).contains(&bits) {
            (1 << (bits - 1), 1 << (bits - 3))
        } else {
            (HINT, HINT_SPREAD)
        };
        let (from, spread, step) = if secure::is_on() && from == HINT && WIDE >> 4 >= SMALLEST {
            (HINT / 2, WIDE, SMALLEST)
        } else {
            (from, spread, STEP)
        };
        let mut random = [Os::random_seed()];
        if secure::is_on() {
            // If the system has no random numbers to give, the seed has to do.
            let _ = Os::random(&mut random);
        }
        let start = from + ((random[0] as usize % spread) & !(step - 1));
        let _ = NEXT.compare_exchange(0, start, Ordering::Relaxed, Ordering::Relaxed);
    }
    NEXT.load(Ordering::Relaxed)
}

/// Note where a range was put. [`next`], rounded up, proposed `hint` for it.
pub(super) fn took(hint: usize, start: *mut u8, size: usize) {
    if start.addr() == hint {
        NEXT.fetch_max(hint + size, Ordering::Relaxed);
    }
}
