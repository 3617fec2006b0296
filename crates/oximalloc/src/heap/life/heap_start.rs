//! A heap's start.

use super::process::process_start;
use crate::arena::ArenaRef;
use crate::diag::stats::PROCESS;
use crate::heap::state::heap::{self, Heap};

/// A new heap in a subprocess, with memory from any of its arenas or from one alone; None without memory.
pub fn new(subproc: u32, arena: Option<ArenaRef>) -> Option<&'static Heap> {
    process_start();
    let heap = heap::start(subproc, arena)?;
    PROCESS.heaps.add(1);
    Some(heap)
}
