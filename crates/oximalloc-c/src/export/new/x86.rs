//! The frames of operator new on 32-bit x86, System V calling convention: arguments are on the stack.
//!
//! Entry: copy the arguments, attempt, return the block. `again`: ask for the handler, call it, attempt again. If there
//! is no handler, leave the frame and *jump* to the function that throws, so that the program itself seems to call it.
//! The unwind tables (`.cfi`) describe each instruction, because a handler may throw.
//!
//! Written in AT&T's form, in which an address may be a difference. Data is not addressed relative to the instruction
//! here: [`here`] finds out where the code lies.

use super::attempts::attempt_array;
use super::catch::{catches, exceptions, personality};
use super::runtime::{new_handler, thrower};
use core::arch::naked_asm;
use core::ffi::c_void;

/// Puts the address of the label, which it defines, into a register.
macro_rules! here {
    ($register:literal, $label:literal) => {
        concat!(
            "call ",
            $label,
            "f; .cfi_adjust_cfa_offset 4; ",
            $label,
            ": pop ",
            $register,
            "; .cfi_adjust_cfa_offset -4"
        )
    };
}
pub(crate) use here;

/// Defines one exported operator. It takes the operator's name and arguments, the function that attempts it, the loop
/// that goes on when the attempt fails, what comes first, and what that names. Three words are copied, whatever the
/// attempt needs: each caller has as many above its call.
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
                $crate::export::new::x86::copy_arguments!(),
                "call {attempt}",
                "addl $12, %esp; .cfi_adjust_cfa_offset -12",
                "testl %eax, %eax",
                "jz 2f",
                "ret",
                "2:",
                $crate::export::new::x86::here!("%ecx", "3"),
                "leal ({attempt} - 3b)(%ecx), %ecx",
                "jmp {again}",
                ".cfi_endproc",
                attempt = sym $attempt,
                again = sym $again,
                $($named)*
                options(att_syntax),
            )
        }
    };
}
pub(crate) use operator;

/// Pushes the three words above the return address. The stack is then aligned as a call needs it.
macro_rules! copy_arguments {
    () => {
        "pushl 12(%esp); .cfi_adjust_cfa_offset 4
        pushl 12(%esp); .cfi_adjust_cfa_offset 4
        pushl 12(%esp); .cfi_adjust_cfa_offset 4"
    };
}
pub(crate) use copy_arguments;

/// Defines an operator of ours, and a name for it that is ours alone.
macro_rules! throwing {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, $again:path, keep $n:tt $(, named $own:ident)?) => {
        $crate::export::new::x86::operator! {
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
                $crate::export::new::x86::here!("%ecx", "2"),
                concat!("jmp *(oximalloc_", stringify!($word), " - 2b)(%ecx)"),
                ".cfi_endproc",
                options(att_syntax),
            )
        }
    };
}
pub(crate) use forward;

/// Defines the nothrow form of operators (words of the table), the outer one first. It makes an attempt if all of them
/// are ours. Otherwise it calls the first that is not.
macro_rules! nothrow {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*), $attempt:path, keep $n:tt, of $($word:ident),*) => {
        $crate::export::new::x86::operator! {
            $(#[$doc])* $name($($arg: $type),*), $attempt, $crate::export::new::x86::again_nothrow,
            [$(
                $crate::export::new::x86::here!("%ecx", "4"),
                concat!("movl (oximalloc_", stringify!($word), " - 4b)(%ecx), %eax"),
                concat!("leal (oximalloc_own_", stringify!($word), " - 4b)(%ecx), %ecx"),
                "cmpl %ecx, %eax",
                "jne {its}"
            ),*],
            [its = sym $crate::export::new::x86::its_nothrow,]
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
        copy_arguments!(),
        "call {attempt}",
        "addl $12, %esp; .cfi_adjust_cfa_offset -12",
        "testl %eax, %eax",
        "jz 2f",
        "ret",
        "2:",
        here!("%ecx", "3"),
        "leal ({attempt} - 3b)(%ecx), %ecx",
        "jmp {again}",
        ".cfi_endproc",
        attempt = sym attempt_array,
        again = sym again,
        options(att_syntax),
    )
}

/// Makes the frame of the loops, keeps the attempt (in ecx) in it, and leaves room for the arguments of calls.
macro_rules! enter_loop {
    () => {
        "push %ebx; .cfi_adjust_cfa_offset 4; .cfi_rel_offset %ebx, 0
        push %esi; .cfi_adjust_cfa_offset 4; .cfi_rel_offset %esi, 0
        subl $20, %esp; .cfi_adjust_cfa_offset 20
        movl %ecx, %esi"
    };
}

/// Leaves that frame.
macro_rules! leave_loop {
    () => {
        "addl $20, %esp; .cfi_adjust_cfa_offset -20
        pop %esi; .cfi_adjust_cfa_offset -4; .cfi_restore %esi
        pop %ebx; .cfi_adjust_cfa_offset -4; .cfi_restore %ebx"
    };
}

/// Attempts again, with the arguments behind the frame of the loops.
macro_rules! attempt_again {
    () => {
        "movl 32(%esp), %eax; movl %eax, (%esp)
        movl 36(%esp), %eax; movl %eax, 4(%esp)
        movl 40(%esp), %eax; movl %eax, 8(%esp)
        call *%esi"
    };
}

/// Goes on after a failed attempt (in ecx, its arguments behind the return address), and throws in the end.
///
/// # Safety
/// Jumped to from an entry made by `throwing`, when that has left its frame.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn again() {
    naked_asm!(
        ".cfi_startproc",
        enter_loop!(),
        "2:",
        "call {new_handler}",
        "testl %eax, %eax",
        "jz 3f",
        "call *%eax",
        attempt_again!(),
        "testl %eax, %eax",
        "jz 2b",
        ".cfi_remember_state",
        leave_loop!(),
        "ret",
        ".cfi_restore_state",
        "3:",
        "call {thrower}",
        leave_loop!(),
        "jmp *%eax",
        ".cfi_endproc",
        new_handler = sym new_handler,
        thrower = sym thrower,
        options(att_syntax),
    )
}

/// Catches what was thrown (in eax). The weak functions exist if anything was. The linker's table of their addresses is
/// in ebx, as their own calls may need it. There is room for an argument on the stack.
macro_rules! catch {
    () => {
        "movl %eax, (%esp)
        call 7f; .cfi_adjust_cfa_offset 4
        7: pop %ebx; .cfi_adjust_cfa_offset -4
        8: addl $_GLOBAL_OFFSET_TABLE_ + (8b - 7b), %ebx
        call *__cxa_begin_catch@GOT(%ebx)
        call *__cxa_end_catch@GOT(%ebx)"
    };
}

/// Calls the program's operator (in eax, its arguments behind the return address). Returns null when that throws, as a
/// `catch (...)` would.
///
/// # Safety
/// Jumped to from an entry made by `nothrow`, with the frame of its caller.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn its_nothrow() {
    naked_asm!(
        ".cfi_startproc",
        catches!("oximalloc_its"),
        enter_loop!(),
        "movl 32(%esp), %ecx; movl %ecx, (%esp)",
        "movl 36(%esp), %ecx; movl %ecx, 4(%esp)",
        ".Loximalloc_its_call:",
        "call *%eax",
        ".Loximalloc_its_after:",
        "2:",
        ".cfi_remember_state",
        leave_loop!(),
        "ret",
        ".cfi_restore_state",
        ".Loximalloc_its_caught:",
        catch!(),
        "xorl %eax, %eax",
        "jmp 2b",
        ".Loximalloc_its_end:",
        ".cfi_endproc",
        exceptions!("oximalloc_its"),
        options(att_syntax),
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
        "call {new_handler}",
        "testl %eax, %eax",
        "jz 4f",
        ".Loximalloc_handler_call:",
        "call *%eax",
        ".Loximalloc_handler_after:",
        attempt_again!(),
        "testl %eax, %eax",
        "jz 2b",
        "4:",
        ".cfi_remember_state",
        leave_loop!(),
        "ret",
        ".cfi_restore_state",
        ".Loximalloc_handler_caught:",
        catch!(),
        "xorl %eax, %eax",
        "jmp 4b",
        ".Loximalloc_handler_end:",
        ".cfi_endproc",
        exceptions!("oximalloc_handler"),
        new_handler = sym new_handler,
        options(att_syntax),
    )
}
