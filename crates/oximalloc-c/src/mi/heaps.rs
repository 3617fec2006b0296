//! Heaps: parts of a program's memory that end together. Any thread may use any heap, and may free the blocks of any
//! heap.
//!
//! Null stands for the main heap of the calling thread's subprocess, except in the functions that end a heap.

use crate::errno::{self, Code};
use core::ffi::{c_int, c_void};
use core::ptr::{self, null_mut};
use oximalloc::raw::arenas::ArenaRef;
use oximalloc::raw::heaps::{self, Heap, Theap};
use oximalloc::raw::messages::error;

fn pointer(heap: Option<&'static Heap>) -> *mut Heap {
    heap.map_or(null_mut(), |heap| (&raw const *heap).cast_mut())
}

/// A new heap. Null with `errno` ENOMEM without memory.
#[unsafe(no_mangle)]
pub extern "C" fn mi_heap_new() -> *mut Heap {
    new_in(None)
}

/// A new heap with memory from one arena alone, or from any arena if the id is null. Null with `errno` EINVAL if the id
/// names no arena, and with ENOMEM without memory.
#[unsafe(no_mangle)]
pub extern "C" fn mi_heap_new_in_arena(arena_id: *mut c_void) -> *mut Heap {
    let arena = ArenaRef::from_id(arena_id);
    if arena.is_none() && !arena_id.is_null() {
        error(Code::EINVAL, format_args!("heap_new_in_arena: {arena_id:p} is no arena"));
        errno::set(Code::EINVAL);
        return null_mut();
    }
    new_in(arena)
}

fn new_in(arena: Option<ArenaRef>) -> *mut Heap {
    let heap = pointer(heaps::heap_new(arena));
    if heap.is_null() {
        errno::set(Code::ENOMEM);
    }
    heap
}

/// Ends the heap. Its blocks in use become the main heap's. For null and for the main heap, nothing happens.
///
/// # Safety
/// Nobody allocates from the heap meanwhile or afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_delete(heap: *mut Heap) {
    heaps::heap_delete(heap);
}

/// Ends the heap, and frees its blocks at once. For null and for the main heap, nothing happens.
///
/// # Safety
/// Nobody uses the heap or its blocks meanwhile or afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_destroy(heap: *mut Heap) {
    heaps::heap_destroy(heap);
}

/// Gives back what this thread holds of the heap's memory. With `force`, also gives back what ended threads left, and
/// returns memory to the operating system at once.
///
/// # Safety
/// `heap` is null, or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_collect(heap: *mut Heap, force: bool) {
    // SAFETY: the caller's promise about `heap` is the same.
    heaps::heap_collect(unsafe { heaps::heap_of_pointer(heap) }, force);
}

/// The main heap of this thread's subprocess.
#[unsafe(no_mangle)]
pub extern "C" fn mi_heap_main() -> *mut Heap {
    pointer(Some(heaps::main_heap()))
}

/// This thread's theap of the heap, the same one each time. Null without memory.
///
/// # Safety
/// `heap` is null, or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_theap(heap: *mut Heap) -> *mut Theap {
    // SAFETY: the caller's promise about `heap` is the same.
    heaps::theap_to_keep(unsafe { heaps::heap_of_pointer(heap) }).cast_mut()
}

/// The heap whose memory `p` points into, at the start of a block or inside. Null for a pointer that is not ours.
#[unsafe(no_mangle)]
pub extern "C" fn mi_heap_of(p: *const c_void) -> *mut Heap {
    pointer(heaps::heap_of(p.cast()))
}

/// Whether `p` points into memory of the heap.
///
/// # Safety
/// `heap` is null, or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_contains(heap: *const Heap, p: *const c_void) -> bool {
    // SAFETY: the caller's promise about `heap` is the same.
    let heap = unsafe { heaps::heap_of_pointer(heap) };
    heaps::heap_of(p.cast()).is_some_and(|found| ptr::eq(found, heap))
}

/// Whether `p` points into memory of any heap.
#[unsafe(no_mangle)]
pub extern "C" fn mi_any_heap_contains(p: *const c_void) -> bool {
    heaps::heap_of(p.cast()).is_some()
}

/// Whether `p` points into memory of the heap that serves this thread's plain allocations.
#[unsafe(no_mangle)]
pub extern "C" fn mi_check_owned(p: *const c_void) -> bool {
    heaps::heap_of(p.cast()).is_some_and(|found| ptr::eq(found, Theap::current().heap()))
}

/// Makes the heap prefer memory of a NUMA node from now on. A negative number means no node.
///
/// # Safety
/// `heap` is null, or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_set_numa_affinity(heap: *mut Heap, numa_node: c_int) {
    // SAFETY: the caller's promise about `heap` is the same.
    unsafe { heaps::heap_of_pointer(heap) }.set_numa(numa_node);
}

/// Whether moving the block at `p` elsewhere in the heap could empty its page. That is so if less than `perc_threshold`
/// per cent of the page's blocks are in use, and this thread does not allocate from the page now.
///
/// # Safety
/// `heap` is null, or a heap that has not ended; `p` is null or a block of it that is in use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_unsafe_heap_page_is_under_utilized(
    heap: *mut Heap,
    p: *mut c_void,
    perc_threshold: usize,
) -> bool {
    // SAFETY: the caller's promise about `heap` is the same.
    heaps::is_under_utilised(unsafe { heaps::heap_of_pointer(heap) }, p.cast(), perc_threshold)
}
