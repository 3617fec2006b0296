//! Arenas that somebody asks for: reserved ahead of use, or made of memory that is given to us.
//!
//! Invariant: a refusal leaves nothing behind, and returns an error number of the C library.

use super::backing::{Backing, CommitFun};
use super::grow::min_size;
use super::region::{Arena, Use};
use super::source::ArenaRef;
use super::{gigantic, grow, slice_class, table};
use crate::base::config::{SLICE, SLICE_MASK, power};
use crate::base::units::Slices;
use crate::diag::error::warning;
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::prim::Errno;
use core::ffi::c_void;

/// The largest arena that makes sense.
const LARGEST: usize = power(44);
/// Milliseconds that each huge page may take at the start of a process.
const HUGE_PAGE_MS: u64 = 500;

/// Do what the options ask for at the start of a process.
pub fn init() {
    if options::get(Opt::AllowThp) == 0 {
        slice_class::shut_to_huge_pages();
    }
    // The options are read here, so that a process that reserves nothing does not touch the cold code of `at_start`.
    // For the same reason this function is not cold.
    if options::get(Opt::ReserveHugeOsPages) > 0 || options::get(Opt::ReserveOsMemory) > 0 {
        at_start();
    }
}

/// Reserve what the options ask for.
#[cold]
fn at_start() {
    let main = Use { subproc: 0, exclusive: false, numa: -1 };
    let pages = options::get(Opt::ReserveHugeOsPages).max(0) as usize;
    if pages > 0 {
        let timeout = (pages as u64).saturating_mul(HUGE_PAGE_MS);
        let node = options::get(Opt::ReserveHugeOsPagesAt);
        let got = match i32::try_from(node) {
            Ok(node) if node >= 0 => gigantic::reserve_huge(pages, node, timeout, false, 0).map_or(0, |(_, got)| got),
            _ => gigantic::interleave(pages, 0, timeout).0,
        };
        if got < pages {
            warning(format_args!("reserve_huge_os_pages: the system gave {got} of {pages} pages of 1 GiB"));
        }
    }
    let reserve = options::size(Opt::ReserveOsMemory);
    if reserve > 0 {
        let slices = Slices::of_bytes(reserve.min(LARGEST)).0;
        let size = Slices(slices + Arena::record_slices(slices + 1)).bytes();
        if grow::add_sized(size, false, options::enabled(Opt::AllowLargeOsPages), main).is_none() {
            warning(format_args!("reserve_os_memory: the system refuses {size} bytes"));
        }
    }
}

/// Reserve an arena of at least `bytes` bytes, its record included. `commit`: it is accessible at once; otherwise the
/// options decide. `large`: it consists of large OS pages if the system has any to spare (they are always committed).
/// ENOMEM if the system refuses, or if `bytes` is less than [`min_size`] or too large.
#[cold]
pub fn reserve(bytes: usize, commit: bool, large: bool, exclusive: bool, subproc: u32) -> Result<ArenaRef, Errno> {
    if bytes < min_size() || bytes > LARGEST {
        return Err(Errno::ENOMEM);
    }
    let what_for = Use { subproc, exclusive, numa: -1 };
    let made = grow::add_sized(bytes.next_multiple_of(SLICE), commit, large, what_for);
    made.map(ArenaRef::of).ok_or(Errno::ENOMEM)
}

/// What is known of memory that is given to us.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// All of it is readable and writable.
    pub committed: bool,
    /// It must never be decommitted or reset.
    pub pinned: bool,
    /// It holds only zeros.
    pub zero: bool,
    /// The NUMA node that it is on, or -1.
    pub numa: i32,
    /// Claims must ask for the arena by its id.
    pub exclusive: bool,
    /// The function that makes it accessible and takes access away. None: treat it as if we had reserved it.
    pub commit: Option<CommitFun>,
    /// The last argument of that function.
    pub commit_arg: *mut c_void,
    /// The subprocess that it is for.
    pub subproc: u32,
}

/// Make an arena of the whole slices in a range. EINVAL if the range cannot be used: it is too small, lies at addresses
/// that we do not manage, or overlaps another arena. ENOMEM if the memory for the arena's record is refused, or if
/// there are too many arenas.
///
/// # Safety
/// - nobody else uses the range from now on, it stays mapped until the end of the process, and it is as `given` says;
/// - the commit function, if there is one, makes a range readable and writable when it says so, and any thread may call
///   it at any time.
#[cold]
pub unsafe fn manage(start: *mut u8, bytes: usize, given: &Given) -> Result<ArenaRef, Errno> {
    // SAFETY: by the contract.
    let made = unsafe { manage_quietly(start, bytes, given) };
    if let Err(code) = made {
        warning(format_args!("the {bytes} bytes of memory at {start:p} cannot be managed (error {})", code.0));
    }
    made
}

#[cold]
unsafe fn manage_quietly(start: *mut u8, bytes: usize, given: &Given) -> Result<ArenaRef, Errno> {
    let end = start.addr().checked_add(bytes).ok_or(Errno::EINVAL)? & !SLICE_MASK;
    let before = start.addr().wrapping_neg() & SLICE_MASK;
    let size = end.saturating_sub(start.addr()).saturating_sub(before);
    let (start, slices) = (start.wrapping_add(before), size / SLICE);
    if start.is_null() || before > bytes || bytes < min_size() || grow::beyond(start, size) {
        return Err(Errno::EINVAL);
    }
    if table::all().any(|arena| arena.contains(start) || arena.start().addr().wrapping_sub(start.addr()) < size) {
        return Err(Errno::EINVAL);
    }
    let clean = given.zero || (given.commit.is_some() && !given.committed);
    let backing = Backing::managed(given.pinned, clean, given.commit, given.commit_arg);
    let mut committed = slices;
    if !given.committed {
        committed = Arena::record_slices(slices);
        // SAFETY: whole slices inside the range.
        if unsafe { backing.commit(start, Slices(committed).bytes()) }.is_none() {
            return Err(Errno::ENOMEM);
        }
    }
    let what_for = Use { subproc: given.subproc, exclusive: given.exclusive, numa: given.numa };
    // SAFETY: by the contract. The record's place is accessible.
    let made = unsafe { Arena::create(start, slices, committed, backing, what_for) };
    PROCESS.reserved.add(size);
    let entered = grow::enter(made);
    if entered.is_none() {
        PROCESS.reserved.sub(size);
    }
    entered.map(ArenaRef::of).ok_or(Errno::ENOMEM)
}
