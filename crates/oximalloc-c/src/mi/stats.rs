//! Statistics, options and the process's figures, as text through a callback or on stderr.

use crate::mi::settings::Output;
use core::ffi::c_void;
use core::ptr::null_mut;
use oximalloc::diag::options;
use oximalloc::diag::output::Sink;
use oximalloc::diag::print;
use oximalloc::prim::process;
use oximalloc::raw;

/// Prints the statistics; the argument is there for old programs and not used.
#[unsafe(no_mangle)]
pub extern "C" fn mi_stats_print(_out: *mut c_void) {
    raw::stats_print(None, null_mut());
}

/// Prints the statistics through `out`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_stats_print_out(out: Output, arg: *mut c_void) {
    raw::stats_print(out, arg);
}

/// Prints this thread's statistics through `out`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_thread_stats_print_out(out: Output, arg: *mut c_void) {
    raw::thread_stats_print(out, arg);
}

/// Adds this thread's statistics to those of the process.
#[unsafe(no_mangle)]
pub extern "C" fn mi_stats_merge() {
    raw::stats_merge();
}

/// Sets the statistics back to nothing.
#[unsafe(no_mangle)]
pub extern "C" fn mi_stats_reset() {
    raw::stats_reset();
}

/// Prints the version and the options in force.
#[unsafe(no_mangle)]
pub extern "C" fn mi_options_print() {
    options::print();
}

/// Prints the version and the options in force through `out`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_options_print_out(out: Output, arg: *mut c_void) {
    options::print_to(&Sink::new(out, arg));
}

/// Prints the process's figures.
#[unsafe(no_mangle)]
pub extern "C" fn mi_process_info_print() {
    print::process(&Sink::REGISTERED);
}

/// Prints the process's figures through `out`.
#[unsafe(no_mangle)]
pub extern "C" fn mi_process_info_print_out(out: Output, arg: *mut c_void) {
    print::process(&Sink::new(out, arg));
}

/// The process's figures: times in milliseconds, memory in bytes, faults. A place may be null.
///
/// # Safety
/// Each place is null or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_process_info(
    elapsed_msecs: *mut usize,
    user_msecs: *mut usize,
    system_msecs: *mut usize,
    current_rss: *mut usize,
    peak_rss: *mut usize,
    current_commit: *mut usize,
    peak_commit: *mut usize,
    page_faults: *mut usize,
) {
    let info = process::info();
    let totals = raw::totals();
    let figures = [
        (elapsed_msecs, info.elapsed_ms as usize),
        (user_msecs, info.user_ms as usize),
        (system_msecs, info.system_ms as usize),
        (current_rss, info.current_rss),
        (peak_rss, info.peak_rss),
        (current_commit, totals.committed),
        (peak_commit, totals.peak_committed),
        (page_faults, info.page_faults as usize),
    ];
    for (place, figure) in figures {
        if !place.is_null() {
            // SAFETY: not null, so the caller's promise covers it.
            unsafe { place.write(figure) };
        }
    }
}
