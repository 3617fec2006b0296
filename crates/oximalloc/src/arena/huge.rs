//! Where arenas ask for transparent huge pages: in the next part of an arena, once the part before it is full.
//!
//! A huge page costs one fault in place of 512, and what is not used of its 2 MiB. Whether a program uses them is seen
//! in what it did with the memory below: blocks of which one page in many is written, and many threads that each use a
//! little of many pages, leave it sparse. So a part is decided upon when a claim first reaches beyond the part before,
//! and the system is asked how much of a sample is resident. `allow_thp` 2 asks for all, at once.
//!
//! Invariant: a part is decided upon once, before anything of it is handed out; before that it is advised against.

use super::region::Arena;
use crate::base::config::SLICE;
use crate::base::units::{SliceIndex, Slices};
use crate::diag::options::{self, Opt};
use crate::os::{self, LARGE_PAGE, page_size};
use crate::prim::{Memory, Os};

/// The largest part.
const PART_MAX: usize = 32 << 20;
/// The most that is looked at.
const WINDOW: usize = 4 << 20;

/// Whether a new arena asks for huge pages.
fn wanted() -> bool {
    options::get(Opt::AllowThp) >= 2
}

/// Fresh memory of an arena: what the options say of it, and the node that it is to come from.
///
/// # Safety
/// - it consists of whole OS pages of ours, which nobody has touched.
pub(super) unsafe fn begin(start: *mut u8, bytes: usize, node: i32) {
    // SAFETY: by the contract.
    unsafe {
        if options::get(Opt::AllowThp) != 0 {
            Os::advise_huge(start, bytes, wanted());
        }
        os::numa::prefer(start, bytes, node);
    }
}

/// Decide upon the part of an arena from `from` on, for a claim of `n` slices at `i` that ends beyond; says where the part ends.
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

/// Whether half of the OS pages of a window before `end` are resident, of the slices that were used since their last
/// purge. The window ends a quarter of the way before it: what was handed out last is still being filled. Nor does it
/// begin before the half: what was handed out first is a page for each bin, some of which stay sparse.
fn is_dense(arena: &Arena, end: SliceIndex) -> bool {
    let most = Slices::of_bytes(WINDOW.min(page_size() * Os::RESIDENT_MAX)).0;
    let to = end.0 - end.0 / 4;
    let from = to - most.min(end.0 / 4);
    let used = (from..to).filter(|&i| arena.dirty().all_set(i, 1)).count();
    let resident = Os::resident(arena.at(SliceIndex(from)), Slices(to - from).bytes()) * page_size();
    used > 0 && resident >= Slices(used).bytes() / 2
}
