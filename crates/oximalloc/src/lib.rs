//! oximalloc: a general purpose memory allocator on free list sharding.
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
//! The folders are floors, bottom up: `base`, `prim`, `diag`, `os` and `bitmap`, `arena`, `page`, `heap`,
//! `alloc`, `api`. A file uses its own floor and lower ones.
#![cfg_attr(not(test), no_std)]

// For the shadow model, which unit tests share with integration tests.
#[cfg(all(test, not(loom)))]
extern crate self as oximalloc;

#[doc(hidden)]
pub mod base;

#[cfg(not(loom))]
#[doc(hidden)]
pub mod alloc;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod api;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod arena;
#[doc(hidden)]
pub mod bitmap;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod diag;
#[doc(hidden)]
pub mod heap;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod os;
#[doc(hidden)]
pub mod page;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod prim;
#[cfg(not(loom))]
#[doc(hidden)]
pub mod raw;

#[cfg(not(loom))]
pub use api::{Heap, Oximalloc};
#[cfg(not(loom))]
pub use api::{collect, options, stats};
