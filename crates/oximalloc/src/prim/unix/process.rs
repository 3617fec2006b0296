//! The process: its end, standard error, `errno`. What it has used is told by the system's own file.
//!
//! Invariant: no call here is a cancellation point, because a cancelled thread would unwind through the allocator.

use super::{Unix, errno, system};
use crate::base::sync::{AtomicI32, AtomicPtr, Ordering};
use crate::prim::contract::{Errno, Process, ProcessInfo};
use core::ffi::c_int;
use core::ptr::null_mut;

/// A `fn()`, or null.
static AT_END: AtomicPtr<()> = AtomicPtr::new(null_mut());

pub(super) extern "C" fn end() {
    let run = AT_END.load(Ordering::Relaxed);
    if !run.is_null() {
        // SAFETY: only `at_end` and `nothing_at_end` store, and they store a `fn()`.
        unsafe { core::mem::transmute::<*mut (), fn()>(run)() }
    }
}

// macOS has no such list. There, what runs at load registers `end`.
#[cfg(not(target_vendor = "apple"))]
#[used]
#[unsafe(link_section = ".fini_array")]
static END: extern "C" fn() = end;

/// A duplicate of standard error, or -1.
static KEPT: AtomicI32 = AtomicI32::new(-1);

unsafe extern "C" {
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// Run calls that may be cancellation points, while the thread cannot be cancelled.
pub(super) fn uncancelled<T>(calls: impl FnOnce() -> T) -> T {
    let mut before = 0;
    // SAFETY: the call fills in a live number.
    let is_set = unsafe { pthread_setcancelstate(system::CANCEL_DISABLE, &mut before) } == 0;
    let result = calls();
    if is_set {
        let mut ours = 0;
        // SAFETY: as above; the state was the thread's own.
        unsafe { pthread_setcancelstate(before, &mut ours) };
    }
    result
}

impl Process for Unix {
    fn info() -> ProcessInfo {
        let mut info = errno::keep(system::info);
        // The system may update the peak lazily, so the present figure may be ahead of it.
        info.peak_rss = info.peak_rss.max(info.current_rss);
        info
    }

    #[inline(never)]
    fn now_ms() -> u64 {
        system::now_ms()
    }

    fn at_end(run: fn()) {
        // Relaxed: it is a function's address, which publishes nothing else.
        let _ = AT_END.compare_exchange(null_mut(), run as *mut (), Ordering::Relaxed, Ordering::Relaxed);
    }

    fn nothing_at_end() {
        fn nothing() {}
        AT_END.store(nothing as fn() as *mut (), Ordering::Relaxed);
    }

    fn keep_stderr() {
        errno::keep(|| {
            // SAFETY: makes a new descriptor. Its number is beyond those that programs choose themselves.
            let fd = unsafe { libc::fcntl(libc::STDERR_FILENO, libc::F_DUPFD_CLOEXEC, 200) };
            if fd >= 0 {
                KEPT.store(fd, Ordering::Relaxed);
            }
        });
    }

    fn write_stderr(bytes: &[u8]) {
        errno::keep(|| uncancelled(|| write(bytes)));
    }

    fn errno() -> Errno {
        Errno(errno::get())
    }

    fn set_errno(code: Errno) {
        errno::set(code.0);
    }

    fn abort() -> ! {
        // SAFETY: ends the process.
        unsafe { libc::abort() }
    }
}

fn write(mut bytes: &[u8]) {
    let mut fd = libc::STDERR_FILENO;
    while !bytes.is_empty() {
        // SAFETY: the kernel only reads `bytes.len()` bytes from a live slice.
        let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(written) {
            Err(_) if errno::get() == libc::EBADF && fd == libc::STDERR_FILENO => {
                fd = KEPT.load(Ordering::Relaxed);
                if fd < 0 {
                    break;
                }
            }
            Ok(n) if n > 0 => bytes = bytes.get(n..).unwrap_or_default(),
            Err(_) if errno::get() == libc::EINTR => {}
            _ => break,
        }
    }
}
