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

/// The theap to allocate `size` bytes from. None, and it is reported, if no block is so large or there is no memory.
#[inline(always)]
pub fn ready_for(theap: &Theap, size: usize) -> Option<Lease> {
    if size > SIZE_MAX {
        too_large(size);
        return None;
    }
    let lease = ready(theap);
    if lease.is_none() {
        out_of_memory(size);
    }
    lease
}

/// Whether a block of `size` bytes may have that alignment. If not, that is reported.
pub fn may_align(size: usize, align: usize) -> bool {
    let may = size <= SIZE_MAX - align.min(SIZE_MAX);
    if !may {
        error(
            Errno::ENOMEM,
            format_args!("aligned allocation: {size} bytes aligned to {align} are over the limit of {SIZE_MAX}"),
        );
    }
    may
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
