//! Allocation and freeing: the fast paths, and the generic path behind them.
pub mod aligned;
pub mod door;
pub mod empty;
pub mod free;
pub mod malloc;
pub mod realloc;
pub mod secure;
