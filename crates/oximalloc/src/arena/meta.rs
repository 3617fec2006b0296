//! Memory for records that are never freed, apart from all blocks.
//!
//! It comes first from a static buffer, which costs no system call, then from chunks of growing size. Each chunk has an
//! inaccessible OS page before and after it.
//!
//! Invariant: no two calls get the same byte, and each byte is zero. Lock-free: a chunk's `used` only grows, by
//! compare-and-swap. If two threads map a new chunk at once, one of them gives its own back.

use super::from_arenas;
use super::source::Source;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicPtr, AtomicUsize, Ordering};
use crate::diag::stats::PROCESS;
use crate::os;
use core::cell::UnsafeCell;
use core::ptr;

const STATIC_SIZE: usize = 4 * SLICE;
const FIRST_CHUNK: usize = SLICE;
const LAST_CHUNK: usize = 64 * SLICE;

/// (It is not aligned to OS pages, because `.bss` would then be too, and would share no OS page with `.data`.)
#[repr(C, align(64))]
struct Buffer(UnsafeCell<[u8; STATIC_SIZE]>);
// SAFETY: the counter in `FIRST` hands out each byte once. The cell itself is never read.
unsafe impl Sync for Buffer {}

static BUFFER: Buffer = Buffer(UnsafeCell::new([0; STATIC_SIZE]));
static FIRST: Chunk = Chunk { size: STATIC_SIZE, used: AtomicUsize::new(0) };
/// The chunk in use. Null stands for the static one.
static CURRENT: AtomicPtr<Chunk> = AtomicPtr::new(ptr::null_mut());

/// A chunk. A mapped chunk has this record at its own start, counted in `used`.
struct Chunk {
    size: usize,
    used: AtomicUsize,
}

impl Chunk {
    fn take(&self, base: *mut u8, size: usize, align: usize) -> Option<*mut u8> {
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            let at = used.checked_add(base.wrapping_add(used).addr().wrapping_neg() & (align - 1))?;
            let end = at.checked_add(size).filter(|&end| end <= self.size)?;
            // Relaxed: the bytes have been zero since the chunk was published, and nobody else ever gets them.
            match self.used.compare_exchange_weak(used, end, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(base.wrapping_add(at)),
                Err(now) => used = now,
            }
        }
    }
}

/// `size` zero bytes at a multiple of `align` (a power of two), for ever. Null if there is no memory.
pub fn meta_alloc(size: usize, align: usize) -> *mut u8 {
    if !align.is_power_of_two() || size > isize::MAX as usize / 2 || align > isize::MAX as usize / 4 {
        return ptr::null_mut();
    }
    loop {
        // Acquire: pairs with the Release that published the chunk.
        let chunk = CURRENT.load(Ordering::Acquire);
        // SAFETY: null, or a published chunk, which stays for ever.
        let (head, base) = match unsafe { chunk.as_ref() } {
            Some(head) => (head, chunk.cast::<u8>()),
            None => (&FIRST, BUFFER.0.get().cast::<u8>()),
        };
        if let Some(p) = head.take(base, size, align) {
            return p;
        }
        let next = if chunk.is_null() { FIRST_CHUNK } else { (head.size * 2).clamp(FIRST_CHUNK, LAST_CHUNK) };
        let room = (size_of::<Chunk>() + align + size).next_multiple_of(os::page_size());
        let fresh = [next.max(room), room].into_iter().map(map_chunk).find(|c| !c.is_null());
        let Some(fresh) = fresh else {
            return from_arena(size, align);
        };
        // Release: publishes the chunk's head. Pairs with the Acquire above.
        if CURRENT.compare_exchange(chunk, fresh, Ordering::Release, Ordering::Relaxed).is_err() {
            // SAFETY: mapped just now, and nobody knows of it.
            unsafe { unmap_chunk(fresh) };
        }
    }
}

/// The system gives no more address space, so the record takes a free slice of an arena, for ever. It then lies between
/// blocks. That is better than a thread that cannot allocate although there is memory.
#[cold]
fn from_arena(size: usize, align: usize) -> *mut u8 {
    if size > SLICE || align > SLICE {
        return ptr::null_mut();
    }
    let Some(span) = from_arenas::claim(Source::MAIN.subproc, Source::MAIN.node(), 1, 1) else {
        return ptr::null_mut();
    };
    if !span.zero {
        // SAFETY: the slice is ours.
        unsafe { ptr::write_bytes(span.start, 0, SLICE) };
    }
    span.start
}

/// Bytes of the inaccessible OS page before a chunk, and of that behind it. None where it would take memory.
fn guard() -> usize {
    if os::capabilities().sparse { os::page_size() } else { 0 }
}

fn map_chunk(size: usize) -> *mut Chunk {
    let guard = guard();
    let outer = os::reserve(size + 2 * guard, os::page_size(), false, 0);
    if outer.is_null() {
        return ptr::null_mut();
    }
    let inner = outer.wrapping_add(guard);
    // SAFETY: inside what was reserved above.
    if !unsafe { os::commit(inner, size) } {
        // SAFETY: reserved above, and nobody knows of it.
        unsafe { os::release(outer, size + 2 * guard) };
        return ptr::null_mut();
    }
    PROCESS.committed.add(size);
    let chunk = inner.cast::<Chunk>();
    // SAFETY: the memory is committed, begins at an OS page, and is still ours alone.
    unsafe { chunk.write(Chunk { size, used: AtomicUsize::new(size_of::<Chunk>()) }) };
    chunk
}

/// # Safety
/// - `chunk` is from [`map_chunk`] and was never published.
unsafe fn unmap_chunk(chunk: *mut Chunk) {
    let guard = guard();
    // SAFETY: still ours alone, by the contract.
    let size = unsafe { (*chunk).size };
    PROCESS.committed.sub(size);
    // SAFETY: the whole of what `map_chunk` reserved.
    unsafe { os::release(chunk.cast::<u8>().wrapping_sub(guard), size + 2 * guard) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_zero_aligned_and_given_once() {
        let work = |seed: usize| {
            let mut all = Vec::new();
            for i in 0..3000 {
                let (size, align) = (1 + (i * 37 + seed) % 700, 1 << (i % 9));
                let p = meta_alloc(size, align);
                assert!(!p.is_null() && p.addr().is_multiple_of(align));
                // SAFETY: these bytes are ours.
                let bytes = unsafe { core::slice::from_raw_parts_mut(p, size) };
                assert!(bytes.iter().all(|&b| b == 0));
                bytes.fill(0xA5);
                all.push((p.addr(), size));
            }
            all
        };
        let mut all: Vec<_> = std::thread::scope(|s| {
            let threads: Vec<_> = (0..3).map(|t| s.spawn(move || work(t))).collect();
            threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
        });
        all.sort();
        assert!(all.windows(2).all(|w| w[0].0 + w[0].1 <= w[1].0));
        assert!(!meta_alloc(9 << 20, 4096).is_null());
        assert!(meta_alloc(usize::MAX, 1).is_null());
        assert!(meta_alloc(16, 3).is_null());
    }
}
