//! Starting and ending subprocesses.

use super::heap_end;
use super::heap_start;
use crate::heap::state::heap::{self, Heap, MAIN};
use crate::heap::state::subproc::{FIRST, Subproc, unused};
use core::ptr;

impl Subproc {
    /// Make a new subprocess, with a main heap. None without memory.
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

    /// End the subprocess, and free everything that was allocated in it. Its arenas become the main subprocess's. Its
    /// threads must have ended. If one has not, its blocks stay in use, and the thread becomes the main subprocess's.
    /// False for the main subprocess, which cannot end.
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
