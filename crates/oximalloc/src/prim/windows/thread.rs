//! Threads: keys whose destructors run at a thread's end, yielding, and random numbers.
//!
//! A key is a slot of the system for a word that each thread has. The system itself reports the end of threads without
//! the words ([`super::loader`]), so a table here has the destructors.
//!
//! Invariant: a row of the table is free, or the slot in it is one that was allocated for it. A row that has a
//! destructor has a slot.

use super::{Windows, errno, loader};
use crate::base::sync::{AtomicPtr, AtomicU32, Ordering};
use crate::prim::contract::{Destructor, Key, Threads};
use core::arch::x86_64::_rdtsc;
use core::ffi::c_void;
use core::ptr;
use windows_sys::Win32::Security::Authentication::Identity::RtlGenRandom;
use windows_sys::Win32::System::Diagnostics::Debug::EncodePointer;
use windows_sys::Win32::System::Performance::QueryPerformanceCounter;
use windows_sys::Win32::System::Threading::{
    GetCurrentProcessId, GetCurrentThreadId, SwitchToThread, TLS_OUT_OF_INDEXES, TlsAlloc, TlsFree, TlsGetValue,
    TlsSetValue,
};

/// A key that exists.
struct Row {
    slot: AtomicU32,
    /// A [`Destructor`], or null.
    destructor: AtomicPtr<()>,
}

/// A row without a slot.
const FREE: u32 = TLS_OUT_OF_INDEXES;

static ROWS: [Row; 8] = [const { Row { slot: AtomicU32::new(FREE), destructor: AtomicPtr::new(ptr::null_mut()) } }; 8];

/// How often the destructors are called in a thread, if they set values again.
const ROUNDS: usize = 4;

/// The calling thread ends.
fn end() {
    errno::keep(|| {
        for _ in 0..ROUNDS {
            let mut any = false;
            for row in &ROWS {
                any |= row.call();
            }
            if !any {
                break;
            }
        }
    });
}

impl Row {
    /// Call the destructor for the calling thread's value. False if there is none.
    fn call(&self) -> bool {
        // Acquire: pairs with the Release in `key_create`. Whoever sees the destructor sees its slot.
        let destructor = self.destructor.load(Ordering::Acquire);
        let slot = self.slot.load(Ordering::Relaxed);
        if destructor.is_null() || slot == FREE {
            return false;
        }
        // SAFETY: the system refuses a slot that is not allocated. Only `key_create` stores a destructor.
        unsafe {
            let value = TlsGetValue(slot);
            if value.is_null() {
                return false;
            }
            TlsSetValue(slot, ptr::null());
            core::mem::transmute::<*mut (), Destructor>(destructor)(value);
        }
        true
    }
}

impl Threads for Windows {
    fn key_create(destructor: Destructor) -> Option<Key> {
        loader::at_thread_end(end);
        // SAFETY: no memory is passed.
        let slot = errno::keep(|| unsafe { TlsAlloc() });
        if slot == TLS_OUT_OF_INDEXES {
            return None;
        }
        let claim = |row: &&Row| row.slot.compare_exchange(FREE, slot, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        let Some(row) = ROWS.iter().find(claim) else {
            // SAFETY: allocated just now, and nobody knows of it.
            errno::keep(|| unsafe { TlsFree(slot) });
            return None;
        };
        // Release: pairs with the Acquire in `call`.
        row.destructor.store(destructor as *mut (), Ordering::Release);
        Some(Key(slot))
    }

    #[cold]
    fn key_delete(key: Key) {
        if let Some(row) = ROWS.iter().find(|row| row.slot.load(Ordering::Relaxed) == key.0) {
            row.destructor.store(ptr::null_mut(), Ordering::Relaxed);
            row.slot.store(FREE, Ordering::Relaxed);
            // SAFETY: allocated by `key_create`, and not used any more. A thread that looks at it just now is refused.
            errno::keep(|| unsafe { TlsFree(key.0) });
        }
    }

    fn key_set(key: Key, value: *mut u8) -> bool {
        // SAFETY: allocated by `key_create`.
        errno::keep(|| unsafe { TlsSetValue(key.0, value.cast::<c_void>()) != 0 })
    }

    fn thread_id() -> usize {
        // SAFETY: no memory is passed.
        unsafe { GetCurrentThreadId() as usize }
    }

    fn is_first_thread() -> bool {
        // SAFETY: no memory is passed.
        loader::is_first(unsafe { GetCurrentThreadId() })
    }

    fn yield_now() {
        // SAFETY: no memory is passed.
        errno::keep(|| unsafe { SwitchToThread() });
    }

    fn at_fork(_: unsafe extern "C" fn(), _: unsafe extern "C" fn(), _: unsafe extern "C" fn()) -> bool {
        false
    }

    // The seed is made from what costs no call of the kernel and loads nothing, because it is wanted for the first block
    // of all: the random number by which the system encodes pointers of this process, the place of the stack, and clocks.
    fn random_seed() -> u64 {
        let mut count = 0;
        // SAFETY: the system encodes null, which it does not look at, and writes the counter to `count`. All x86-64
        // processors have a time stamp.
        let (code, stamp) = errno::keep(|| unsafe {
            QueryPerformanceCounter(&mut count);
            (EncodePointer(ptr::null()).addr() as u64, _rdtsc())
        });
        // SAFETY: no memory is passed.
        let number = unsafe { u64::from(GetCurrentProcessId()) << 32 | u64::from(GetCurrentThreadId()) };
        let place = (&raw const count).addr() as u64;
        let a = code ^ stamp.rotate_left(32) ^ place;
        let b = (count as u64).rotate_left(24) ^ number ^ code.rotate_left(17);
        let product = u128::from(a | 1) * u128::from(b | 1);
        (product >> 64) as u64 ^ product as u64
    }

    fn random(words: &mut [u64]) -> bool {
        let Ok(bytes) = u32::try_from(size_of_val(words)) else { return false };
        // SAFETY: the words are the caller's, and any bytes are numbers.
        errno::keep(|| unsafe { RtlGenRandom(words.as_mut_ptr().cast(), bytes) })
    }
}
