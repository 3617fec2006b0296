//! Statistics, visits, the validator, and reports on sampled blocks.
#[cfg(not(loom))]
pub mod sampled;
#[cfg(not(loom))]
pub mod stats;
#[cfg(not(loom))]
pub mod sums;
#[cfg(not(loom))]
pub mod validate;
#[cfg(not(loom))]
pub mod visit;
