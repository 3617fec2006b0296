//! Claims of spans from wherever the source allows: existing arenas, a new arena, or a mapping of their own. What
//! becomes of a span until it is released.
//!
//! Invariant: before the system's refusal reaches the caller, the free memory of the arenas is given back, if there is
//! enough of it, and the claim is tried again.

use super::region::Use;
use super::source::Source;
use super::span::{Origin, Span, Totals};
use super::{direct, from_arenas, grow, purge, reuse, table};
use crate::base::config::SLICE;
use crate::base::units::Slices;
use crate::diag::options::{self, Opt};
use crate::os;

/// Claim `n` slices at a multiple of `align_slices` slices (a power of two), from where `source` allows. Without
/// `grow`, only existing arenas are used. None if there is no memory.
pub fn claim(source: Source, n: usize, align_slices: usize, grow: bool) -> Option<Span> {
    let span = claim_once(source, n, align_slices, grow);
    // The system refused. It is not that the source's only arena is full.
    let refused = span.is_none() && grow && source.arena.is_none() && !options::enabled(Opt::DisallowOsAlloc);
    if refused && purge::give_back(n) { claim_once(source, n, align_slices, grow) } else { span }
}

fn claim_once(source: Source, n: usize, align_slices: usize, grow: bool) -> Option<Span> {
    if n == 0 || n > isize::MAX as usize / 2 / SLICE || !align_slices.is_power_of_two() {
        return None;
    }
    if let Some(only) = source.arena {
        let arena = only.region()?;
        return from_arenas::claim_only(arena, n, align_slices);
    }
    let node = source.node();
    let grow = grow && !options::enabled(Opt::DisallowOsAlloc);
    let arena_slices = grow::base_size() / SLICE;
    let fits = n <= arena_slices / 2
        && align_slices <= arena_slices / 4
        && Slices(n).bytes() <= options::size(Opt::ArenaMaxObjectSize)
        && !options::enabled(Opt::DisallowArenaAlloc);
    if fits || !grow {
        let what_for = Use { subproc: source.subproc, exclusive: false, numa: node };
        if grow && node >= 0 && is_first_of_node(source.subproc, node) {
            grow::grow(n, align_slices, what_for);
        }
        loop {
            let span = from_arenas::claim(source.subproc, node, n, align_slices);
            if span.is_some() {
                return span;
            }
            // This ends: each turn adds an arena, and their number is limited.
            if !grow || !grow::grow(n, align_slices, what_for) {
                break;
            }
        }
    }
    if grow { direct::claim(n, align_slices, node) } else { None }
}

/// Claim `n` slices that are a mapping of their own, which [`remap_os`] can grow. None if there is no memory, or if the
/// source or the options forbid it.
pub fn claim_os(source: Source, n: usize) -> Option<Span> {
    if source.arena.is_some() || options::enabled(Opt::DisallowOsAlloc) {
        None
    } else {
        let claim = || direct::claim(n, 1, source.node());
        claim().or_else(|| if purge::give_back(n) { claim() } else { None })
    }
}

/// Whether parts of a span may be made inaccessible while it is in use. Not if somebody gave us the memory to manage,
/// or if it consists of large OS pages.
pub fn may_protect(span: &Span) -> bool {
    match table::arena_of(span.origin) {
        Some(arena) => arena.is_own() && !arena.is_pinned(),
        None => span.origin.is_os(),
    }
}

/// Whether OS pages of a span that is in use may go back to the system: if [`may_protect`] holds, and if purges give
/// memory back at once instead of letting the system take it.
pub fn may_purge_parts(span: &Span) -> bool {
    os::capabilities().decommit_part && may_protect(span) && options::enabled(Opt::PurgeDecommits)
}

/// Whether a span can give back its end.
pub fn may_shrink(span: &Span) -> bool {
    os::capabilities().unmap_part || span.origin.arena().is_some()
}

/// Whether the NUMA node exists and has no arena yet.
#[cold]
fn is_first_of_node(subproc: u32, node: i32) -> bool {
    let exists = (node as usize) < os::numa::nodes() && os::numa::nodes() > 1;
    exists && !table::all().any(|arena| arena.serves(subproc) && arena.numa() == node)
}

/// Give a span back.
///
/// # Safety
/// - the span is from [`claim`] (perhaps changed by the functions below), and nobody uses its memory any more.
pub unsafe fn release(mut span: Span) {
    // SAFETY: by the contract.
    unsafe { shrink(&mut span, 0) };
}

/// Give back all but the first `keep` slices. Keeping none releases the span.
///
/// # Safety
/// - as for [`release`], for what is given back;
/// - `keep` is 0, unless [`may_shrink`] holds.
#[inline(never)]
pub unsafe fn shrink(span: &mut Span, keep: usize) {
    if keep >= span.slices {
        return;
    }
    if let Some(arena) = table::arena_of(span.origin) {
        from_arenas::shrink(arena, span, keep);
    } else if span.origin.is_os() || span.origin == Origin::LARGE {
        // SAFETY: by the contract.
        unsafe { direct::shrink(span, keep) };
    }
}

/// Claim the `extra` slices that follow a span of an arena, in place. Returns whether they are known to be zero. None,
/// with nothing changed, if they are not free or the span is a mapping of its own.
///
/// # Safety
/// - the span is from [`claim`], and is the caller's.
pub unsafe fn extend(span: &mut Span, extra: usize) -> Option<bool> {
    from_arenas::extend(table::arena_of(span.origin)?, span, extra)
}

/// Give a span that is a mapping of its own a new size, and keep its contents. It may move, to a multiple of a slice.
/// New bytes are zero. None, with nothing changed, if that is impossible.
///
/// # Safety
/// - the span is from [`claim`], and is the caller's alone;
/// - nobody uses its old address afterwards.
pub unsafe fn remap_os(mut span: Span, new_slices: usize) -> Option<Span> {
    if !span.origin.is_os() || new_slices == 0 {
        return None;
    }
    if new_slices > span.slices {
        // SAFETY: by the contract.
        return unsafe { direct::grow(span, new_slices) };
    }
    if !may_shrink(&span) {
        return None;
    }
    // SAFETY: by the contract.
    unsafe { shrink(&mut span, new_slices) };
    Some(span)
}

/// The totals at the moment.
pub fn totals() -> Totals {
    let mut totals = Totals {
        in_use: from_arenas::in_use(),
        pending: Slices(reuse::pending()).bytes(),
        direct: Slices(direct::in_use()).bytes(),
        ..Totals::default()
    };
    for arena in table::all() {
        totals.arenas += 1;
        totals.reserved += arena.present_bytes();
        totals.committed += arena.committed_bytes();
    }
    totals
}
