//! The frames of operator new on x86-64, System V calling convention.
//!
//! Entry: keep the arguments, attempt, return the block. `again`: ask for the handler, call it, attempt again. If there
//! is no handler, leave the frame and *jump* to the function that throws, so that the program itself seems to call it.
//! The unwind tables (`.cfi`) describe each instruction, because a handler may throw.

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
        $crate::export::new::x86_64::operator! {
            @ $(#[$doc])* $name($($arg: $type),*), $attempt,
            ["push rdi; .cfi_adjust_cfa_offset 8"],
            ["pop rdi; .cfi_adjust_cfa_offset -8"],
            $($rest)*
        }
    };
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, keep 3, $($rest:tt)*) => {
        $crate::export::new::x86_64::operator! {
            @ $(#[$doc])* $name($($arg: $type),*), $attempt,
            [
                "push rdi; .cfi_adjust_cfa_offset 8",
                "push rsi; .cfi_adjust_cfa_offset 8",
                "push rdx; .cfi_adjust_cfa_offset 8"
            ],
            [
                "pop rdx; .cfi_adjust_cfa_offset -8",
                "pop rsi; .cfi_adjust_cfa_offset -8",
                "pop rdi; .cfi_adjust_cfa_offset -8"
            ],
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
                $($keep,)*
                "call {attempt}",
                $($back,)*
                "test rax, rax",
                "jz 2f",
                "ret",
                "2:",
                "lea rcx, [rip + {attempt}]",
                "jmp {again}",
                ".cfi_endproc",
                attempt = sym $attempt,
                again = sym $again,
                $($named)*
            )
        }
    };
}
pub(crate) use operator;

/// Defines an operator of ours, and a name for it that is ours alone.
macro_rules! throwing {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, $again:path, keep $n:tt $(, named $own:ident)?) => {
        $crate::export::new::x86_64::operator! {
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
                concat!("jmp qword ptr [rip + oximalloc_", stringify!($word), "]"),
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
        $crate::export::new::x86_64::operator! {
            $(#[$doc])* $name($($arg: $type),*), $attempt, keep $n, $crate::export::new::x86_64::again_nothrow,
            [$(
                concat!("mov rax, qword ptr [rip + oximalloc_", stringify!($word), "]"),
                concat!("lea rcx, [rip + oximalloc_own_", stringify!($word), "]"),
                "cmp rax, rcx",
                "jne {its}"
            ),*],
            [its = sym $crate::export::new::x86_64::its_nothrow,]
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
        "push rdi",
        ".cfi_adjust_cfa_offset 8",
        "call {attempt}",
        "pop rdi",
        ".cfi_adjust_cfa_offset -8",
        "test rax, rax",
        "jz 2f",
        "ret",
        "2:",
        "lea rcx, [rip + {attempt}]",
        "jmp {again}",
        ".cfi_endproc",
        attempt = sym attempt_array,
        again = sym again,
    )
}

/// Goes on after a failed attempt (in rcx, its arguments in rdi, rsi, rdx), and throws in the end.
///
/// # Safety
/// Jumped to from an entry made by `throwing`, with that entry's frame.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn again() {
    naked_asm!(
        ".cfi_startproc",
        "push rbx; .cfi_adjust_cfa_offset 8; .cfi_rel_offset rbx, 0",
        "push r12; .cfi_adjust_cfa_offset 8; .cfi_rel_offset r12, 0",
        "push r13; .cfi_adjust_cfa_offset 8; .cfi_rel_offset r13, 0",
        "push r14; .cfi_adjust_cfa_offset 8; .cfi_rel_offset r14, 0",
        "sub rsp, 8; .cfi_adjust_cfa_offset 8",
        "mov rbx, rdi; mov r12, rsi; mov r13, rdx; mov r14, rcx",
        "2:",
        "call {new_handler}",
        "test rax, rax",
        "jz 3f",
        "call rax",
        "mov rdi, rbx; mov rsi, r12; mov rdx, r13",
        "call r14",
        "test rax, rax",
        "jz 2b",
        ".cfi_remember_state",
        "add rsp, 8; .cfi_adjust_cfa_offset -8",
        "pop r14; .cfi_adjust_cfa_offset -8; .cfi_restore r14",
        "pop r13; .cfi_adjust_cfa_offset -8; .cfi_restore r13",
        "pop r12; .cfi_adjust_cfa_offset -8; .cfi_restore r12",
        "pop rbx; .cfi_adjust_cfa_offset -8; .cfi_restore rbx",
        "ret",
        ".cfi_restore_state",
        "3:",
        "call {thrower}",
        "add rsp, 8; .cfi_adjust_cfa_offset -8",
        "pop r14; .cfi_adjust_cfa_offset -8; .cfi_restore r14",
        "pop r13; .cfi_adjust_cfa_offset -8; .cfi_restore r13",
        "pop r12; .cfi_adjust_cfa_offset -8; .cfi_restore r12",
        "pop rbx; .cfi_adjust_cfa_offset -8; .cfi_restore rbx",
        "jmp rax",
        ".cfi_endproc",
        new_handler = sym new_handler,
        thrower = sym thrower,
    )
}

/// Calls the program's operator (in rax, its arguments in rdi and rsi). Returns null when that throws, as a `catch
/// (...)`
/// would.
///
/// # Safety
/// Jumped to from an entry made by `nothrow`, with the frame of its caller.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn its_nothrow() {
    naked_asm!(
        ".cfi_startproc",
        catches!("oximalloc_its"),
        "sub rsp, 8; .cfi_adjust_cfa_offset 8",
        ".Loximalloc_its_call:",
        "call rax",
        ".Loximalloc_its_after:",
        "add rsp, 8; .cfi_adjust_cfa_offset -8",
        "ret",
        ".Loximalloc_its_caught:",
        ".cfi_adjust_cfa_offset 8",
        "mov rdi, rax",
        "call qword ptr [rip + __cxa_begin_catch@GOTPCREL]",
        "call qword ptr [rip + __cxa_end_catch@GOTPCREL]",
        "xor eax, eax",
        "add rsp, 8; .cfi_adjust_cfa_offset -8",
        "ret",
        ".Loximalloc_its_end:",
        ".cfi_endproc",
        exceptions!("oximalloc_its"),
    )
}

/// Goes on after a failed attempt as [`again`] does, but returns null in the end, and also when the handler throws. The
/// exception table says, as a `catch (...)` would, that whatever the handler's call throws lands at `5:`.
///
/// # Safety
/// As [`again`].
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn again_nothrow() {
    naked_asm!(
        personality!(),
        ".cfi_startproc",
        catches!("oximalloc_handler"),
        "push rbx; .cfi_adjust_cfa_offset 8; .cfi_rel_offset rbx, 0",
        "push r12; .cfi_adjust_cfa_offset 8; .cfi_rel_offset r12, 0",
        "push r13; .cfi_adjust_cfa_offset 8; .cfi_rel_offset r13, 0",
        "push r14; .cfi_adjust_cfa_offset 8; .cfi_rel_offset r14, 0",
        "sub rsp, 8; .cfi_adjust_cfa_offset 8",
        "mov rbx, rdi; mov r12, rsi; mov r13, rdx; mov r14, rcx",
        "2:",
        "call {new_handler}",
        "test rax, rax",
        "jz 4f",
        ".Loximalloc_handler_call:",
        "call rax",
        ".Loximalloc_handler_after:",
        "mov rdi, rbx; mov rsi, r12; mov rdx, r13",
        "call r14",
        "test rax, rax",
        "jz 2b",
        "4:",
        ".cfi_remember_state",
        "add rsp, 8; .cfi_adjust_cfa_offset -8",
        "pop r14; .cfi_adjust_cfa_offset -8; .cfi_restore r14",
        "pop r13; .cfi_adjust_cfa_offset -8; .cfi_restore r13",
        "pop r12; .cfi_adjust_cfa_offset -8; .cfi_restore r12",
        "pop rbx; .cfi_adjust_cfa_offset -8; .cfi_restore rbx",
        "ret",
        ".cfi_restore_state",
        "5:",
        ".Loximalloc_handler_caught:",
        "mov rdi, rax",
        "call qword ptr [rip + __cxa_begin_catch@GOTPCREL]",
        "call qword ptr [rip + __cxa_end_catch@GOTPCREL]",
        "xor eax, eax",
        "jmp 4b",
        ".Loximalloc_handler_end:",
        ".cfi_endproc",
        exceptions!("oximalloc_handler"),
        new_handler = sym new_handler,
    )
}
