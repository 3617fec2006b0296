//! Operator new on processors for which its frames are not written in assembly yet. There is no new-handler and no
//! exception here.
//!
//! A failed nothrow form returns null. A failed throwing form ends the process with a message.

use crate::outcome::give_up;
use core::ffi::c_void;
use core::ptr::null_mut;

/// Defines one exported operator. See the x86-64 form.
macro_rules! throwing {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, $again:path, keep $count:tt $(, named $own:ident)?) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As in C++.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> *mut core::ffi::c_void {
            let arguments = [$($arg as usize),*];
            let [first, second, third] = core::array::from_fn(|i| arguments.get(i).copied().unwrap_or(0));
            // SAFETY: the attempts are C functions of at most three words, and ignore what they do not use.
            let attempt: extern "C" fn(usize, usize, usize) -> *mut core::ffi::c_void =
                unsafe { core::mem::transmute($attempt as *const ()) };
            let p = attempt(first, second, third);
            if p.is_null() { $again() } else { p }
        }
    };
}
pub(crate) use throwing;

/// Defines an operator that calls the process's operator of another name. That one ignores the arguments that it does
/// not have.
macro_rules! forward {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $block:ty)?, calls $word:ident $(, named $own:ident)?) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As in C++: `p` is a block of the operator new of this kind, or null.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) $(-> $block)? {
            type Other = unsafe extern "C" fn($($type),*) $(-> $block)?;
            // SAFETY: a C function, which ignores what it does not use.
            unsafe { core::mem::transmute::<*const (), Other>($crate::export::process::found().$word as *const ())($($arg),*) }
        }
    };
}
pub(crate) use forward;

/// Defines a nothrow form. (It does not call the program's own operators.)
macro_rules! nothrow {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, keep $count:tt, of $($word:ident),*) => {
        $crate::export::new::other::throwing! {
            $(#[$doc])* $name($($arg: $type),*), $attempt, $crate::export::new::other::again_nothrow, keep $count
        }
    };
}
pub(crate) use nothrow;

/// Ends a throwing form that failed.
pub(crate) fn again() -> *mut c_void {
    give_up(format_args!("out of memory in operator new"))
}

/// Ends a nothrow form that failed.
pub(crate) fn again_nothrow() -> *mut c_void {
    null_mut()
}

// On this processor each function's table names what handles exceptions in Rust, which nothing here throws. A program
// in Rust has another one. This one says that it does not know the exception (`_URC_FAILURE`).
#[cfg(target_arch = "arm")]
core::arch::global_asm!(
    ".weak rust_eh_personality",
    ".type rust_eh_personality, %function",
    "rust_eh_personality: mov r0, #9",
    "bx lr",
);
