//! First-class heaps as values.

use crate::raw::heaps::{self, Want};
use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

/// A heap of its own. Any thread may allocate from it and free its blocks.
///
/// Dropping it keeps its blocks: they live on in the main heap. [`Heap::destroy`] frees them all at once. A block is
/// freed with [`Heap::free`], or in the same way as any other block of this allocator.
///
/// ```
/// use core::alloc::Layout;
/// use oximalloc::Heap;
///
/// let heap = Heap::new().expect("memory for a heap");
/// let p = heap.alloc(Layout::new::<u64>());
/// assert!(heap.contains(p));
/// // Everything that was allocated from it is freed, and `p` dangles.
/// unsafe { heap.destroy() };
/// ```
#[derive(Debug)]
pub struct Heap(&'static heaps::Heap);

impl Heap {
    /// Make an empty heap. None when the system gives no more memory.
    pub fn new() -> Option<Heap> {
        heaps::heap_new(None).map(Heap)
    }

    /// Allocate from this heap. Null when the system gives no more memory.
    pub fn alloc(&self, layout: Layout) -> *mut u8 {
        match heaps::theap_of(self.0) {
            Some(theap) => heaps::aligned_in(&theap, layout.size(), layout.align(), 0, false),
            None => ptr::null_mut(),
        }
    }

    /// As [`Heap::alloc`], with all bytes zero.
    pub fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match heaps::theap_of(self.0) {
            Some(theap) => heaps::aligned_in(&theap, layout.size(), layout.align(), 0, true),
            None => ptr::null_mut(),
        }
    }

    /// Free a block of any heap.
    ///
    /// # Safety
    /// - `p` is null, or a block of this allocator that is in use.
    pub unsafe fn free(p: *mut u8) {
        // SAFETY: forwarded.
        unsafe { crate::raw::free(p) }
    }

    /// Whether `p` is a block of this heap.
    pub fn contains(&self, p: *const u8) -> bool {
        heaps::heap_of(p).is_some_and(|heap| ptr::eq(heap, self.0))
    }

    /// Give back what the calling thread holds of this heap's memory. With `force`, give back all of it.
    pub fn collect(&self, force: bool) {
        heaps::heap_collect(self.0, force);
    }

    /// The heap's record.
    pub(super) fn record(&self) -> &'static heaps::Heap {
        self.0
    }

    /// Free everything that was allocated from the heap, at once.
    ///
    /// # Safety
    /// - from now on nobody uses a block of the heap, or frees one.
    pub unsafe fn destroy(self) {
        heaps::heap_destroy(self.0);
        core::mem::forget(self);
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        heaps::heap_delete(self.0);
    }
}

// SAFETY: blocks are valid, have at least the layout's size and alignment, and do not overlap until they are freed;
// nothing here unwinds.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.alloc(layout)
    }

    unsafe fn dealloc(&self, p: *mut u8, _layout: Layout) {
        // SAFETY: by the trait's contract.
        unsafe { crate::raw::free(p) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.alloc_zeroed(layout)
    }

    unsafe fn realloc(&self, p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(theap) = heaps::theap_of(self.0) else {
            return ptr::null_mut();
        };
        // SAFETY: by the trait's contract.
        unsafe { heaps::realloc_in(&theap, p, size, Want { align: layout.align(), offset: 0, zero: false }) }
    }
}
