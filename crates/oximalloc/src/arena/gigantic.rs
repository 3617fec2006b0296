//! Arenas of huge OS pages of 1 GiB, which an administrator has to set aside for us.
//!
//! Invariant: the pages of an arena lie next to each other. They are requested one by one, so that the arena has all
//! pages that the system could give in time.

use super::backing::Backing;
use super::grow;
use super::region::{Arena, Use};
use super::source::ArenaRef;
use crate::base::config::SLICE;
use crate::os::{self, HUGE_PAGE};
use crate::prim::{Errno, Os, Process};

/// More than any machine has, or as many as there are addresses for.
const MOST: usize = if (usize::MAX >> 14) < HUGE_PAGE { usize::MAX / HUGE_PAGE } else { 1 << 14 };

/// Gets one huge page from the memory of a node, at the address if that is free. Null if there is none.
type GetPage<'a> = dyn FnMut(usize, i32) -> *mut u8 + 'a;

/// Reserve up to `pages` huge pages of 1 GiB in one arena, from the memory of a NUMA node (-1: any). Returns the arena
/// and how many pages it has. No page is requested after `timeout_ms` (0: no limit). ENOMEM if there is no page,
/// ETIMEDOUT if there is none because the time is up, EINVAL if `pages` is 0.
#[cold]
pub fn reserve_huge(
    pages: usize,
    numa: i32,
    timeout_ms: u64,
    exclusive: bool,
    subproc: u32,
) -> Result<(ArenaRef, usize), Errno> {
    get(pages, timeout_ms, Use { subproc, exclusive, numa }, &mut os::reserve_huge_page)
}

#[cold]
pub(super) fn get(
    pages: usize,
    timeout_ms: u64,
    what_for: Use,
    page: &mut GetPage<'_>,
) -> Result<(ArenaRef, usize), Errno> {
    if pages == 0 {
        return Err(Errno::EINVAL);
    }
    if pages > MOST {
        return Err(Errno::ENOMEM);
    }
    let from = Os::now_ms();
    let mut start = core::ptr::null_mut::<u8>();
    let first = grow::next().next_multiple_of(HUGE_PAGE);
    let mut got = 0;
    while got < pages {
        let spent = Os::now_ms().saturating_sub(from);
        // Do not begin a page that, at the pace so far, would not be ready in time.
        if timeout_ms > 0 && spent + spent / (got as u64).max(1) > timeout_ms {
            break;
        }
        let wanted = match got {
            0 => first,
            _ => start.addr() + got * HUGE_PAGE,
        };
        let p = page(wanted, what_for.numa);
        if p.is_null() {
            break;
        }
        let fits = if got == 0 { p.addr().is_multiple_of(SLICE) } else { p.addr() == wanted };
        if !fits {
            // SAFETY: mapped just now, and nobody knows of it.
            unsafe { os::release(p, HUGE_PAGE) };
            break;
        }
        if got == 0 {
            start = p;
        }
        got += 1;
    }
    if got == 0 {
        let late = timeout_ms > 0 && Os::now_ms().saturating_sub(from) > timeout_ms;
        return Err(if late { Errno::ETIMEDOUT } else { Errno::ENOMEM });
    }
    grow::took(first, start, got * HUGE_PAGE);
    let (size, slices) = (got * HUGE_PAGE, got * (HUGE_PAGE / SLICE));
    let entered = if grow::beyond(start, size) {
        None
    } else {
        // SAFETY: the pages were mapped just now. They are zero and accessible, and nobody else knows of them.
        grow::enter(unsafe { Arena::create(start, slices, slices, Backing::own_pinned(), what_for) })
    };
    if entered.is_none() {
        // SAFETY: as above.
        unsafe { os::release(start, size) };
    }
    entered.map(|arena| (ArenaRef::of(arena), got)).ok_or(Errno::ENOMEM)
}

/// Reserve huge pages for the main subprocess, spread evenly over `nodes` NUMA nodes (0: all), in one arena for each.
/// The time is divided evenly too. Returns how many pages the system gave, and the error that stopped this, if any.
#[cold]
pub fn interleave(pages: usize, nodes: usize, timeout_ms: u64) -> (usize, Result<(), Errno>) {
    spread(pages, nodes, timeout_ms, &mut os::reserve_huge_page)
}

#[cold]
pub(super) fn spread(
    pages: usize,
    nodes: usize,
    timeout_ms: u64,
    page: &mut GetPage<'_>,
) -> (usize, Result<(), Errno>) {
    let nodes = if nodes == 0 { os::numa::nodes() } else { nodes }.clamp(1, pages.clamp(1, MOST));
    let each_ms = timeout_ms.div_ceil(nodes as u64);
    let mut all = 0;
    for node in 0..nodes {
        let share = pages / nodes + usize::from(node < pages % nodes);
        if share == 0 {
            break;
        }
        match get(share, each_ms, Use { subproc: 0, exclusive: false, numa: node as i32 }, page) {
            Ok((_, got)) => all += got,
            Err(code) => return (all, Err(code)),
        }
    }
    (all, Ok(()))
}
