//! Heaps and subprocesses, as far as statistics and their tests need them.

use crate::outcome::block;
use core::ffi::c_void;
use oximalloc::raw::heaps::{self, Heap, Subproc};

/// `mi_subproc_id_t`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct SubprocId(*const Subproc);

impl SubprocId {
    /// The subprocess, or None if there is none at that address.
    pub fn get(self) -> Option<&'static Subproc> {
        if self.0.is_null() { None } else { Subproc::at(self.0) }
    }

    /// Its number.
    pub fn number(self) -> Option<u32> {
        self.get().map(Subproc::number)
    }
}

/// `mi_heap_visit_fun*`.
pub type HeapVisit = Option<extern "C" fn(*mut Heap, *mut c_void) -> bool>;

/// A new heap in this thread's subprocess.
#[unsafe(no_mangle)]
pub extern "C" fn mi_heap_new() -> *mut Heap {
    heaps::heap_new(None).map_or(core::ptr::null_mut(), |heap| (&raw const *heap).cast_mut())
}

/// The main heap of this thread's subprocess.
#[unsafe(no_mangle)]
pub extern "C" fn mi_heap_main() -> *mut Heap {
    (&raw const *heaps::main_heap()).cast_mut()
}

/// Ends a heap; its blocks live on in the main heap.
#[unsafe(no_mangle)]
pub extern "C" fn mi_heap_delete(heap: *mut Heap) {
    heaps::heap_delete(heap);
}

/// Ends a heap and frees its blocks.
#[unsafe(no_mangle)]
pub extern "C" fn mi_heap_destroy(heap: *mut Heap) {
    heaps::heap_destroy(heap);
}

/// A block of a heap.
///
/// # Safety
/// `heap` is null or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_malloc(heap: *mut Heap, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise is the same.
    let heap = unsafe { heaps::heap_of_pointer(heap) };
    block(heaps::theap_of(heap).map_or(core::ptr::null_mut(), |theap| heaps::malloc_in(&theap, size)))
}

/// The main subprocess.
#[unsafe(no_mangle)]
pub extern "C" fn mi_subproc_main() -> SubprocId {
    SubprocId(Subproc::at(core::ptr::null()).map_or(core::ptr::null(), |main| main))
}

/// This thread's subprocess.
#[unsafe(no_mangle)]
pub extern "C" fn mi_subproc_current() -> SubprocId {
    SubprocId(Subproc::current())
}

/// A new subprocess.
#[unsafe(no_mangle)]
pub extern "C" fn mi_subproc_new() -> SubprocId {
    SubprocId(Subproc::new().map_or(core::ptr::null(), |new| new))
}

/// Ends a subprocess.
#[unsafe(no_mangle)]
pub extern "C" fn mi_subproc_destroy(subproc: SubprocId) {
    if let Some(subproc) = subproc.get() {
        subproc.destroy();
    }
}

/// Puts this thread into a subprocess.
#[unsafe(no_mangle)]
pub extern "C" fn mi_subproc_add_current_thread(subproc: SubprocId) {
    if let Some(subproc) = subproc.get() {
        heaps::subproc_add_current_thread(subproc);
    }
}

/// Calls `visit` for each heap of a subprocess.
#[unsafe(no_mangle)]
pub extern "C" fn mi_subproc_visit_heaps(subproc: SubprocId, visit: HeapVisit, arg: *mut c_void) -> bool {
    match (subproc.get(), visit) {
        (Some(subproc), Some(visit)) => heaps::visit_heaps(subproc, |heap| visit((&raw const *heap).cast_mut(), arg)),
        _ => false,
    }
}
