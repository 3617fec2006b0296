//! Heaps, their threads' parts, and the lives of threads and of the process.
//!
//! A *theap* is one thread's part of a heap. In front of its pages it has a stack of free blocks for each bin. An
//! allocation pops a block, a free pushes one, and neither touches the page or its record.
//!
//! The folders are floors. A file uses its own floor and lower ones.

#[cfg(not(loom))]
pub mod blocks;
#[cfg(not(loom))]
pub mod inspect;
#[cfg(not(loom))]
pub mod life;
pub mod pages;
pub mod state;
