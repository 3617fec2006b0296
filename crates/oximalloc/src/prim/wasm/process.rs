//! The program's figures and its end, the clock, standard error, and `errno`.

use super::{Wasm, errno};
use crate::prim::contract::{Errno, Memory, Process, ProcessInfo};
use core::arch::wasm32::memory_size;
#[cfg(target_os = "wasi")]
use {super::Single, super::wasi};

/// What is called at the end.
#[cfg(target_os = "wasi")]
static AT_END: Single<Option<fn()>> = Single::new(None);

#[cfg(target_os = "wasi")]
extern "C" fn end() {
    if let Some(run) = AT_END.get() {
        run();
    }
}

impl Process for Wasm {
    fn info() -> ProcessInfo {
        // The memory never shrinks.
        let bytes = memory_size::<0>().saturating_mul(Wasm::page_size());
        ProcessInfo { elapsed_ms: Self::now_ms(), current_rss: bytes, peak_rss: bytes, ..ProcessInfo::default() }
    }

    /// A module that is alone has no clock.
    #[cfg(not(target_os = "wasi"))]
    #[inline(always)]
    fn now_ms() -> u64 {
        0
    }
    #[cfg(target_os = "wasi")]
    #[inline(never)]
    fn now_ms() -> u64 {
        let mut time = 0;
        // SAFETY: the host writes to a live number.
        unsafe { wasi::clock_time_get(wasi::MONOTONIC, 1_000_000, &mut time) };
        time / 1_000_000
    }

    /// A module that is alone has no end.
    #[cfg(not(target_os = "wasi"))]
    #[inline(always)]
    fn at_end(_run: fn()) {}
    // The C library has room for the first handlers without allocating, and runs the first one last.
    #[cfg(target_os = "wasi")]
    fn at_end(run: fn()) {
        if AT_END.get().is_none() {
            AT_END.set(Some(run));
            // SAFETY: a function of the right type.
            unsafe { libc::atexit(end) };
        }
    }

    #[cfg(not(target_os = "wasi"))]
    #[inline(always)]
    fn nothing_at_end() {}
    #[cfg(target_os = "wasi")]
    fn nothing_at_end() {
        fn nothing() {}
        AT_END.set(Some(nothing));
    }

    #[inline(always)]
    fn keep_stderr() {}

    #[cfg(not(target_os = "wasi"))]
    #[inline(always)]
    fn write_stderr(_bytes: &[u8]) {}
    #[cfg(target_os = "wasi")]
    fn write_stderr(mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (piece, mut written) = (wasi::Piece { start: bytes.as_ptr(), size: bytes.len() }, 0);
            // SAFETY: one live piece of a live slice, and a live number.
            let failed = unsafe { wasi::fd_write(wasi::STDERR, &piece, 1, &mut written) } != 0;
            if failed || written == 0 {
                break;
            }
            bytes = bytes.get(written..).unwrap_or_default();
        }
    }

    fn errno() -> Errno {
        Errno(errno::get())
    }
    fn set_errno(code: Errno) {
        errno::set(code.0);
    }

    fn abort() -> ! {
        core::arch::wasm32::unreachable()
    }
}
