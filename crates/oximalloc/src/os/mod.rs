//! Ranges from the operating system: reserved at any alignment, committed, given back, and counted.
//!
//! Invariant: `PROCESS.reserved` is the sum of what the functions here gave and [`release`] has not taken back (and of
//! what others gave arenas to manage).

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

/// Whether memory that is committed and not touched costs nothing.
pub fn overcommits() -> bool {
    Os::overcommits()
}

/// Reserve `size` bytes (whole OS pages) aligned to `align` (a power of two), at `hint` if that is free and aligned,
/// accessible at once if `commit`. Null when the system refuses.
pub fn reserve(size: usize, align: usize, commit: bool, hint: usize) -> *mut u8 {
    let p = reserve_uncounted(size, align, commit, hint);
    if !p.is_null() {
        PROCESS.reserved.add(size);
        // SAFETY: mapped just now, and ours alone.
        unsafe { shut_to_huge_pages(p, size) };
    }
    p
}

/// Reserve `size` bytes (whole OS pages) at `p`, if nothing is mapped there, accessible at once if `commit`.
pub fn reserve_at(p: *mut u8, size: usize, commit: bool) -> At {
    PROCESS.mmap_calls.add(1);
    let at = Os::reserve_at(p, size, commit);
    if at == At::Mapped {
        PROCESS.reserved.add(size);
    }
    at
}

/// Bytes of address space that the process may have; None: no limit.
pub fn address_space_limit() -> Option<usize> {
    Os::limit(true)
}

/// Bytes of memory that it may have accessible.
pub fn data_limit() -> Option<usize> {
    Os::limit(false)
}

/// The lesser of both.
pub fn limit() -> Option<usize> {
    [address_space_limit(), data_limit()].into_iter().flatten().min()
}

/// Where the options say that the allocator does without transparent huge pages, advise against them in a range. Not in all
/// of the process: that switch would pass to the programs that it starts.
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
    // SAFETY: mapped just now and told to nobody.
    unsafe { Os::unmap(p, size) };
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
    // SAFETY: the parts before and after the aligned range belong to the mapping made above and are told to nobody.
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

/// Where a part of a reservation cannot be given back: look where there is room for an aligned range, and reserve that alone.
#[cold]
fn reserve_whole(size: usize, align: usize, commit: bool, room: usize) -> *mut u8 {
    // Another thread may be faster.
    for _ in 0..TRIES {
        PROCESS.mmap_calls.add(2);
        let p = Os::reserve(0, room, false);
        if p.is_null() {
            break;
        }
        // SAFETY: reserved just now and told to nobody.
        unsafe { Os::unmap(p, room) };
        let start = p.wrapping_add(p.addr().wrapping_neg() & (align - 1));
        if Os::reserve_at(start, size, commit) == At::Mapped {
            return start;
        }
    }
    ptr::null_mut()
}

/// See [`reserve_whole`].
const TRIES: usize = 16;

/// [`reserve_large`], or what stands for it in a test.
pub type ReserveLarge = fn(usize, usize) -> *mut u8;

/// Reserve `size` bytes (whole large OS pages) of large OS pages, at `hint` if that is free; they are accessible and resident, and
/// can neither be decommitted nor reset. Null when the system has none to spare.
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

/// Reserve one huge OS page, at `hint` if that is free, from the memory of `node` if it has some (-1: any). Null when
/// the system has none to spare. Takes as long as it takes to clear it.
pub fn reserve_huge_page(hint: usize, node: i32) -> *mut u8 {
    PROCESS.mmap_calls.add(1);
    let p = Os::reserve_large(hint, HUGE_PAGE, HUGE_SHIFT);
    if !p.is_null() {
        PROCESS.reserved.add(HUGE_PAGE);
        // SAFETY: mapped just now, and ours alone.
        unsafe {
            numa::prefer(p, HUGE_PAGE, node);
            Os::populate(p, HUGE_PAGE);
        }
    }
    p
}

/// Give a range back; false, and it is as it was, if the system refuses. (It may refuse any part: [`Capabilities::unmap_part`].)
///
/// # Safety
/// - the range is all or a part of what the functions above gave, in whole OS pages (whole large ones of large ones), and nobody uses it any more.
#[inline(never)]
pub unsafe fn release(p: *mut u8, size: usize) -> bool {
    // SAFETY: by the contract.
    let done = size > 0 && unsafe { Os::unmap(p, size) };
    if done {
        PROCESS.reserved.sub(size);
    }
    done
}

/// Make a range accessible; false when the system refuses.
///
/// # Safety
/// - the range lies in one that [`reserve`] gave, or that another lets us commit, in whole OS pages.
pub unsafe fn commit(p: *mut u8, size: usize) -> bool {
    PROCESS.commit_calls.add(1);
    // SAFETY: by the contract.
    unsafe { Os::commit(p, size) }
}

/// Give the memory of a range back; it reads as zero from then on (after a [`commit`] if `strict`).
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
            // It is a new mapping, of which nothing was said.
            // SAFETY: by the contract.
            unsafe { shut_to_huge_pages(p, size) };
        }
    }
    done
}

/// Let the system take the memory of a range when it wants to; contents become undefined. `own`: the range is from
/// [`reserve`], so a refusal holds for all the others too.
///
/// # Safety
/// - as for [`decommit`].
pub unsafe fn reset(p: *mut u8, size: usize, own: bool) -> bool {
    // Some kernels lack the gentle call; one refusal is enough to know.
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

    #[test]
    fn every_alignment_is_kept() {
        for shift in 12..=31 {
            let p = reserve(1 << 16, 1 << shift, false, 0);
            assert!(!p.is_null());
            assert_eq!(p.addr() % (1 << shift), 0);
            // SAFETY: reserved above, whole.
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
            // SAFETY: reserved above, whole.
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
        assert!(reserve(4096, 1 << 62, false, 0).is_null());
        assert!(reserve(4096, 3, false, 0).is_null());
    }
}
