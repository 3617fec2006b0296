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

unsafe extern "Rust" {
    /// What `by_system!` defines.
    static oximalloc_0_1_thread: Word;
}

/// It starts as the address of a static.
pub const STARTS_NULL: bool = false;

/// The pointer.
#[inline(always)]
pub fn load() -> *const u8 {
    // SAFETY: `by_system!` defines it with this type.
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
