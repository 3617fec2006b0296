//! Threads: a key whose destructor runs at a thread's end, giving way, fork handlers, and a seed.
//! Invariant: an early key (the first 32 of a process) needs no allocation in the C library.

use super::Linux;
use crate::prim::contract::{Destructor, Key, Threads};

/// Keys that the C library keeps in a thread's own record. They are numbered from 0, and a new one has the lowest number that
/// is free.
const EARLY: usize = 32;

impl Threads for Linux {
    // Destructors run in the order of the keys' numbers, in up to four rounds. So this is the last of the early keys: in each
    // round it comes after those of most other libraries, and in the last round too it hears of a value that one of theirs set.
    #[inline]
    fn key_create(destructor: Destructor) -> Option<Key> {
        #[cfg(tsan)]
        let destructor = watched::once(destructor);
        let mut keys = [Key(0); EARLY];
        let mut made = 0;
        for place in &mut keys {
            // SAFETY: the key's place is ours; the destructor has the type that is asked for.
            if unsafe { libc::pthread_key_create(&mut place.0, Some(destructor)) } != 0 {
                break;
            }
            made += 1;
            if place.0 as usize >= EARLY - 1 {
                break;
            }
        }
        let made = keys.get(..made)?;
        // None is early where many were made before.
        let last = made.iter().rposition(|key| (key.0 as usize) < EARLY).unwrap_or(0);
        for (_, key) in made.iter().enumerate().filter(|&(i, _)| i != last) {
            // SAFETY: made above, and told to nobody.
            unsafe { libc::pthread_key_delete(key.0) };
        }
        made.get(last).copied()
    }

    #[cold]
    fn key_delete(key: Key) {
        // SAFETY: made by `key_create`. Nobody uses it any more, but where the process ends a thread may be at it: the C library
        // tells that one that it is none.
        unsafe { libc::pthread_key_delete(key.0) };
    }

    fn key_set(key: Key, value: *mut u8) -> bool {
        #[cfg(tsan)]
        watched::KEY.store(key.0, watched::Ordering::Relaxed);
        // SAFETY: the key was made by `key_create`.
        unsafe { libc::pthread_setspecific(key.0, value.cast()) == 0 }
    }

    fn thread_id() -> usize {
        // SAFETY: no preconditions. A `pthread_t` is the address of an aligned record here, so the low bit is free.
        unsafe { libc::pthread_self() as usize | 1 }
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

    // Made of the 16 random bytes that the kernel hands each new program: no system call. Where the kernel gives none, it is
    // asked, and must not make us wait.
    fn random(words: &mut [u64]) -> bool {
        let bytes = size_of_val(words);
        super::errno::keep(|| {
            // SAFETY: the words are the caller's, and any bytes are numbers.
            let filled = unsafe { libc::syscall(libc::SYS_getrandom, words.as_mut_ptr(), bytes, libc::GRND_NONBLOCK) };
            filled == bytes as libc::c_long
        })
    }

    fn random_seed() -> u64 {
        // SAFETY: reads the auxiliary vector only.
        let at = unsafe { libc::getauxval(libc::AT_RANDOM) };
        if at != 0 {
            let bytes = core::ptr::with_exposed_provenance::<[u8; 8]>(at as usize);
            // The C library takes its canary and its pointer guard from them: mixed, so that neither shows in ours.
            // SAFETY: the kernel put 16 bytes there, which stay for the life of the process.
            let (a, b) = unsafe { (u64::from_ne_bytes(bytes.read()), u64::from_ne_bytes(bytes.add(1).read())) };
            let product = u128::from(a | 1) * u128::from(b.rotate_left(32) | 1);
            return (product >> 64) as u64 ^ product as u64;
        }
        let mut seed = &raw const at as u64;
        // SAFETY: eight bytes of room, which we pass the address of. Failure leaves the address of a stack slot.
        unsafe { libc::syscall(libc::SYS_getrandom, &raw mut seed, 8usize, libc::GRND_NONBLOCK) };
        seed
    }
}

/// ThreadSanitizer forgets a thread in the last round of destructors, and what it watches must not run there any more. So the
/// destructor is not called again for a value that it has set itself.
#[cfg(tsan)]
mod watched {
    pub use crate::base::sync::Ordering;
    use crate::base::sync::{AtomicPtr, AtomicU32};
    use crate::prim::contract::Destructor;
    use core::ffi::c_void;
    use core::ptr;

    /// The key whose destructor it is.
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
