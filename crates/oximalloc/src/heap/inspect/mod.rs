//! Statistics, visits, and the validator.
#[cfg(not(loom))]
pub mod stats;
#[cfg(not(loom))]
pub mod sums;
#[cfg(not(loom))]
pub mod validate;
#[cfg(not(loom))]
pub mod visit;
