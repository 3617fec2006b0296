//! A heap's start.

use super::process::process_start;
use crate::arena::ArenaRef;
use crate::diag::stats::PROCESS;
use crate::heap::state::heap::{self, Heap};

/// Make a new heap in a subprocess. It takes memory from any of the subprocess's arenas, or only from `arena`. None
/// without memory.
pub fn new(subproc: u32, arena: Option<ArenaRef>) -> Option<&'static Heap> {
    process_start();
    let heap = heap::start(subproc, arena)?;
    PROCESS.heaps.add(1);
    Some(heap)
}
