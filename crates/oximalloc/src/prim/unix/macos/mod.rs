//! macOS and the other systems of Apple.

mod slot;

use super::{USUAL, process, usage};
use crate::base::sync::{AtomicI32, Ordering};
use crate::prim::contract::{Capabilities, ProcessInfo};
use core::ffi::{c_char, c_int, c_void};
use core::mem::{MaybeUninit, zeroed};

pub use libc::__error as errno_place;
pub use slot::{load, store, tag};

pub const CAPABILITIES: Capabilities = USUAL;
pub const RESERVE_FLAGS: c_int = libc::MAP_NORESERVE;
/// Without MAP_FIXED, an address is a wish, which is granted if it can be.
pub const PLACE_FLAGS: c_int = 0;
pub const LIMITS: [Option<i32>; 2] = [Some(libc::RLIMIT_AS), Some(libc::RLIMIT_DATA)];
pub const CANCEL_DISABLE: c_int = 0;

/// The tag by which tools (`vmmap`) tell our memory from other memory.
static TAG: AtomicI32 = AtomicI32::new(100);

/// The tag, in the place that the manual gives it.
pub fn no_file() -> c_int {
    TAG.load(Ordering::Relaxed) << 24
}

pub fn set_tag(tag: u8) {
    TAG.store(i32::from(tag), Ordering::Relaxed);
}

pub fn overcommits() -> bool {
    true
}

/// The system counts such pages as free at once, where plain `MADV_FREE` leaves them in the figures of tools.
pub unsafe fn reset(p: *mut u8, size: usize) -> bool {
    // SAFETY: drops contents that nobody needs.
    unsafe {
        libc::madvise(p.cast(), size, libc::MADV_FREE_REUSABLE) == 0
            || libc::madvise(p.cast(), size, libc::MADV_FREE) == 0
    }
}

pub fn resident(p: *const u8, bytes: usize, pages: &mut [c_char]) -> bool {
    // SAFETY: writes one byte for each page of a range that need not be mapped.
    unsafe { libc::mincore(p.cast(), bytes, pages.as_mut_ptr()) == 0 }
}

pub fn now_ms() -> u64 {
    usage::clock_ms(libc::CLOCK_MONOTONIC_RAW_APPROX)
}

pub fn info() -> ProcessInfo {
    unsafe extern "C" {
        /// The right to ask about this process. The system sets it before anything runs.
        static mach_task_self_: libc::mach_port_t;
    }
    let mut info = usage::info(1);
    // SAFETY: all-zero bytes are valid records of numbers.
    let (mut task, mut record): (libc::mach_task_basic_info, libc::proc_bsdinfo) = unsafe { (zeroed(), zeroed()) };
    let mut count = libc::MACH_TASK_BASIC_INFO_COUNT;
    // SAFETY: the calls fill in no more than the records have.
    unsafe {
        let done = libc::task_info(mach_task_self_, libc::MACH_TASK_BASIC_INFO, (&raw mut task).cast(), &mut count);
        if done == libc::KERN_SUCCESS {
            info.current_rss = task.resident_size as usize;
        }
        let size = size_of_val(&record) as c_int;
        let got =
            libc::proc_pidinfo(libc::getpid(), libc::PROC_PIDTBSDINFO, 0, (&raw mut record).cast::<c_void>(), size);
        if got == size {
            info.elapsed_ms = usage::since(record.pbi_start_tvsec * 1000 + record.pbi_start_tvusec / 1000);
        }
    }
    info
}

/// A library may not name the C library's own variable here.
pub fn environment() -> *const *const c_char {
    // SAFETY: the function returns the address of the variable, or null.
    let list = unsafe { libc::_NSGetEnviron() };
    if list.is_null() {
        return core::ptr::null();
    }
    // SAFETY: read once as a whole word.
    unsafe { list.read_volatile() }.cast_const().cast()
}

pub fn is_secure() -> bool {
    // SAFETY: no memory is passed.
    unsafe { libc::issetugid() != 0 }
}

pub fn is_first_thread() -> bool {
    // SAFETY: no memory is passed.
    unsafe { libc::pthread_main_np() == 1 }
}

pub fn random(bytes: &mut [u8]) -> bool {
    // SAFETY: fills in bytes of a live slice, at most 256. It does not wait.
    unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) == 0 }
}

/// What runs at load. The end is told of by `atexit`: the loader of today's systems runs no list at the end. Handlers run
/// in the order opposite to that in which they were registered, so ours comes late, as it was registered before the
/// program's.
extern "C" fn loaded() {
    // SAFETY: a function of the right type. The library stays, see below.
    unsafe { libc::atexit(process::end) };
    stay();
}

/// Keep the library loaded that contains this code: threads have the destructor of `slot` to run.
fn stay() {
    let mut own = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: the address of a function of ours. The record names the file it is in, and the last call loads nothing.
    unsafe {
        if libc::dladdr(loaded as *const c_void, own.as_mut_ptr()) != 0 {
            let name = own.assume_init().dli_fname;
            libc::dlopen(name, libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE);
        }
    }
}

crate::by_system!(at_load: loaded);
