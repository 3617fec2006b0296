//! The error numbers that the allocator reports, with their values on this system.

use super::Os;
use super::contract::{Errno, ErrorNumbers};

impl Errno {
    /// A block was freed twice.
    pub const EAGAIN: Errno = Errno(<Os as ErrorNumbers>::EAGAIN);
    /// Memory of the allocator was overwritten.
    pub const EFAULT: Errno = Errno(<Os as ErrorNumbers>::EFAULT);
    /// An argument makes no sense: a pointer that is not a block, an alignment that is not a power of two.
    pub const EINVAL: Errno = Errno(<Os as ErrorNumbers>::EINVAL);
    /// No memory.
    pub const ENOMEM: Errno = Errno(<Os as ErrorNumbers>::ENOMEM);
    /// A number of bytes that does not fit a word.
    pub const EOVERFLOW: Errno = Errno(<Os as ErrorNumbers>::EOVERFLOW);
    /// Not done within the given time.
    pub const ETIMEDOUT: Errno = Errno(<Os as ErrorNumbers>::ETIMEDOUT);
}
