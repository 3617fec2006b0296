//! Memory in slices: from arenas, or from the system directly.
//!
//! `region` is one arena, `backing` what lies under it and `extent` which of it is mapped, `table` all of them and how one more is reserved, `source`
//! which of them a claim may use, `reserve` and `gigantic` those that somebody asks for, `direct` mappings of their
//! own, `purge` how memory goes back, `huge` when transparent huge pages are asked for, `map` and `slice_class` lead from an
//! address to a record, `meta` is memory for records, `show` prints. Invariant: a slice belongs to at most one [`Span`] at a time.

mod backing;
mod direct;
mod extent;
mod gigantic;
mod huge;
pub mod map;
pub mod meta;
mod purge;
mod region;
mod reserve;
mod show;
pub mod slice_class;
mod source;
mod table;

pub use backing::CommitFun;
pub use gigantic::{interleave, reserve_huge};
pub use purge::{delay as purge_delay, much_waits, purge_all, tick};
pub use reserve::{Given, manage, reserve};
pub use show::print;
pub use source::{ArenaRef, Source, area, contains, hand_over, is_in_region, min_alignment, min_size, subproc_totals};

use crate::base::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::base::units::Slices;
use crate::diag::options::{self, Opt};
use crate::os;
use region::{Arena, Use};

/// Slices of arenas that are handed out.
static IN_USE: AtomicUsize = AtomicUsize::new(0);
/// See [`begin_protecting`].
static PROTECTS: AtomicBool = AtomicBool::new(false);

/// Where a span is from: an arena's number, or the system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin(u32);

impl Origin {
    /// A mapping of its own.
    pub const OS: Origin = Origin(0);
    /// A mapping of its own, of large OS pages: it does not grow.
    const LARGE: Origin = Origin(u32::MAX);

    /// True for a mapping of its own that [`remap_os`] can give a new size.
    pub fn is_os(self) -> bool {
        self == Origin::OS
    }

    /// The arena's number, if it is from one.
    pub fn arena(self) -> Option<usize> {
        if self == Origin::LARGE { None } else { (self.0 as usize).checked_sub(1) }
    }

    fn region(self) -> Option<&'static Arena> {
        table::arena(self.arena()?)
    }
}

/// Slices in a row that the holder may use as it likes, until [`release`].
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The first byte, at a multiple of a slice.
    pub start: *mut u8,
    /// How many slices.
    pub slices: usize,
    /// All bytes were zero when the span was claimed.
    pub zero: bool,
    /// Where it goes back to.
    pub origin: Origin,
}

/// What there is at the moment, in bytes (but for `arenas`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Number of arenas.
    pub arenas: usize,
    /// Address space of all arenas.
    pub reserved: usize,
    /// Of that, what counts as committed.
    pub committed: usize,
    /// Handed out from arenas.
    pub in_use: usize,
    /// Free and waiting to be purged.
    pub pending: usize,
    /// Handed out as mappings of their own.
    pub direct: usize,
}

/// What the options ask for at the start of a process.
pub fn init() {
    if options::get(Opt::AllowThp) == 0 {
        slice_class::shut_to_huge_pages();
    }
    // Asked here, so that a process that reserves nothing does not touch the code that would (nor this, were it cold too).
    if options::get(Opt::ReserveHugeOsPages) > 0 || options::get(Opt::ReserveOsMemory) > 0 {
        reserve::at_start();
    }
}

/// Claim `n` slices at a multiple of `align_slices` slices (a power of two), from where `source` allows. Without `grow`
/// only what is in the arenas at hand. None when there is no memory to be had.
pub fn claim(source: Source, n: usize, align_slices: usize, grow: bool) -> Option<Span> {
    let span = claim_once(source, n, align_slices, grow);
    // Refused by the system, not since an arena is full.
    let refused = span.is_none() && grow && source.arena.is_none() && !options::enabled(Opt::DisallowOsAlloc);
    if refused && purge::give_back(n) { claim_once(source, n, align_slices, grow) } else { span }
}

fn claim_once(source: Source, n: usize, align_slices: usize, grow: bool) -> Option<Span> {
    if n == 0 || n > isize::MAX as usize / 2 / crate::base::config::SLICE || !align_slices.is_power_of_two() {
        return None;
    }
    if let Some(only) = source.arena {
        let arena = only.region()?;
        return claim_from(arena, n, align_slices).or_else(|| claim_gone(arena, n, align_slices));
    }
    let node = source.node();
    let grow = grow && !options::enabled(Opt::DisallowOsAlloc);
    let arena_slices = table::base_size() / crate::base::config::SLICE;
    let fits = n <= arena_slices / 2
        && align_slices <= arena_slices / 4
        && Slices(n).bytes() <= options::size(Opt::ArenaMaxObjectSize)
        && !options::enabled(Opt::DisallowArenaAlloc);
    if fits || !grow {
        let what_for = Use { subproc: source.subproc, exclusive: false, numa: node };
        if grow && node >= 0 && is_first_of_node(source.subproc, node) {
            table::grow(n, align_slices, what_for);
        }
        loop {
            let from =
                |claim: ClaimFrom| claim_from_arenas(source.subproc, node, |arena| claim(arena, n, align_slices));
            let span = from(claim_from).or_else(|| from(claim_gone));
            if span.is_some() {
                return span;
            }
            // Ends: each turn adds an arena, of which there is a limited number.
            if !grow || !table::grow(n, align_slices, what_for) {
                break;
            }
        }
    }
    if grow { direct::claim(n, align_slices, node) } else { None }
}

/// Claim `n` slices that are a mapping of their own, which [`remap_os`] can grow. None when there is no memory to be
/// had, or when the source or the options forbid it.
pub fn claim_os(source: Source, n: usize) -> Option<Span> {
    if source.arena.is_some() || options::enabled(Opt::DisallowOsAlloc) {
        None
    } else {
        let claim = || direct::claim(n, 1, source.node());
        claim().or_else(|| if purge::give_back(n) { claim() } else { None })
    }
}

/// Parts of spans in use are made inaccessible from now on: a claim commits its own slices and no others. (One that is
/// under way meanwhile may give access to a part once.)
pub fn begin_protecting() {
    PROTECTS.store(true, Ordering::Relaxed);
}

fn protects() -> bool {
    PROTECTS.load(Ordering::Relaxed)
}

/// Whether parts of a span may be made inaccessible while it is in use: not of memory that somebody gave us to manage,
/// nor of large OS pages.
pub fn may_protect(span: &Span) -> bool {
    match span.origin.region() {
        Some(arena) => arena.is_own() && !arena.is_pinned(),
        None => span.origin.is_os(),
    }
}

/// Whether OS pages of a span that is in use may go back to the system: as for [`may_protect`], and where purges do not
/// leave the memory to the system to take.
pub fn may_purge_parts(span: &Span) -> bool {
    os::capabilities().decommit_part && may_protect(span) && options::enabled(Opt::PurgeDecommits)
}

/// Whether a span can give its end back.
pub fn may_shrink(span: &Span) -> bool {
    os::capabilities().unmap_part || span.origin.arena().is_some()
}

/// Whether a NUMA node that exists has no arena yet.
#[cold]
fn is_first_of_node(subproc: u32, node: i32) -> bool {
    let exists = (node as usize) < crate::os::numa::nodes() && crate::os::numa::nodes() > 1;
    exists && !table::all().any(|arena| arena.serves(subproc) && arena.numa() == node)
}

fn claim_from_arenas(subproc: u32, node: i32, take: impl Fn(&'static Arena) -> Option<Span>) -> Option<Span> {
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

/// The same where a part has to be mapped again.
fn claim_gone(arena: &'static Arena, n: usize, align: usize) -> Option<Span> {
    if arena.gone_slices() == 0 { None } else { Some(span_of(arena, n, arena.claim_gone(n, align)?)) }
}

fn span_of(arena: &'static Arena, n: usize, (i, zero): (crate::base::units::SliceIndex, bool)) -> Span {
    IN_USE.fetch_add(n, Ordering::Relaxed);
    Span { start: arena.at(i), slices: n, zero, origin: Origin(arena.index() as u32 + 1) }
}

/// Give a span back.
///
/// # Safety
/// - the span is from [`claim`] (as changed by the functions below), and nobody uses its memory any more.
pub unsafe fn release(mut span: Span) {
    // SAFETY: by the contract.
    unsafe { shrink(&mut span, 0) };
}

/// Give all but the first `keep` slices back; keeping none releases the span.
///
/// # Safety
/// - as for [`release`], for what is given back;
/// - some are kept only where that [`may_shrink`].
#[inline(never)]
pub unsafe fn shrink(span: &mut Span, keep: usize) {
    if keep >= span.slices {
        return;
    }
    if let Some(arena) = span.origin.region() {
        let (i, cut) = (arena.index_of(span.start), span.slices - keep);
        let in_use = IN_USE.fetch_sub(cut, Ordering::Relaxed) - cut;
        span.slices = keep;
        purge::free(arena, crate::base::units::SliceIndex(i.0 + keep), cut, in_use);
    } else if span.origin.is_os() || span.origin == Origin::LARGE {
        // SAFETY: by the contract.
        unsafe { direct::shrink(span, keep) };
    }
}

/// Claim the `extra` slices that follow a span of an arena, in place. Says whether these are known to be zero; None,
/// and nothing changed, if they are not free or the span is a mapping of its own.
///
/// # Safety
/// - the span is from [`claim`], and the caller's.
pub unsafe fn extend(span: &mut Span, extra: usize) -> Option<bool> {
    let arena = span.origin.region()?;
    let next = crate::base::units::SliceIndex(arena.index_of(span.start).0 + span.slices);
    let zero = arena.claim_at(next, extra).or_else(|| arena.claim_gone_at(next, extra))?;
    IN_USE.fetch_add(extra, Ordering::Relaxed);
    span.slices += extra;
    Some(zero)
}

/// Give a mapping of its own a new size, keeping its contents; it may move, and is aligned to a slice. New bytes are
/// zero. None, and nothing changed, if that cannot be done.
///
/// # Safety
/// - the span is from [`claim`], the caller's alone, and nobody uses it under its old address afterwards.
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

/// In the child of a fork: forget what other threads were doing. Slices that one of them was claiming or purging stay
/// theirs, for ever.
pub fn fork_child() {
    table::fork_child();
}

/// Unmap all arenas, at the very end of a process.
///
/// # Safety
/// - nobody uses anything from them any more, nor the allocator.
pub unsafe fn destroy_all() {
    // SAFETY: by the contract.
    unsafe { table::destroy_all() };
}

/// Bytes of arenas that are handed out.
pub fn in_use() -> usize {
    Slices(IN_USE.load(Ordering::Relaxed)).bytes()
}

/// What there is at the moment.
pub fn totals() -> Totals {
    let mut totals = Totals {
        in_use: in_use(),
        pending: Slices(purge::pending()).bytes(),
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

#[cfg(test)]
mod tests;
