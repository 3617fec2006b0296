//! Spans of slices, which are what is handed out, and the totals of memory.
//!
//! Invariant: a slice belongs to at most one [`Span`] at a time.

/// Where a span is from: an arena's number, or the system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin(u32);

impl Origin {
    /// A mapping of its own.
    pub const OS: Origin = Origin(0);
    /// A mapping of its own that consists of large OS pages. It does not grow.
    pub(super) const LARGE: Origin = Origin(u32::MAX);

    /// True for a mapping of its own that can be given a new size.
    pub fn is_os(self) -> bool {
        self == Origin::OS
    }

    /// The number of the arena that it is from, if any.
    pub fn arena(self) -> Option<usize> {
        if self == Origin::LARGE { None } else { (self.0 as usize).checked_sub(1) }
    }

    /// The arena with that number.
    pub(super) fn of_arena(index: usize) -> Origin {
        Origin(index as u32 + 1)
    }
}

/// Adjacent slices, which the holder may use as it likes until they are released.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The first byte, at a multiple of a slice.
    pub start: *mut u8,
    /// How many slices.
    pub slices: usize,
    /// All bytes were zero when the span was claimed.
    pub zero: bool,
    /// Where it goes back to.
    pub origin: Origin,
    /// Its last OS page is inaccessible (`walls`).
    pub walled: bool,
}

/// How much memory there is at the moment, in bytes (except for `arenas`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Number of arenas.
    pub arenas: usize,
    /// Address space of all arenas.
    pub reserved: usize,
    /// How much of that counts as committed.
    pub committed: usize,
    /// Handed out from arenas.
    pub in_use: usize,
    /// Free and waiting to be purged.
    pub pending: usize,
    /// Handed out as mappings of their own.
    pub direct: usize,
}
