//! What Rust programs see: the global allocator, heaps, options and statistics as values.
mod global;
mod heap;
pub mod options;
pub mod stats;

pub use global::Oximalloc;
pub use heap::Heap;

/// Give memory that the calling thread holds back to its pages, and let empty pages go. With `force`, all memory that
/// is free in any arena goes back to the operating system at once.
///
/// ```
/// drop(vec![0u8; 1 << 20]);
/// oximalloc::collect(true);
/// ```
pub fn collect(force: bool) {
    crate::raw::collect(force);
}
