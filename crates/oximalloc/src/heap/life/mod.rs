//! Beginnings and ends of threads, heaps and the process, and the work that is done now and then.
#[cfg(not(loom))]
pub mod collect;
#[cfg(not(loom))]
pub mod fork;
#[cfg(not(loom))]
pub mod heap_end;
#[cfg(not(loom))]
pub mod heap_start;
#[cfg(not(loom))]
pub mod heartbeat;
#[cfg(not(loom))]
pub mod lease;
#[cfg(not(loom))]
pub mod parked;
#[cfg(not(loom))]
pub mod process;
#[cfg(not(loom))]
pub mod subproc_life;
#[cfg(not(loom))]
pub mod surrender;
#[cfg(not(loom))]
pub mod theaps;
#[cfg(not(loom))]
pub mod thread_end;
#[cfg(not(loom))]
pub mod thread_start;
