//! Allocation and freeing: the fast paths, and the generic path behind them.
pub mod aligned;
pub mod door;
pub mod empty;
pub mod find;
pub mod free;
pub mod malloc;
pub mod ready;
pub mod realloc;
pub mod sampled;
pub mod secure;
