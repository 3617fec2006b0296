//! Subprocesses begin and end.

use super::heap_end;
use super::heap_start;
use crate::heap::state::heap::{self, Heap, MAIN};
use crate::heap::state::subproc::{FIRST, Subproc, unused};
use core::ptr;

impl Subproc {
    /// A new one, with a main heap; None without memory.
    #[cold]
    pub fn new() -> Option<&'static Subproc> {
        let subproc = unused()?;
        match heap_start::new(subproc.number(), None) {
            Some(heap) => subproc.set_main_heap(Some(heap)),
            None => {
                subproc.free();
                return None;
            }
        }
        Some(subproc)
    }

    /// Free all that was allocated in it, and end it; its arenas are the main one's from now on. Its threads must have
    /// ended: of one that has not, the blocks stay in use, and the thread is the main subprocess's. The main
    /// subprocess cannot end (false).
    #[cold]
    pub fn destroy(&'static self) -> bool {
        if ptr::eq(self, &FIRST) {
            return false;
        }
        let main = self.main_heap();
        self.set_main_heap(None);
        let own = |heap: &&Heap| heap.subproc() == self.number() && !ptr::eq(*heap, main);
        for heap in heap::live().filter(own) {
            heap_end::destroy(heap);
        }
        if main.stats.theaps.snapshot().current == 0 {
            heap_end::destroy(main);
        } else {
            heap_end::delete(main, &MAIN);
        }
        crate::arena::hand_over(self.number());
        self.past.leave_to(&FIRST.past);
        self.free();
        true
    }
}
