//! The functions named `mi_*`, by family.

pub mod aligned;
pub mod allocate;
pub mod heap;
pub mod new;
pub mod posix;
pub mod query;
pub mod release;
pub mod settings;
pub mod stats;
pub mod stats_get;
pub mod stats_json;
pub mod stats_layout;
pub mod text;
pub mod usable;
