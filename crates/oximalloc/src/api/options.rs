//! Options by call. Each can also be set by the environment, as `MIMALLOC_` and its name in upper case, which is read
//! once, at the start.
//!
//! ```
//! use oximalloc::options::{self, Opt};
//!
//! options::set(Opt::PurgeDelay, 100); // milliseconds
//! assert_eq!(options::get(Opt::PurgeDelay), 100);
//! ```
pub use crate::diag::options::{Opt, enabled, get, set, set_default, set_enabled};
