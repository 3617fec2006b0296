//! illumos.

use super::process::uncancelled;
use super::{USUAL, usage, usual};
use crate::prim::contract::{Capabilities, ProcessInfo};
use core::ffi::{c_char, c_int};
use core::mem::{MaybeUninit, offset_of};

pub use super::usual::{CANCEL_DISABLE, environment, is_secure, no_file, reset, set_tag};
pub use libc::___errno as errno_place;

/// On x86-64 a program has the upper half of the addresses too, and the system maps things there by itself. We take no
/// such addresses.
pub const CAPABILITIES: Capabilities = USUAL;
/// Without MAP_NORESERVE, memory that is writable counts against the swap space at once. So a program does not die of
/// touching it.
pub const RESERVE_FLAGS: c_int = 0;
/// The address is a wish, which is granted if it can be.
pub const PLACE_FLAGS: c_int = 0;
pub const LIMITS: [Option<i32>; 2] = [Some(libc::RLIMIT_AS), Some(libc::RLIMIT_DATA)];

pub fn overcommits() -> bool {
    false
}

pub fn resident(p: *const u8, bytes: usize, pages: &mut [c_char]) -> bool {
    // SAFETY: writes one byte for each page of a range that need not be mapped.
    unsafe { libc::mincore(p.cast_mut().cast(), bytes, pages.as_mut_ptr()) == 0 }
}

pub fn now_ms() -> u64 {
    unsafe extern "C" {
        /// Nanoseconds, without a system call.
        safe fn gethrtime() -> i64;
    }
    u64::try_from(gethrtime() / 1_000_000).unwrap_or(0)
}

/// The beginning of `/proc/self/psinfo`.
#[repr(C)]
struct Record {
    flag: c_int,
    threads: c_int,
    processes: [c_int; 4],
    users: [c_int; 4],
    address: usize,
    /// In KiB, as the next.
    size: usize,
    resident: usize,
}

const _: () = assert!(offset_of!(Record, resident) == 56);

/// The system counts the peak of resident memory in pages. When the process began is not asked.
pub fn info() -> ProcessInfo {
    let mut info = usage::info(usual::pages(1) as u64);
    if let Some(record) = uncancelled(read) {
        info.current_rss = record.resident.saturating_mul(1024);
    }
    info
}

fn read() -> Option<Record> {
    let mut record = MaybeUninit::<Record>::zeroed();
    // SAFETY: a C string; the call fills in bytes of a live record, any of which are numbers; the descriptor is ours.
    unsafe {
        let file = libc::open(c"/proc/self/psinfo".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if file < 0 {
            return None;
        }
        let got = libc::read(file, record.as_mut_ptr().cast(), size_of::<Record>());
        libc::close(file);
        (usize::try_from(got) == Ok(size_of::<Record>())).then(|| record.assume_init())
    }
}

pub fn is_first_thread() -> bool {
    // SAFETY: no memory is passed. Threads are numbered from 1.
    unsafe { libc::pthread_self() == 1 }
}

pub fn random(bytes: &mut [u8]) -> bool {
    // SAFETY: fills in bytes of a live slice.
    let filled = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    usize::try_from(filled) == Ok(bytes.len())
}
