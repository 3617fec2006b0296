//! How blocks move between the stacks of threads, the transfer cache and the pages.
#[cfg(not(loom))]
pub mod flush;
#[cfg(not(loom))]
pub mod guarded;
#[cfg(not(loom))]
pub mod prepare;
#[cfg(not(loom))]
pub mod refill;
#[cfg(not(loom))]
pub mod remote;
#[cfg(not(loom))]
pub mod run;
#[cfg(not(loom))]
pub mod secured;
#[cfg(not(loom))]
pub mod transfer_cache;
