//! For statistics: how many blocks moved between pages and the theaps of one heap. Each theap has these counts, and
//! the heap has them for all theaps that have left it.

use crate::base::sync::{AtomicU64, Ordering};

/// The counts. Zero is none.
#[repr(C)]
pub struct Moved {
    /// Blocks taken from pages.
    taken: AtomicU64,
    /// Blocks given back to pages of any theap.
    given: AtomicU64,
}

/// Only the owner writes, so no read-modify-write is needed.
#[inline]
fn add(cell: &AtomicU64, n: usize) {
    cell.store(cell.load(Ordering::Relaxed) + n as u64, Ordering::Relaxed);
}

impl Moved {
    /// Nothing.
    pub(super) const fn new() -> Moved {
        Moved { taken: AtomicU64::new(0), given: AtomicU64::new(0) }
    }

    /// The theap's thread took blocks from a page.
    #[inline]
    pub fn count_taken(&self, n: usize) {
        add(&self.taken, n);
    }

    /// The theap's thread gave blocks back.
    #[inline]
    pub fn count_given(&self, n: usize) {
        add(&self.given, n);
    }

    /// Blocks taken so far.
    #[inline]
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Blocks given so far.
    #[inline]
    pub fn given(&self) -> u64 {
        self.given.load(Ordering::Relaxed)
    }

    /// How many more blocks were taken than given.
    pub fn held(&self) -> i64 {
        self.taken().wrapping_sub(self.given()) as i64
    }

    /// Any thread may count blocks that it gave back.
    pub fn add_given(&self, n: u64) {
        self.given.fetch_add(n, Ordering::Relaxed);
    }

    /// Count all blocks that were taken as given. Returns how many were taken.
    pub fn settle(&self) -> u64 {
        let taken = self.taken();
        self.given.store(taken, Ordering::Relaxed);
        taken
    }

    /// The theap of these counts leaves: add its counts to `all`. In this order, what was given is counted twice for a
    /// moment, and what was taken not at all; see `peak::gather`.
    pub fn hand_over(&self, all: &Moved) {
        let (taken, given) = (self.taken(), self.given());
        if given != 0 {
            all.given.fetch_add(given, Ordering::Relaxed);
            self.given.store(0, Ordering::Relaxed);
        }
        if taken != 0 {
            self.taken.store(0, Ordering::Relaxed);
            all.taken.fetch_add(taken, Ordering::Relaxed);
        }
    }

    /// Add another's counts, which start again from zero. Any thread may count there meanwhile.
    pub fn absorb(&self, other: &Moved) {
        for (mine, theirs) in [(&self.taken, &other.taken), (&self.given, &other.given)] {
            let n = theirs.swap(0, Ordering::Relaxed);
            if n != 0 {
                mine.fetch_add(n, Ordering::Relaxed);
            }
        }
    }
}
