//! Constants that several floors share. Invariant: a slice is a power of two and a multiple of every OS page size in
//! use (4, 16 and 64 KiB).

/// Log2 of [`SLICE`].
pub const SLICE_SHIFT: usize = 16;
/// Bytes of a slice, the unit in which arenas hand out memory.
pub const SLICE: usize = 1 << SLICE_SHIFT;
/// Low bits of an address inside a slice.
pub const SLICE_MASK: usize = SLICE - 1;
