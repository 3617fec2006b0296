//! Pages: slices that hold blocks of one size class.
//!
//! - `bins`: the size classes.
//! - `record`: the record of a page; `starts`: where its blocks start; `block`: a free block.
//! - `word`: the one atomic word about a page that threads share.
//! - `label`: the heap and the theap that a page belongs to.
//! - `supply`: what an owner does with all free blocks of its page.
//! - `holes`: OS pages of a page in use that went back to the system.
//! - `chain`: records that belong to one thread; `shared_list`: a list of pages that any thread may push to.
//! - `damage`: what is said of damaged free blocks.
//! - `keys`, `tag`: what a block looks like under protection.
//! - `pool`: unused records of any kind; `record_pool`: unused page records.
pub mod bins;
#[cfg(not(loom))]
pub mod block;
pub mod chain;
#[cfg(not(loom))]
mod damage;
#[cfg(not(loom))]
mod holes;
#[cfg(not(loom))]
pub mod keys;
pub mod label;
pub mod pool;
#[cfg(not(loom))]
pub mod record;
#[cfg(not(loom))]
pub mod record_pool;
pub mod shared_list;
#[cfg(not(loom))]
pub mod starts;
#[cfg(not(loom))]
pub mod supply;
#[cfg(not(loom))]
pub mod tag;
pub mod word;

#[cfg(not(loom))]
pub use record::Page;
