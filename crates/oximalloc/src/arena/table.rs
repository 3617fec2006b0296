//! The arenas of the process, and how one more is reserved.
//!
//! Invariant: an arena, once entered, stays until [`destroy_all`]; its number is its place in the table. One thread
//! reserves at a time, so that many do not all reserve at once, but none waits longer than some yields for another.

use super::backing::Backing;
use super::region::{Arena, Use, WORD};
use super::{fast, huge, map};
use crate::base::config::SLICE;
use crate::base::sync::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use crate::base::units::Slices;
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::os;
use crate::prim::thread;
use core::ptr;

/// Sizes double every 16 arenas, so 256 of the default size are more than there are addresses.
const ARENAS: usize = 256;
const DOUBLE_AFTER: usize = 16;
pub(super) const SMALLEST: usize = WORD * SLICE;
const YIELDS: usize = 2000;
/// Where nothing else is mapped: below 2^46 and above the shadows of the sanitizers.
const HINT: usize = 1 << 45;
const HINT_SPREAD: usize = 1 << 43;

static TABLE: [AtomicPtr<Arena>; ARENAS] = [const { AtomicPtr::new(ptr::null_mut()) }; ARENAS];
static COUNT: AtomicUsize = AtomicUsize::new(0);
static RESERVING: AtomicBool = AtomicBool::new(false);
/// Where the next arena should go; 0: not yet chosen.
static NEXT: AtomicUsize = AtomicUsize::new(0);
/// The largest size that it makes sense to ask for.
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

/// How many arenas there are.
pub(super) fn count() -> usize {
    // Acquire: pairs with the Release in `enter`.
    COUNT.load(Ordering::Acquire)
}

/// The arena of a number.
pub(super) fn arena(index: usize) -> Option<&'static Arena> {
    // Acquire: pairs with the Release in `enter`, so its record is seen.
    let arena = TABLE.get(index)?.load(Ordering::Acquire);
    // SAFETY: an arena in the table stays until `destroy_all`, after which nobody asks.
    unsafe { arena.as_ref() }
}

/// All arenas.
pub(super) fn all() -> impl DoubleEndedIterator<Item = &'static Arena> {
    (0..count()).filter_map(arena)
}

/// The size in bytes that the option asks for, in words of 4 MiB.
pub(super) fn base_size() -> usize {
    options::size(Opt::ArenaReserve).clamp(SMALLEST, 1 << 42).next_multiple_of(SMALLEST)
}

/// Reserve an arena with room for `n` slices at that alignment, or let another thread do so. False if there was none.
pub(super) fn grow(n: usize, align: usize, what_for: Use) -> bool {
    let seen = count();
    let mut mine = false;
    for _ in 0..YIELDS {
        // Acquire: pairs with the Release below, so the other thread's arena is seen.
        mine = !RESERVING.swap(true, Ordering::Acquire);
        if mine || count() != seen {
            break;
        }
        thread::yield_now();
    }
    // A thread that holds the turn for longer is stopped: go ahead without.
    let room = n + align - 1;
    let done = count() != seen || adopt(room, what_for) || add(room, what_for);
    if mine {
        // Release: pairs with the Acquire above.
        RESERVING.store(false, Ordering::Release);
    }
    done
}

/// What an ended subprocess left to the main one serves the next: subprocesses that come and go need no new arenas.
fn adopt(room: usize, what_for: Use) -> bool {
    what_for.subproc != super::Source::MAIN.subproc && all().skip(1).any(|arena| arena.adopt(room, what_for))
}

/// In the child of a fork nobody else reserves, nor gives slices back.
pub(super) fn fork_child() {
    RESERVING.store(false, Ordering::Relaxed);
    all().for_each(Arena::fork_child);
}

fn add(room: usize, what_for: Use) -> bool {
    let exact = Slices(room + Arena::record_slices(room + 1)).bytes();
    let large = options::enabled(Opt::AllowLargeOsPages);
    let own = all().filter(|arena| arena.subproc() == what_for.subproc).count();
    let doubled = base_size().saturating_mul(1 << (own / DOUBLE_AFTER).min(16));
    let first = doubled.min(LIMIT.load(Ordering::Relaxed)).min(1 << 44);
    let mut size = first;
    while size >= SMALLEST {
        // Larger arenas have larger records.
        if size / SLICE >= room + Arena::record_slices(size / SLICE)
            && add_sized(size, false, large, what_for).is_some()
        {
            if size != first {
                LIMIT.store(size, Ordering::Relaxed);
            }
            return true;
        }
        size = (size / 4).next_multiple_of(SLICE);
    }
    add_sized(exact, false, large, what_for).is_some()
}

/// What is accessible of an arena from its start on: its record, at least.
fn at_first(size: usize) -> usize {
    SMALLEST.max(Slices(Arena::record_slices(size / SLICE)).bytes())
}

/// Reserve an arena of so many bytes, a multiple of a slice; accessible at once if `commit`, of large OS pages if
/// `large` and if there are any.
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
        if options::get(Opt::AllowThp) != 0 {
            crate::prim::memory::advise_huge(start, size, huge::wanted());
        }
        os::numa::prefer(start, size, what_for.numa);
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
    // SAFETY: as above; nothing has touched it, so its memory can still come from any node.
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

/// Whether a range is beyond the addresses that the page map knows, or that the option `max_vabits` allows.
pub(super) fn beyond(start: *mut u8, size: usize) -> bool {
    let bits = options::get(Opt::MaxVabits);
    let bits = if (32..64).contains(&bits) { bits as usize } else { usize::MAX };
    // 47 bits at most where there are 64, so the shift is one that there is.
    (start.addr() + size - 1) >> bits.min(map::ADDRESS_BITS).min(usize::BITS as usize - 1) != 0
}

/// Enter an arena into the table. None, and it is unknown and counted no more, if the table is full.
#[inline(never)]
pub(super) fn enter(arena: *mut Arena) -> Option<&'static Arena> {
    // SAFETY: an arena that was made just now and is ours alone until it is in the table; there it stays.
    let this = unsafe { &*arena };
    for (index, slot) in TABLE.iter().enumerate() {
        if !slot.load(Ordering::Relaxed).is_null() {
            continue;
        }
        this.set_index(index);
        // Release: the record, pairs with the Acquire in `arena`.
        if slot.compare_exchange(ptr::null_mut(), arena, Ordering::Release, Ordering::Relaxed).is_ok() {
            // The window should begin where later arenas are asked to lie behind.
            if this.is_own() && (!this.is_pinned() || this.start().addr() < 2 * HINT) {
                fast::init_window(this.start().addr());
            }
            PROCESS.arena_count.add(1);
            // Release: pairs with the Acquire in `count`.
            COUNT.fetch_max(index + 1, Ordering::Release);
            return Some(this);
        }
    }
    PROCESS.committed.sub(this.committed_bytes());
    None
}

/// Where a range of that size should go: behind the one before.
fn hint(size: usize) -> usize {
    next();
    NEXT.fetch_add(size, Ordering::Relaxed)
}

/// Where the next range should go.
#[inline(never)]
pub(super) fn next() -> usize {
    if NEXT.load(Ordering::Relaxed) == 0 {
        let bits = options::get(Opt::MaxVabits);
        let (from, spread) =
            if (32..=46).contains(&bits) { (1 << (bits - 1), 1 << (bits - 3)) } else { (HINT, HINT_SPREAD) };
        let random = thread::random_seed() as usize % spread;
        let start = from + (random & !((1 << 30) - 1));
        let _ = NEXT.compare_exchange(0, start, Ordering::Relaxed, Ordering::Relaxed);
    }
    NEXT.load(Ordering::Relaxed)
}

/// Note that a range was put where [`next`], rounded up, said it should go.
pub(super) fn took(hint: usize, start: *mut u8, size: usize) {
    if start.addr() == hint {
        NEXT.fetch_max(hint + size, Ordering::Relaxed);
    }
}

/// Unmap all arenas.
///
/// # Safety
/// - nobody uses anything from them any more, nor the allocator.
pub(super) unsafe fn destroy_all() {
    for slot in &TABLE {
        // Acquire: pairs with the Release in `enter`.
        let arena = slot.swap(ptr::null_mut(), Ordering::Acquire);
        if !arena.is_null() {
            // SAFETY: by the contract.
            unsafe { Arena::destroy(arena) };
        }
    }
    COUNT.store(0, Ordering::Relaxed);
}
