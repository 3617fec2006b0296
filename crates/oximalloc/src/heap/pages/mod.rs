//! Where pages come from, where they wait, and how they go.
#[cfg(not(loom))]
pub mod create;
#[cfg(not(loom))]
pub mod guard;
#[cfg(not(loom))]
pub mod holes;
#[cfg(not(loom))]
pub mod large_cache;
pub mod large_cache_slots;
#[cfg(not(loom))]
pub mod quarantine;
#[cfg(not(loom))]
pub mod queue;
#[cfg(not(loom))]
pub mod release;
#[cfg(not(loom))]
pub mod resize;
#[cfg(not(loom))]
pub mod samples;
#[cfg(not(loom))]
pub mod settle;
