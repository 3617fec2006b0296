//! What is counted, shown and checked.
#[cfg(not(loom))]
pub mod stats;
#[cfg(not(loom))]
pub mod sums;
#[cfg(not(loom))]
pub mod validate;
#[cfg(not(loom))]
pub mod visit;
