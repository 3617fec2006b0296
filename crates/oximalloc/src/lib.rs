//! oximalloc: a general purpose memory allocator that uses free list sharding.
//!
//! As the allocator of a Rust program:
//!
//! ```
//! #[global_allocator]
//! static A: oximalloc::Oximalloc = oximalloc::Oximalloc;
//!
//! let v: Vec<u64> = (0..1000).collect();
//! assert_eq!(v.iter().sum::<u64>(), 499_500);
//! ```
//!
//! With the crate's feature `secure`, `Oximalloc::new().secure(2)` protects the program against misuse of memory
//! ([`Oximalloc::secure`](struct@Oximalloc#method.secure)).
//!
//! The folders are floors, listed bottom up: `base`, `prim`, `diag`, `os` and `bitmap`, `arena`, `page`, `heap`,
//! `alloc`, `api`. A file uses only its own floor and lower ones.
#![cfg_attr(not(test), no_std)]

// The shadow model refers to this crate by name. Unit tests share it with integration tests.
#[cfg(all(test, not(loom)))]
extern crate self as oximalloc;

mod base;

#[cfg(not(loom))]
mod alloc;
#[cfg(not(loom))]
mod api;
#[cfg(not(loom))]
mod arena;
mod bitmap;
#[cfg(not(loom))]
mod diag;
mod heap;
#[cfg(not(loom))]
mod os;
mod page;
#[cfg(not(loom))]
mod prim;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod raw;

/// What this crate's own tests use. Not for users: it may change with any version.
#[cfg(all(not(loom), any(test, feature = "internals")))]
#[doc(hidden)]
pub mod internals {
    pub use crate::alloc::{aligned, empty, find, free, malloc, realloc};
    pub use crate::arena::{map, slice_class, totals as arena_totals};
    pub use crate::base::config;
    pub use crate::diag::options;
    pub use crate::heap::{inspect, life, pages, state};
    pub use crate::os::page_size;
    pub use crate::page::{Page, bins, bins::Bin, chain, shared_list, word};
    pub use crate::prim::{Memory, Os};
}

#[cfg(not(loom))]
pub use api::{Heap, Oximalloc};
#[cfg(not(loom))]
pub use api::{collect, options, stats};
