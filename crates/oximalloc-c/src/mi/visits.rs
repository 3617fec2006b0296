//! Visits: of the areas of a heap (its pages) and the blocks in use in them, and of the heaps of a subprocess.
//!
//! No other thread may use the heap meanwhile. A visitor is called for each area that has blocks in use, without a
//! block. Then, if blocks are wanted, it is called for each of the area's blocks in use. If it returns false, the visit
//! ends and returns false. Without a visitor, the visit returns false.

use crate::mi::subprocs::SubprocId;
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::raw::heaps::{self, Area, Heap, Pages, Theap};

/// `mi_heap_area_t`.
#[repr(C)]
pub struct HeapArea {
    blocks: *mut c_void,
    reserved: usize,
    committed: usize,
    used: usize,
    block_size: usize,
    full_block_size: usize,
    reserved1: *mut c_void,
}

impl HeapArea {
    #[cold]
    fn of(area: &Area) -> HeapArea {
        HeapArea {
            blocks: area.start.cast(),
            reserved: area.reserved,
            committed: area.committed,
            used: area.used,
            block_size: area.block_size,
            full_block_size: area.block_size,
            reserved1: null_mut(),
        }
    }
}

/// `mi_block_visit_fun*`
pub type BlockVisit = Option<extern "C" fn(*const Heap, *const HeapArea, *mut c_void, usize, *mut c_void) -> bool>;
/// `mi_heap_visit_fun*`
pub type HeapVisit = Option<extern "C" fn(*mut Heap, *mut c_void) -> bool>;

/// # Safety
/// No other thread uses the heap meanwhile.
#[cold]
unsafe fn visit(heap: &Heap, which: Pages, visit_blocks: bool, visitor: BlockVisit, arg: *mut c_void) -> bool {
    let Some(visitor) = visitor else { return false };
    let tell = |area: &Area, block: Option<*mut u8>| {
        visitor(heap, &HeapArea::of(area), block.map_or(null_mut(), |p| p.cast()), area.block_size, arg)
    };
    // SAFETY: the caller's promise is the same.
    unsafe { heaps::visit(heap, which, visit_blocks, tell) }
}

/// Visits all areas of the heap, and with `visit_blocks` all blocks in use.
///
/// # Safety
/// `heap` is null, or a heap that has not ended; no other thread uses it meanwhile.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_heap_visit_blocks(
    heap: *mut Heap,
    visit_blocks: bool,
    visitor: BlockVisit,
    arg: *mut c_void,
) -> bool {
    // SAFETY: the caller's promises are the same.
    unsafe { visit(heaps::heap_of_pointer(heap), Pages::All, visit_blocks, visitor, arg) }
}

/// As [`mi_heap_visit_blocks`], for the areas of threads that have ended. This does not need the option
/// `visit_abandoned`.
///
/// # Safety
/// As [`mi_heap_visit_blocks`].
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_heap_visit_abandoned_blocks(
    heap: *mut Heap,
    visit_blocks: bool,
    visitor: BlockVisit,
    arg: *mut c_void,
) -> bool {
    // SAFETY: the caller's promises are the same.
    unsafe { visit(heaps::heap_of_pointer(heap), Pages::Abandoned, visit_blocks, visitor, arg) }
}

/// As [`mi_heap_visit_blocks`], for the areas of a theap.
///
/// # Safety
/// `theap` is null, or a theap of the calling thread; no other thread uses its heap meanwhile.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_theap_visit_blocks(
    theap: *const Theap,
    visit_blocks: bool,
    visitor: BlockVisit,
    arg: *mut c_void,
) -> bool {
    // SAFETY: the caller's promises are the same.
    unsafe {
        let theap = heaps::theap_of_pointer(theap);
        visit(theap.heap(), Pages::Theap(theap), visit_blocks, visitor, arg)
    }
}

/// Visits all heaps of the subprocess, including its main one.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_subproc_visit_heaps(subproc: SubprocId, visitor: HeapVisit, arg: *mut c_void) -> bool {
    match (subproc.known("subproc_visit_heaps"), visitor) {
        (Some(subproc), Some(visitor)) => {
            heaps::visit_heaps(subproc, |heap| visitor((&raw const *heap).cast_mut(), arg))
        }
        _ => false,
    }
}
