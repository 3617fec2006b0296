//! The functions named `mi_*`, by family.

pub mod aligned;
pub mod allocate;
pub mod guarded;
pub mod new;
pub mod posix;
pub mod query;
pub mod release;
pub mod settings;
pub mod stats;
pub mod text;
pub mod usable;
