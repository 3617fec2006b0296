//! OpenBSD, version 6.9 or later.

use super::{USUAL, usage, usual};
use crate::prim::contract::{Capabilities, ProcessInfo};
use core::ffi::{c_char, c_int};
use core::ptr;

pub use super::usual::{CANCEL_DISABLE, environment, is_secure, no_file, reset, set_tag};
pub use libc::__errno as errno_place;

pub const CAPABILITIES: Capabilities = USUAL;
pub const RESERVE_FLAGS: c_int = 0;
/// The address is a wish, which is granted if it can be.
pub const PLACE_FLAGS: c_int = 0;
/// Memory that is mapped counts as data.
pub const LIMITS: [Option<i32>; 2] = [None, Some(libc::RLIMIT_DATA)];

pub fn overcommits() -> bool {
    true
}

/// The system does not tell any more.
pub fn resident(_p: *const u8, _bytes: usize, _pages: &mut [c_char]) -> bool {
    false
}

pub fn now_ms() -> u64 {
    usage::clock_ms(libc::CLOCK_MONOTONIC)
}

pub fn info() -> ProcessInfo {
    let mut info = usage::info(1024);
    // SAFETY: all-zero bytes are a valid record of numbers.
    let mut record: libc::kinfo_proc = unsafe { core::mem::zeroed() };
    let mut size = size_of_val(&record);
    // SAFETY: no memory is passed.
    let own = unsafe { libc::getpid() };
    let name = [libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_PID, own, size as c_int, 1];
    // SAFETY: the call fills in at most that many bytes.
    let done = unsafe { libc::sysctl(name.as_ptr(), 6, (&raw mut record).cast(), &mut size, ptr::null_mut(), 0) } == 0;
    if done {
        info.current_rss = usual::pages(u64::try_from(record.p_vm_rssize).unwrap_or(0));
        info.elapsed_ms = usage::since(record.p_ustart_sec * 1000 + u64::from(record.p_ustart_usec) / 1000);
    }
    info
}

pub fn is_first_thread() -> bool {
    // SAFETY: no memory is passed.
    unsafe { libc::pthread_main_np() == 1 }
}

pub fn random(bytes: &mut [u8]) -> bool {
    // SAFETY: fills in bytes of a live slice, at most 256. It does not wait.
    unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) == 0 }
}
