//! Statistics as values.
//!
//! ```
//! let before = oximalloc::stats::totals();
//! assert!(before.committed <= before.mapped);
//! ```
pub use crate::heap::totals::{Totals, totals};
