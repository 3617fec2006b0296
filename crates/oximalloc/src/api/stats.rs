//! Statistics as values.
//!
//! ```
//! let before = oximalloc::stats::totals();
//! assert!(before.committed <= before.mapped);
//! ```
//!
//! [`totals`] are a few sums; [`process`] and [`heap`] are all that is counted:
//!
//! ```
//! let all = oximalloc::stats::process();
//! for row in all.bins.iter().filter(|row| row.current > 0) {
//!     println!("{} blocks of {} bytes", row.current, row.block_size);
//! }
//! assert!(all.bytes_in_use() <= all.memory.committed.current);
//! ```
//!
//! What is in use is exact while other threads are not in the allocator. `total`s of blocks leave out those that a
//! thread took again from its own stack of freed blocks.
//!
//! With `MIMALLOC_SHOW_STATS=1` in the environment a program prints them to standard error when it ends.
pub use crate::diag::stats::{BinRow, CountValue, HeapSnapshot, Snapshot};
pub use crate::heap::figures::{Stats, Totals, heap, process, totals};

/// Print all that is counted of the process, as a table, to standard error.
///
/// ```
/// oximalloc::stats::print();
/// ```
pub fn print() {
    crate::heap::figures::print_process();
}

/// Count anew: what is in use stays, all that happened is forgotten.
///
/// ```
/// oximalloc::stats::reset();
/// assert_eq!(oximalloc::stats::process().heaps.pages_retire, 0);
/// ```
pub fn reset() {
    crate::heap::totals::reset();
}
