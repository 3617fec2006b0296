//! Pages: some slices that hold blocks of one size class. `bins` are the size classes, `word` the one atomic word
//! that threads share about a page, `label` whose it is, `chain` records that one thread has alone, `shared_list` a list of pages that any thread may push to, `pool`
//! things in no use, `record_pool` page records in no use, `holes` what goes back to the system of a page that is in use.
pub mod bins;
#[cfg(not(loom))]
pub mod block;
pub mod chain;
#[cfg(not(loom))]
mod holes;
pub mod label;
pub mod pool;
#[cfg(not(loom))]
pub mod record;
#[cfg(not(loom))]
pub mod record_pool;
pub mod shared_list;
#[cfg(not(loom))]
mod supply;
pub mod word;

#[cfg(not(loom))]
pub use record::Page;
