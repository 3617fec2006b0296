//! The fixed-seed generators: the same numbers in every run, whatever the allocator.

/// Marsaglia's xorshift of 64 bits.
#[derive(Clone)]
pub struct Xorshift(u64);

impl Xorshift {
    pub const fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    #[inline(always)]
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `n`, which is small; the low bits of an xorshift are its weakest.
    #[inline(always)]
    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 20) % n
    }
}

/// A bijection of 64 bits that scatters: different numbers stay different, neighbours do not stay neighbours.
#[inline(always)]
pub const fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let mixed = mixed ^ (mixed >> 32);
    mixed.wrapping_mul(0xD6E8_FEB8_6659_FD93)
}
