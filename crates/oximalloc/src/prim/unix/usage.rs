//! Time and memory that the process has used, as far as most of these systems tell it in the same way.

#[cfg(not(target_os = "haiku"))]
use crate::prim::contract::ProcessInfo;

/// The figures of `getrusage`. `unit`: bytes that the peak of resident memory is counted in.
#[cfg(not(target_os = "haiku"))]
pub fn info(unit: u64) -> ProcessInfo {
    let mut info = ProcessInfo::default();
    // SAFETY: all-zero bytes are a valid `rusage`, a plain C struct of integers.
    let mut usage: libc::rusage = unsafe { core::mem::zeroed() };
    // SAFETY: `usage` is a live `rusage` that the call fills in.
    if unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) } == 0 {
        info.user_ms = milliseconds(&usage.ru_utime);
        info.system_ms = milliseconds(&usage.ru_stime);
        info.peak_rss = positive(usage.ru_maxrss).saturating_mul(unit) as usize;
        info.page_faults = positive(usage.ru_majflt);
        info.page_reclaims = positive(usage.ru_minflt);
    }
    info
}

#[cfg(not(target_os = "haiku"))]
fn positive(n: libc::c_long) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A time in milliseconds.
pub fn milliseconds(time: &libc::timeval) -> u64 {
    parts(i64::from(time.tv_sec), i64::from(time.tv_usec) * 1000)
}

fn parts(seconds: i64, nanoseconds: i64) -> u64 {
    let [seconds, nanoseconds] = [seconds, nanoseconds].map(|n| u64::try_from(n).unwrap_or(0));
    seconds.saturating_mul(1000).saturating_add(nanoseconds / 1_000_000)
}

/// Milliseconds of a clock.
#[cfg(not(any(target_os = "haiku", target_os = "illumos")))]
pub fn clock_ms(clock: libc::clockid_t) -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a live `timespec` that the call fills in.
    unsafe { libc::clock_gettime(clock, &mut now) };
    parts(i64::from(now.tv_sec), i64::from(now.tv_nsec))
}

/// Milliseconds since a time of the calendar, which is given in milliseconds too.
#[cfg(not(any(target_os = "haiku", target_os = "illumos")))]
pub fn since(start: u64) -> u64 {
    clock_ms(libc::CLOCK_REALTIME).saturating_sub(start)
}
