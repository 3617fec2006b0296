//! Mappings that the allocator never makes, and what else tests must know of the system.

use core::ffi::c_int;
use core::ptr;
use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP_ALL_ACCESS, MapViewOfFile, PAGE_READONLY, PAGE_READWRITE, VirtualProtect,
};

/// Whether a process always has page faults to tell of. Emulators of this system do not count them.
pub const COUNTS_FAULTS: bool = false;

unsafe extern "C" {
    fn _get_errno(value: *mut c_int) -> c_int;
}

/// `errno`, as the C library tells it.
pub fn c_errno() -> i32 {
    let mut value = 0;
    // SAFETY: the call fills in the number.
    assert_eq!(unsafe { _get_errno(&mut value) }, 0);
    value
}

/// Make a mapping read-only.
///
/// # Safety
/// - it is the caller's.
pub unsafe fn make_read_only(p: *mut u8, size: usize) {
    let mut before = 0;
    // SAFETY: by the contract.
    assert_ne!(unsafe { VirtualProtect(p.cast(), size, PAGE_READONLY, &mut before) }, 0);
}

/// A mapping whose contents are those of a file. They come back after the memory was given back.
pub fn of_a_file(size: usize) -> *mut u8 {
    let (high, low) = ((size >> 32) as u32, size as u32);
    // SAFETY: a new mapping that replaces none.
    let p = unsafe {
        let file = CreateFileMappingW(INVALID_HANDLE_VALUE, ptr::null(), PAGE_READWRITE, high, low, ptr::null());
        MapViewOfFile(file, FILE_MAP_ALL_ACCESS, 0, 0, size).Value
    };
    assert!(!p.is_null());
    p.cast()
}
