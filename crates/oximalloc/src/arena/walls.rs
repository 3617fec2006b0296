//! Walls, under protection: the last OS page of each span is inaccessible. So a write that runs on from one span into the
//! next ends the program.
//!
//! ```text
//! | slice ...... |##| slice | slice ...... |##| slice ...... |##|
//!   span of one       span of two               span of one
//! ```
//!
//! A wall stays when the span is released. So spans that are claimed again as they were cost no system call. A span that
//! is claimed where shorter ones were has walls inside, which are opened; one that ends where a longer one had its inside
//! gets a wall. One bit for each slice tells whether it ends in a wall. Only the slice's owner changes it, and the wall.
//!
//! Only memory that we reserved ourselves has walls, and not large OS pages. A wall takes two mappings, of which Linux
//! allows a process 65530. Beyond [`MOST`] walls a span has none. That is said once.

use super::region::Arena;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::base::units::SliceIndex;
use crate::diag::error::warning;
use crate::os;
use crate::prim::{Memory, Os};

/// The most walls: 1 GiB in spans of one slice. They leave the program half of the mappings.
const MOST: usize = 16 * 1024;

/// Parts of an arena for spans of several slices: one for each length, and the last for all that are longer.
const HOMES: usize = 16;

static ON: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// From now on each span gets a wall.
pub fn begin_walls() {
    ON.store(true, Ordering::Relaxed);
}

/// Whether spans have walls.
pub(super) fn is_on() -> bool {
    cfg!(feature = "secure") && ON.load(Ordering::Relaxed)
}

/// Count one more wall. Returns false, and counts nothing, if there are already as many as may be.
fn count_one() -> bool {
    let room = COUNT.fetch_add(1, Ordering::Relaxed) < MOST;
    if !room {
        COUNT.fetch_sub(1, Ordering::Relaxed);
        refused();
    }
    room
}

#[cold]
fn refused() {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if !TOLD.swap(true, Ordering::Relaxed) {
        warning(format_args!(
            "secure: there are {MOST} inaccessible OS pages behind blocks, as many as may be; further ones have none"
        ));
    }
}

/// Make the last OS page of a mapping inaccessible. Returns whether it is.
///
/// # Safety
/// - the mapping is the caller's alone, and has `bytes` bytes.
pub(super) unsafe fn wall_mapping(start: *mut u8, bytes: usize) -> bool {
    let page = os::page_size();
    if !is_on() || bytes <= page || !count_one() {
        return false;
    }
    // SAFETY: by the contract.
    unsafe { shut(start.add(bytes - page), page) }
}

/// A mapping that may have a wall is unmapped.
pub(super) fn forget_mapping(walled: bool) {
    if walled {
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }
}

/// # Safety
/// - the OS page is the caller's, and counted as a wall.
unsafe fn shut(at: *mut u8, page: usize) -> bool {
    // SAFETY: by the contract.
    let is_shut = unsafe { Os::protect(at, page) };
    if !is_shut {
        COUNT.fetch_sub(1, Ordering::Relaxed);
        refused();
    }
    is_shut
}

impl Arena {
    /// Whether its spans may have walls.
    fn may_have_walls(&self) -> bool {
        is_on() && self.is_own() && !self.is_pinned() && os::page_size() < SLICE
    }

    fn wall_of(&self, i: usize) -> *mut u8 {
        self.at(SliceIndex(i + 1)).wrapping_sub(os::page_size())
    }

    /// Whether the slice ends in a wall.
    pub(super) fn is_walled(&self, i: usize) -> bool {
        self.walled().all_set(i, 1)
    }

    /// The word where the search for `n` slices begins. With walls, spans of several slices have parts of the arena of
    /// their own, by their length, as long as there is room. So they seldom find walls inside, and leave none behind
    /// where a span of another length ends.
    pub(super) fn home(&self, n: usize) -> usize {
        if n == 1 || !self.may_have_walls() {
            return 0;
        }
        // Half of the arena is for single slices.
        let half = self.words() / 2;
        half + (n - 2).min(HOMES - 1) * half / HOMES
    }

    /// The caller's slices, which are accessible but for walls, become a span: it gets its wall, and the others in it
    /// are opened. Returns false if the system refuses to open one.
    pub(super) fn set_walls(&self, i: SliceIndex, n: usize) -> bool {
        if !self.may_have_walls() {
            return true;
        }
        let (walls, last) = (self.walled(), i.0 + n - 1);
        if n > 1 && !walls.none_set(i.0, n - 1) {
            for at in (i.0..last).filter(|&at| walls.all_set(at, 1)) {
                // SAFETY: an OS page of the caller's slices.
                if !unsafe { Os::commit(self.wall_of(at), os::page_size()) } {
                    return false;
                }
                walls.clear(at, 1);
                COUNT.fetch_sub(1, Ordering::Relaxed);
            }
        }
        // SAFETY: an OS page of the caller's slices.
        if !self.is_walled(last) && count_one() && unsafe { shut(self.wall_of(last), os::page_size()) } {
            walls.set(last, 1);
        }
        true
    }

    /// The caller's slices were made accessible, or inaccessible, or were unmapped, as a whole.
    pub(super) fn forget_walls(&self, i: usize, n: usize) {
        if is_on() {
            COUNT.fetch_sub(self.walled().clear(i, n), Ordering::Relaxed);
        }
    }
}
