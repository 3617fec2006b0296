//! Messages: where they go, and who is told of errors.

pub use crate::diag::error::{error, register_error};
pub use crate::diag::output::{Sink, register as register_output};
pub use crate::diag::print::process as print_process;
