//! A library that is loaded while a program runs, and unloaded, with an allocator of its own. `tests/program_end.rs` does that.

#[global_allocator]
static A: oximalloc::Oximalloc = oximalloc::Oximalloc;

/// Allocate and free; returns the number of bytes in use while it ran.
#[unsafe(no_mangle)]
pub extern "C" fn plugin_use(n: usize) -> usize {
    let blocks: Vec<Vec<u8>> = (0..n).map(|i| vec![i as u8; i * 37 + 1]).collect();
    blocks.iter().map(Vec::len).sum()
}
