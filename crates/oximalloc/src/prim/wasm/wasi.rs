//! The functions of WASI's first preview that are used here. Each returns an error number, or 0.

/// The clock that never goes back.
pub const MONOTONIC: u32 = 1;
/// Standard error.
pub const STDERR: u32 = 2;

/// A piece of memory that is written.
#[repr(C)]
pub struct Piece {
    /// Its first byte.
    pub start: *const u8,
    /// Its bytes.
    pub size: usize,
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    /// The number of variables, and the bytes of all of them.
    pub fn environ_sizes_get(count: *mut usize, bytes: *mut usize) -> u32;
    /// Stores the strings `NAME=value` at `text`, each with a NUL at its end, and their addresses at `list`.
    pub fn environ_get(list: *mut *mut u8, text: *mut u8) -> u32;
    /// The time in nanoseconds, to `precision` nanoseconds.
    pub fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
    /// Writes pieces, and tells how many bytes were written.
    pub fn fd_write(fd: u32, pieces: *const Piece, count: usize, written: *mut usize) -> u32;
    /// Fills a range with random bytes.
    pub fn random_get(start: *mut u8, size: usize) -> u32;
}
