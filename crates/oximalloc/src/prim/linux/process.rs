//! What the operating system tells of this process: time, memory, faults. Also the few calls that do not concern
//! memory: standard error, small files, `errno`.
//!
//! Invariant: raw system calls are used where the C library's wrapper is a cancellation point, because a cancelled
//! thread would unwind through the allocator.
use super::{Linux, errno};
use crate::base::sync::{AtomicI32, AtomicPtr, Ordering};
use crate::base::text::number;
use crate::prim::contract::{Errno, Memory, Process, ProcessInfo};
use core::ffi::{CStr, c_int, c_long};
use core::ptr::null_mut;

/// A `fn()`, or null.
static AT_END: AtomicPtr<()> = AtomicPtr::new(null_mut());

extern "C" fn end() {
    let run = AT_END.load(Ordering::Relaxed);
    if !run.is_null() {
        // SAFETY: only `at_end` and `nothing_at_end` store, and they store a `fn()`.
        unsafe { core::mem::transmute::<*mut (), fn()>(run)() }
    }
}

#[used]
#[unsafe(link_section = ".fini_array")]
static END: extern "C" fn() = end;

/// A duplicate of standard error, or -1.
static KEPT: AtomicI32 = AtomicI32::new(-1);

impl Process for Linux {
    fn info() -> ProcessInfo {
        let mut info = ProcessInfo { elapsed_ms: elapsed_ms(), current_rss: resident(), ..ProcessInfo::default() };
        // SAFETY: all-zero bytes are a valid `rusage`, a plain C struct of integers.
        let mut usage: libc::rusage = unsafe { core::mem::zeroed() };
        // SAFETY: `usage` is a live `rusage` that the call fills in.
        if unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) } == 0 {
            info.user_ms = milliseconds(&usage.ru_utime);
            info.system_ms = milliseconds(&usage.ru_stime);
            info.peak_rss = (unsigned(usage.ru_maxrss) as usize).saturating_mul(1024);
            info.page_faults = unsigned(usage.ru_majflt);
            info.page_reclaims = unsigned(usage.ru_minflt);
        }
        // The kernel updates the peak lazily, so the present figure may be ahead of it.
        info.peak_rss = info.peak_rss.max(info.current_rss);
        info
    }

    #[inline(never)]
    fn now_ms() -> u64 {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `now` is a live `timespec` that the call fills in; the clock exists on every Linux in use.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut now) };
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        seconds.saturating_mul(1000).saturating_add(u64::try_from(now.tv_nsec / 1_000_000).unwrap_or(0))
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
        let before = errno::get();
        // Where addresses have 32 bits, the C library's function got another version in 2018.
        // SAFETY: makes a new descriptor. Its number is beyond those that programs choose themselves.
        let fd = unsafe { libc::syscall(libc::SYS_fcntl, libc::STDERR_FILENO, libc::F_DUPFD_CLOEXEC, 200) };
        if fd >= 0 {
            KEPT.store(fd as c_int, Ordering::Relaxed);
        }
        errno::set(before);
    }

    fn write_stderr(mut bytes: &[u8]) {
        let before = errno::get();
        let mut fd = libc::STDERR_FILENO;
        while !bytes.is_empty() {
            // SAFETY: the kernel only reads `bytes.len()` bytes from a live slice.
            let written = unsafe { libc::syscall(libc::SYS_write, fd, bytes.as_ptr(), bytes.len()) };
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
        errno::set(before);
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

/// A file opened for reading, closed when dropped.
pub struct ReadFile(c_int);

impl ReadFile {
    /// Open `path`; `None` when that fails, with `errno` set.
    pub fn open(path: &CStr) -> Option<ReadFile> {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        // SAFETY: `path` ends in a NUL, and the kernel only reads it.
        let fd = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0) };
        if fd < 0 { None } else { Some(ReadFile(fd as c_int)) }
    }

    /// Read the next bytes into `buf`. Returns how many. 0 at the end, and on an error, with `errno` set.
    pub fn read(&mut self, buf: &mut [u8]) -> usize {
        loop {
            // SAFETY: the kernel writes at most `buf.len()` bytes to a live slice that nobody else can see.
            let got = unsafe { libc::syscall(libc::SYS_read, self.0, buf.as_mut_ptr(), buf.len()) };
            match usize::try_from(got) {
                Ok(n) => return n,
                Err(_) if errno::get() == libc::EINTR => {}
                Err(_) => return 0,
            }
        }
    }
}

impl Drop for ReadFile {
    fn drop(&mut self) {
        // SAFETY: the descriptor is open and ours alone; it is not used again.
        unsafe { libc::syscall(libc::SYS_close, self.0) };
    }
}

/// The contents of a small file, as far as `buf` holds them. Nothing if it cannot be read. Leaves `errno` alone.
#[inline(never)]
fn read<'a>(path: &CStr, buf: &'a mut [u8]) -> &'a [u8] {
    let before = errno::get();
    let got = ReadFile::open(path).map_or(0, |mut file| file.read(buf));
    errno::set(before);
    buf.get(..got).unwrap_or_default()
}

/// The number at `place` among the words of `text`. 0 if there is none.
#[inline(never)]
fn number_at(text: &[u8], place: usize) -> u64 {
    text.split(|b| *b == b' ').nth(place).map_or(0, |digits| number(digits).0)
}

/// Bytes resident now, from `/proc/self/statm`: its second number, in pages.
fn resident() -> usize {
    let pages = number_at(read(c"/proc/self/statm", &mut [0; 128]), 1);
    usize::try_from(pages).unwrap_or(usize::MAX).saturating_mul(Linux::page_size())
}

/// Milliseconds since the process started. The kernel tells the start: the 22nd field of `/proc/self/stat`, in clock
/// ticks since the boot. So nothing needs to be noted when a process starts.
fn elapsed_ms() -> u64 {
    let mut buf = [0; 1024];
    // The second field, a name in parentheses, may hold spaces.
    let after_name = read(c"/proc/self/stat", &mut buf).rsplit(|b| *b == b')').next().unwrap_or_default();
    let ticks = number_at(after_name, 20);
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a live `timespec`; no memory is passed to `sysconf`.
    let hz = unsafe {
        libc::clock_gettime(libc::CLOCK_BOOTTIME, &mut now);
        unsigned(libc::sysconf(libc::_SC_CLK_TCK)).max(1)
    };
    let now = unsigned(now.tv_sec).saturating_mul(1000).saturating_add(unsigned(now.tv_nsec) / 1_000_000);
    if ticks == 0 { 0 } else { now.saturating_sub(ticks.saturating_mul(1000) / hz) }
}

fn milliseconds(time: &libc::timeval) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(u64::try_from(time.tv_usec / 1000).unwrap_or(0))
}

fn unsigned(n: c_long) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
