//! The calling thread: a thread-local pointer in the slot of a pthread key, and the thread's tag.
//!
//! Thread-local variables of Mach-O are no use here: their first access in a thread calls `malloc`. A key needs no
//! memory. Its values lie in an array that each thread's record has, all null at first, and a register leads to it.
//! `pthread_getspecific` reads the word with the key's number. So does [`load`], without the call.
//!
//! The system sets the word to null before it calls the key's destructor. That puts the value back, so the word keeps
//! it to the thread's end.
//!
//! Invariant: [`OFFSET`] is 0, or that of a key of ours, and does not change then.

use super::super::Unix;
use crate::base::sync::{AtomicUsize, Ordering};
use crate::prim::contract::Process;
use core::ffi::c_void;
use core::ptr;

/// The bytes before the key's word. 0 as long as there is no key: no value has been stored yet.
static OFFSET: AtomicUsize = AtomicUsize::new(0);

/// The calling thread's word, which starts as null.
#[inline(always)]
pub fn load() -> *const u8 {
    // Relaxed: a thread that has stored something has seen it, and for all others the word is null.
    let offset = OFFSET.load(Ordering::Relaxed);
    if offset == 0 { ptr::null() } else { read(offset) }
}

/// Change the calling thread's word.
pub fn store(value: *const u8) {
    let offset = OFFSET.load(Ordering::Relaxed);
    if offset == 0 {
        create_key();
    }
    set(OFFSET.load(Ordering::Relaxed), value);
}

/// Set the word by the system's own function, which notes that the thread has a value for this key.
fn set(offset: usize, value: *const u8) {
    let key = offset / size_of::<usize>();
    // SAFETY: a key of ours.
    unsafe { libc::pthread_setspecific(key as libc::pthread_key_t, value.cast()) };
}

unsafe extern "C" fn keep(value: *mut c_void) {
    store(value.cast_const().cast());
}

/// Make the key. The process ends if there is none, or if its word is not where it is on the systems that are known. That
/// is found out at the process's first allocation.
#[cold]
fn create_key() {
    let mut key = 0;
    // SAFETY: the key's place is ours, and the destructor has the right type.
    let failed = unsafe { libc::pthread_key_create(&mut key, Some(keep)) } != 0;
    let offset = key as usize * size_of::<usize>();
    let mark = (&raw const OFFSET).cast::<u8>();
    if !failed {
        set(offset, mark);
    }
    if failed || offset == 0 || read(offset) != mark {
        Unix::write_stderr(b"mimalloc: this system has no thread-local slot that can be read directly\n");
        Unix::abort();
    }
    set(offset, ptr::null());
    if OFFSET.compare_exchange(0, offset, Ordering::Relaxed, Ordering::Relaxed).is_err() {
        // Another thread was faster.
        // SAFETY: made above, and nobody knows of it.
        unsafe { libc::pthread_key_delete(key) };
    }
}

/// Read the word that many bytes behind the start of the array.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn read(offset: usize) -> *const u8 {
    let value: *const u8;
    // SAFETY: reads a word of the thread's record.
    unsafe {
        core::arch::asm!("mov {v}, qword ptr gs:[{o}]", v = out(reg) value, o = in(reg) offset,
            options(pure, readonly, nostack, preserves_flags));
    }
    value
}

/// The address of the thread's record, which is the first word of the array.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn tag() -> usize {
    let value: usize;
    // SAFETY: reads a word of the thread's record.
    unsafe {
        core::arch::asm!("mov {v}, qword ptr gs:[0]", v = out(reg) value, options(pure, nomem, nostack, preserves_flags));
    }
    value
}

/// Read the word that many bytes behind the start of the array.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn read(offset: usize) -> *const u8 {
    let array = ptr::with_exposed_provenance::<u8>(tag());
    // SAFETY: a word of the thread's record. Nobody else writes it.
    unsafe { array.wrapping_add(offset).cast::<*const u8>().read_volatile() }
}

/// The address of the array.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
pub fn tag() -> usize {
    let value: usize;
    // SAFETY: reads a register. On some systems its lowest bits are the number of a processor.
    unsafe {
        core::arch::asm!("mrs {v}, tpidrro_el0", v = out(reg) value, options(pure, nomem, nostack, preserves_flags));
    }
    value & !7
}
