//! NetBSD, version 9 or later.

use super::{USUAL, usage, usual};
use crate::prim::contract::{Capabilities, ProcessInfo};
use core::ffi::{c_char, c_int};
use core::ptr;

pub use super::usual::{CANCEL_DISABLE, environment, is_secure, no_file, reset, set_tag};
pub use libc::__errno as errno_place;

pub const CAPABILITIES: Capabilities = USUAL;
pub const RESERVE_FLAGS: c_int = libc::MAP_NORESERVE;
/// The address is a wish that the system grants if it can, also where it otherwise places nothing by itself.
pub const PLACE_FLAGS: c_int = libc::MAP_TRYFIXED;
pub const LIMITS: [Option<i32>; 2] = [Some(libc::RLIMIT_AS), Some(libc::RLIMIT_DATA)];

pub fn overcommits() -> bool {
    true
}

pub fn resident(p: *const u8, bytes: usize, pages: &mut [c_char]) -> bool {
    // SAFETY: writes one byte for each page of a range that need not be mapped.
    unsafe { libc::mincore(p.cast_mut().cast(), bytes, pages.as_mut_ptr()) == 0 }
}

pub fn now_ms() -> u64 {
    usage::clock_ms(libc::CLOCK_MONOTONIC)
}

pub fn info() -> ProcessInfo {
    let mut info = usage::info(1024);
    // SAFETY: all-zero bytes are a valid record of numbers.
    let mut record: libc::kinfo_proc2 = unsafe { core::mem::zeroed() };
    let mut size = size_of_val(&record);
    // SAFETY: no memory is passed.
    let own = unsafe { libc::getpid() };
    let name = [libc::CTL_KERN, libc::KERN_PROC2, libc::KERN_PROC_PID, own, size as c_int, 1];
    // SAFETY: the call fills in at most that many bytes.
    let done = unsafe { libc::sysctl(name.as_ptr(), 6, (&raw mut record).cast(), &mut size, ptr::null(), 0) } == 0;
    if done {
        info.current_rss = usual::pages(u64::try_from(record.p_vm_rssize).unwrap_or(0));
        info.elapsed_ms = usage::since(u64::from(record.p_ustart_sec) * 1000 + u64::from(record.p_ustart_usec) / 1000);
    }
    info
}

pub fn is_first_thread() -> bool {
    // SAFETY: no memory is passed.
    unsafe { libc::_lwp_self() == 1 }
}

/// The kernel's stream of random numbers, of which a call gives at most 256 bytes. It does not wait.
pub fn random(bytes: &mut [u8]) -> bool {
    let name = [libc::CTL_KERN, libc::KERN_ARND];
    let mut size = bytes.len();
    // SAFETY: fills in bytes of a live slice.
    let done = unsafe { libc::sysctl(name.as_ptr(), 2, bytes.as_mut_ptr().cast(), &mut size, ptr::null(), 0) } == 0;
    done && size == bytes.len()
}
