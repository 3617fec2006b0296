//! The one thread, and random numbers.

use super::Wasm;
#[cfg(target_os = "wasi")]
use super::wasi;
use crate::prim::contract::{Destructor, Key, Threads};

impl Threads for Wasm {
    #[inline(always)]
    fn key_create(_destructor: Destructor) -> Option<Key> {
        None
    }
    #[inline(always)]
    fn key_delete(_key: Key) {}
    #[inline(always)]
    fn key_set(_key: Key, _value: *mut u8) -> bool {
        false
    }
    #[inline(always)]
    fn thread_id() -> usize {
        1
    }
    #[inline(always)]
    fn is_first_thread() -> bool {
        true
    }
    #[inline(always)]
    fn yield_now() {}
    #[inline(always)]
    fn at_fork(_: unsafe extern "C" fn(), _: unsafe extern "C" fn(), _: unsafe extern "C" fn()) -> bool {
        false
    }

    #[cfg(target_os = "wasi")]
    fn random_seed() -> u64 {
        let mut seed = [0];
        // If the host has no random numbers, this one is as good as any: not 0.
        if Self::random(&mut seed) && seed[0] != 0 { seed[0] } else { 0x9e37_79b9_7f4a_7c15 }
    }
    #[cfg(target_os = "wasi")]
    fn random(words: &mut [u64]) -> bool {
        // SAFETY: the host writes to a live slice of numbers, for which any bytes will do.
        unsafe { wasi::random_get(words.as_mut_ptr().cast(), size_of_val(words)) == 0 }
    }

    // Nothing here differs from one run to the next.
    #[cfg(not(target_os = "wasi"))]
    #[inline(always)]
    fn random_seed() -> u64 {
        0x9e37_79b9_7f4a_7c15
    }
    #[cfg(not(target_os = "wasi"))]
    #[inline(always)]
    fn random(_words: &mut [u64]) -> bool {
        false
    }
}
