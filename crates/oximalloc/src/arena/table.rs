//! The arenas of the process, and how one more is reserved.
//!
//! Invariant: an arena, once entered, stays until [`destroy_all`]; its number is its place in the table. One thread
//! reserves at a time, so that many do not all reserve at once, but none waits longer than some yields for another.

use super::region::{Arena, WORD};
use super::{fast, huge};
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
const SMALLEST: usize = WORD * SLICE;
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

/// The size in bytes that the option asks for, in words of 4 MiB.
pub(super) fn base_size() -> usize {
    options::size(Opt::ArenaReserve).clamp(SMALLEST, 1 << 42).next_multiple_of(SMALLEST)
}

/// Reserve an arena with room for `n` slices at that alignment, or let another thread do so. False if there was none.
pub(super) fn grow(n: usize, align: usize) -> bool {
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
    let done = count() != seen || add(n + align - 1);
    if mine {
        // Release: pairs with the Acquire above.
        RESERVING.store(false, Ordering::Release);
    }
    done
}

/// Nobody reserves in the child of a fork.
pub(super) fn fork_child() {
    RESERVING.store(false, Ordering::Relaxed);
}

fn add(room: usize) -> bool {
    let exact = Slices(room + Arena::record_slices(room + 1)).bytes();
    let doubled = base_size().saturating_mul(1 << (count() / DOUBLE_AFTER));
    let first = doubled.min(LIMIT.load(Ordering::Relaxed)).min(1 << 44);
    let mut size = first;
    while size >= SMALLEST {
        // Larger arenas have larger records.
        if size / SLICE >= room + Arena::record_slices(size / SLICE) && add_sized(size) {
            if size != first {
                LIMIT.store(size, Ordering::Relaxed);
            }
            return true;
        }
        size = (size / 4).next_multiple_of(SLICE);
    }
    add_sized(exact)
}

/// Reserve an arena of so many bytes, a multiple of a slice.
pub(super) fn add_sized(size: usize) -> bool {
    let start = os::reserve(size, SLICE, false, hint(size));
    if start.is_null() {
        return false;
    }
    let bits = options::get(Opt::MaxVabits);
    let beyond = (32..64).contains(&bits) && (start.addr() + size - 1) >> bits != 0;
    if options::get(Opt::AllowThp) != 0 {
        // SAFETY: reserved above.
        unsafe { crate::prim::memory::advise_huge(start, size, huge::wanted()) };
    }
    let first = if options::get(Opt::ArenaEagerCommit) == 1 { size } else { size.min(SMALLEST) };
    // SAFETY: inside what was reserved above.
    if beyond || !unsafe { os::commit(start, first) } || !enter(start, size / SLICE, first / SLICE) {
        // SAFETY: reserved above and told to nobody.
        unsafe { os::release(start, size) };
        return false;
    }
    PROCESS.arena_count.add(1);
    true
}

fn enter(start: *mut u8, slices: usize, committed: usize) -> bool {
    if TABLE.iter().all(|slot| !slot.load(Ordering::Relaxed).is_null()) {
        return false;
    }
    // SAFETY: the range was reserved and its first part committed just now; nobody else knows it.
    let arena = unsafe { Arena::create(start, slices, committed) };
    for (index, slot) in TABLE.iter().enumerate() {
        // SAFETY: ours alone until it is in the table.
        unsafe { (*arena).index = index };
        // Release: the record, pairs with the Acquire in `arena`.
        if slot.compare_exchange(ptr::null_mut(), arena, Ordering::Release, Ordering::Relaxed).is_ok() {
            fast::init_window(start.addr());
            // Release: pairs with the Acquire in `count`.
            COUNT.fetch_max(index + 1, Ordering::Release);
            return true;
        }
    }
    PROCESS.committed.sub(Slices(Arena::record_slices(slices)).bytes());
    false
}

fn hint(size: usize) -> usize {
    if NEXT.load(Ordering::Relaxed) == 0 {
        let bits = options::get(Opt::MaxVabits);
        let (from, spread) =
            if (32..=46).contains(&bits) { (1 << (bits - 1), 1 << (bits - 3)) } else { (HINT, HINT_SPREAD) };
        let random = thread::random_seed() as usize % spread;
        let start = from + (random & !((1 << 30) - 1));
        let _ = NEXT.compare_exchange(0, start, Ordering::Relaxed, Ordering::Relaxed);
    }
    NEXT.fetch_add(size, Ordering::Relaxed)
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
