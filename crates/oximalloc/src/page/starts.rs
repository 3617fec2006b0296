//! Numbers that tell by one multiplication whether a block starts at an address.

/// `ceil(2^64 / d)`. A number n < 2^32 is a multiple of d exactly when `n * inverse(d)` mod 2^64 is below `inverse(d)`
/// (Lemire, Kaser, Kurz: Faster remainder by direct computation, 2019).
pub const fn inverse(d: usize) -> u64 {
    (u64::MAX / d as u64).wrapping_add(1)
}

/// The same with 32 bits, for offsets below 2^16.
pub const fn inverse32(d: usize) -> u32 {
    (u32::MAX / d as u32).wrapping_add(1)
}

/// The bound for blocks of `d` bytes in the first `room` bytes of a slice: for n < 2^16, `n * inverse32(d)` mod 2^32 is
/// below the bound exactly when a block starts at offset `n`. If the last multiple of `d` there has no room for a whole
/// block, the bound is the product of that multiple, which is larger than that of all lower multiples. (For powers of
/// two the products are all 0, so their blocks may start anywhere in the slice.)
pub const fn bound32(d: usize, room: usize) -> u32 {
    let rest = inverse32(d).wrapping_mul(d as u32);
    if rest == 0 { inverse32(d) } else { (room / d) as u32 * rest }
}
