//! What the system tells of this process: time, memory, faults. Also standard error, `errno`, and the end.

use super::{Windows, errno, loader};
use crate::base::sync::{AtomicPtr, Ordering};
use crate::prim::contract::{Errno, Process, ProcessInfo};
use core::ffi::c_void;
use core::mem::zeroed;
use core::ptr::{self, null_mut};
use windows_sys::Win32::Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle, FILETIME, HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Storage::FileSystem::WriteFile;
use windows_sys::Win32::System::Console::{GetStdHandle, STD_ERROR_HANDLE};
use windows_sys::Win32::System::Diagnostics::Debug::RaiseFailFastException;
use windows_sys::Win32::System::ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS};
use windows_sys::Win32::System::SystemInformation::{GetSystemTimePreciseAsFileTime, GetTickCount64};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessTimes, TerminateProcess};

/// A duplicate of standard error, or null.
static KEPT: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

impl Process for Windows {
    fn info() -> ProcessInfo {
        let mut info = ProcessInfo::default();
        errno::keep(|| {
            // SAFETY: the calls fill in records of numbers, for which zeros are fine.
            unsafe {
                let this = GetCurrentProcess();
                let [mut began, mut ended, mut system, mut user, mut now]: [FILETIME; 5] = zeroed();
                if GetProcessTimes(this, &mut began, &mut ended, &mut system, &mut user) != 0 {
                    GetSystemTimePreciseAsFileTime(&mut now);
                    info.elapsed_ms = milliseconds(now).saturating_sub(milliseconds(began));
                    info.user_ms = milliseconds(user);
                    info.system_ms = milliseconds(system);
                }
                let mut memory: PROCESS_MEMORY_COUNTERS = zeroed();
                memory.cb = size_of_val(&memory) as u32;
                if K32GetProcessMemoryInfo(this, &mut memory, memory.cb) != 0 {
                    info.current_rss = memory.WorkingSetSize;
                    info.peak_rss = memory.PeakWorkingSetSize;
                    // The system counts all faults together.
                    info.page_reclaims = memory.PageFaultCount.into();
                }
            }
        });
        info.peak_rss = info.peak_rss.max(info.current_rss);
        info
    }

    #[inline(never)]
    fn now_ms() -> u64 {
        // SAFETY: no memory is passed.
        unsafe { GetTickCount64() }
    }

    fn at_end(run: fn()) {
        loader::at_end(run);
    }

    fn nothing_at_end() {
        loader::nothing_at_end();
    }

    fn keep_stderr() {
        errno::keep(|| {
            let mut copy = null_mut();
            // SAFETY: the call makes a new handle for what another one stands for, and fails if that is none.
            let done = unsafe {
                let this = GetCurrentProcess();
                DuplicateHandle(this, GetStdHandle(STD_ERROR_HANDLE), this, &mut copy, 0, 0, DUPLICATE_SAME_ACCESS)
            };
            if done != 0 {
                KEPT.store(copy, Ordering::Relaxed);
            }
        });
    }

    fn write_stderr(bytes: &[u8]) {
        errno::keep(|| {
            // SAFETY: no memory is passed.
            let now = unsafe { GetStdHandle(STD_ERROR_HANDLE) };
            let rest = write(now, bytes);
            if rest.len() == bytes.len() {
                write(KEPT.load(Ordering::Relaxed), bytes);
            }
        });
    }

    fn errno() -> Errno {
        Errno(errno::get())
    }

    fn set_errno(code: Errno) {
        errno::set(code.0);
    }

    fn abort() -> ! {
        loop {
            // SAFETY: the first call ends the process, and has the system report that. The second one would end it if
            // that did not.
            unsafe {
                RaiseFailFastException(ptr::null(), ptr::null(), 0);
                TerminateProcess(GetCurrentProcess(), 3);
            }
        }
    }
}

/// Write to a file. Returns what could not be written.
fn write(file: HANDLE, mut bytes: &[u8]) -> &[u8] {
    if file.is_null() || file == INVALID_HANDLE_VALUE {
        return bytes;
    }
    while !bytes.is_empty() {
        let (most, mut written) = (bytes.len().min(1 << 30) as u32, 0);
        // SAFETY: the system only reads that many bytes from a live slice, and tells how many it took.
        let done = unsafe { WriteFile(file, bytes.as_ptr(), most, &mut written, null_mut()) };
        if done == 0 || written == 0 {
            break;
        }
        bytes = bytes.get(written as usize..).unwrap_or_default();
    }
    bytes
}

/// The system counts in units of 100 nanoseconds.
fn milliseconds(time: FILETIME) -> u64 {
    (u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)) / 10_000
}
