//! The main heap: the pages whose threads have ended, by bin, for others to reclaim.

use crate::page::Page;
use crate::page::bins::BINS;
use crate::page::stack::Stack;

/// A heap, process-wide.
pub struct Heap {
    /// Pages with room and without an owner that lives.
    pub abandoned: [Stack<Page>; BINS],
}

/// The heap of all that is not allocated from another.
pub static MAIN: Heap = Heap { abandoned: [const { Stack::new() }; BINS] };
