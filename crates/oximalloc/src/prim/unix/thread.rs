//! Threads: a key whose destructor runs at a thread's end, yielding, fork handlers, and a random seed.

use super::{Unix, errno, system, tls};
use crate::prim::contract::{Destructor, Key, Threads};

impl Threads for Unix {
    fn key_create(destructor: Destructor) -> Option<Key> {
        let mut key = 0;
        // SAFETY: the key's place is ours, and the destructor has the right type.
        if unsafe { libc::pthread_key_create(&mut key, Some(destructor)) } != 0 {
            return None;
        }
        let number = u32::try_from(key).ok().filter(|&number| number < u32::MAX);
        if number.is_none() {
            // SAFETY: made above, and nobody knows of it.
            unsafe { libc::pthread_key_delete(key) };
        }
        number.map(Key)
    }

    #[cold]
    fn key_delete(key: Key) {
        // SAFETY: made by `key_create`. Nobody uses it any more, except perhaps a thread that runs while the process
        // ends. The C library refuses that thread's call, because the key does not exist.
        unsafe { libc::pthread_key_delete(key.0 as libc::pthread_key_t) };
    }

    fn key_set(key: Key, value: *mut u8) -> bool {
        // SAFETY: the key was made by `key_create`.
        unsafe { libc::pthread_setspecific(key.0 as libc::pthread_key_t, value.cast_const().cast()) == 0 }
    }

    fn thread_id() -> usize {
        // Tags are even.
        tls::tag() | 1
    }

    fn yield_now() {
        // SAFETY: no memory is passed.
        errno::keep(|| unsafe { libc::sched_yield() });
    }

    fn is_first_thread() -> bool {
        system::is_first_thread()
    }

    fn at_fork(prepare: unsafe extern "C" fn(), parent: unsafe extern "C" fn(), child: unsafe extern "C" fn()) -> bool {
        // SAFETY: functions of the right type that live as long as this library.
        unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) == 0 }
    }

    fn random(words: &mut [u64]) -> bool {
        errno::keep(|| {
            words.chunks_mut(256 / size_of::<u64>()).all(|part| {
                let bytes = size_of_val(part);
                // SAFETY: the words are the caller's, and any bytes are numbers.
                system::random(unsafe { core::slice::from_raw_parts_mut(part.as_mut_ptr().cast(), bytes) })
            })
        })
    }

    fn random_seed() -> u64 {
        let mut seed = [0; 1];
        if Self::random(&mut seed) && seed[0] != 0 {
            return seed[0];
        }
        // The address of a stack slot, and the time.
        (&raw const seed).addr() as u64 ^ system::now_ms().rotate_left(40)
    }
}
