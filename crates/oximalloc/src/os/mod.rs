//! Ranges of memory from the operating system: reserved at any alignment, committed, given back, and counted.
//!
//! Invariant: `PROCESS.reserved` is the sum of what the functions here reserved and [`release`] has not given back,
//! plus what others gave to arenas to manage.

pub mod numa;

use crate::base::sync::{AtomicBool, Ordering};
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::prim::{Memory, Os};
use core::ptr;

pub use crate::prim::{At, Capabilities};

/// Log2 of [`LARGE_PAGE`].
const LARGE_SHIFT: u32 = Os::CAPABILITIES.large_page_shift;
/// Log2 of [`HUGE_PAGE`].
const HUGE_SHIFT: u32 = Os::CAPABILITIES.huge_page_shift;
/// Bytes of a large OS page.
pub const LARGE_PAGE: usize = 1 << LARGE_SHIFT;
/// Bytes of a huge OS page.
pub const HUGE_PAGE: usize = 1 << HUGE_SHIFT;

/// What the system can do.
#[inline(always)]
pub fn capabilities() -> Capabilities {
    Os::capabilities()
}

/// Bytes of an OS page.
pub fn page_size() -> usize {
    Os::page_size()
}

/// Whether memory that is committed but not touched costs nothing.
pub fn overcommits() -> bool {
    Os::overcommits()
}

/// Reserve `size` bytes (whole OS pages) aligned to `align` (a power of two). The range begins at `hint` if that is
/// free and aligned, and is accessible at once if `commit`. Null if the system refuses.
pub fn reserve(size: usize, align: usize, commit: bool, hint: usize) -> *mut u8 {
    let p = reserve_uncounted(size, align, commit, hint);
    if !p.is_null() {
        PROCESS.reserved.add(size);
        // SAFETY: mapped just now, and only we have it.
        unsafe { shut_to_huge_pages(p, size) };
    }
    p
}

/// Reserve `size` bytes (whole OS pages) at `p` if nothing is mapped there. The range is accessible at once if
/// `commit`.
pub fn reserve_at(p: *mut u8, size: usize, commit: bool) -> At {
    PROCESS.mmap_calls.add(1);
    let at = Os::reserve_at(p, size, commit);
    if at == At::Mapped {
        PROCESS.reserved.add(size);
    }
    at
}

/// How many bytes of address space the process may have. None: no limit.
pub fn address_space_limit() -> Option<usize> {
    Os::limit(true)
}

/// How many bytes of accessible memory the process may have. None: no limit.
pub fn data_limit() -> Option<usize> {
    Os::limit(false)
}

/// The smaller of both limits.
pub fn limit() -> Option<usize> {
    [address_space_limit(), data_limit()].into_iter().flatten().min()
}

/// Advise against transparent huge pages in a range, if the options say that the allocator does without them. The
/// advice is not for the whole process, because the programs that it starts would inherit that switch.
///
/// # Safety
/// - the range consists of whole OS pages of ours.
pub unsafe fn shut_to_huge_pages(p: *mut u8, size: usize) {
    if options::get(Opt::AllowThp) == 0 {
        // SAFETY: by the contract.
        unsafe { Os::advise_huge(p, size, false) };
    }
}

fn reserve_uncounted(size: usize, align: usize, commit: bool, hint: usize) -> *mut u8 {
    if size == 0 || size > isize::MAX as usize || !align.is_power_of_two() {
        return ptr::null_mut();
    }
    PROCESS.mmap_calls.add(1);
    let p = Os::reserve(hint, size, commit);
    if p.is_null() || p.addr() & (align - 1) == 0 {
        return p;
    }
    // SAFETY: mapped just now, and nobody knows of it.
    unsafe { Os::unmap(p, size) };
    if !capabilities().sparse {
        // Behind it there may be as much room as it lacks, or the memory grows by that.
        let start = p.wrapping_add(p.addr().wrapping_neg() & (align - 1));
        if Os::reserve_at(start, size, commit) == At::Mapped {
            return start;
        }
    }
    let Some(room) = size.checked_add(align).filter(|&room| room <= isize::MAX as usize) else {
        return ptr::null_mut();
    };
    if !capabilities().unmap_part {
        return reserve_whole(size, align, commit, room);
    }
    PROCESS.mmap_calls.add(1);
    let p = Os::reserve(0, room, commit);
    if p.is_null() {
        return p;
    }
    let before = p.addr().wrapping_neg() & (align - 1);
    let start = p.wrapping_add(before);
    // SAFETY: the parts before and after the aligned range belong to the mapping made above, and nobody knows of them.
    unsafe {
        if before > 0 {
            Os::unmap(p, before);
        }
        if room > before + size {
            Os::unmap(start.wrapping_add(size), room - before - size);
        }
    }
    start
}

/// For systems that cannot give back a part of a reservation: find out where there is room for an aligned range, and
/// reserve only that.
#[cold]
fn reserve_whole(size: usize, align: usize, commit: bool, room: usize) -> *mut u8 {
    // Another thread may map something there first.
    for _ in 0..TRIES {
        PROCESS.mmap_calls.add(2);
        let p = Os::reserve(0, room, false);
        if p.is_null() {
            break;
        }
        // SAFETY: reserved just now, and nobody knows of it.
        unsafe { Os::unmap(p, room) };
        let start = p.wrapping_add(p.addr().wrapping_neg() & (align - 1));
        if Os::reserve_at(start, size, commit) == At::Mapped {
            return start;
        }
    }
    ptr::null_mut()
}

/// How often [`reserve_whole`] tries.
const TRIES: usize = 16;

/// [`reserve_large`], or a test's replacement for it.
pub type ReserveLarge = fn(usize, usize) -> *mut u8;

/// Reserve `size` bytes (whole large OS pages) of large OS pages, at `hint` if that is free. They are accessible and
/// resident, and cannot be decommitted or reset. Null if the system has none to spare.
pub fn reserve_large(size: usize, hint: usize) -> *mut u8 {
    if size == 0 || size > isize::MAX as usize || !size.is_multiple_of(LARGE_PAGE) {
        return ptr::null_mut();
    }
    PROCESS.mmap_calls.add(1);
    let p = Os::reserve_large(hint, size, LARGE_SHIFT);
    if !p.is_null() {
        PROCESS.reserved.add(size);
    }
    p
}

/// Reserve one huge OS page, at `hint` if that is free. Its memory comes from `node` if that has some (-1: any node).
/// Null if the system has none to spare. This takes as long as clearing the page takes.
pub fn reserve_huge_page(hint: usize, node: i32) -> *mut u8 {
    PROCESS.mmap_calls.add(1);
    let p = Os::reserve_large(hint, HUGE_PAGE, HUGE_SHIFT);
    if !p.is_null() {
        PROCESS.reserved.add(HUGE_PAGE);
        // SAFETY: mapped just now, and only we have it.
        unsafe {
            numa::prefer(p, HUGE_PAGE, node);
            Os::populate(p, HUGE_PAGE);
        }
    }
    p
}

/// Give a range back. False if the system refuses; the range is then unchanged. (A system may refuse any part of a
/// reservation: [`Capabilities::unmap_part`].)
///
/// # Safety
/// - the range is all or part of what a function above reserved, in whole OS pages (whole large ones if it was reserved
///   as such), and nobody uses it any more.
#[inline(never)]
pub unsafe fn release(p: *mut u8, size: usize) -> bool {
    // SAFETY: by the contract.
    let done = size > 0 && unsafe { Os::unmap(p, size) };
    if done {
        PROCESS.reserved.sub(size);
    }
    done
}

/// Make a range accessible. False if the system refuses.
///
/// # Safety
/// - the range consists of whole OS pages, and lies in a range that [`reserve`] gave or that somebody else lets us
///   commit.
pub unsafe fn commit(p: *mut u8, size: usize) -> bool {
    PROCESS.commit_calls.add(1);
    // SAFETY: by the contract.
    unsafe { Os::commit(p, size) }
}

/// Give the memory of a range back. From then on it reads as zero (if `strict`, after a [`commit`]).
///
/// # Safety
/// - as for [`commit`], and nobody uses the range.
pub unsafe fn decommit(p: *mut u8, size: usize, strict: bool) -> bool {
    PROCESS.purge_calls.add(1);
    // SAFETY: by the contract.
    let done = unsafe { Os::decommit(p, size, strict) };
    if done {
        PROCESS.purged.add(size);
        if strict {
            // It is a new mapping, which has no advice yet.
            // SAFETY: by the contract.
            unsafe { shut_to_huge_pages(p, size) };
        }
    }
    done
}

/// Let the system take the memory of a range when it wants to. The contents become undefined. `own`: the range is from
/// [`reserve`], so if the system refuses it, it refuses all such ranges.
///
/// # Safety
/// - as for [`decommit`].
pub unsafe fn reset(p: *mut u8, size: usize, own: bool) -> bool {
    // Some kernels lack the lazy call. One refusal is enough to know.
    static REFUSED: AtomicBool = AtomicBool::new(false);
    if REFUSED.load(Ordering::Relaxed) {
        return false;
    }
    PROCESS.reset_calls.add(1);
    // SAFETY: by the contract.
    let done = unsafe { Os::reset(p, size) };
    if done {
        PROCESS.reset.add(size);
    } else if own {
        REFUSED.store(true, Ordering::Relaxed);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::config::power;

    #[test]
    fn every_alignment_is_kept() {
        for shift in 12..=31.min(usize::BITS - 3) {
            let p = reserve(1 << 16, 1 << shift, false, 0);
            assert!(!p.is_null());
            assert_eq!(p.addr() % (1 << shift), 0);
            // SAFETY: the whole of what was reserved above.
            unsafe {
                assert!(commit(p, 1 << 16));
                p.add((1 << 16) - 1).write(1);
                release(p, 1 << 16);
            }
        }
    }

    #[test]
    fn large_pages_are_there_or_refused() {
        assert!(reserve_large(LARGE_PAGE - 4096, 0).is_null() && reserve_large(0, 0).is_null());
        let p = reserve_large(LARGE_PAGE, 0);
        if !p.is_null() {
            assert_eq!(p.addr() % LARGE_PAGE, 0);
            // SAFETY: the whole of what was reserved above.
            unsafe {
                p.add(LARGE_PAGE - 1).write(1);
                release(p, LARGE_PAGE);
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(reserve(0, 4096, false, 0).is_null());
        assert!(reserve(usize::MAX & !4095, 4096, false, 0).is_null());
        assert!(reserve(4096, power(62), false, 0).is_null());
        assert!(reserve(4096, 3, false, 0).is_null());
    }
}
