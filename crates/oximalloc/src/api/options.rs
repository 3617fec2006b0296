//! Options by call. Each option can also be set in the environment, as `MIMALLOC_` followed by its name in upper case.
//! The environment is read once, at the start.
//!
//! ```
//! use oximalloc::options::{self, Opt};
//!
//! options::set(Opt::PurgeDelay, 100); // milliseconds
//! assert_eq!(options::get(Opt::PurgeDelay), 100);
//! ```
pub use crate::diag::options::{Opt, enabled, get, set, set_default, set_enabled};
