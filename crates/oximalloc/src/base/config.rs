//! Constants that several floors share. Invariant: a slice is a power of two and a multiple of every OS page size in
//! use (4, 16 and 64 KiB).

/// Log2 of [`SLICE`].
pub const SLICE_SHIFT: usize = 16;
/// Bytes of a slice, the unit in which arenas hand out memory.
pub const SLICE: usize = 1 << SLICE_SHIFT;
/// Low bits of an address inside a slice.
pub const SLICE_MASK: usize = SLICE - 1;

/// 2 to the power of `bits`; at most a quarter of all addresses.
pub const fn power(bits: u32) -> usize {
    1 << if bits < usize::BITS - 2 { bits } else { usize::BITS - 2 }
}

/// Bytes of a cache line. A field of this type, which has no bytes, makes the field behind it begin a line.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct Line;
