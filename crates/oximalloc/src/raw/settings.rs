//! Options, by number.

pub use crate::diag::options::{Opt, enabled, get, print, print_to, set, set_default, size};
