//! Statistics as values.
//!
//! ```
//! let before = oximalloc::stats::totals();
//! assert!(before.committed <= before.mapped);
//! ```
//!
//! [`totals`] gives a few sums; [`process`] and [`heap`] give everything that is counted:
//!
//! ```
//! let all = oximalloc::stats::process();
//! for row in all.bins.iter().filter(|row| row.current > 0) {
//!     println!("{} blocks of {} bytes", row.current, row.block_size);
//! }
//! assert!(all.bytes_in_use() <= all.memory.committed.current);
//! ```
//!
//! What is in use is exact while no other thread is in the allocator. The `total`s of blocks leave out blocks that a
//! thread took again from its own stack of freed blocks.
//!
//! With `MIMALLOC_SHOW_STATS=1` in the environment a program prints them to standard error when it ends.
pub use crate::diag::stats::{BinRow, CountValue, HeapSnapshot, Snapshot};
pub use crate::heap::inspect::stats::{Stats, Totals, process, totals};

use super::heap::Heap;
use crate::heap::inspect::sums::Scope;
use core::fmt;

/// Everything that is counted of a heap.
///
/// ```
/// use core::alloc::Layout;
/// use oximalloc::{Heap, stats};
///
/// let heap = Heap::new().expect("memory for a heap");
/// let block = heap.alloc(Layout::new::<[u8; 1000]>());
/// let all = stats::heap(&heap);
/// assert_eq!((all.blocks_in_use(), all.bytes_in_use()), (1, 1024));
/// # assert!(!block.is_null());
/// # unsafe { heap.destroy() };
/// ```
#[cold]
pub fn heap(heap: &Heap) -> Stats {
    Stats::of(Scope::Heap(heap.record()))
}

/// Print everything that is counted of the process to standard error, as a table.
///
/// ```
/// oximalloc::stats::print();
/// ```
pub fn print() {
    crate::heap::inspect::stats::print_process();
}

/// Statistics in the text format that Prometheus reads. The value writes them when it is displayed.
///
/// ```
/// let text = oximalloc::stats::prometheus(&oximalloc::stats::process()).to_string();
/// assert!(text.contains("# TYPE oximalloc_committed_bytes gauge\noximalloc_committed_bytes "));
/// ```
pub fn prometheus(stats: &Stats) -> impl fmt::Display {
    fmt::from_fn(|f| crate::diag::prometheus::write(f, &stats.memory, &stats.heaps, &stats.bins))
}

/// Start counting anew: what is in use stays, and the history is forgotten.
///
/// ```
/// oximalloc::stats::reset();
/// assert_eq!(oximalloc::stats::process().heaps.pages_retire, 0);
/// ```
pub fn reset() {
    crate::heap::inspect::sums::reset();
}
