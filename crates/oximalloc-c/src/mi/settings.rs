//! Options, callbacks, and the life of the process and its threads.

use core::ffi::{c_char, c_int, c_long, c_void};
use oximalloc::raw;
use oximalloc::raw::messages;
use oximalloc::raw::settings::{self as options, Opt};

/// `mi_output_fun*`: gets a message, or a part of one.
pub type Output = Option<extern "C" fn(*const c_char, *mut c_void)>;
/// `mi_error_fun*`: gets an error number.
pub type OnError = Option<extern "C" fn(c_int, *mut c_void)>;
/// `mi_deferred_free_fun*`: called now and then on the slow path, with a counter of those calls.
pub type DeferredFree = Option<extern "C" fn(bool, u64, *mut c_void)>;

/// Whether the option is on, that is not 0. An unknown option is off.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_is_enabled(option: c_int) -> bool {
    Opt::from_index(option).is_some_and(options::enabled)
}

/// Sets the option to 1.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_enable(option: c_int) {
    mi_option_set(option, 1);
}

/// Sets the option to 0.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_disable(option: c_int) {
    mi_option_set(option, 0);
}

/// Sets the option to 1 or 0.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_set_enabled(option: c_int, enable: bool) {
    mi_option_set(option, enable as c_long);
}

/// Sets the option to 1 or 0, unless the environment or a call has set it.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_set_enabled_default(option: c_int, enable: bool) {
    mi_option_set_default(option, enable as c_long);
}

/// The option's value, in its unit. An unknown option is 0.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_get(option: c_int) -> c_long {
    Opt::from_index(option).map_or(0, |known| options::get(known) as c_long)
}

/// The option's value, but at least `min` and at most `max`.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_get_clamp(option: c_int, min: c_long, max: c_long) -> c_long {
    mi_option_get(option).min(max).max(min)
}

/// The option's value in bytes, if its unit is KiB; else as it is, and 0 if it is negative.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_get_size(option: c_int) -> usize {
    Opt::from_index(option).map_or(0, options::size)
}

/// Sets the option, in its unit. An unknown option does nothing.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_set(option: c_int, value: c_long) {
    if let Some(known) = Opt::from_index(option) {
        options::set(known, value as _);
    }
}

/// Sets the option, unless the environment or a call has set it.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_set_default(option: c_int, value: c_long) {
    if let Some(known) = Opt::from_index(option) {
        options::set_default(known, value as _);
    }
}

/// Where messages go instead of stderr; null: to stderr again.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_register_output(out: Output, arg: *mut c_void) {
    messages::register_output(out, arg);
}

/// What is called on an error; null: nothing.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_register_error(on_error: OnError, arg: *mut c_void) {
    messages::register_error(on_error, arg);
}

/// What is called now and then on the slow path, and by a forced collect with `force` set; null: nothing.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_register_deferred_free(deferred: DeferredFree, arg: *mut c_void) {
    raw::register_deferred_free(deferred, arg);
}

/// Starts the process state; done by itself when the library is loaded or first used.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_process_init() {
    raw::process_init();
}

/// Does what is to be done at the process's end; done by itself.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_process_done() {
    raw::process_done(crate::export::process::is_its_malloc);
}

/// Starts the state of this thread; done by itself at its first allocation.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_thread_init() {
    raw::thread_init();
}

/// Ends the state of this thread; done by itself when it ends.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_thread_done() {
    raw::thread_done();
}

/// Says that this thread belongs to a pool: when it frees into pages of ended threads, it leaves these to others.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_thread_set_in_threadpool() {
    raw::set_in_threadpool();
}
