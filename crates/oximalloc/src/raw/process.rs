//! The process and its system.

pub use crate::os::page_size;
pub use crate::prim::{Errno, Os, Process, ProcessInfo, keep_errno};
