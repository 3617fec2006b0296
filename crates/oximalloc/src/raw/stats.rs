//! Statistics, as sums over a heap, a subprocess or the process.

pub use crate::base::config::SLICE;
pub use crate::base::text::{cut, number};
pub use crate::diag::stats::{CountValue, HeapSnapshot, Snapshot};
pub use crate::heap::inspect::stats::{memory_of, print, print_each};
pub use crate::heap::inspect::sums::{Scope, each_bin, heaps, leave_to_subproc, pages, singles};
pub use crate::heap::state::heap::at as heap_at;
pub use crate::page::bins::{BINS, BLOCK_MAX, Bin};
