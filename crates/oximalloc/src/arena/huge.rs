//! Where arenas ask for transparent huge pages: in the next part of an arena, once the part before it is full.
//!
//! A huge page saves 511 of 512 faults, but wastes what the program does not use of its 2 MiB. How densely a program
//! uses memory shows in the parts before: they stay sparse if it writes only one OS page in many of a block, or if many
//! threads each use a little of many pages. So the decision about a part is made when a claim first reaches beyond the
//! part before. The system then tells how much of a sample is resident. `allow_thp` 2 asks for huge pages everywhere,
//! at once.
//!
//! Invariant: a part is decided upon once, before any of it is handed out. Until then the arena advises against huge
//! pages.

use super::region::Arena;
use crate::base::config::SLICE;
use crate::base::units::{SliceIndex, Slices};
use crate::diag::options::{self, Opt};
use crate::os::{self, LARGE_PAGE, page_size};
use crate::prim::{Memory, Os};

/// The largest part.
const PART_MAX: usize = 32 << 20;
/// The most bytes that are sampled.
const WINDOW: usize = 4 << 20;

/// Whether a new arena asks for huge pages.
fn wanted() -> bool {
    options::get(Opt::AllowThp) >= 2
}

/// Tell the system how to treat fresh memory of an arena: what the options say of huge pages, and its NUMA node.
///
/// # Safety
/// - the memory consists of whole OS pages of ours, which nobody has touched.
pub(super) unsafe fn begin(start: *mut u8, bytes: usize, node: i32) {
    // SAFETY: by the contract.
    unsafe {
        if options::get(Opt::AllowThp) != 0 {
            Os::advise_huge(start, bytes, wanted());
        }
        os::numa::prefer(start, bytes, node);
    }
}

/// Decide upon the part of an arena that begins at `from`, for a claim of `n` slices at `i` that ends behind `from`.
/// Returns where the part ends.
#[cold]
pub(super) fn decide(arena: &Arena, from: SliceIndex, i: SliceIndex, n: usize) -> SliceIndex {
    let end = SliceIndex(i.0 + n);
    let part = (from.bytes() / 8).clamp(LARGE_PAGE, PART_MAX);
    let start = arena.at(from);
    let to = (arena.at(end).addr().max(start.addr() + part)).next_multiple_of(LARGE_PAGE);
    let bytes = (to - start.addr()).min(arena.bytes() - from.bytes());
    let wanted = os::capabilities().advise_huge
        && options::get(Opt::AllowThp) == 1
        && options::get(Opt::PageCommitOnDemand) == 0;
    if wanted && arena.is_own() && !arena.is_pinned() && is_dense(arena, from) {
        let (first, end) = (from.0, from.0 + bytes / SLICE);
        let ours = i.0.max(first);
        arena.widest(ours, end.min(i.0 + n) - ours, (first, end), |from, to| {
            // SAFETY: inside our reservation, and mapped.
            unsafe { Os::advise_huge(arena.at(SliceIndex(from)), Slices(to - from).bytes(), true) }
        });
    }
    SliceIndex(from.0 + bytes / SLICE)
}

/// Whether half of the OS pages in a window before `end` are resident. Only slices that were used since their last
/// purge count. The window leaves out the last quarter before `end`, because what was handed out last is still being
/// filled. It also leaves out the first half, because the first slices are one page for each bin, and some of these
/// stay sparse.
fn is_dense(arena: &Arena, end: SliceIndex) -> bool {
    let most = Slices::of_bytes(WINDOW.min(page_size() * Os::RESIDENT_MAX)).0;
    let to = end.0 - end.0 / 4;
    let from = to - most.min(end.0 / 4);
    let used = (from..to).filter(|&i| arena.dirty().all_set(i, 1)).count();
    let resident = Os::resident(arena.at(SliceIndex(from)), Slices(to - from).bytes()) * page_size();
    used > 0 && resident >= Slices(used).bytes() / 2
}
