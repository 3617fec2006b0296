//! What the operating system tells of this process: time, memory, faults; and the few calls that speak to it
//! outside memory: standard error, small files, `errno`, the calling thread's identity.
//!
//! Invariants: nothing here allocates, panics or is a cancellation point (the raw system calls are used instead of
//! the C library's wrappers, which would let a cancelled thread unwind through the allocator), and all of it works
//! before the C library's constructors have run. Only the functions that say so change `errno`.
use crate::base::sync::{AtomicI32, AtomicPtr, Ordering};
use crate::base::text::number;
use core::ffi::{CStr, c_int, c_long};
use core::ptr::null_mut;

/// Time and memory used by the process so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Milliseconds since the process started, to a hundredth of a second; 0 where `/proc` cannot be read.
    pub elapsed_ms: u64,
    /// Milliseconds of processor time in user mode, over all threads.
    pub user_ms: u64,
    /// Milliseconds of processor time in the kernel, over all threads.
    pub system_ms: u64,
    /// Bytes of memory resident now; 0 where `/proc` cannot be read.
    pub current_rss: usize,
    /// Bytes of memory resident at most.
    pub peak_rss: usize,
    /// Page faults that read from a device.
    pub page_faults: u64,
    /// Page faults that did not.
    pub page_reclaims: u64,
}

/// Time and memory used by the process so far. Leaves `errno` alone.
pub fn info() -> ProcessInfo {
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

/// Milliseconds of a clock that never goes back. Cheap (no system call) and coarse (some milliseconds).
#[inline(never)]
pub fn now_ms() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a live `timespec` that the call fills in; the clock exists on every Linux in use.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut now) };
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(u64::try_from(now.tv_nsec / 1_000_000).unwrap_or(0))
}

/// A `fn()`, or null.
static AT_END: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// Let `run` be called when the process ends, after `main` and what was registered with `atexit`, or when the library that this
/// is a part of is unmapped. The first call counts.
pub fn at_end(run: fn()) {
    // Relaxed: a function's address, with nothing behind it.
    let _ = AT_END.compare_exchange(null_mut(), run as *mut (), Ordering::Relaxed, Ordering::Relaxed);
}

/// Let nothing be called then, whoever comes first.
pub fn nothing_at_end() {
    fn nothing() {}
    AT_END.store(nothing as fn() as *mut (), Ordering::Relaxed);
}

extern "C" fn end() {
    let run = AT_END.load(Ordering::Relaxed);
    if !run.is_null() {
        // SAFETY: only the two above store, and they store a `fn()`.
        unsafe { core::mem::transmute::<*mut (), fn()>(run)() }
    }
}

#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".fini_array"))]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_term_func"))]
static END: extern "C" fn() = end;

/// A duplicate of standard error, or -1.
static KEPT: AtomicI32 = AtomicI32::new(-1);

/// Keep a way to standard error for a program that closes it before it ends (`ls` and its kin do).
pub fn keep_stderr() {
    let before = errno();
    // SAFETY: makes a new descriptor, out of the way of those that programs number themselves.
    let fd = unsafe { libc::fcntl(libc::STDERR_FILENO, libc::F_DUPFD_CLOEXEC, 200) };
    if fd >= 0 {
        KEPT.store(fd, Ordering::Relaxed);
    }
    set_errno(before);
}

/// Write all of `bytes` to standard error, with one system call where the kernel takes them whole. What cannot be
/// written is dropped. Leaves `errno` alone.
pub fn write_stderr(mut bytes: &[u8]) {
    let before = errno();
    let mut fd = libc::STDERR_FILENO;
    while !bytes.is_empty() {
        // SAFETY: the kernel only reads `bytes.len()` bytes from a live slice.
        let written = unsafe { libc::syscall(libc::SYS_write, fd, bytes.as_ptr(), bytes.len()) };
        match usize::try_from(written) {
            Err(_) if errno() == libc::EBADF && fd == libc::STDERR_FILENO => {
                fd = KEPT.load(Ordering::Relaxed);
                if fd < 0 {
                    break;
                }
            }
            Ok(n) if n > 0 => bytes = bytes.get(n..).unwrap_or_default(),
            Err(_) if errno() == libc::EINTR => {}
            _ => break,
        }
    }
    set_errno(before);
}

/// The calling thread's `errno`.
pub fn errno() -> i32 {
    // SAFETY: the C library returns the address of the calling thread's own variable, valid as long as it runs.
    unsafe { *libc::__errno_location() }
}

/// Set the calling thread's `errno`.
pub fn set_errno(code: i32) {
    // SAFETY: as in `errno`; nobody else has a reference to this thread's variable.
    unsafe { *libc::__errno_location() = code }
}

/// A number that no other live thread has; never 0.
pub fn thread_id() -> usize {
    // SAFETY: no preconditions. A `pthread_t` is the address of an aligned record here, so the low bit is free.
    unsafe { libc::pthread_self() as usize | 1 }
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

    /// Read the next bytes into `buf` and say how many; 0 at the end and on an error, with `errno` set.
    pub fn read(&mut self, buf: &mut [u8]) -> usize {
        loop {
            // SAFETY: the kernel writes at most `buf.len()` bytes to a live slice that nobody else can see.
            let got = unsafe { libc::syscall(libc::SYS_read, self.0, buf.as_mut_ptr(), buf.len()) };
            match usize::try_from(got) {
                Ok(n) => return n,
                Err(_) if errno() == libc::EINTR => {}
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

/// What a small file says, as much of it as `buf` holds; nothing where it cannot be read. Leaves `errno` alone.
#[inline(never)]
fn read<'a>(path: &CStr, buf: &'a mut [u8]) -> &'a [u8] {
    let before = errno();
    let got = ReadFile::open(path).map_or(0, |mut file| file.read(buf));
    set_errno(before);
    buf.get(..got).unwrap_or_default()
}

/// The number at `place` among the words of `text`; 0 where there is none.
#[inline(never)]
fn number_at(text: &[u8], place: usize) -> usize {
    text.split(|b| *b == b' ').nth(place).map_or(0, decimal)
}

/// Bytes resident now, from `/proc/self/statm`: its second number, in pages.
fn resident() -> usize {
    let pages = number_at(read(c"/proc/self/statm", &mut [0; 128]), 1);
    // SAFETY: no preconditions.
    let page_size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages.saturating_mul(usize::try_from(page_size).unwrap_or(0))
}

/// The number that `digits` spell, up to the first byte that is none.
fn decimal(digits: &[u8]) -> usize {
    usize::try_from(number(digits).0).unwrap_or(usize::MAX)
}

/// Now, less the start that the kernel tells: the 22nd field of `/proc/self/stat`, in clock ticks since the boot. So
/// that nothing needs to be noted when a process starts.
fn elapsed_ms() -> u64 {
    let mut buf = [0; 1024];
    // The second field, a name in parentheses, may hold spaces.
    let after_name = read(c"/proc/self/stat", &mut buf).rsplit(|b| *b == b')').next().unwrap_or_default();
    let ticks = number_at(after_name, 20) as u64;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_plausible() {
        let info = info();
        assert!(info.current_rss > 64 * 1024, "{info:?}");
        assert!(info.peak_rss >= info.current_rss, "{info:?}");
        assert!(info.page_reclaims > 0, "{info:?}");
        assert!(now_ms() > 0);
    }

    #[test]
    fn decimal_stops_at_other_bytes() {
        assert_eq!(decimal(b"120\n7"), 120);
        assert_eq!(decimal(b""), 0);
        assert_eq!(decimal(b"99999999999999999999999999"), usize::MAX);
    }

    #[test]
    fn errno_survives() {
        set_errno(77);
        write_stderr(b"");
        let _ = info();
        assert_eq!(errno(), 77);
        assert!(ReadFile::open(c"/nowhere/at/all").is_none());
        assert_eq!(errno(), libc::ENOENT);
    }

    #[test]
    fn threads_differ() {
        let other = std::thread::scope(|s| s.spawn(thread_id).join());
        assert_ne!(other.ok(), Some(thread_id()));
        assert_ne!(thread_id(), 0);
    }
}
