//! Address space and memory from the kernel. Invariant: every call leaves `errno` as it was, so that an allocation
//! which succeeds by a second way shows nothing of the first.

use crate::base::sync::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use crate::prim::unix::process::ReadFile;
use core::ptr;

/// Run a system call and put `errno` back.
#[inline(always)]
pub fn keep_errno<T>(call: impl FnOnce() -> T) -> T {
    // SAFETY: always a valid pointer to the calling thread's own errno.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    let before = unsafe { *errno };
    let result = call();
    // SAFETY: as above.
    unsafe { *errno = before };
    result
}

/// Bytes of an OS page, as the running kernel says.
#[inline(never)]
pub fn page_size() -> usize {
    static SIZE: AtomicUsize = AtomicUsize::new(0);
    let known = SIZE.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    // SAFETY: no memory is passed.
    let asked = keep_errno(|| unsafe { libc::sysconf(libc::_SC_PAGESIZE) });
    let size = if asked > 0 { asked as usize } else { 4096 };
    SIZE.store(size, Ordering::Relaxed);
    size
}

/// Reserve `size` bytes of address space, at `hint` if that is free (0: anywhere), readable and writable at once if
/// `commit`. Null when refused.
pub fn reserve(hint: usize, size: usize, commit: bool) -> *mut u8 {
    let prot = if commit { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_NONE };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    let hint = ptr::without_provenance_mut(hint);
    // SAFETY: a new private mapping that replaces none (no MAP_FIXED).
    let p = keep_errno(|| unsafe { libc::mmap(hint, size, prot, flags, -1, 0) });
    if p == libc::MAP_FAILED { ptr::null_mut() } else { p.cast() }
}

/// What became of a wish for certain addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// They are mapped, and ours.
    Mapped,
    /// The system gives no more address space, or memory.
    Refused,
    /// Something else is mapped there.
    Occupied,
}

/// Reserve `size` bytes at `p`, if nothing is mapped there; as [`reserve`].
pub fn reserve_at(p: *mut u8, size: usize, commit: bool) -> At {
    let prot = if commit { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_NONE };
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE;
    keep_errno(|| {
        // SAFETY: a new private mapping that replaces none.
        let q = unsafe { libc::mmap(p.cast(), size, prot, flags, -1, 0) };
        if q == p.cast() {
            return At::Mapped;
        }
        if q != libc::MAP_FAILED {
            // A kernel that does not know the flag takes the address for a hint.
            // SAFETY: mapped just now and told to nobody.
            unsafe { libc::munmap(q, size) };
            return At::Occupied;
        }
        // SAFETY: the calling thread's errno.
        if unsafe { *libc::__errno_location() } == libc::EEXIST { At::Occupied } else { At::Refused }
    })
}

/// Bytes that the process may have mapped (`address_space`), or mapped as private and writable; None: as many as it likes.
pub fn limit(address_space: bool) -> Option<usize> {
    let which = if address_space { libc::RLIMIT_AS } else { libc::RLIMIT_DATA };
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: a place for the answer.
    let known = keep_errno(|| unsafe { libc::getrlimit(which, &mut limit) }) == 0;
    (known && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur as usize)
}

/// Map `size` bytes of large OS pages, whose size has the given log2, at `hint` if that is free (0: anywhere). Readable
/// and writable, zero, and taken from the system's pool of such pages at once, so that no touch can fail later. Null
/// when refused, as it is where an administrator has set no such pages aside.
pub fn reserve_large(hint: usize, size: usize, page_shift: u32) -> *mut u8 {
    let prot = libc::PROT_READ | libc::PROT_WRITE;
    let page = (page_shift as libc::c_int) << libc::MAP_HUGE_SHIFT;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_HUGETLB | page;
    let hint = ptr::without_provenance_mut(hint);
    // SAFETY: a new private mapping that replaces none (no MAP_FIXED).
    let p = keep_errno(|| unsafe { libc::mmap(hint, size, prot, flags, -1, 0) });
    if p == libc::MAP_FAILED { ptr::null_mut() } else { p.cast() }
}

/// Give a range back to the system.
///
/// # Safety
/// - the range consists of whole OS pages of mappings made by [`reserve`] or [`reserve_large`], which nobody uses any more.
#[inline(never)]
pub unsafe fn unmap(p: *mut u8, size: usize) -> bool {
    // SAFETY: by the contract the range is the caller's alone.
    keep_errno(|| unsafe { libc::munmap(p.cast(), size) }) == 0
}

/// Make a reserved range readable and writable. Harmless when it is so already.
///
/// # Safety
/// - the range consists of whole OS pages of mappings made by [`reserve`].
#[inline(never)]
pub unsafe fn commit(p: *mut u8, size: usize) -> bool {
    // SAFETY: widening the access to our own mapping invalidates nothing.
    keep_errno(|| unsafe { libc::mprotect(p.cast(), size, libc::PROT_READ | libc::PROT_WRITE) }) == 0
}

/// Take access to a range away; its contents stay. [`commit`] gives access back. False when the system refuses, as it
/// does to a process that has too many mappings.
///
/// # Safety
/// - as for [`commit`], and nobody uses the range until then.
pub unsafe fn protect(p: *mut u8, size: usize) -> bool {
    // SAFETY: by the contract nobody counts on access.
    keep_errno(|| unsafe { libc::mprotect(p.cast(), size, libc::PROT_NONE) }) == 0
}

/// Give the memory of a range back, and keep the addresses. It reads as zero from then on; with `strict` it is also
/// no longer accessible, and not counted against the system's commit limit.
///
/// # Safety
/// - as for [`commit`], and nobody uses the contents.
#[inline(never)]
pub unsafe fn decommit(p: *mut u8, size: usize, strict: bool) -> bool {
    if strict {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
        // SAFETY: replaces pages that are ours by the contract, and whose contents nobody needs.
        let q = keep_errno(|| unsafe { libc::mmap(p.cast(), size, libc::PROT_NONE, flags, -1, 0) });
        return q != libc::MAP_FAILED;
    }
    // SAFETY: drops contents that nobody needs by the contract.
    keep_errno(|| unsafe { libc::madvise(p.cast(), size, libc::MADV_DONTNEED) }) == 0
}

/// Tell the system that it may take the memory of a range when it is short of some; contents become undefined.
///
/// # Safety
/// - as for [`decommit`].
pub unsafe fn reset(p: *mut u8, size: usize) -> bool {
    // SAFETY: drops contents that nobody needs by the contract.
    keep_errno(|| unsafe { libc::madvise(p.cast(), size, libc::MADV_FREE) }) == 0
}

/// Advise for or against transparent huge pages in a range.
///
/// # Safety
/// - as for [`commit`].
#[inline(never)]
pub unsafe fn advise_huge(p: *mut u8, size: usize, on: bool) -> bool {
    let advice = if on { libc::MADV_HUGEPAGE } else { libc::MADV_NOHUGEPAGE };
    // SAFETY: does not change contents or access.
    keep_errno(|| unsafe { libc::madvise(p.cast(), size, advice) }) == 0
}

/// How many OS pages of a range are resident, of the first [`MOST_LOOKED_AT`]; 0 where the system does not tell.
pub fn resident(p: *const u8, size: usize) -> usize {
    let mut pages = [0u8; MOST_LOOKED_AT];
    let count = (size / page_size()).min(MOST_LOOKED_AT);
    // SAFETY: writes one byte for each of the `count` pages of a range that need not be mapped.
    let done =
        keep_errno(|| unsafe { libc::mincore(p.cast_mut().cast(), count * page_size(), pages.as_mut_ptr()) }) == 0;
    if done { pages[..count].iter().filter(|&&page| page & 1 != 0).count() } else { 0 }
}

/// See [`resident`].
pub const MOST_LOOKED_AT: usize = 1024;

/// Whether the system has refused to fault in memory at once: then it is not asked again.
static NO_POPULATE: AtomicBool = AtomicBool::new(false);

/// Fault a range in with one call. No effect where the system cannot.
///
/// # Safety
/// The range is committed memory of the caller's.
pub unsafe fn populate(p: *mut u8, size: usize) {
    const MADV_POPULATE_WRITE: libc::c_int = 23;
    if !NO_POPULATE.load(Ordering::Relaxed) {
        // SAFETY: the contents stay as they are; the caller owns the range.
        if keep_errno(|| unsafe { libc::madvise(p.cast(), size, MADV_POPULATE_WRITE) }) != 0 {
            NO_POPULATE.store(true, Ordering::Relaxed);
        }
    }
}

/// Move a mapping, contents and all, to a new size at `to` (null: wherever the system likes). What was mapped at
/// `to` is replaced. Null when refused; the old mapping then stands as it was, and nothing is promised about `to`.
///
/// # Safety
/// - `p`, `old` is a mapping made by [`reserve`] (and commit), the caller's alone;
/// - `to`, `new` is null or a range reserved by the caller that does not overlap the old one.
pub unsafe fn remap(p: *mut u8, old: usize, new: usize, to: *mut u8) -> *mut u8 {
    let q = keep_errno(|| {
        if to.is_null() {
            // SAFETY: by the contract nobody else uses the old range.
            unsafe { libc::mremap(p.cast(), old, new, libc::MREMAP_MAYMOVE) }
        } else {
            let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
            // SAFETY: likewise, and the range at `to` is the caller's to replace.
            unsafe { libc::mremap(p.cast(), old, new, flags, to.cast::<libc::c_void>()) }
        }
    });
    if q == libc::MAP_FAILED { ptr::null_mut() } else { q.cast() }
}

/// Grow or shrink a mapping where it is.
///
/// # Safety
/// - `p`, `old` is a mapping made by [`reserve`]; bytes from `new` on are not used any more.
pub unsafe fn remap_in_place(p: *mut u8, old: usize, new: usize) -> bool {
    // SAFETY: without MAYMOVE the address stays, and what is cut off is unused by the contract.
    keep_errno(|| unsafe { libc::mremap(p.cast(), old, new, 0) }) != libc::MAP_FAILED
}

/// False when the system promises memory strictly (`vm.overcommit_memory` is 2), so that committing what is not used
/// takes it from others. The file is read at the first call.
#[inline(never)]
pub fn overcommits() -> bool {
    const UNKNOWN: u32 = 0;
    const YES: u32 = 1;
    const NO: u32 = 2;
    static ANSWER: AtomicU32 = AtomicU32::new(UNKNOWN);
    match ANSWER.load(Ordering::Relaxed) {
        YES => true,
        NO => false,
        _ => {
            let strict = keep_errno(|| first_byte(c"/proc/sys/vm/overcommit_memory")) == Some(b'2');
            ANSWER.store(if strict { NO } else { YES }, Ordering::Relaxed);
            !strict
        }
    }
}

fn first_byte(path: &core::ffi::CStr) -> Option<u8> {
    let mut byte = [0u8];
    (ReadFile::open(path)?.read(&mut byte) == 1).then_some(byte[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_goes_and_moves() {
        let page = page_size();
        assert!(page.is_power_of_two());
        let p = reserve(0, 4 * page, false);
        assert!(!p.is_null());
        // SAFETY: our own mapping of four pages; each access is inside what is committed then.
        unsafe {
            assert!(commit(p, 2 * page));
            p.write(7);
            assert!(decommit(p, 2 * page, false));
            assert_eq!(p.read(), 0);
            p.write(8);
            assert!(decommit(p, page, true) && commit(p, page));
            assert_eq!(p.read(), 0);
            assert!(commit(p, 4 * page));
            p.write(9);
            assert_eq!(reserve_at(p, page, true), At::Occupied);
            assert_eq!(p.read(), 9);
            assert!(unmap(p.add(page), 2 * page));
            assert_eq!(reserve_at(p.add(page), 2 * page, true), At::Mapped);
            assert_eq!(p.add(page).read(), 0);
            assert_eq!(reserve_at(p, 1 << 60, true), At::Refused);
            let q = remap(p, 4 * page, 64 * page, ptr::null_mut());
            assert!(!q.is_null());
            assert_eq!(q.read(), 9);
            assert!(remap_in_place(q, 64 * page, page));
            assert!(unmap(q, page));
        }
    }

    #[test]
    fn a_refusal_is_null_and_keeps_errno() {
        // SAFETY: the calling thread's errno.
        unsafe { *libc::__errno_location() = 77 };
        assert!(reserve(0, 1 << 60, false).is_null());
        // SAFETY: as above.
        assert_eq!(unsafe { *libc::__errno_location() }, 77);
        assert_eq!(overcommits(), overcommits());
    }
}
