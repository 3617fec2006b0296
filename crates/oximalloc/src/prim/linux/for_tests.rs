//! Mappings that the allocator never makes, and what else tests must know of the system.

use core::ptr;

/// Whether a process always has page faults to tell of.
pub const COUNTS_FAULTS: bool = true;

/// `errno`, as the C library tells it.
pub fn c_errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Make a mapping read-only.
///
/// # Safety
/// - it is the caller's.
pub unsafe fn make_read_only(p: *mut u8, size: usize) {
    // SAFETY: by the contract.
    assert_eq!(unsafe { libc::mprotect(p.cast(), size, libc::PROT_READ) }, 0);
}

/// A mapping whose contents are those of a file. They come back after the memory was given back.
pub fn of_a_file(size: usize) -> *mut u8 {
    let (prot, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping that replaces none.
    let p = unsafe { libc::mmap(ptr::null_mut(), size, prot, flags, -1, 0) };
    assert_ne!(p, libc::MAP_FAILED);
    p.cast()
}
