//! Options, callbacks, and the life of the process and its threads.

use core::ffi::{c_char, c_int, c_long, c_void};
use oximalloc::raw;
use oximalloc::raw::messages;
use oximalloc::raw::settings::{self as options, Opt};

/// `mi_output_fun*`: gets a message, or a part of one.
pub type Output = Option<extern "C" fn(*const c_char, *mut c_void)>;
/// `mi_error_fun*`: gets an error number.
pub type OnError = Option<extern "C" fn(c_int, *mut c_void)>;
/// `mi_deferred_free_fun*`: called now and then on the slow path, with the thread's heartbeat, a counter that only
/// grows.
pub type DeferredFree = Option<extern "C" fn(bool, u64, *mut c_void)>;

/// Whether the option is on, which means not 0. An unknown option is off.
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

/// The option's value, raised to `min` or lowered to `max` if it is outside of these.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_option_get_clamp(option: c_int, min: c_long, max: c_long) -> c_long {
    mi_option_get(option).min(max).max(min)
}

/// The option's value in bytes, if its unit is KiB. Otherwise the value as it is. 0 if it is negative.
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

/// Sets where messages go instead of stderr. Null: to stderr again.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_register_output(out: Output, arg: *mut c_void) {
    messages::register_output(out, arg);
}

/// Sets the function that is called on an error. Null: none.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_register_error(on_error: OnError, arg: *mut c_void) {
    messages::register_error(on_error, arg);
}

/// Sets the function that is called now and then on the slow path, and by a forced collect, with `force` set. Null:
/// none.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_register_deferred_free(deferred: DeferredFree, arg: *mut c_void) {
    raw::register_deferred_free(deferred, arg);
}

/// Starts the process state. The library does so itself when it is loaded or first used.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_process_init() {
    raw::process_init();
}

/// Does the work of the process's end. The library does so itself.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_process_done() {
    raw::process_done(crate::export::process::is_its_malloc);
}

/// Starts the state of this thread. The thread's first allocation does so too.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_thread_init() {
    raw::thread_init();
}

/// Ends the state of this thread. That happens by itself when the thread ends.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_thread_done() {
    raw::thread_done();
}

/// Says that this thread belongs to a pool. When it frees into pages of ended threads, it leaves those pages to others.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_thread_set_in_threadpool() {
    raw::set_in_threadpool();
}
