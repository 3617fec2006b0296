//! What exists: heaps and theaps, what each of them holds, and the lists of all of them.
#[cfg(not(loom))]
pub mod block_starts;
#[cfg(not(loom))]
pub mod counts;
#[cfg(not(loom))]
pub mod current;
#[cfg(not(loom))]
pub mod deferred;
#[cfg(not(loom))]
pub mod heap;
#[cfg(not(loom))]
pub mod heap_table;
#[cfg(not(loom))]
pub mod hole_scan;
#[cfg(not(loom))]
pub mod idle;
#[cfg(not(loom))]
pub mod index;
#[cfg(not(loom))]
pub mod outbox;
pub mod ownership;
#[cfg(not(loom))]
pub mod page_queue;
#[cfg(not(loom))]
pub mod page_set;
#[cfg(not(loom))]
pub mod peak;
#[cfg(not(loom))]
pub mod registry;
pub mod sample;
#[cfg(not(loom))]
pub mod sampling;
pub mod shown;
#[cfg(not(loom))]
pub mod steps;
#[cfg(not(loom))]
pub mod subproc;
#[cfg(not(loom))]
pub mod theap;
pub mod timed_slots;
#[cfg(not(loom))]
pub mod timer;
#[cfg(not(loom))]
pub mod waiting;
