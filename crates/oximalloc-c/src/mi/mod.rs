//! The functions named `mi_*`, by family.

pub mod aligned;
pub mod allocate;
pub mod arenas;
pub mod guarded;
pub mod heap_aligned;
pub mod heap_allocate;
pub mod heaps;
pub mod new;
pub mod posix;
pub mod query;
pub mod release;
pub mod settings;
pub mod stats;
mod stats_fields;
pub mod stats_get;
pub mod stats_json;
pub mod stats_layout;
pub mod subprocs;
pub mod text;
pub mod theaps;
pub mod usable;
pub mod visits;
