//! Pages: some slices that hold blocks of one size class. `bins` are the size classes, `word` the one atomic word
//! that threads share about a page, `label` whose it is, `stack` a list of pages that any thread may push to, `pool`
//! records in no use, `holes` what goes back to the system of a page that is in use.
pub mod bins;
#[cfg(not(loom))]
pub mod block;
#[cfg(not(loom))]
mod holes;
pub mod label;
pub mod pool;
#[cfg(not(loom))]
pub mod record;
pub mod stack;
pub mod word;

#[cfg(not(loom))]
pub use bins::Bin;
#[cfg(not(loom))]
pub use record::Page;
