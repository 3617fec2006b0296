//! The calling thread: one pointer of thread-local memory, read without a call, and the thread's tag.
//!
//! The pointer is addressed by the initial-exec model: two instructions, in shared libraries too, where
//! `thread_local!` would call `__tls_get_addr` (which may allocate). Its 8 bytes fit the space that the dynamic
//! linker keeps for libraries that are loaded late. It starts, in every thread, as the address of the static given
//! to `thread_pointer!`, so no reader needs a test for "not yet". Verified on x86-64; the aarch64 form follows the
//! same model and has not been run.

/// Defines the thread-local pointer, with `$empty` (a static) as its start in each thread, and `get` and `set`.
#[macro_export]
#[doc(hidden)]
macro_rules! thread_pointer {
    ($type:ty, $empty:path) => {
        core::arch::global_asm!(
            ".section .tdata.oximalloc_0_1,\"awT\",@progbits",
            ".balign 8",
            ".globl oximalloc_0_1_thread",
            ".hidden oximalloc_0_1_thread",
            ".type oximalloc_0_1_thread,@object",
            ".size oximalloc_0_1_thread,8",
            "oximalloc_0_1_thread:",
            ".quad {empty}",
            ".previous",
            empty = sym $empty,
        );

        /// The calling thread's pointer.
        #[inline(always)]
        pub fn get() -> *const $type {
            let value: *const $type;
            // SAFETY: reads this thread's own 8 bytes of initialised thread-local memory and nothing else.
            #[cfg(target_arch = "x86_64")]
            unsafe {
                core::arch::asm!(
                    "mov {v}, qword ptr [rip + oximalloc_0_1_thread@GOTTPOFF]",
                    "mov {v}, qword ptr fs:[{v}]",
                    v = out(reg) value,
                    options(pure, readonly, nostack, preserves_flags),
                );
            }
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            unsafe {
                core::arch::asm!(
                    "adrp {v}, :gottprel:oximalloc_0_1_thread",
                    "ldr {v}, [{v}, :gottprel_lo12:oximalloc_0_1_thread]",
                    "mrs {t}, tpidr_el0",
                    "ldr {v}, [{v}, {t}]",
                    v = out(reg) value,
                    t = out(reg) _,
                    options(pure, readonly, nostack, preserves_flags),
                );
            }
            value
        }

        /// Change the calling thread's pointer.
        pub fn set(value: *const $type) {
            // SAFETY: writes this thread's own 8 bytes of thread-local memory and nothing else.
            #[cfg(target_arch = "x86_64")]
            unsafe {
                core::arch::asm!(
                    "mov {t}, qword ptr [rip + oximalloc_0_1_thread@GOTTPOFF]",
                    "mov qword ptr fs:[{t}], {v}",
                    v = in(reg) value,
                    t = out(reg) _,
                    options(nostack, preserves_flags),
                );
            }
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            unsafe {
                core::arch::asm!(
                    "adrp {a}, :gottprel:oximalloc_0_1_thread",
                    "ldr {a}, [{a}, :gottprel_lo12:oximalloc_0_1_thread]",
                    "mrs {t}, tpidr_el0",
                    "str {v}, [{a}, {t}]",
                    v = in(reg) value,
                    a = out(reg) _,
                    t = out(reg) _,
                    options(nostack, preserves_flags),
                );
            }
        }
    };
}

/// The calling thread's tag: never 0, and no other living thread has it.
#[inline(always)]
pub fn tag() -> usize {
    let value: usize;
    // SAFETY: on x86-64 the first word of the thread control block is its own address (System V ABI for TLS).
    #[cfg(target_arch = "x86_64")]
    unsafe {
        core::arch::asm!("mov {v}, qword ptr fs:[0]", v = out(reg) value, options(pure, nomem, nostack, preserves_flags));
    }
    // SAFETY: reads a register.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        core::arch::asm!("mrs {v}, tpidr_el0", v = out(reg) value, options(pure, nomem, nostack, preserves_flags));
    }
    value
}
