//! Heaps, their threads' parts, and the lives of threads and of the process.
//!
//! A *theap* is one thread's part of a heap. In front of its pages it has, for each bin, a stack of free blocks: an
//! allocation pops one, a free pushes one, and neither touches the page or its record.
pub mod collect;
pub mod deferred;
pub mod end;
pub mod figures;
pub mod give;
pub mod hold;
pub mod life;
pub mod pages;
pub mod parts;
pub mod record;
pub mod records;
pub mod subproc;
pub mod supply;
pub mod theap;
pub mod totals;
pub mod validate;
pub mod visit;
