//! What a floor above has to define by the means of the system: the thread-local pointer, and what the loader calls. A
//! symbol's section and first value are part of its definition, so a function cannot do it.

/// `thread_pointer: TYPE, EMPTY` defines the thread-local pointer, with `get` and `set`. In each thread it starts as the
/// address of `EMPTY`, a static.
///
/// `at_load: FUNCTION` has the loader call an `extern "C"` function before `main`, or when it loads the library that
/// contains this code.
#[macro_export]
#[doc(hidden)]
macro_rules! by_system {
    (thread_pointer: $type:ty, $empty:path) => {
        // Where the loader cannot give the word its first value, it is null, and `get` has a test for that.
        #[cfg(all(unix, not(any(target_vendor = "apple", target_os = "android", target_os = "haiku"))))]
        core::arch::global_asm!(
            ".section .tdata.oximalloc_0_1,\"awT\",%progbits",
            ".balign 8",
            ".globl oximalloc_0_1_thread",
            ".hidden oximalloc_0_1_thread",
            ".type oximalloc_0_1_thread,%object",
            ".size oximalloc_0_1_thread, . - oximalloc_0_1_thread",
            "oximalloc_0_1_thread:",
            ".dc.a {empty}",
            ".previous",
            empty = sym $empty,
        );
        // (In a section's name, capital letters come before the end of the thread-local section, `.tls$ZZZ`.)
        #[cfg(windows)]
        core::arch::global_asm!(
            ".section .tls$OXIMALLOC_0_1,\"dw\"",
            ".balign 8",
            ".globl oximalloc_0_1_thread",
            "oximalloc_0_1_thread:",
            ".dc.a {empty}",
            ".text",
            empty = sym $empty,
        );
        #[cfg(target_family = "wasm")]
        #[unsafe(no_mangle)]
        static oximalloc_0_1_thread: $crate::prim::tls::Word = $crate::prim::tls::Word::new((&raw const $empty).cast());

        /// The calling thread's pointer.
        #[inline(always)]
        pub fn get() -> *const $type {
            let word = $crate::prim::tls::load();
            if $crate::prim::tls::STARTS_NULL && word.is_null() {
                return (&raw const $empty).cast();
            }
            word.cast()
        }

        /// Change the calling thread's pointer.
        pub fn set(value: *const $type) {
            $crate::prim::tls::store(value.cast());
        }
    };
    (at_load: $run:path) => {
        #[used]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs"))]
        #[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
        #[cfg_attr(not(any(target_vendor = "apple", windows)), unsafe(link_section = ".init_array"))]
        static LOADED: extern "C" fn() = $run;
    };
}
