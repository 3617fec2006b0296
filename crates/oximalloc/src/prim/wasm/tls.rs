//! The calling thread: there is one, so its pointer is an ordinary static.

use super::Single;

/// The pointer of the one thread.
pub struct Word(Single<*const u8>);

impl Word {
    /// A pointer that starts as `value`.
    pub const fn new(value: *const u8) -> Word {
        Word(Single::new(value))
    }
}

/// Defines the pointer, and `get` and `set`. It starts as the address of `$empty`, a static.
#[macro_export]
#[doc(hidden)]
macro_rules! thread_pointer {
    ($type:ty, $empty:path) => {
        #[unsafe(no_mangle)]
        static oximalloc_0_1_thread: $crate::prim::tls::Word = $crate::prim::tls::Word::new((&raw const $empty).cast());

        /// The calling thread's pointer.
        #[inline(always)]
        pub fn get() -> *const $type {
            $crate::prim::tls::load().cast()
        }

        /// Change the calling thread's pointer.
        pub fn set(value: *const $type) {
            $crate::prim::tls::store(value.cast());
        }
    };
}

unsafe extern "Rust" {
    /// What `thread_pointer!` defines.
    static oximalloc_0_1_thread: Word;
}

/// The pointer.
#[inline(always)]
pub fn load() -> *const u8 {
    // SAFETY: `thread_pointer!` defines it with this type.
    unsafe { oximalloc_0_1_thread.0.get() }
}

/// Change it.
#[inline(always)]
pub fn store(value: *const u8) {
    // SAFETY: as above.
    unsafe { oximalloc_0_1_thread.0.set(value) }
}

/// The number of the one thread.
#[inline(always)]
pub fn tag() -> usize {
    8
}
