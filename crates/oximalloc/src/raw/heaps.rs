//! First-class heaps, theaps and subprocesses, as the C interface sees them: by address. Null stands for the main heap.
//!
//! When a caller allocates from a heap, it vouches for the heap's address. When a heap ends, its address is looked up
//! among the heaps that exist. So ending a heap twice is an error and nothing worse.

pub use crate::alloc::aligned::aligned_in;
pub use crate::alloc::malloc::{malloc_in, pop_or, zalloc_in};
pub use crate::alloc::ready::{PLAIN, Want};
pub use crate::alloc::realloc::realloc_in;
pub use crate::heap::inspect::visit::{Area, Pages, pages as visit};
pub use crate::heap::life::lease::Lease;
pub use crate::heap::state::heap::Heap;
pub use crate::heap::state::subproc::Subproc;
pub use crate::heap::state::theap::Theap;

use crate::alloc::empty;
use crate::alloc::find::find;
use crate::alloc::ready::out_of_memory;
use crate::arena::ArenaRef;
use crate::diag::error::error;
use crate::heap::life::theaps::make_current;
use crate::heap::life::{heap_end, heap_start, thread_start};
use crate::heap::state::heap as heap_record;
use crate::page::Page;
use crate::prim::Errno;
use core::ptr;

/// The heap at `p`. For null, the main heap of the calling thread's subprocess.
///
/// # Safety
/// - `p` is null, or a heap that has not ended.
#[inline(always)]
pub unsafe fn heap_of_pointer(p: *const Heap) -> &'static Heap {
    // SAFETY: by the contract; records of heaps are never unmapped.
    unsafe { p.as_ref() }.unwrap_or_else(main_heap)
}

/// The calling thread's theap of a heap, made if there is none. None without memory.
#[inline]
pub fn theap_of(heap: &'static Heap) -> Option<Lease> {
    thread_start::theap_of(heap)
}

/// The calling thread's theap of a heap, for the caller to keep. Null without memory, and in a thread that is past its
/// end.
pub fn theap_to_keep(heap: &'static Heap) -> *const Theap {
    thread_start::theap_of(heap).and_then(Lease::lasting).map_or(ptr::null(), ptr::from_ref)
}

/// The calling thread's default theap. Null as in [`theap_to_keep`].
pub fn default_theap() -> *const Theap {
    thread_start::thread_start().and_then(Lease::lasting).map_or(ptr::null(), ptr::from_ref)
}

/// The theap at `p`. For null, the calling thread's default.
///
/// # Safety
/// - `p` is null, or a theap that a function of this file returned.
#[inline(always)]
pub unsafe fn theap_of_pointer<'a>(p: *const Theap) -> &'a Theap {
    // SAFETY: by the contract; theaps are never unmapped.
    unsafe { p.as_ref() }.unwrap_or_else(Theap::current)
}

/// A block of a heap, made by `allocate` in the calling thread's theap of that heap. Null if `allocate` returns null.
/// Null, and an error reported, if there is no memory for the theap.
///
/// # Safety
/// - as for [`heap_of_pointer`].
#[inline]
pub unsafe fn within(p: *const Heap, allocate: impl FnOnce(&Theap) -> *mut u8) -> *mut u8 {
    // SAFETY: by the contract.
    if let Some(theap) = unsafe { p.as_ref() }.and_then(at_hand).filter(|theap| theap.is_ours()) {
        return allocate(theap);
    }
    // SAFETY: by the contract.
    match unsafe { lease(p) } {
        Some(theap) => allocate(&theap),
        None => ptr::null_mut(),
    }
}

/// # Safety
/// - as for [`heap_of_pointer`].
#[cold]
#[inline(never)]
unsafe fn lease(p: *const Heap) -> Option<Lease> {
    // SAFETY: by the contract.
    let theap = theap_of(unsafe { heap_of_pointer(p) });
    if theap.is_none() {
        out_of_memory(size_of::<Theap>());
    }
    theap
}

/// Allocate `size` bytes from a heap. The caller passes the function for everything but the fast path; a null `p` leads
/// there too.
///
/// # Safety
/// - as for [`heap_of_pointer`].
#[inline(always)]
pub unsafe fn malloc_or(p: *const Heap, size: usize, generic: impl FnOnce() -> *mut u8) -> *mut u8 {
    // SAFETY: by the contract.
    pop_or(|| unsafe { p.as_ref() }.and_then(at_hand), size, generic)
}

/// The calling thread's theap of a heap, if it has one. The result may also be a default theap that was taken away and
/// still says that it is of that heap, or the empty theap. Neither has any blocks.
#[inline(always)]
fn at_hand(heap: &Heap) -> Option<&Theap> {
    let current = Theap::current();
    if current.is_of(heap) { Some(current) } else { current.root().theap_for(heap) }
}

/// The main heap of the calling thread's subprocess: the heap of the thread's root.
#[cold]
pub fn main_heap() -> &'static Heap {
    Theap::current().root().heap()
}

/// Make a new heap in the calling thread's subprocess, with memory from any arena or only from `arena`. Without memory
/// None, and an error reported.
pub fn heap_new(arena: Option<ArenaRef>) -> Option<&'static Heap> {
    let heap = heap_start::new(Subproc::current().number(), arena);
    if heap.is_none() {
        error(Errno::ENOMEM, format_args!("heap_new: out of memory: the system gives no more for a heap's record"));
    }
    heap
}

/// End a heap. Its blocks in use live on in the main heap of its subprocess.
pub fn heap_delete(p: *const Heap) {
    if let Some((heap, main)) = ending("heap_delete", p) {
        heap_end::delete(heap, main);
    }
}

/// End a heap, and free everything that is allocated from it at once.
pub fn heap_destroy(p: *const Heap) {
    if let Some((heap, _)) = ending("heap_destroy", p) {
        heap_end::destroy(heap);
    }
}

fn ending(function: &str, p: *const Heap) -> Option<(&'static Heap, &'static Heap)> {
    if p.is_null() {
        return None;
    }
    let Some(heap) = heap_record::at(p) else {
        error(
            Errno::EINVAL,
            format_args!("{function}: invalid heap {p:p}: it has ended, or is none; nothing was changed"),
        );
        return None;
    };
    let main = Subproc::of_number(heap.subproc()).main_heap();
    if ptr::eq(heap, main) {
        error(Errno::EINVAL, format_args!("{function}: the main heap lasts for ever; nothing was changed"));
        return None;
    }
    Some((heap, main))
}

/// The heap of the page that `p` points into, at a block's start or inside. None for a pointer that is not ours.
pub fn heap_of(p: *const u8) -> Option<&'static Heap> {
    // SAFETY: the label of a page names a heap, and records of heaps are never unmapped.
    let of_page = Page::at(p).map(|page| unsafe { Heap::of_page(page.heap()) });
    of_page.or_else(|| empty::is_block(p).then_some(&heap_record::MAIN))
}

/// Give back what the calling thread's theap of a heap holds. With `force`, also what the heap's ended threads left.
pub fn heap_collect(heap: &'static Heap, force: bool) {
    let root = Theap::current().root();
    if root.is_empty_theap() {
        return super::collect(force);
    }
    if let Some(theap) = if ptr::eq(root.heap(), heap) { Some(root) } else { root.theap_for(heap) } {
        theap.collect(force);
    } else if force && let Some(theap) = thread_start::theap_of(heap) {
        theap.collect(true);
    }
}

/// Make a theap of the calling thread its default. Returns the former default. None if the theap is not the calling
/// thread's, or if the thread is past its end.
pub fn set_default(theap: &'static Theap) -> Option<&'static Theap> {
    let before = thread_start::thread_start().and_then(Lease::lasting)?;
    if !theap.is_ours() {
        error(
            Errno::EINVAL,
            format_args!("theap_set_default: {theap:p} is not a theap of the calling thread; nothing was changed"),
        );
        return None;
    }
    if !ptr::eq(theap, theap.root()) {
        theap.shown.show();
    }
    make_current(theap);
    Some(before)
}

/// Give one in `rate` allocations from a theap of the calling thread a guarded block, beginning with the `seed`th. A
/// seed of 0 begins with any of the first `rate`. A rate of 0 guards none.
pub fn theap_set_sample_rate(theap: &Theap, rate: usize, seed: usize) {
    if let Some(theap) = mine("theap_guarded_set_sample_rate", theap) {
        theap.set_sample_rate(rate, seed);
    }
}

/// Give guarded blocks only to allocations of `min` to `max` bytes, in a theap of the calling thread.
pub fn theap_set_sample_bounds(theap: &Theap, min: usize, max: usize) {
    if let Some(theap) = mine("theap_guarded_set_size_bound", theap) {
        theap.set_sample_bounds(min, max);
    }
}

/// The theap, if it is the calling thread's. A thread that has no theap yet gets one. Otherwise the error is reported.
fn mine(function: &str, theap: &Theap) -> Option<Lease> {
    let lease = if theap.is_empty_theap() { thread_start::thread_start() } else { Lease::of(theap) };
    if lease.is_none() {
        error(
            Errno::EINVAL,
            format_args!("{function}: {theap:p} is not a theap of the calling thread; nothing was changed"),
        );
    }
    lease
}

/// Move the calling thread into a subprocess.
pub fn subproc_add_current_thread(subproc: &'static Subproc) {
    thread_start::move_thread(subproc.main_heap());
}

/// Call `visit` with each heap of a subprocess until it answers false. Returns whether it never did.
pub fn visit_heaps(subproc: &Subproc, mut visit: impl FnMut(&'static Heap) -> bool) -> bool {
    heap_record::live().filter(|heap| heap.subproc() == subproc.number()).all(&mut visit)
}

/// Whether less than `percent` of the blocks of `p`'s page are in use, and the calling thread does not allocate from
/// that page now. False if `p` is not a block of the heap.
pub fn is_under_utilised(heap: &Heap, p: *const u8, percent: usize) -> bool {
    let Some((page, _)) = find(p) else { return false };
    if page.capacity() <= 1 || !ptr::eq(page.heap(), heap.as_page_heap()) {
        return false;
    }
    // SAFETY: the owner of a page in use.
    let owner = unsafe { Theap::of_owner(page.owner()) };
    if owner.is_ours() && owner.cold(page.bin().index()).pages.is_front(page) {
        // Blocks are taken from this page now: moving one would gain nothing.
        return false;
    }
    let (_, _, out) = page.word().peek();
    (out as usize) * 100 < percent * page.capacity() as usize
}
