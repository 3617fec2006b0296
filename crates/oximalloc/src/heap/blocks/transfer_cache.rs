//! The transfer cache holds free blocks of the main heap, between the threads' stacks and the pages.
//!
//! A full stack puts its newer half here, and an empty one takes from here before it asks a page. So blocks that one
//! thread frees and another allocates move by pointer alone: no block is touched, and no page is told. (The idea is
//! that of the depot in Bonwick and Adams: Magazines and Vmem, 2001.)
//!
//! The smallest blocks do not come here, because the pieces of one cache line should stay with one thread (`remote`).
//!
//! Protocol: `count` and the array are changed inside `lock` alone. A thread that finds the lock taken goes on to the
//! pages. A put raises the count after it has copied; a take lowers it before it copies. So if a thread is stopped
//! inside the lock, nobody else gets the blocks that it was moving.
//!
//! When two puts in a row find no room, nobody wants what is being freed. Then the bin's cache is closed until a stack
//! runs empty. Each put that a closed cache refuses also moves some of the cached blocks to their pages: for most of
//! these pages, the cached blocks may be the only ones in use.
//!
//! Bounds: [`Bin::transfer_max`] blocks for each bin; none when `purge_delay` is 0. Blocks that nobody took for a
//! `purge_delay` go to their pages when any thread takes a slow path. A forced collect sends all of them.

use super::run::flush_batch;
use crate::arena::{self, meta::meta_alloc};
use crate::base::sync::{AtomicPtr, AtomicU32, Ordering};
use crate::base::try_lock::TryLock;
use crate::heap::state::theap::{SMALL, Theap};
use crate::heap::state::timer::schedule_sweep;
use crate::os;
use crate::page::bins::{BINS, Bin};
use core::hint::black_box;
use core::ptr;

/// The blocks of one bin.
#[repr(align(64))]
struct Cache {
    lock: TryLock,
    count: AtomicU32,
    /// The lowest count since the last sweep.
    least: AtomicU32,
    /// Puts that found no room since somebody last asked for a block. A hint, which other threads may overwrite.
    refused: AtomicU32,
    /// Memory for `transfer_max` pointers; null until the first put.
    blocks: AtomicPtr<*mut u8>,
}

static CACHES: [Cache; BINS] = [const {
    Cache {
        lock: TryLock::unlocked(),
        count: AtomicU32::new(0),
        least: AtomicU32::new(0),
        refused: AtomicU32::new(0),
        blocks: AtomicPtr::new(ptr::null_mut()),
    }
}; BINS];

/// A cache that has refused this many puts is closed.
const CLOSED: u32 = 2;

/// Whether blocks of a bin may lie here.
fn serves(b: usize) -> bool {
    b > SMALL && os::capabilities().threads
}

impl Cache {
    /// The array, allocated at first use.
    fn array(&self, bin: Bin) -> *mut *mut u8 {
        let array = self.blocks.load(Ordering::Relaxed);
        if !array.is_null() {
            return array;
        }
        let array = meta_alloc(bin.transfer_max() * size_of::<*mut u8>(), align_of::<usize>()).cast();
        self.blocks.store(array, Ordering::Relaxed);
        array
    }
}

/// Put the `n` newest blocks of a stack into the cache. Returns false, and leaves the stack as it is, if there is no
/// room or another thread is inside.
///
/// # Safety
/// - the theap is the calling thread's, and is of the main heap.
#[inline]
pub unsafe fn put(theap: &Theap, bin: Bin, n: usize) -> bool {
    let cache = &CACHES[bin.index()];
    let room = bin.transfer_max();
    let delay = arena::purge_delay();
    if !serves(bin.index()) || delay == Some(0) {
        return false;
    }
    let refused = cache.refused.load(Ordering::Relaxed);
    if refused >= CLOSED {
        if cache.count.load(Ordering::Relaxed) != 0 {
            drain_some(theap, bin.index(), flush_batch(bin), true);
        }
        return false;
    }
    if cache.count.load(Ordering::Relaxed) as usize + n > room {
        cache.refused.store(refused + 1, Ordering::Relaxed);
        return false;
    }
    let Some(_inside) = cache.lock.enter() else { return false };
    let count = cache.count.load(Ordering::Relaxed);
    let array = cache.array(bin);
    // A callback that was asked for the array's memory may have changed the stack.
    if count as usize + n > room || array.is_null() || n > theap.depth(bin.index()) {
        return false;
    }
    // SAFETY: there is room, and the array is ours alone.
    unsafe { theap.take_off(bin.index(), n, array.add(count as usize)) };
    cache.count.store(count + n as u32, Ordering::Relaxed);
    schedule_sweep(delay);
    true
}

/// Take up to `most` of the blocks that were put last, into the words at `to`. Returns how many.
///
/// # Safety
/// - there is room for `most` words.
#[inline]
pub unsafe fn take(bin: Bin, to: *mut *mut u8, most: usize) -> usize {
    let cache = &CACHES[bin.index()];
    if !os::capabilities().threads {
        return 0;
    }
    if cache.refused.load(Ordering::Relaxed) != 0 {
        cache.refused.store(0, Ordering::Relaxed);
    }
    if cache.count.load(Ordering::Relaxed) == 0 {
        return 0;
    }
    let Some(_inside) = cache.lock.enter() else { return 0 };
    let count = cache.count.load(Ordering::Relaxed);
    let n = most.min(count as usize);
    let left = count - n as u32;
    cache.count.store(left, Ordering::Relaxed);
    if left < cache.least.load(Ordering::Relaxed) {
        cache.least.store(left, Ordering::Relaxed);
    }
    // SAFETY: below the count; blocks are null only without any.
    unsafe { ptr::copy_nonoverlapping(cache.blocks.load(Ordering::Relaxed).add(left as usize), to, n) };
    n
}

/// Give to their pages the blocks that nobody has taken since the last sweep, or all blocks. Returns whether some are
/// left, or may be.
#[cold]
pub fn sweep(theap: &Theap, all: bool) -> bool {
    (0..BINS).filter(|&b| serves(b)).filter(|&b| drain(theap, b, all)).count() > 0
}

/// The same for one bin. Returns whether some are left, or may be.
#[cold]
fn drain(theap: &Theap, b: usize, mut all: bool) -> bool {
    loop {
        match drain_some(theap, b, SOME, all) {
            Drained::Some => all = false,
            Drained::All { left } => return left,
        }
    }
}

/// What [`drain_some`] found to give to pages.
enum Drained {
    /// There may be more.
    Some,
    /// There is no more. `left`: whether other blocks are left, or may be.
    All { left: bool },
}

/// At most this many blocks are taken out at a time. The others stay available to other threads meanwhile.
const SOME: usize = 64;

/// Give to their pages up to `most` of the blocks that nobody has taken since the last sweep. With `all`, every block
/// counts as such.
#[inline(never)]
fn drain_some(theap: &Theap, b: usize, most: usize, all: bool) -> Drained {
    let cache = &CACHES[b];
    let mut some = [ptr::null_mut(); SOME];
    let Some(inside) = cache.lock.enter() else { return Drained::All { left: true } };
    let count = cache.count.load(Ordering::Relaxed) as usize;
    if all {
        cache.least.store(count as u32, Ordering::Relaxed);
    }
    let least = cache.least.load(Ordering::Relaxed) as usize;
    let n = least.min(most).min(some.len());
    if n == 0 {
        cache.least.store(count as u32, Ordering::Relaxed);
        return Drained::All { left: count != 0 };
    }
    let array = cache.blocks.load(Ordering::Relaxed);
    // Take the oldest. But if all blocks have waited, take the newest, so that the others need not move.
    let from = if least == count { count - n } else { 0 };
    // SAFETY: the array is ours alone, and holds `count` blocks.
    unsafe {
        ptr::copy_nonoverlapping(array.add(from), some.as_mut_ptr(), n);
        ptr::copy(array.add(from + n), array.add(from), count - from - n);
    }
    cache.count.store((count - n) as u32, Ordering::Relaxed);
    cache.least.store((least - n) as u32, Ordering::Relaxed);
    drop(inside);
    // SAFETY: blocks of that bin, which are ours now.
    unsafe { theap.return_all(b, &some[..n]) };
    Drained::Some
}

/// In the child of a fork: a thread that was inside the lock does not exist here, nor does one that had cleared the
/// sweep's time and was about to sweep.
pub fn fork_child() {
    CACHES.iter().take(black_box(BINS)).for_each(|cache| cache.lock.fork_child());
    schedule_sweep(arena::purge_delay());
}

/// Call `look` with each block of a bin, unless another thread is inside.
#[cold]
pub fn for_each(b: usize, mut look: impl FnMut(*mut u8)) {
    let Some(cache) = CACHES.get(b) else { return };
    let Some(_inside) = cache.lock.enter() else { return };
    let array = cache.blocks.load(Ordering::Relaxed);
    for i in 0..cache.count.load(Ordering::Relaxed) as usize {
        // SAFETY: below the count, and the array is ours alone.
        look(unsafe { *array.add(i) });
    }
}
