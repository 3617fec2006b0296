//! Android, which is Linux with a C library of its own (bionic): names that the `libc` crate lacks there, and the
//! thread-local pointer.
//!
//! The pointer is the value of a pthread key. Its values lie in each thread's record, all null at first, so it needs no
//! memory. Thread-local memory by the initial-exec model is no use here: the library of an app is loaded late, and the
//! loader has no room for such memory then. The key has no destructor, so a thread keeps its value to its end.

use super::Linux;
use crate::base::sync::{AtomicU32, Ordering};
use crate::prim::contract::Process;
pub use core::ffi::{c_int, c_void};
use core::ptr;

pub use crate::prim::processor::elf::tag;
pub use ::libc::*;

pub const MAP_FIXED_NOREPLACE: c_int = 0x10_0000;
pub const MREMAP_MAYMOVE: c_int = 1;
pub const MREMAP_FIXED: c_int = 2;

unsafe extern "C" {
    #[link_name = "__errno"]
    pub fn __errno_location() -> *mut c_int;
    pub fn mremap(old: *mut c_void, old_size: size_t, new_size: size_t, flags: c_int, ...) -> *mut c_void;
}

/// The start of an ELF file for 64-bit processors.
#[repr(C)]
pub struct Elf64_Ehdr {
    pub e_ident: [u8; 16],
    pub e_type: u16,
    e_machine: u16,
    e_version: u32,
    e_entry: u64,
    pub e_phoff: u64,
    e_shoff: u64,
    e_flags: u32,
    e_ehsize: u16,
    e_phentsize: u16,
    pub e_phnum: u16,
}

/// The key. 0 as long as there is none (keys of bionic have the highest bit set): no value has been stored yet.
static KEY: AtomicU32 = AtomicU32::new(0);

/// The calling thread's word, which starts as null.
#[inline(always)]
pub fn load() -> *const u8 {
    // Relaxed: a thread that has stored something has seen it, and for all others the word is null.
    let key = KEY.load(Ordering::Relaxed);
    // SAFETY: a key of ours.
    if key == 0 { ptr::null() } else { unsafe { pthread_getspecific(key as pthread_key_t) }.cast_const().cast() }
}

/// Change the calling thread's word.
pub fn store(value: *const u8) {
    if KEY.load(Ordering::Relaxed) == 0 {
        create_key();
    }
    // SAFETY: a key of ours. Its value needs no memory.
    unsafe { pthread_setspecific(KEY.load(Ordering::Relaxed) as pthread_key_t, value.cast()) };
}

/// Make the key. The process ends if there is none; that is found out at its first allocation.
#[cold]
fn create_key() {
    let mut key = 0;
    // SAFETY: the key's place is ours.
    let failed = unsafe { pthread_key_create(&mut key, None) } != 0;
    if failed || key == 0 {
        Linux::write_stderr(b"mimalloc: the system has no key for a thread-local word left\n");
        Linux::abort();
    }
    if KEY.compare_exchange(0, key as u32, Ordering::Relaxed, Ordering::Relaxed).is_err() {
        // Another thread was faster.
        // SAFETY: made above, and nobody knows of it.
        unsafe { pthread_key_delete(key) };
    }
}
