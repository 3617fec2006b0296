//! Spans of existing arenas: how they are claimed, shortened and extended.
//!
//! Invariant: the slices that count as in use are those of the spans that are handed out.

use super::region::Arena;
use super::span::{Origin, Span};
use super::{purge, table, walls};
use crate::base::sync::{AtomicUsize, Ordering};
use crate::base::units::{SliceIndex, Slices};

/// Slices of arenas that are handed out.
static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// Bytes of arenas that are handed out.
pub fn in_use() -> usize {
    Slices(IN_USE.load(Ordering::Relaxed)).bytes()
}

/// Claim from the arenas that serve a subprocess, first from those of a NUMA node (-1: none).
pub(super) fn claim(subproc: u32, node: i32, n: usize, align: usize) -> Option<Span> {
    let from = |claim: ClaimFrom| in_turn(subproc, node, |arena| claim(arena, n, align));
    from(claim_from).or_else(|| from(claim_gone))
}

/// Claim from one arena.
pub(super) fn claim_only(arena: &'static Arena, n: usize, align: usize) -> Option<Span> {
    claim_from(arena, n, align).or_else(|| claim_gone(arena, n, align))
}

fn in_turn(subproc: u32, node: i32, take: impl Fn(&'static Arena) -> Option<Span>) -> Option<Span> {
    let open = || table::open().filter(|arena| arena.serves(subproc));
    if node < 0 {
        return open().find_map(take);
    }
    let near = |arena: &&'static Arena| arena.numa() == node;
    open().filter(near).find_map(&take).or_else(|| open().filter(|arena| !near(arena)).find_map(&take))
}

/// [`claim_from`] or [`claim_gone`].
type ClaimFrom = fn(&'static Arena, usize, usize) -> Option<Span>;

fn claim_from(arena: &'static Arena, n: usize, align: usize) -> Option<Span> {
    Some(span_of(arena, n, arena.claim(n, align)?))
}

/// Claim slices of which some have to be mapped again.
fn claim_gone(arena: &'static Arena, n: usize, align: usize) -> Option<Span> {
    if arena.gone_slices() == 0 { None } else { Some(span_of(arena, n, arena.claim_gone(n, align)?)) }
}

fn span_of(arena: &'static Arena, n: usize, (i, zero): (SliceIndex, bool)) -> Span {
    IN_USE.fetch_add(n, Ordering::Relaxed);
    let walled = walls::is_on() && arena.is_walled(i.0 + n - 1);
    Span { start: arena.at(i), slices: n, zero, origin: Origin::of_arena(arena.index()), walled }
}

/// Give back the slices after the first `keep`. Nobody uses them any more.
#[inline]
pub(super) fn shrink(arena: &Arena, span: &mut Span, keep: usize) {
    let (i, cut) = (arena.index_of(span.start), span.slices - keep);
    let in_use = IN_USE.fetch_sub(cut, Ordering::Relaxed) - cut;
    span.slices = keep;
    purge::free(arena, SliceIndex(i.0 + keep), cut, in_use);
}

/// Claim the `extra` slices that follow. Returns whether they are known to be zero. None, with nothing changed, if they
/// are not free.
#[inline]
pub(super) fn extend(arena: &Arena, span: &mut Span, extra: usize) -> Option<bool> {
    let next = SliceIndex(arena.index_of(span.start).0 + span.slices);
    let zero = arena.claim_at(next, extra).or_else(|| arena.claim_gone_at(next, extra))?;
    IN_USE.fetch_add(extra, Ordering::Relaxed);
    span.slices += extra;
    Some(zero)
}
