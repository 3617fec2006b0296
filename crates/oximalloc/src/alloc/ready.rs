//! What the generic path of an allocation begins with, and what it reports if it fails.

use crate::diag::error::error;
use crate::heap::life::lease::Lease;
use crate::heap::life::thread_start::thread_start;
use crate::heap::state::theap::Theap;
use crate::prim::Errno;

/// The largest request, so that pointer differences inside a block fit `ptrdiff_t`.
pub const SIZE_MAX: usize = isize::MAX as usize;

/// The theap to allocate from. The calling thread gets its own if it has none yet, or if its default was taken away
/// (another thread destroyed its heap).
#[inline(always)]
pub fn ready(theap: &Theap) -> Option<Lease> {
    match Lease::of(theap) {
        None => thread_start(),
        lease => lease,
    }
}

/// Report that there is no memory for a block.
#[cold]
pub fn out_of_memory(size: usize) {
    error(Errno::ENOMEM, format_args!("malloc: out of memory: the system gives no more for a block of {size} bytes"));
}

/// Report that no block is so large.
#[cold]
pub fn too_large(size: usize) {
    error(Errno::ENOMEM, format_args!("malloc: a size of {size} bytes is over the limit of {SIZE_MAX} (PTRDIFF_MAX)"));
}

/// What a reallocation wants beyond the size.
#[derive(Clone, Copy)]
pub struct Want {
    /// The alignment of the address plus the offset; a power of two.
    pub align: usize,
    /// Bytes from the start of the block to the byte that is aligned.
    pub offset: usize,
    /// Bytes beyond the former usable size are zero.
    pub zero: bool,
}

/// Nothing beyond the size.
pub const PLAIN: Want = Want { align: 1, offset: 0, zero: false };
