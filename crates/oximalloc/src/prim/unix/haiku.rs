//! Haiku, from R1 beta 4 on.

use super::process::uncancelled;
use super::{Unix, usage};
use crate::base::sync::{AtomicI32, Ordering};
use crate::prim::contract::{Capabilities, Process, ProcessInfo};
use core::ffi::{c_char, c_int, c_void};
use core::ptr;

pub use super::usual::{CANCEL_DISABLE, environment, is_secure, no_file, reset, set_tag};
pub use libc::_errnop as errno_place;

pub const CAPABILITIES: Capabilities = super::USUAL;
/// Without it, memory that is reserved counts as used.
pub const RESERVE_FLAGS: c_int = libc::MAP_NORESERVE;
/// The address is a wish, which is granted if it can be.
pub const PLACE_FLAGS: c_int = 0;
pub const LIMITS: [Option<i32>; 2] = [Some(libc::RLIMIT_AS), Some(libc::RLIMIT_DATA)];

pub fn overcommits() -> bool {
    true
}

/// The system does not tell.
pub fn resident(_p: *const u8, _bytes: usize, _pages: &mut [c_char]) -> bool {
    false
}

pub fn now_ms() -> u64 {
    // SAFETY: no memory is passed. The result is in microseconds.
    u64::try_from(unsafe { libc::system_time() } / 1000).unwrap_or(0)
}

/// The system tells neither a peak nor faults, and not when the process began.
pub fn info() -> ProcessInfo {
    let mut info = ProcessInfo::default();
    // SAFETY: all-zero bytes are valid records of numbers.
    let (mut usage, mut area): (libc::rusage, libc::area_info) = unsafe { core::mem::zeroed() };
    // SAFETY: the calls fill in live records.
    unsafe {
        if libc::getrusage(libc::RUSAGE_SELF, &mut usage) == 0 {
            info.user_ms = usage::milliseconds(&usage.ru_utime);
            info.system_ms = usage::milliseconds(&usage.ru_stime);
        }
        let mut next = 0;
        while libc::get_next_area_info(0, &mut next, &mut area) == libc::B_OK {
            info.current_rss = info.current_rss.saturating_add(area.ram_size as usize);
        }
    }
    info
}

/// A thread's number.
fn own() -> libc::thread_id {
    // SAFETY: null stands for the calling thread.
    unsafe { libc::find_thread(ptr::null()) }
}

/// The first thread has the number of the process.
pub fn is_first_thread() -> bool {
    // SAFETY: no memory is passed.
    own() == unsafe { libc::getpid() }
}

pub fn random(bytes: &mut [u8]) -> bool {
    uncancelled(|| {
        // SAFETY: a C string; the call fills in bytes of a live slice; the descriptor is ours.
        unsafe {
            let file = libc::open(c"/dev/urandom".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
            if file < 0 {
                return false;
            }
            let got = libc::read(file, bytes.as_mut_ptr().cast(), bytes.len());
            libc::close(file);
            usize::try_from(got) == Ok(bytes.len())
        }
    })
}

unsafe extern "C" {
    /// A slot for a word of each thread, null at first. Negative if there is none.
    safe fn tls_allocate() -> i32;
    fn tls_get(slot: i32) -> *mut c_void;
    fn tls_set(slot: i32, value: *mut c_void);
}

/// The slot for the thread-local pointer. 0 as long as there is none (the system has the first ones itself): no value has
/// been stored yet.
static SLOT: AtomicI32 = AtomicI32::new(0);

/// The calling thread's word, which starts as null. (The loader of Haiku has no thread-local memory of the initial-exec
/// model. Its own slots need a call, but no memory.)
#[inline(always)]
pub fn load() -> *const u8 {
    // Relaxed: a thread that has stored something has seen it, and for all others the word is null.
    let slot = SLOT.load(Ordering::Relaxed);
    // SAFETY: a slot of ours.
    if slot == 0 { ptr::null() } else { unsafe { tls_get(slot) }.cast_const().cast() }
}

/// Change the calling thread's word.
pub fn store(value: *const u8) {
    if SLOT.load(Ordering::Relaxed) == 0 {
        create_slot();
    }
    // SAFETY: a slot of ours.
    unsafe { tls_set(SLOT.load(Ordering::Relaxed), value.cast_mut().cast()) };
}

/// Make the slot. (If two threads do so at once, one slot is left over.) The process ends if there is none; that is found
/// out at its first allocation.
#[cold]
fn create_slot() {
    let slot = tls_allocate();
    if slot <= 0 {
        Unix::write_stderr(b"mimalloc: the system has no thread-local slot left\n");
        Unix::abort();
    }
    let _ = SLOT.compare_exchange(0, slot, Ordering::Relaxed, Ordering::Relaxed);
}

/// Twice the thread's number, so that it is even.
#[inline(always)]
pub fn tag() -> usize {
    own() as usize * 2
}
