//! Memory in slices: from arenas, or from the system directly.
//!
//! The files, from the lowest up; each uses those before it alone:
//! - `span`: what is handed out; `backing`: what lies under an arena; `extent`: which of it is mapped; `reuse`: how much may
//!   wait for its purge;
//! - `region`: one arena, its record; `huge`: when transparent huge pages are asked for; `slices`: how its slices are claimed,
//!   freed and purged; `mapping`: how they are given back, addresses and all, and mapped again;
//! - `slice_class`: leads from an address to a bin; `table`: all arenas; `purge`: how their memory goes back;
//!   `from_arenas`: spans of those that there are; `map`: leads from an address to a record;
//! - `source`: which arenas a claim may use; `meta`: memory for records; `direct`: mappings of their own; `grow`: how one more
//!   arena is reserved; `gigantic` and `reserve`: those that somebody asks for; `show`: prints them;
//! - `claim`: what others ask for, and what becomes of it.

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

#[cfg(test)]
mod tests;
