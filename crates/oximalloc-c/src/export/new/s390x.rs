//! The frames of operator new on s390x, the ELF ABI of Linux: a caller leaves 160 bytes for registers that its callee
//! keeps.
//!
//! Entry: keep the arguments, attempt, return the block. `again`: ask for the handler, call it, attempt again. If there
//! is no handler, leave the frame and *jump* to the function that throws, so that the program itself seems to call it.
//! The unwind tables (`.cfi`) describe each instruction, because a handler may throw.
//!
//! Jumps use r1, which the ABI leaves to linkers.

use super::attempts::attempt_array;
use super::catch::{catches, exceptions, personality};
use super::runtime::{new_handler, thrower};
use core::arch::naked_asm;
use core::ffi::c_void;

/// Defines one exported operator. It takes the operator's name and arguments, the function that attempts it, the loop
/// that goes on when the attempt fails, what comes first, and what that names. Three arguments are kept, whatever the
/// attempt needs.
macro_rules! operator {
    (
        $(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, $again:path, [$($first:expr),*],
        [$($named:tt)*]
    ) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As in C++: the caller is ready for an exception, unless this is a nothrow form.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> *mut core::ffi::c_void {
            core::arch::naked_asm!(
                ".cfi_startproc",
                $($first,)*
                $crate::export::new::s390x::enter!(),
                "brasl %r14, {attempt}",
                "ltgr %r2, %r2",
                "jz 2f",
                ".cfi_remember_state",
                $crate::export::new::s390x::leave!(),
                "br %r14",
                ".cfi_restore_state",
                "2:",
                "lmg %r2, %r4, 160(%r15)",
                $crate::export::new::s390x::leave!(),
                "larl %r5, {attempt}",
                "jg {again}",
                ".cfi_endproc",
                attempt = sym $attempt,
                again = sym $again,
                $($named)*
            )
        }
    };
}
pub(crate) use operator;

/// Makes a frame of 184 bytes, which has the first three arguments.
macro_rules! enter {
    () => {
        "stmg %r14, %r15, 112(%r15); .cfi_offset 14, -48; .cfi_offset 15, -40
        aghi %r15, -184; .cfi_def_cfa_offset 344
        stmg %r2, %r4, 160(%r15)"
    };
}
pub(crate) use enter;

/// Leaves the frame that `enter` made.
macro_rules! leave {
    () => {
        "lmg %r14, %r15, 296(%r15); .cfi_def_cfa_offset 160; .cfi_restore 14; .cfi_restore 15"
    };
}
pub(crate) use leave;

/// Defines an operator of ours, and a name for it that is ours alone.
macro_rules! throwing {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, $again:path, keep $n:tt $(, named $own:ident)?) => {
        $crate::export::new::s390x::operator! {
            $(#[$doc])* $name($($arg: $type),*), $attempt, $again, [$($crate::export::new::catch::own!($own))?], []
        }
    };
}
pub(crate) use throwing;

/// Defines an operator that calls the process's operator of another name (through a word of the table), and a name for
/// it that is ours alone. Arguments that the other operator does not have stay where they are.
macro_rules! forward {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $block:ty)?, calls $word:ident $(, named $own:ident)?) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As in C++: `p` is a block of the operator new of this kind, or null. The caller of a `new` is ready for an
        /// exception.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) $(-> $block)? {
            core::arch::naked_asm!(
                ".cfi_startproc",
                $($crate::export::new::catch::own!($own),)?
                concat!("lgrl %r1, oximalloc_", stringify!($word)),
                "br %r1",
                ".cfi_endproc",
            )
        }
    };
}
pub(crate) use forward;

/// Defines the nothrow form of operators (words of the table), the outer one first. It makes an attempt if all of them
/// are ours. Otherwise it calls the first that is not.
macro_rules! nothrow {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, keep $n:tt, of $($word:ident),*) => {
        $crate::export::new::s390x::operator! {
            $(#[$doc])* $name($($arg: $type),*), $attempt, $crate::export::new::s390x::again_nothrow,
            [$(
                concat!("lgrl %r1, oximalloc_", stringify!($word)),
                concat!("larl %r0, oximalloc_own_", stringify!($word)),
                "cgr %r0, %r1",
                "je 3f",
                "jg {its}",
                "3:"
            ),*],
            [its = sym $crate::export::new::s390x::its_nothrow,]
        }
    };
}
pub(crate) use nothrow;

/// What `operator new[](size_t)` does under protection. The frame is that of the operators.
///
/// # Safety
/// As in C++: the caller is ready for an exception.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn array_new(size: usize) -> *mut c_void {
    naked_asm!(
        ".cfi_startproc",
        enter!(),
        "brasl %r14, {attempt}",
        "ltgr %r2, %r2",
        "jz 2f",
        ".cfi_remember_state",
        leave!(),
        "br %r14",
        ".cfi_restore_state",
        "2:",
        "lmg %r2, %r4, 160(%r15)",
        leave!(),
        "larl %r5, {attempt}",
        "jg {again}",
        ".cfi_endproc",
        attempt = sym attempt_array,
        again = sym again,
    )
}

/// Makes a frame that keeps all registers that a callee must, also those in which the unwinder passes what was thrown
/// (r6 and r7).
macro_rules! enter_whole {
    () => {
        "stmg %r6, %r15, 48(%r15)
        .cfi_offset 6, -112; .cfi_offset 7, -104; .cfi_offset 8, -96; .cfi_offset 9, -88; .cfi_offset 10, -80
        .cfi_offset 11, -72; .cfi_offset 12, -64; .cfi_offset 13, -56; .cfi_offset 14, -48; .cfi_offset 15, -40
        aghi %r15, -160; .cfi_def_cfa_offset 320"
    };
}

/// Leaves that frame.
macro_rules! leave_whole {
    () => {
        "lmg %r6, %r15, 208(%r15); .cfi_def_cfa_offset 160
        .cfi_restore 6; .cfi_restore 7; .cfi_restore 8; .cfi_restore 9; .cfi_restore 10
        .cfi_restore 11; .cfi_restore 12; .cfi_restore 13; .cfi_restore 14; .cfi_restore 15"
    };
}

/// Keeps the attempt (in r5) and its arguments for a loop.
macro_rules! keep {
    () => {
        "lgr %r10, %r2; lgr %r8, %r3; lgr %r9, %r4; lgr %r11, %r5"
    };
}

/// Attempts once more.
macro_rules! attempt {
    () => {
        "lgr %r2, %r10; lgr %r3, %r8; lgr %r4, %r9; basr %r14, %r11; ltgr %r2, %r2"
    };
}

/// Goes on after a failed attempt (in r5, its arguments in r2, r3, r4), and throws in the end.
///
/// # Safety
/// Jumped to from an entry made by `throwing`, when that has left its frame.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn again() {
    naked_asm!(
        ".cfi_startproc",
        enter_whole!(),
        keep!(),
        "2:",
        "brasl %r14, {new_handler}",
        "ltgr %r2, %r2",
        "jz 3f",
        "basr %r14, %r2",
        attempt!(),
        "jz 2b",
        ".cfi_remember_state",
        leave_whole!(),
        "br %r14",
        ".cfi_restore_state",
        "3:",
        "brasl %r14, {thrower}",
        "lgr %r1, %r2",
        leave_whole!(),
        "br %r1",
        ".cfi_endproc",
        new_handler = sym new_handler,
        thrower = sym thrower,
    )
}

/// Catches what was thrown (in r6). The weak functions exist if anything was.
macro_rules! catch {
    () => {
        "lgr %r2, %r6
        lgrl %r1, __cxa_begin_catch@GOTENT; basr %r14, %r1
        lgrl %r1, __cxa_end_catch@GOTENT; basr %r14, %r1"
    };
}

/// Calls the program's operator (in r1, its arguments in r2 and r3). Returns null when that throws, as a `catch (...)`
/// would.
///
/// # Safety
/// Jumped to from an entry made by `nothrow`, with the frame of its caller.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn its_nothrow() {
    naked_asm!(
        ".cfi_startproc",
        catches!("oximalloc_its"),
        enter_whole!(),
        ".Loximalloc_its_call:",
        "basr %r14, %r1",
        ".Loximalloc_its_after:",
        "2:",
        ".cfi_remember_state",
        leave_whole!(),
        "br %r14",
        ".cfi_restore_state",
        ".Loximalloc_its_caught:",
        catch!(),
        "lghi %r2, 0",
        "j 2b",
        ".Loximalloc_its_end:",
        ".cfi_endproc",
        exceptions!("oximalloc_its"),
    )
}

/// Goes on after a failed attempt as [`again`] does, but returns null in the end, and also when the handler throws.
///
/// # Safety
/// As [`again`].
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn again_nothrow() {
    naked_asm!(
        personality!(),
        ".cfi_startproc",
        catches!("oximalloc_handler"),
        enter_whole!(),
        keep!(),
        "2:",
        "brasl %r14, {new_handler}",
        "ltgr %r2, %r2",
        "jz 4f",
        ".Loximalloc_handler_call:",
        "basr %r14, %r2",
        ".Loximalloc_handler_after:",
        attempt!(),
        "jz 2b",
        "4:",
        ".cfi_remember_state",
        leave_whole!(),
        "br %r14",
        ".cfi_restore_state",
        ".Loximalloc_handler_caught:",
        catch!(),
        "lghi %r2, 0",
        "j 4b",
        ".Loximalloc_handler_end:",
        ".cfi_endproc",
        exceptions!("oximalloc_handler"),
        new_handler = sym new_handler,
    )
}
