//! Address space and memory, by `mmap`.

use super::{Unix, errno, system};
use crate::base::sync::{AtomicUsize, Ordering};
use crate::prim::contract::{At, Capabilities, Memory};
use core::ffi::c_int;
use core::ptr;

const BOTH: c_int = libc::PROT_READ | libc::PROT_WRITE;
const PRIVATE: c_int = libc::MAP_PRIVATE | libc::MAP_ANON | system::RESERVE_FLAGS;

/// How often another place is tried when the system proposes addresses that are too high.
const TRIES: usize = 64;

impl Memory for Unix {
    const CAPABILITIES: Capabilities = system::CAPABILITIES;
    const RESIDENT_MAX: usize = 1024;

    #[inline(never)]
    fn page_size() -> usize {
        static SIZE: AtomicUsize = AtomicUsize::new(0);
        let known = SIZE.load(Ordering::Relaxed);
        if known != 0 {
            return known;
        }
        // SAFETY: no memory is passed.
        let asked = errno::keep(|| unsafe { libc::sysconf(libc::_SC_PAGESIZE) });
        let size = if asked > 0 { asked as usize } else { 4096 };
        SIZE.store(size, Ordering::Relaxed);
        size
    }

    fn overcommits() -> bool {
        system::overcommits()
    }

    fn limit(address_space: bool) -> Option<usize> {
        let [of_addresses, of_data] = system::LIMITS;
        let which = if address_space { of_addresses } else { of_data }?;
        let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: `limit` is a live `rlimit` that the call fills in.
        let known = errno::keep(|| unsafe { libc::getrlimit(which, &mut limit) }) == 0;
        (known && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur as usize)
    }

    fn set_tag(tag: impl FnOnce() -> u8) {
        system::set_tag(tag());
    }

    fn reserve(hint: usize, size: usize, commit: bool) -> *mut u8 {
        errno::keep(|| {
            let p = map(ptr::without_provenance_mut(hint), size, access(commit), 0);
            if p.is_null() || is_low(p, size) {
                return p;
            }
            give_back(p, size);
            reserve_low(size, commit)
        })
    }

    fn reserve_at(p: *mut u8, size: usize, commit: bool) -> At {
        errno::keep(|| {
            let q = map(p, size, access(commit), system::PLACE_FLAGS);
            if q == p {
                return At::Mapped;
            }
            if !q.is_null() {
                give_back(q, size);
                return At::Occupied;
            }
            // Some systems have one error number for both. If there is room elsewhere, these addresses are taken.
            let elsewhere = map(ptr::null_mut(), size, access(commit), 0);
            if elsewhere.is_null() {
                return At::Refused;
            }
            give_back(elsewhere, size);
            At::Occupied
        })
    }

    // None of these systems promises that such pages are resident at once.
    fn reserve_large(_hint: usize, _size: usize, _page_shift: u32) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn unmap(p: *mut u8, size: usize) -> bool {
        // SAFETY: by the contract the range is the caller's alone.
        errno::keep(|| unsafe { libc::munmap(p.cast(), size) }) == 0
    }

    unsafe fn commit(p: *mut u8, size: usize) -> bool {
        // SAFETY: widening the access to our own mapping invalidates nothing.
        errno::keep(|| unsafe { libc::mprotect(p.cast(), size, BOTH) }) == 0
    }

    unsafe fn protect(p: *mut u8, size: usize) -> bool {
        // SAFETY: by the contract nobody uses the range meanwhile.
        errno::keep(|| unsafe { libc::mprotect(p.cast(), size, libc::PROT_NONE) }) == 0
    }

    // No advice of these systems promises zeros. A new mapping does, and takes the place of the old one. (If the range
    // is the program's, it is private memory from then on, whatever it was before.)
    unsafe fn decommit(p: *mut u8, size: usize, strict: bool) -> bool {
        // SAFETY: replaces pages that are ours by the contract, and whose contents nobody needs.
        let q = errno::keep(|| unsafe {
            libc::mmap(p.cast(), size, access(!strict), PRIVATE | libc::MAP_FIXED, system::no_file(), 0)
        });
        q != libc::MAP_FAILED
    }

    unsafe fn reset(p: *mut u8, size: usize) -> bool {
        // SAFETY: by the contract.
        errno::keep(|| unsafe { system::reset(p, size) })
    }

    unsafe fn advise_huge(_p: *mut u8, _size: usize, _on: bool) -> bool {
        false
    }

    unsafe fn populate(_p: *mut u8, _size: usize) {}

    fn resident(p: *const u8, size: usize) -> usize {
        let mut pages = [0; Self::RESIDENT_MAX];
        let count = (size / Self::page_size()).min(Self::RESIDENT_MAX);
        let pages = pages.get_mut(..count).unwrap_or_default();
        let done = errno::keep(|| system::resident(p, count * Self::page_size(), pages));
        if done { pages.iter().filter(|&&page| page & 1 != 0).count() } else { 0 }
    }

    unsafe fn remap(_p: *mut u8, _old: usize, _new: usize, _to: *mut u8) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn remap_in_place(_p: *mut u8, _old: usize, _new: usize) -> bool {
        false
    }
}

fn access(commit: bool) -> c_int {
    if commit { BOTH } else { libc::PROT_NONE }
}

/// A new mapping, at `hint` if the system likes to. Null if it refuses.
fn map(hint: *mut u8, size: usize, access: c_int, flags: c_int) -> *mut u8 {
    // SAFETY: a new private mapping that replaces none: by the system's promise the flags do not allow that.
    let p = unsafe { libc::mmap(hint.cast(), size, access, PRIVATE | flags, system::no_file(), 0) };
    if p == libc::MAP_FAILED { ptr::null_mut() } else { p.cast() }
}

/// Give back what [`map`] gave, of which nobody knows.
fn give_back(p: *mut u8, size: usize) {
    // SAFETY: mapped by the caller just now.
    unsafe { libc::munmap(p.cast(), size) };
}

/// Whether a range lies below the addresses that the allocator's tables have no place for.
fn is_low(p: *mut u8, size: usize) -> bool {
    (p.addr() + size - 1) >> system::CAPABILITIES.address_bits == 0
}

/// For a system that proposes high addresses (illumos): reserve a range at low ones, one behind the other.
#[cold]
fn reserve_low(size: usize, commit: bool) -> *mut u8 {
    const FROM: usize = system::CAPABILITIES.arenas_at / 2;
    static NEXT: AtomicUsize = AtomicUsize::new(FROM);
    const STEP: usize = 1 << 30;
    let Some(room) = size.checked_next_multiple_of(STEP) else { return ptr::null_mut() };
    for _ in 0..TRIES {
        let hint = NEXT.fetch_add(room, Ordering::Relaxed);
        if hint >> (system::CAPABILITIES.address_bits - 1) != 0 {
            // Begin anew: some of what was reserved before may be free again.
            NEXT.store(FROM, Ordering::Relaxed);
            continue;
        }
        let p = map(ptr::without_provenance_mut(hint), size, access(commit), system::PLACE_FLAGS);
        if !p.is_null() {
            if is_low(p, size) {
                return p;
            }
            give_back(p, size);
        }
    }
    ptr::null_mut()
}
