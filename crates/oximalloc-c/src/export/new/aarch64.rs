//! The frames of operator new on arm64, the procedure call standard AAPCS64.
//!
//! Entry: keep the arguments, attempt, return the block. `again`: ask for the handler, call it, attempt again. If there
//! is no handler, leave the frame and *jump* to the function that throws, so that the program itself seems to call it.
//! The unwind tables (`.cfi`) describe each instruction, because a handler may throw.
//!
//! Jumps use x16, which the standard leaves to linkers, so that they also reach a function that only calls may enter
//! (`bti c`). No conditional branch leaves its function: its range is 1 MiB, and linkers do not extend it.

use super::attempts::attempt_array;
use super::catch::{catches, exceptions, personality};
use super::runtime::{new_handler, thrower};
use core::arch::naked_asm;
use core::ffi::c_void;

/// Defines one exported operator. It takes the operator's name and arguments, the function that attempts it, how many
/// argument registers that function needs (1 or up to 3), the loop that goes on when the attempt fails, what comes
/// first, and what that names.
macro_rules! operator {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, keep 1, $($rest:tt)*) => {
        $crate::export::new::aarch64::operator! {
            @ $(#[$doc])* $name($($arg: $type),*), $attempt, ["str x0, [sp, 16]"], ["ldr x0, [sp, 16]"], $($rest)*
        }
    };
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, keep 3, $($rest:tt)*) => {
        $crate::export::new::aarch64::operator! {
            @ $(#[$doc])* $name($($arg: $type),*), $attempt,
            ["stp x0, x1, [sp, 16]", "str x2, [sp, 32]"],
            ["ldp x0, x1, [sp, 16]", "ldr x2, [sp, 32]"],
            $($rest)*
        }
    };
    (
        @ $(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, [$($keep:literal),*], [$($back:literal),*],
        $again:path, [$($first:expr),*], [$($named:tt)*]
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
                $crate::export::new::aarch64::enter!(48),
                $($keep,)*
                "bl {attempt}",
                "cbz x0, 2f",
                ".cfi_remember_state",
                $crate::export::new::aarch64::leave!(48),
                "ret",
                ".cfi_restore_state",
                "2:",
                $($back,)*
                $crate::export::new::aarch64::leave!(48),
                "adrp x3, {attempt}",
                "add x3, x3, :lo12:{attempt}",
                "b {again}",
                ".cfi_endproc",
                attempt = sym $attempt,
                again = sym $again,
                $($named)*
            )
        }
    };
}
pub(crate) use operator;

/// Makes a frame of so many bytes, the frame record first.
macro_rules! enter {
    ($bytes:literal) => {
        concat!(
            "stp x29, x30, [sp, -",
            $bytes,
            "]!; .cfi_def_cfa_offset ",
            $bytes,
            "; .cfi_rel_offset x29, 0; .cfi_rel_offset x30, 8; mov x29, sp"
        )
    };
}
pub(crate) use enter;

/// Leaves the frame that `enter` made.
macro_rules! leave {
    ($bytes:literal) => {
        concat!("ldp x29, x30, [sp], ", $bytes, "; .cfi_def_cfa_offset 0; .cfi_restore x29; .cfi_restore x30")
    };
}
pub(crate) use leave;

/// Defines an operator of ours, and a name for it that is ours alone.
macro_rules! throwing {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, $again:path, keep $n:tt $(, named $own:ident)?) => {
        $crate::export::new::aarch64::operator! {
            $(#[$doc])* $name($($arg: $type),*), $attempt, keep $n, $again,
            [$($crate::export::new::catch::own!($own))?], []
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
                concat!("adrp x16, oximalloc_", stringify!($word)),
                concat!("ldr x16, [x16, :lo12:oximalloc_", stringify!($word), "]"),
                "br x16",
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
        $crate::export::new::aarch64::operator! {
            $(#[$doc])* $name($($arg: $type),*), $attempt, keep $n, $crate::export::new::aarch64::again_nothrow,
            [$(
                concat!("adrp x16, oximalloc_", stringify!($word)),
                concat!("ldr x16, [x16, :lo12:oximalloc_", stringify!($word), "]"),
                concat!("adrp x17, oximalloc_own_", stringify!($word)),
                concat!("add x17, x17, :lo12:oximalloc_own_", stringify!($word)),
                "cmp x16, x17",
                "b.eq 3f",
                "b {its}",
                "3:"
            ),*],
            [its = sym $crate::export::new::aarch64::its_nothrow,]
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
        enter!(32),
        "str x0, [sp, 16]",
        "bl {attempt}",
        "cbz x0, 2f",
        ".cfi_remember_state",
        leave!(32),
        "ret",
        ".cfi_restore_state",
        "2:",
        "ldr x0, [sp, 16]",
        leave!(32),
        "adrp x3, {attempt}",
        "add x3, x3, :lo12:{attempt}",
        "b {again}",
        ".cfi_endproc",
        attempt = sym attempt_array,
        again = sym again,
    )
}

/// Makes the frame of the loops, and keeps the attempt (in x3) and its arguments in it.
macro_rules! enter_loop {
    () => {
        concat!(
            enter!(48),
            "; stp x19, x20, [sp, 16]; .cfi_rel_offset x19, 16; .cfi_rel_offset x20, 24",
            "; stp x21, x22, [sp, 32]; .cfi_rel_offset x21, 32; .cfi_rel_offset x22, 40",
            "; mov x19, x0; mov x20, x1; mov x21, x2; mov x22, x3"
        )
    };
}

/// Leaves that frame.
macro_rules! leave_loop {
    () => {
        concat!(
            "ldp x21, x22, [sp, 32]; .cfi_restore x21; .cfi_restore x22",
            "; ldp x19, x20, [sp, 16]; .cfi_restore x19; .cfi_restore x20; ",
            leave!(48)
        )
    };
}

/// Goes on after a failed attempt (in x3, its arguments in x0, x1, x2), and throws in the end.
///
/// # Safety
/// Jumped to from an entry made by `throwing`, when that has left its frame.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn again() {
    naked_asm!(
        ".cfi_startproc",
        enter_loop!(),
        "2:",
        "bl {new_handler}",
        "cbz x0, 3f",
        "blr x0",
        "mov x0, x19; mov x1, x20; mov x2, x21",
        "blr x22",
        "cbz x0, 2b",
        ".cfi_remember_state",
        leave_loop!(),
        "ret",
        ".cfi_restore_state",
        "3:",
        "bl {thrower}",
        "mov x16, x0",
        leave_loop!(),
        "br x16",
        ".cfi_endproc",
        new_handler = sym new_handler,
        thrower = sym thrower,
    )
}

/// Catches what was thrown (in x0). The weak functions exist if anything was.
macro_rules! catch {
    () => {
        "adrp x16, :got:__cxa_begin_catch; ldr x16, [x16, :got_lo12:__cxa_begin_catch]; blr x16
        adrp x16, :got:__cxa_end_catch; ldr x16, [x16, :got_lo12:__cxa_end_catch]; blr x16"
    };
}

/// Calls the program's operator (in x16, its arguments in x0 and x1). Returns null when that throws, as a `catch (...)`
/// would.
///
/// # Safety
/// Jumped to from an entry made by `nothrow`, with the frame of its caller.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn its_nothrow() {
    naked_asm!(
        ".cfi_startproc",
        catches!("oximalloc_its"),
        enter!(16),
        ".Loximalloc_its_call:",
        "blr x16",
        ".Loximalloc_its_after:",
        "2:",
        ".cfi_remember_state",
        leave!(16),
        "ret",
        ".cfi_restore_state",
        ".Loximalloc_its_caught:",
        catch!(),
        "mov x0, xzr",
        "b 2b",
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
        enter_loop!(),
        "2:",
        "bl {new_handler}",
        "cbz x0, 4f",
        ".Loximalloc_handler_call:",
        "blr x0",
        ".Loximalloc_handler_after:",
        "mov x0, x19; mov x1, x20; mov x2, x21",
        "blr x22",
        "cbz x0, 2b",
        "4:",
        ".cfi_remember_state",
        leave_loop!(),
        "ret",
        ".cfi_restore_state",
        ".Loximalloc_handler_caught:",
        catch!(),
        "mov x0, xzr",
        "b 4b",
        ".Loximalloc_handler_end:",
        ".cfi_endproc",
        exceptions!("oximalloc_handler"),
        new_handler = sym new_handler,
    )
}
