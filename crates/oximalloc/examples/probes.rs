//! Functions of a line each, to see what the allocator becomes where it is inlined into a Rust program.
//!
//! `cargo xtask golden` counts their instructions. To read them:
//!
//! ```text
//! cargo xtask golden
//! objdump --no-show-raw-insn --disassemble=probe_alloc_64 target/probes/examples/probes
//! ```
use std::alloc::{GlobalAlloc, Layout};
use std::hint::black_box;

#[global_allocator]
static A: oximalloc::Oximalloc = oximalloc::Oximalloc;

// SAFETY (of the names): no other symbol begins with `probe_`.

const SMALL: Layout = Layout::new::<[u64; 8]>();
const MIDDLE: Layout = Layout::new::<[u64; 256]>();

/// A layout that the compiler knows nothing of.
fn layout(size: usize, align: usize) -> Layout {
    // SAFETY: `main` gives those of a layout.
    unsafe { Layout::from_size_align_unchecked(size, align) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_alloc_64() -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { A.alloc(SMALL) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_alloc_2048() -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { A.alloc(MIDDLE) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_alloc_any(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { A.alloc(layout(size, align)) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_zeroed_64() -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { A.alloc_zeroed(SMALL) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_zeroed_any(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the size is not 0.
    unsafe { A.alloc_zeroed(layout(size, align)) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_realloc_64_128(p: *mut u8) -> *mut u8 {
    // SAFETY: `main` gives a block of that layout.
    unsafe { A.realloc(p, SMALL, 128) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_dealloc_64(p: *mut u8) {
    // SAFETY: `main` gives a block of that layout.
    unsafe { A.dealloc(p, SMALL) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_dealloc_any(p: *mut u8, size: usize, align: usize) {
    // SAFETY: `main` gives a block of that layout.
    unsafe { A.dealloc(p, layout(size, align)) }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_box_new(value: u64) -> *mut u64 {
    Box::into_raw(Box::new(value))
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_box_drop(p: *mut u64) {
    // SAFETY: `main` gives what `probe_box_new` made.
    drop(unsafe { Box::from_raw(p) });
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_vec_16() -> *mut u64 {
    Vec::with_capacity(16).leak().as_mut_ptr()
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn probe_vec_drop(p: *mut u64) {
    // SAFETY: `main` gives what `probe_vec_16` made.
    drop(unsafe { Vec::from_raw_parts(p, 0, 16) });
}

fn main() {
    let (size, align) = black_box((SMALL.size(), SMALL.align()));
    probe_dealloc_64(black_box(probe_alloc_64()));
    probe_dealloc_64(black_box(probe_zeroed_64()));
    probe_dealloc_any(black_box(probe_alloc_2048()), MIDDLE.size(), MIDDLE.align());
    probe_dealloc_any(black_box(probe_alloc_any(size, align)), size, align);
    probe_dealloc_any(black_box(probe_zeroed_any(size, align)), size, align);
    probe_dealloc_any(black_box(probe_realloc_64_128(probe_alloc_64())), size * 2, align);
    probe_box_drop(black_box(probe_box_new(black_box(7))));
    probe_vec_drop(black_box(probe_vec_16()));
}
