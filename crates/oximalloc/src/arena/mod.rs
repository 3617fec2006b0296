//! Memory in slices, from arenas or directly from the system.
//!
//! The files, from the lowest up. Each uses only those before it:
//! - `span`: what is handed out. `backing`: what lies under an arena. `extent`: which of its slices are mapped.
//!   `reuse`: how much may wait for its purge.
//! - `region`: one arena and its record. `huge`: when an arena asks for transparent huge pages. `slices`: how slices
//!   are claimed, freed and purged. `mapping`: how slices are unmapped and mapped again.
//! - `slice_class`: from an address to a bin. `table`: all arenas. `purge`: how their memory goes back. `from_arenas`:
//!   spans of existing arenas. `map`: from an address to a record.
//! - `source`: which arenas a claim may use. `meta`: memory for records. `direct`: spans that are mappings of their
//!   own. `grow`: how another arena is reserved. `gigantic`, `reserve`: arenas that somebody asks for. `show`: prints
//!   arenas.
//! - `claim`: how other floors claim spans, change and release them.

mod backing;
mod claim;
mod direct;
mod extent;
mod from_arenas;
mod gigantic;
mod grow;
mod huge;
pub mod map;
mod mapping;
pub mod meta;
mod purge;
mod region;
mod reserve;
mod reuse;
mod show;
pub mod slice_class;
mod slices;
mod source;
mod span;
mod table;
mod walls;

pub use backing::CommitFun;
pub use claim::{claim, claim_os, extend, may_protect, may_purge_parts, may_shrink, release, remap_os, shrink, totals};
pub use from_arenas::in_use;
pub use gigantic::{interleave, reserve_huge};
pub use grow::{fork_child, min_size};
pub use purge::{delay as purge_delay, much_waits, purge_all, tick};
pub use reserve::{Given, init, manage, reserve};
pub use show::print;
pub use slices::begin_protecting;
pub use source::{ArenaRef, Source, area, contains, hand_over, is_in_region, min_alignment, subproc_totals};
pub use span::{Origin, Span};
pub use table::destroy_all;
pub use walls::begin_walls;

#[cfg(test)]
mod tests;
