//! Threads: a key whose destructor runs at a thread's end, yielding, fork handlers, and a random seed.
//!
//! Invariant: an early key (with glibc, the first 32 of a process) needs no allocation in the C library.

use super::{Linux, keys};
use crate::prim::contract::{Destructor, Key, Threads};

/// glibc keeps the values of this many keys in a thread's own record. Keys are numbered from 0, and a new key gets the
/// lowest free number. musl keeps the values of all keys there, and a new key gets the next number: one is made.
const EARLY: usize = if cfg!(target_env = "musl") { 1 } else { 32 };

impl Threads for Linux {
    // Destructors run in the order of the keys' numbers, in up to four rounds. So this makes the last of the early
    // keys. In each round, even the last, its destructor runs after those of most other libraries, and so for a value
    // that one of theirs set.
    #[inline]
    fn key_create(destructor: Destructor) -> Option<Key> {
        #[cfg(tsan)]
        let destructor = watched::once(destructor);
        let (create, delete) = (keys::create()?, keys::delete()?);
        let mut keys = [Key(0); EARLY];
        let mut made = 0;
        for place in &mut keys {
            // SAFETY: the key's place is ours, and the destructor has the right type.
            if unsafe { create((&raw mut place.0).cast(), Some(destructor)) } != 0 {
                break;
            }
            made += 1;
            if place.0 as usize >= EARLY - 1 {
                break;
            }
        }
        let made = keys.get(..made)?;
        // If many keys were made before, none of these is early.
        let last = made.iter().rposition(|key| (key.0 as usize) < EARLY).unwrap_or(0);
        for (_, key) in made.iter().enumerate().filter(|&(i, _)| i != last) {
            // SAFETY: made above, and nobody knows of it.
            unsafe { delete(key.0 as libc::pthread_key_t) };
        }
        made.get(last).copied()
    }

    #[cold]
    fn key_delete(key: Key) {
        // SAFETY: made by `key_create`. Nobody uses it any more, except perhaps a thread that runs while the process
        // ends. The C library refuses that thread's call, because the key does not exist.
        keys::delete().map(|delete| unsafe { delete(key.0 as libc::pthread_key_t) });
    }

    fn key_set(key: Key, value: *mut u8) -> bool {
        #[cfg(tsan)]
        watched::KEY.store(key.0, watched::Ordering::Relaxed);
        // SAFETY: the key was made by `key_create`.
        keys::set().is_some_and(|set| unsafe { set(key.0 as libc::pthread_key_t, value.cast()) == 0 })
    }

    fn thread_id() -> usize {
        // The C library's own number of a thread is 0 in a process that has no threads yet, before glibc 2.34.
        super::tls::tag()
    }

    fn yield_now() {
        // SAFETY: no memory is passed.
        unsafe { libc::sched_yield() };
    }

    fn is_first_thread() -> bool {
        // SAFETY: no memory is passed.
        unsafe { libc::syscall(libc::SYS_gettid) == libc::c_long::from(libc::getpid()) }
    }

    fn at_fork(prepare: unsafe extern "C" fn(), parent: unsafe extern "C" fn(), child: unsafe extern "C" fn()) -> bool {
        // SAFETY: functions of the right type that live as long as this library.
        unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) == 0 }
    }

    fn random(words: &mut [u64]) -> bool {
        let bytes = size_of_val(words);
        super::errno::keep(|| {
            // SAFETY: the words are the caller's, and any bytes are numbers.
            let filled = unsafe { libc::syscall(libc::SYS_getrandom, words.as_mut_ptr(), bytes, libc::GRND_NONBLOCK) };
            filled == bytes as libc::c_long
        })
    }

    // The seed is made from the 16 random bytes that the kernel gives each new program, so it needs no system call. If
    // there are none, the kernel is asked for some without waiting.
    fn random_seed() -> u64 {
        // SAFETY: reads the auxiliary vector only.
        let at = unsafe { libc::getauxval(libc::AT_RANDOM) };
        if at != 0 {
            let bytes = core::ptr::with_exposed_provenance::<[u8; 8]>(at as usize);
            // The C library takes its canary and its pointer guard from them. They are mixed, so that the seed shows
            // neither.
            // SAFETY: the kernel put 16 bytes there, which stay for the life of the process.
            let (a, b) = unsafe { (u64::from_ne_bytes(bytes.read()), u64::from_ne_bytes(bytes.add(1).read())) };
            let product = u128::from(a | 1) * u128::from(b.rotate_left(32) | 1);
            return (product >> 64) as u64 ^ product as u64;
        }
        let mut seed = &raw const at as u64;
        // SAFETY: the kernel writes at most eight bytes to `seed`. If it fails, `seed` is still the address of a stack
        // slot.
        unsafe { libc::syscall(libc::SYS_getrandom, &raw mut seed, 8usize, libc::GRND_NONBLOCK) };
        seed
    }
}

/// ThreadSanitizer forgets a thread in the last round of destructors. After that, code that it watches must not run in
/// the thread. So the destructor is not called again for a value that it has set itself.
#[cfg(tsan)]
mod watched {
    pub use crate::base::sync::Ordering;
    use crate::base::sync::{AtomicPtr, AtomicU32};
    use crate::prim::contract::Destructor;
    use core::ffi::c_void;
    use core::ptr;

    /// The destructor's key.
    pub static KEY: AtomicU32 = AtomicU32::new(0);
    static DESTRUCTOR: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

    pub fn once(destructor: Destructor) -> Destructor {
        DESTRUCTOR.store(destructor as *mut c_void, Ordering::Relaxed);
        call
    }

    unsafe extern "C" fn call(value: *mut c_void) {
        // SAFETY: the destructor was stored before its key was made, and the key when the value was set.
        unsafe {
            core::mem::transmute::<*mut c_void, Destructor>(DESTRUCTOR.load(Ordering::Relaxed))(value);
            libc::pthread_setspecific(KEY.load(Ordering::Relaxed), ptr::null());
        }
    }
}
