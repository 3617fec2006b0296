//! Errors, warnings and verbose messages: their format, and when they are shown.
//!
//! Three kinds:
//! - an *error* is a request that cannot be met. It is reported, and the caller gets null;
//! - a *misuse* shows that the program has damaged memory or is about to. It ends the program, unless the option
//!   `abort_on_error` says otherwise: going on would turn a bug into a wrong result, or into somebody's way in;
//! - a *foreign pointer* is one that is not from here. Programs do free what another allocator has allocated, and
//!   live, so it is an error like any other unless `abort_on_error` is 2.
//!
//! Invariant: reporting changes nothing but that. It does not retry, or change `errno`. The registered error function
//! hears of each of them, shown or not, before the program ends, except of errors that it caused itself.
use super::hook::Hook;
use super::options::{self, Opt};
use super::output::{Sink, print};
use super::stack::{self, CALLS, Modules};
use crate::base::sync::{AtomicI64, Ordering};
use crate::prim::{Errno, Faults, Memory, Os, Process, Threads, keep_errno};
use core::ffi::c_void;
use core::fmt;
use core::ptr::null_mut;

/// A function that hears of errors. It gets the error number (EINVAL, ENOMEM, ...) and the argument registered with it.
pub type ErrorFun = extern "C" fn(i32, *mut c_void);

static ERROR: Hook = Hook::new();

/// How many errors and warnings were shown so far. Options limit both.
static ERRORS_SHOWN: AtomicI64 = AtomicI64::new(0);
static WARNINGS_SHOWN: AtomicI64 = AtomicI64::new(0);

/// Call `fun` with `arg` for every error from now on. `None`: call nothing.
pub fn register_error(fun: Option<ErrorFun>, arg: *mut c_void) {
    ERROR.register(fun.map_or(null_mut(), |fun| fun as *mut ()), arg);
}

/// Report an error. It is shown if `show_errors` or `verbose` is on, at most `max_errors` times. Then the registered
/// function is called. `args` has no prefix and no newline.
pub fn error(code: Errno, args: fmt::Arguments) {
    report(code, args, false, None);
}

/// Report a misuse, and end the program if `abort_on_error` is on. Then the message is shown in any case.
#[cold]
pub fn misuse(code: Errno, args: fmt::Arguments) {
    report(code, args, options::get(Opt::AbortOnError) >= 1, None);
}

/// As [`misuse`]. The stack of the call follows the message, and what `more` prints.
#[cold]
pub fn misuse_with(code: Errno, args: fmt::Arguments, more: &dyn Fn(&Sink)) {
    report(code, args, options::get(Opt::AbortOnError) >= 1, Some(more));
}

/// Report a pointer that is not from this allocator.
#[cold]
pub fn foreign(args: fmt::Arguments) {
    report(Errno::EINVAL, args, options::get(Opt::AbortOnError) >= 2, None);
}

#[inline(never)]
fn report(code: Errno, args: fmt::Arguments, ends: bool, more: Option<&dyn Fn(&Sink)>) {
    keep_errno(|| {
        let shown = Os::capabilities().reports && (ends || may_show(&ERRORS_SHOWN, Opt::MaxErrors));
        if ends && shown {
            let thread = Os::thread_id() & !1;
            print(format_args!("mimalloc: error: {args} (thread {thread:#x}); the program ends here\n"));
        } else if shown {
            print(format_args!("mimalloc: error: {args}\n"));
        }
        if shown && ((cfg!(feature = "secure") && more.is_some()) || (cfg!(debug_assertions) && ends)) {
            print_details(more);
        }
        if let Some(entered) = ERROR.enter() {
            // SAFETY: `register_error` is the only one to store in this hook, and it stores an `ErrorFun`.
            let fun = unsafe { core::mem::transmute::<*mut (), ErrorFun>(entered.fun) };
            fun(code.0, entered.arg);
        }
        if ends {
            Os::abort();
        }
    });
}

/// What follows the message of a misuse: the stack of the call, and what is known of the block.
#[cold]
#[inline(never)]
fn print_details(more: Option<&dyn Fn(&Sink)>) {
    if cfg!(debug_assertions) {
        // Only sampling with reports makes ready for stacks at the start.
        Os::begin_stacks();
    }
    let mut calls = [0; CALLS];
    stack::walk(&mut calls);
    stack::print(&calls, &Sink::REGISTERED, &mut Modules::new());
    if let Some(more) = more {
        more(&Sink::REGISTERED);
    }
}

/// Whether a report that is not an error of a call may be shown: there is a limit on all errors together. Counts it if
/// so.
pub fn may_tell() -> bool {
    below(&ERRORS_SHOWN, options::get(Opt::MaxErrors))
}

/// Report something odd but harmless. It is shown if `show_errors` or `verbose` is on, at most `max_warnings` times.
#[inline(never)]
pub fn warning(args: fmt::Arguments) {
    if Os::capabilities().reports && may_show(&WARNINGS_SHOWN, Opt::MaxWarnings) {
        print(format_args!("mimalloc: warning: {args}\n"));
    }
}

/// Print what the allocator does, if the option `verbose` is at least `level`.
pub fn verbose(level: i64, args: fmt::Arguments) {
    if Os::capabilities().reports && options::get(Opt::Verbose) >= level {
        print(format_args!("mimalloc: {args}\n"));
    }
}

/// Whether errors and warnings are shown at all.
pub fn shown() -> bool {
    options::enabled(Opt::ShowErrors) || options::get(Opt::Verbose) > 0
}

/// Whether one more may be shown. Counts it if so.
#[inline(never)]
fn may_show(counter: &AtomicI64, limit: Opt) -> bool {
    shown() && below(counter, options::get(limit))
}

/// Count one more, up to `limit`. A negative limit means no limit.
fn below(counter: &AtomicI64, limit: i64) -> bool {
    limit < 0 || counter.fetch_add(1, Ordering::Relaxed) < limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::output::register;
    use std::ffi::{CStr, c_char};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicI32, AtomicUsize};

    /// The thread that runs the test below. What other tests report meanwhile is ignored.
    static TESTER: AtomicUsize = AtomicUsize::new(0);
    static TEXT: Mutex<String> = Mutex::new(String::new());
    static CODES: AtomicI32 = AtomicI32::new(0);

    fn mine() -> bool {
        TESTER.load(Ordering::Relaxed) == Os::thread_id()
    }

    extern "C" fn listen(text: *const c_char, _arg: *mut c_void) {
        if mine() {
            // SAFETY: an output function is given a C string.
            let text = unsafe { CStr::from_ptr(text) };
            TEXT.lock().unwrap().push_str(&text.to_string_lossy());
        }
    }

    /// Adds up the codes, and causes an error of its own.
    extern "C" fn remember(code: i32, arg: *mut c_void) {
        if mine() {
            assert!(arg.is_null());
            CODES.fetch_add(code, Ordering::Relaxed);
            error(Errno(1000), format_args!("from inside"));
        }
    }

    fn heard() -> (i32, String) {
        (CODES.swap(0, Ordering::Relaxed), std::mem::take(&mut *TEXT.lock().unwrap()))
    }

    /// This is the only test that touches the registrations and these options, so it needs no lock.
    #[test]
    fn shown_limited_and_told() {
        TESTER.store(Os::thread_id(), Ordering::Relaxed);
        register(Some(listen), null_mut());
        register_error(Some(remember), null_mut());
        options::set_enabled(Opt::ShowErrors, false);
        options::set(Opt::Verbose, 0);
        options::set(Opt::MaxErrors, -1);
        options::set(Opt::MaxWarnings, -1);
        Os::set_errno(Errno(9));

        error(Errno(22), format_args!("hidden"));
        assert_eq!(heard(), (22, String::new()));

        options::set_enabled(Opt::ShowErrors, true);
        error(Errno(12), format_args!("free of {:#x}", 16));
        let text = "mimalloc: error: free of 0x10\nmimalloc: error: from inside\n";
        assert_eq!(heard(), (12, text.to_owned()));

        options::set(Opt::MaxErrors, 0);
        error(Errno(12), format_args!("too many"));
        assert_eq!(heard(), (12, String::new()));

        warning(format_args!("odd"));
        verbose(1, format_args!("not said"));
        options::set(Opt::Verbose, 2);
        verbose(1, format_args!("said"));
        assert_eq!(heard().1, "mimalloc: warning: odd\nmimalloc: said\n");
        assert_eq!(Os::errno(), Errno(9));

        options::set(Opt::Verbose, 0);
        options::set(Opt::MaxErrors, 32);
        register(None, null_mut());
        register_error(None, null_mut());
    }

    #[test]
    fn a_limit_is_kept() {
        let shown = AtomicI64::new(0);
        let within = |limit| (0..5).filter(|_| below(&shown, limit)).count();
        assert_eq!(within(3), 3);
        assert_eq!(within(3), 0);
        assert_eq!(within(-1), 5);
    }
}
