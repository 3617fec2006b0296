//! DragonFly BSD, version 5.8 or later.

use super::{USUAL, usage, usual};
use crate::prim::contract::{Capabilities, ProcessInfo};
use core::ffi::{c_char, c_int};
use core::ptr;

pub use super::usual::{CANCEL_DISABLE, environment, is_secure, no_file, reset, set_tag};
pub use libc::__errno_location as errno_place;

pub const CAPABILITIES: Capabilities = USUAL;
pub const RESERVE_FLAGS: c_int = 0;
/// The address is a wish, which is granted if it can be.
pub const PLACE_FLAGS: c_int = 0;
pub const LIMITS: [Option<i32>; 2] = [Some(libc::RLIMIT_AS), Some(libc::RLIMIT_DATA)];

pub fn overcommits() -> bool {
    true
}

pub fn resident(p: *const u8, bytes: usize, pages: &mut [c_char]) -> bool {
    // SAFETY: writes one byte for each page of a range that need not be mapped.
    unsafe { libc::mincore(p.cast(), bytes, pages.as_mut_ptr()) == 0 }
}

pub fn now_ms() -> u64 {
    usage::clock_ms(libc::CLOCK_MONOTONIC_FAST)
}

pub fn info() -> ProcessInfo {
    let mut info = usage::info(1024);
    // SAFETY: all-zero bytes are a valid record of numbers and addresses.
    let mut record: libc::kinfo_proc = unsafe { core::mem::zeroed() };
    // SAFETY: no memory is passed.
    let name = [libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_PID, unsafe { libc::getpid() }];
    let mut size = size_of_val(&record);
    // SAFETY: the call fills in at most that many bytes.
    let done = unsafe { libc::sysctl(name.as_ptr(), 4, (&raw mut record).cast(), &mut size, ptr::null(), 0) } == 0;
    if done {
        info.current_rss = usual::pages(u64::try_from(record.kp_vm_rssize).unwrap_or(0));
        info.elapsed_ms = usage::since(usage::milliseconds(&record.kp_start));
    }
    info
}

pub fn is_first_thread() -> bool {
    // SAFETY: no memory is passed.
    unsafe { libc::pthread_main_np() == 1 }
}

pub fn random(bytes: &mut [u8]) -> bool {
    // SAFETY: fills in bytes of a live slice.
    let filled = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    usize::try_from(filled) == Ok(bytes.len())
}
