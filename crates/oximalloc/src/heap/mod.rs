//! Heaps, their threads' parts, and the lives of threads and of the process.
//!
//! A *theap* is one thread's part of a heap. In front of its pages it has, for each bin, a stack of free blocks: an
//! allocation pops one, a free pushes one, and neither touches the page or its record.
#[cfg(not(loom))]
pub mod collect;
#[cfg(not(loom))]
pub mod deferred;
#[cfg(not(loom))]
pub mod depot;
#[cfg(not(loom))]
pub mod empty;
#[cfg(not(loom))]
pub mod end;
#[cfg(not(loom))]
pub mod figures;
#[cfg(not(loom))]
pub mod fork;
#[cfg(not(loom))]
pub mod give;
#[cfg(not(loom))]
pub mod guarded;
pub mod hold;
#[cfg(not(loom))]
pub mod holes;
#[cfg(not(loom))]
pub mod idle;
#[cfg(not(loom))]
pub mod index;
#[cfg(not(loom))]
pub mod life;
#[cfg(not(loom))]
pub mod pages;
#[cfg(not(loom))]
pub mod parts;
#[cfg(not(loom))]
pub mod record;
#[cfg(not(loom))]
pub mod records;
#[cfg(not(loom))]
pub mod remote;
pub mod row;
pub mod shown;
#[cfg(not(loom))]
pub mod single;
pub mod slots;
#[cfg(not(loom))]
pub mod spare;
#[cfg(not(loom))]
pub mod stack;
#[cfg(not(loom))]
pub mod step;
#[cfg(not(loom))]
pub mod subproc;
#[cfg(not(loom))]
pub mod supply;
#[cfg(not(loom))]
pub mod theap;
#[cfg(not(loom))]
pub mod totals;
#[cfg(not(loom))]
pub mod validate;
#[cfg(not(loom))]
pub mod visit;
#[cfg(not(loom))]
pub mod warm;
