//! Error numbers as C has them: in `errno`, or as the return value of a function.

use core::ffi::c_int;
use oximalloc::raw::process::{Errno, Os, Process};

pub use oximalloc::raw::process::{Errno as Code, keep_errno as kept};

/// [`Errno::EINVAL`] as C functions return it.
pub const EINVAL: c_int = Errno::EINVAL.0;
/// [`Errno::ENOMEM`] as C functions return it.
pub const ENOMEM: c_int = Errno::ENOMEM.0;
/// [`Errno::EOVERFLOW`] as C functions return it.
pub const EOVERFLOW: c_int = Errno::EOVERFLOW.0;

/// Set `errno`.
pub fn set(code: Errno) {
    Os::set_errno(code);
}

/// 0, or the error number.
pub fn number<T>(result: Result<T, Errno>) -> c_int {
    result.err().map_or(0, |code| code.0)
}
