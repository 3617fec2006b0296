//! Guarded blocks: which allocations of a theap get one. An inaccessible OS page follows the end of a guarded block.

use oximalloc::raw::heaps::{self, Theap};

/// The theap at `theap`.
///
/// # Safety
/// `theap` is null or a theap.
#[cold]
unsafe fn given<'a>(theap: *const Theap) -> &'a Theap {
    // SAFETY: the caller's promise; theaps are never unmapped.
    unsafe { theap.as_ref() }.unwrap_or_else(|| Theap::current())
}

/// Guards one in `sample_rate` allocations, beginning with the `seed`th (0: with any of the first `sample_rate`). A
/// rate of 0 guards none. The theap must be one of the calling thread's; otherwise an error is reported, and nothing
/// happens.
///
/// # Safety
/// `theap` is null or a theap.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_theap_guarded_set_sample_rate(theap: *const Theap, sample_rate: usize, seed: usize) {
    // SAFETY: the caller's promise is the same.
    heaps::theap_set_sample_rate(unsafe { given(theap) }, sample_rate, seed);
}

/// Guards only allocations of `min` to `max` bytes.
///
/// # Safety
/// As [`mi_theap_guarded_set_sample_rate`].
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_theap_guarded_set_size_bound(theap: *const Theap, min: usize, max: usize) {
    // SAFETY: the caller's promise is the same.
    heaps::theap_set_sample_bounds(unsafe { given(theap) }, min, max);
}
