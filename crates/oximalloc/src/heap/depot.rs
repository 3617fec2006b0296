//! The depot: free blocks of the main heap between the threads' stacks and the pages. A stack that is full puts its newer
//! half there, one that is empty takes from there before it asks a page: what one thread frees and another takes goes by
//! pointers alone, no block is touched and no page told. (The name, and the idea, from Bonwick and Adams: Magazines and
//! Vmem, 2001.)
//!
//! Not the smallest blocks: pieces of one cache line stay with one thread (`remote`).
//!
//! Protocol: `count` and the array are changed inside `lock` alone. Who finds it taken goes on to the pages. A thread
//! that is stopped inside leaves `count` blocks that are nobody else's: a put counts after it has copied, a take
//! before.
//!
//! Who finds no room twice while nobody takes is freeing what nobody wants: the depot of the bin is closed until a stack runs
//! empty, and with each put that is refused some blocks go to their pages, most of which they may keep from being all free.
//!
//! Bounds: [`Bin::depot_max`] blocks for each bin; none when `purge_delay` is 0. What has lain there for a `purge_delay`, as nobody took it, goes to
//! its pages, when any thread comes by; all goes with a forced collect.

use super::give::few;
use super::spare;
use super::theap::{SMALL, Theap};
use crate::arena::{self, meta::meta_alloc};
use crate::base::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use crate::base::try_lock::TryLock;
use crate::page::bins::{BINS, Bin};
use crate::prim::{Os, Process};
use core::hint::black_box;
use core::ptr;

/// The blocks of one bin.
#[repr(align(64))]
struct Depot {
    lock: TryLock,
    count: AtomicU32,
    /// The least count since the last sweep.
    least: AtomicU32,
    /// Puts without room since somebody asked for a block; a hint, which others may overwrite.
    refused: AtomicU32,
    /// Memory for `depot_max`; null at first.
    blocks: AtomicPtr<*mut u8>,
}

static DEPOTS: [Depot; BINS] = [const {
    Depot {
        lock: TryLock::unlocked(),
        count: AtomicU32::new(0),
        least: AtomicU32::new(0),
        refused: AtomicU32::new(0),
        blocks: AtomicPtr::new(ptr::null_mut()),
    }
}; BINS];

const NEVER: u64 = u64::MAX;
/// As often refused a depot is closed.
const CLOSED: u32 = 2;
/// When the next sweep is due, in milliseconds; NEVER: nothing was put since the last that left nothing.
static DUE: AtomicU64 = AtomicU64::new(NEVER);

/// Whether blocks of a bin may lie in the depot.
fn serves(b: usize) -> bool {
    b > SMALL
}

impl Depot {
    /// Room for all, made at first use.
    fn array(&self, bin: Bin) -> *mut *mut u8 {
        let array = self.blocks.load(Ordering::Relaxed);
        if !array.is_null() {
            return array;
        }
        let array = meta_alloc(bin.depot_max() * size_of::<*mut u8>(), align_of::<usize>()).cast();
        self.blocks.store(array, Ordering::Relaxed);
        array
    }
}

/// Something lies here, or is spare: a sweep is due in `delay` milliseconds.
#[inline]
pub fn come_back(delay: Option<u64>) {
    // SeqCst: as in the head of `row`.
    if DUE.load(Ordering::SeqCst) == NEVER {
        enter(delay);
    }
}

#[cold]
fn enter(delay: Option<u64>) {
    if let Some(delay) = delay {
        DUE.store(Os::now_ms() + delay, Ordering::Relaxed);
    }
}

/// Put the `n` newest blocks of a stack; false, and nothing is taken off it, when there is no room or another thread is
/// there.
///
/// # Safety
/// - the theap is the thread's, and one of the main heap.
#[inline]
pub unsafe fn put(theap: &Theap, bin: Bin, n: usize) -> bool {
    let depot = &DEPOTS[bin.index()];
    let room = bin.depot_max();
    let delay = arena::purge_delay();
    if !serves(bin.index()) || delay == Some(0) {
        return false;
    }
    let refused = depot.refused.load(Ordering::Relaxed);
    if refused >= CLOSED {
        if depot.count.load(Ordering::Relaxed) != 0 {
            drain_some(theap, bin.index(), few(bin), true);
        }
        return false;
    }
    if depot.count.load(Ordering::Relaxed) as usize + n > room {
        depot.refused.store(refused + 1, Ordering::Relaxed);
        return false;
    }
    let Some(_inside) = depot.lock.enter() else { return false };
    let count = depot.count.load(Ordering::Relaxed);
    let array = depot.array(bin);
    // Whoever was asked for the array's memory may have changed the stack.
    if count as usize + n > room || array.is_null() || n > theap.depth(bin.index()) {
        return false;
    }
    // SAFETY: there is room, and the array is ours alone.
    unsafe { theap.take_off(bin.index(), n, array.add(count as usize)) };
    depot.count.store(count + n as u32, Ordering::Relaxed);
    come_back(delay);
    true
}

/// Take up to `most` blocks, those put last, into the words at `to`; says how many.
///
/// # Safety
/// - there is room for `most` words.
#[inline]
pub unsafe fn take(bin: Bin, to: *mut *mut u8, most: usize) -> usize {
    let depot = &DEPOTS[bin.index()];
    if depot.refused.load(Ordering::Relaxed) != 0 {
        depot.refused.store(0, Ordering::Relaxed);
    }
    if depot.count.load(Ordering::Relaxed) == 0 {
        return 0;
    }
    let Some(_inside) = depot.lock.enter() else { return 0 };
    let count = depot.count.load(Ordering::Relaxed);
    let n = most.min(count as usize);
    let left = count - n as u32;
    depot.count.store(left, Ordering::Relaxed);
    if left < depot.least.load(Ordering::Relaxed) {
        depot.least.store(left, Ordering::Relaxed);
    }
    // SAFETY: below the count; blocks are null only without any.
    unsafe { ptr::copy_nonoverlapping(depot.blocks.load(Ordering::Relaxed).add(left as usize), to, n) };
    n
}

/// Sweep, when it is due.
#[inline]
pub fn tick(theap: &Theap) {
    let due = DUE.load(Ordering::Relaxed);
    // SeqCst: as in the head of `row`.
    if due != NEVER
        && Os::now_ms() >= due
        && DUE.compare_exchange(due, NEVER, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    {
        sweep(theap, false);
    }
}

/// Give blocks to their pages: those that nobody has taken since the last sweep, or all. And release spare pages.
#[cold]
pub fn sweep(theap: &Theap, all: bool) {
    let left = (0..BINS).filter(|&b| serves(b)).filter(|&b| drain(theap, b, all)).count();
    if spare::sweep(theap, all) || left > 0 {
        come_back(arena::purge_delay());
    }
}

/// The same for one bin; says whether some are left, or may be.
#[cold]
fn drain(theap: &Theap, b: usize, mut all: bool) -> bool {
    loop {
        match drain_some(theap, b, SOME, all) {
            Drained::Some => all = false,
            Drained::All { left } => return left,
        }
    }
}

/// What there was to be given to pages.
enum Drained {
    /// More, it may be.
    Some,
    /// That was all; and whether other blocks are left, or may be.
    All { left: bool },
}

/// Only so many are taken out at a time: nobody else could use the rest meanwhile.
const SOME: usize = 64;

/// Give up to `most` of the blocks that nobody has taken since the last sweep to their pages; with `all` all have waited.
fn drain_some(theap: &Theap, b: usize, most: usize, all: bool) -> Drained {
    let depot = &DEPOTS[b];
    let mut some = [ptr::null_mut(); SOME];
    let Some(inside) = depot.lock.enter() else { return Drained::All { left: true } };
    let count = depot.count.load(Ordering::Relaxed) as usize;
    if all {
        depot.least.store(count as u32, Ordering::Relaxed);
    }
    let least = depot.least.load(Ordering::Relaxed) as usize;
    let n = least.min(most).min(some.len());
    if n == 0 {
        depot.least.store(count as u32, Ordering::Relaxed);
        return Drained::All { left: count != 0 };
    }
    let array = depot.blocks.load(Ordering::Relaxed);
    // The oldest; where all have waited the newest, so that the others stay where they are.
    let from = if least == count { count - n } else { 0 };
    // SAFETY: the array is ours alone, and holds `count`.
    unsafe {
        ptr::copy_nonoverlapping(array.add(from), some.as_mut_ptr(), n);
        ptr::copy(array.add(from + n), array.add(from), count - from - n);
    }
    depot.count.store((count - n) as u32, Ordering::Relaxed);
    depot.least.store((least - n) as u32, Ordering::Relaxed);
    drop(inside);
    // SAFETY: blocks of that bin, which are ours now.
    unsafe { theap.give_all(b, &some[..n]) };
    Drained::Some
}

/// In the child of a fork: whoever was inside is not there, nor who had cleared the time to see to a sweep.
pub fn fork_child() {
    DEPOTS.iter().take(black_box(BINS)).for_each(|depot| depot.lock.fork_child());
    come_back(arena::purge_delay());
}

/// Look at all blocks of a bin, unless another thread is there.
#[cold]
pub fn for_each(b: usize, mut look: impl FnMut(*mut u8)) {
    let Some(depot) = DEPOTS.get(b) else { return };
    let Some(_inside) = depot.lock.enter() else { return };
    let array = depot.blocks.load(Ordering::Relaxed);
    for i in 0..depot.count.load(Ordering::Relaxed) as usize {
        // SAFETY: below the count, and the array is ours alone.
        look(unsafe { *array.add(i) });
    }
}
