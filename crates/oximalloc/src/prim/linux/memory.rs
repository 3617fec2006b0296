//! Address space and memory from the kernel.

use super::process::ReadFile;
use super::{Linux, errno, libc};
use crate::base::sync::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use crate::prim::contract::{At, Capabilities, Memory};
use core::ptr;

/// Whether the system has refused to fault in memory at once. If so, it is not asked again.
static NO_POPULATE: AtomicBool = AtomicBool::new(false);

/// What of the capabilities depends on the processor: see there.
struct Places {
    address_bits: usize,
    arenas_at: usize,
    arenas_spread: usize,
}

// The kernel gives higher addresses only if a hint asks for them. The place is below 2^46 and above the shadows of the
// sanitizers.
#[cfg(all(target_pointer_width = "64", not(target_arch = "s390x")))]
const PLACES: Places = Places { address_bits: 48, arenas_at: 1 << 45, arenas_spread: 1 << 43 };

// Addresses from 2^42 on would cost a process another level of tables. Programs begin at two thirds of those below.
#[cfg(target_arch = "s390x")]
const PLACES: Places = Places { address_bits: 48, arenas_at: 1 << 40, arenas_spread: 1 << 38 };

// A program that lies where its file says is below, one that the loader places is above, and so are libraries and
// stacks. A system of 32 bits leaves the last of the four GiB, or the last two, to the kernel.
#[cfg(target_pointer_width = "32")]
const PLACES: Places = Places { address_bits: 32, arenas_at: 1 << 29, arenas_spread: 1 << 27 };

impl Memory for Linux {
    const CAPABILITIES: Capabilities = Capabilities {
        sparse: true,
        threads: true,
        reports: true,
        unmap_part: true,
        decommit_part: true,
        remap: true,
        advise_huge: true,
        protect: true,
        lock: true,
        fork: true,
        thread_end: true,
        address_bits: PLACES.address_bits,
        arenas_at: PLACES.arenas_at,
        arenas_spread: PLACES.arenas_spread,
        granularity: 4096,
        large_page_shift: 21,
        huge_page_shift: 30,
    };
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

    fn reserve(hint: usize, size: usize, commit: bool) -> *mut u8 {
        let prot = if commit { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_NONE };
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let hint = ptr::without_provenance_mut(hint);
        // SAFETY: a new private mapping that replaces none (no MAP_FIXED).
        let p = errno::keep(|| unsafe { libc::mmap(hint, size, prot, flags, -1, 0) });
        if p == libc::MAP_FAILED { ptr::null_mut() } else { p.cast() }
    }

    fn reserve_at(p: *mut u8, size: usize, commit: bool) -> At {
        let prot = if commit { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_NONE };
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE;
        errno::keep(|| {
            // SAFETY: a new private mapping that replaces none.
            let q = unsafe { libc::mmap(p.cast(), size, prot, flags, -1, 0) };
            if q == p.cast() {
                return At::Mapped;
            }
            if q != libc::MAP_FAILED {
                // A kernel that does not know the flag takes the address as a hint.
                // SAFETY: mapped just now, and nobody knows of it.
                unsafe { libc::munmap(q, size) };
                return At::Occupied;
            }
            if errno::get() == libc::EEXIST { At::Occupied } else { At::Refused }
        })
    }

    fn limit(address_space: bool) -> Option<usize> {
        let which = if address_space { libc::RLIMIT_AS } else { libc::RLIMIT_DATA };
        let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: `limit` is a live `rlimit` that the call fills in.
        let known = errno::keep(|| unsafe { libc::getrlimit(which, &mut limit) }) == 0;
        (known && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur as usize)
    }

    fn reserve_large(hint: usize, size: usize, page_shift: u32) -> *mut u8 {
        let prot = libc::PROT_READ | libc::PROT_WRITE;
        let page = (page_shift as libc::c_int) << libc::MAP_HUGE_SHIFT;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_HUGETLB | page;
        let hint = ptr::without_provenance_mut(hint);
        // SAFETY: a new private mapping that replaces none (no MAP_FIXED).
        let p = errno::keep(|| unsafe { libc::mmap(hint, size, prot, flags, -1, 0) });
        if p == libc::MAP_FAILED { ptr::null_mut() } else { p.cast() }
    }

    #[inline(never)]
    unsafe fn unmap(p: *mut u8, size: usize) -> bool {
        // SAFETY: by the contract the range is the caller's alone.
        errno::keep(|| unsafe { libc::munmap(p.cast(), size) }) == 0
    }

    #[inline(never)]
    unsafe fn commit(p: *mut u8, size: usize) -> bool {
        // SAFETY: widening the access to our own mapping invalidates nothing.
        errno::keep(|| unsafe { libc::mprotect(p.cast(), size, libc::PROT_READ | libc::PROT_WRITE) }) == 0
    }

    unsafe fn protect(p: *mut u8, size: usize) -> bool {
        // SAFETY: by the contract nobody uses the range meanwhile.
        errno::keep(|| unsafe { libc::mprotect(p.cast(), size, libc::PROT_NONE) }) == 0
    }

    #[inline(never)]
    unsafe fn decommit(p: *mut u8, size: usize, strict: bool) -> bool {
        if strict {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
            // SAFETY: replaces pages that are ours by the contract, and whose contents nobody needs.
            let q = errno::keep(|| unsafe { libc::mmap(p.cast(), size, libc::PROT_NONE, flags, -1, 0) });
            return q != libc::MAP_FAILED;
        }
        // SAFETY: drops contents that nobody needs by the contract.
        errno::keep(|| unsafe { libc::madvise(p.cast(), size, libc::MADV_DONTNEED) }) == 0
    }

    unsafe fn reset(p: *mut u8, size: usize) -> bool {
        // SAFETY: drops contents that nobody needs by the contract.
        errno::keep(|| unsafe { libc::madvise(p.cast(), size, libc::MADV_FREE) }) == 0
    }

    #[inline(never)]
    unsafe fn advise_huge(p: *mut u8, size: usize, on: bool) -> bool {
        let advice = if on { libc::MADV_HUGEPAGE } else { libc::MADV_NOHUGEPAGE };
        // SAFETY: does not change contents or access.
        errno::keep(|| unsafe { libc::madvise(p.cast(), size, advice) }) == 0
    }

    fn resident(p: *const u8, size: usize) -> usize {
        let mut pages = [0u8; Self::RESIDENT_MAX];
        let count = (size / Self::page_size()).min(Self::RESIDENT_MAX);
        let bytes = count * Self::page_size();
        // SAFETY: writes one byte for each of the `count` pages of a range that need not be mapped.
        let done = errno::keep(|| unsafe { libc::mincore(p.cast_mut().cast(), bytes, pages.as_mut_ptr()) }) == 0;
        if done { pages[..count].iter().filter(|&&page| page & 1 != 0).count() } else { 0 }
    }

    unsafe fn populate(p: *mut u8, size: usize) {
        const MADV_POPULATE_WRITE: libc::c_int = 23;
        if !NO_POPULATE.load(Ordering::Relaxed) {
            // SAFETY: the contents stay as they are; the caller owns the range.
            if errno::keep(|| unsafe { libc::madvise(p.cast(), size, MADV_POPULATE_WRITE) }) != 0 {
                NO_POPULATE.store(true, Ordering::Relaxed);
            }
        }
    }

    unsafe fn remap(p: *mut u8, old: usize, new: usize, to: *mut u8) -> *mut u8 {
        let q = errno::keep(|| {
            if to.is_null() {
                // SAFETY: by the contract nobody else uses the old range.
                unsafe { libc::mremap(p.cast(), old, new, libc::MREMAP_MAYMOVE) }
            } else {
                let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
                // SAFETY: as above, and the range at `to` is the caller's to replace.
                unsafe { libc::mremap(p.cast(), old, new, flags, to.cast::<libc::c_void>()) }
            }
        });
        if q == libc::MAP_FAILED { ptr::null_mut() } else { q.cast() }
    }

    unsafe fn remap_in_place(p: *mut u8, old: usize, new: usize) -> bool {
        // SAFETY: without MAYMOVE the address stays, and what is cut off is unused by the contract.
        errno::keep(|| unsafe { libc::mremap(p.cast(), old, new, 0) }) != libc::MAP_FAILED
    }

    #[inline(never)]
    fn overcommits() -> bool {
        const UNKNOWN: u32 = 0;
        const YES: u32 = 1;
        const NO: u32 = 2;
        static ANSWER: AtomicU32 = AtomicU32::new(UNKNOWN);
        match ANSWER.load(Ordering::Relaxed) {
            YES => true,
            NO => false,
            _ => {
                let strict = errno::keep(|| first_byte(c"/proc/sys/vm/overcommit_memory")) == Some(b'2');
                ANSWER.store(if strict { NO } else { YES }, Ordering::Relaxed);
                !strict
            }
        }
    }
}

fn first_byte(path: &core::ffi::CStr) -> Option<u8> {
    let mut byte = [0u8];
    (ReadFile::open(path)?.read(&mut byte) == 1).then_some(byte[0])
}
