//! When arenas ask for transparent huge pages: not before a program is large, unless `allow_thp` is 2.
//!
//! Invariant: the turn from small to large is taken once; arenas reserved later ask from the start.

use super::table;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicBool, Ordering};
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;

/// Slices in use from which on a program is large: 64 MiB.
const LARGE: usize = (64 << 20) / SLICE;
/// And for each of its threads: 16 MiB. Many threads that each use a little of many pages look large by their slices,
/// and huge pages would make all of it resident.
const LARGE_BY_THREAD: usize = (16 << 20) / SLICE;

static GROWN: AtomicBool = AtomicBool::new(false);

/// Whether a new arena asks for huge pages.
pub(super) fn wanted() -> bool {
    options::get(Opt::AllowThp) >= 2 || GROWN.load(Ordering::Relaxed)
}

/// Note how many slices are in use.
#[inline]
pub(super) fn note(in_use: usize) {
    if in_use > LARGE
        && !GROWN.load(Ordering::Relaxed)
        && dense(in_use)
        && !GROWN.swap(true, Ordering::Relaxed)
        && options::get(Opt::AllowThp) == 1
    {
        table::all().for_each(|arena| arena.advise_rest(true));
    }
}

fn dense(in_use: usize) -> bool {
    let threads = PROCESS.threads.snapshot().current.max(1) as usize;
    in_use / threads >= LARGE_BY_THREAD
}
