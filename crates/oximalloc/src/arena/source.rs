//! Where memory may come from, and how arenas are named: by their numbers inside, by their addresses (ids) outside.
//!
//! Invariant: an address becomes an [`ArenaRef`] only if the table has it, so any address may be asked about.

use super::region::{self, Arena};
use super::span::Totals;
use super::{map, purge, table};
use crate::base::config::SLICE;
use crate::base::units::Slices;
use crate::diag::options::{self, Opt};
use crate::os;
use core::ffi::c_void;
use core::num::NonZeroU32;

/// An arena in the table. It stays there until all arenas are destroyed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArenaRef(NonZeroU32);

/// Where the memory of a heap may come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// The subprocess. Those of its arenas that are not exclusive are used. Any number but `u32::MAX`.
    pub subproc: u32,
    /// If set, memory comes only from this arena, whosever it is, and never from the system.
    pub arena: Option<ArenaRef>,
    /// The NUMA node that is tried first; -1: none.
    pub numa: i32,
}

impl Source {
    /// The main subprocess, any arena, any node.
    pub const MAIN: Source = Source { subproc: region::MAIN, arena: None, numa: -1 };

    /// The node whose arenas are tried first, or -1.
    #[inline]
    pub(super) fn node(&self) -> i32 {
        match self.numa {
            node if node >= 0 => node,
            _ if options::enabled(Opt::ArenaIsNumaLocal) && os::numa::nodes() > 1 => os::numa::current(),
            _ => -1,
        }
    }
}

impl ArenaRef {
    pub(super) fn of(arena: &Arena) -> ArenaRef {
        ArenaRef(NonZeroU32::MIN.saturating_add(arena.index() as u32))
    }

    pub(super) fn region(self) -> Option<&'static Arena> {
        table::arena(self.0.get() as usize - 1)
    }

    /// The arena with that id. None if no arena has it.
    pub fn from_id(id: *const c_void) -> Option<ArenaRef> {
        table::all().find(|arena| arena.start().cast_const().cast() == id).map(ArenaRef::of)
    }

    /// Its id, which names it outside: its address.
    pub fn id(self) -> *mut c_void {
        self.region().map_or(core::ptr::null_mut(), |arena| arena.start().cast())
    }

    /// Its first byte and its size. Its record takes a part at the start.
    pub fn area(self) -> Option<(*mut u8, usize)> {
        self.region().map(|arena| (arena.start(), arena.bytes()))
    }

    /// Whether an address lies in it.
    pub fn contains(self, p: *const u8) -> bool {
        self.region().is_some_and(|arena| arena.contains(p))
    }

    /// The subprocess that it belongs to.
    pub fn subproc(self) -> u32 {
        self.region().map_or(0, Arena::subproc)
    }

    /// Whether only those who ask for it get memory from it.
    pub fn is_exclusive(self) -> bool {
        self.region().is_some_and(Arena::is_exclusive)
    }

    /// The NUMA node that its memory comes from, or -1.
    pub fn numa(self) -> i32 {
        self.region().map_or(-1, Arena::numa)
    }

    /// Its totals at the moment. `pending` and `direct` are not counted for a single arena, and are 0.
    pub fn totals(self) -> Totals {
        self.region().map_or(Totals::default(), |arena| {
            let free = (arena.free_slices() + arena.gone_slices()).min(arena.slices());
            let record = Arena::record_slices(arena.slices());
            Totals {
                arenas: 1,
                reserved: arena.present_bytes(),
                committed: arena.committed_bytes(),
                in_use: Slices((arena.slices() - record).saturating_sub(free)).bytes(),
                ..Totals::default()
            }
        })
    }
}

/// The arenas of a subprocess, or of all (None), in the order in which they are searched.
pub fn arenas(subproc: Option<u32>) -> impl Iterator<Item = ArenaRef> {
    table::all().filter(move |arena| subproc.is_none_or(|s| arena.subproc() == s)).map(ArenaRef::of)
}

/// The totals of a subprocess's arenas.
pub fn subproc_totals(subproc: u32) -> Totals {
    arenas(Some(subproc)).map(ArenaRef::totals).fold(Totals::default(), |sum, one| Totals {
        arenas: sum.arenas + one.arenas,
        reserved: sum.reserved + one.reserved,
        committed: sum.committed + one.committed,
        in_use: sum.in_use + one.in_use,
        ..sum
    })
}

/// Where an arena's memory is, and how much. None if no arena has that id.
pub fn area(id: *const c_void) -> Option<(*mut u8, usize)> {
    ArenaRef::from_id(id)?.area()
}

/// Whether an address lies in the arena with that id. False if no arena has it.
pub fn contains(id: *const c_void, p: *const u8) -> bool {
    ArenaRef::from_id(id).is_some_and(|arena| arena.contains(p))
}

/// Memory that is given to us is used from the first multiple of this on. Bytes before that are not used.
pub fn min_alignment() -> usize {
    SLICE
}

/// Whether an address lies in any arena, or in a mapping of its own that holds blocks.
pub fn is_in_region(p: *const u8) -> bool {
    table::all().any(|arena| arena.contains(p)) || !map::get(p).is_null()
}

/// A subprocess has ended. Its arenas are the main subprocess's from now on, and what is free in them goes back to the
/// system.
pub fn hand_over(subproc: u32) {
    for arena in table::all().filter(|arena| arena.subproc() == subproc) {
        arena.hand_to(Source::MAIN.subproc);
        purge::purge_free(arena);
    }
}
