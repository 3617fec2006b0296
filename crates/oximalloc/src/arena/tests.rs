//! Spans are disjoint and aligned, are zero if they say so, and go back to the system. The tests use the process's own
//! arenas. Tests that look at totals or set options take turns if they share a process. No test relies on what another
//! has left, so they may run in any order.

use super::region::{Arena, Use};
use super::source::arenas;
use super::*;
use crate::base::config::{SLICE, power};
use crate::base::sync::Ordering;
use crate::base::units::Slices;
use crate::diag::options::{self, Opt};
use crate::prim::{Memory, Os};
use std::sync::{Mutex, MutexGuard};

mod extents;
mod given;
mod places;

const MAIN: Source = Source::MAIN;
/// Arenas that no other test uses, in which no memory is exempt from purges.
const APART: Source = Source { subproc: 61, ..MAIN };

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(|e| e.into_inner())
}

/// Purge all that waits, and wait until what other tests took again counts no longer.
fn calm() {
    options::set(Opt::PurgeDelay, 1);
    for _ in 0..2 {
        std::thread::sleep(std::time::Duration::from_millis(5));
        let span = claim(MAIN, 1, 1, true).unwrap();
        // SAFETY: ours.
        unsafe { release(span) };
    }
    options::set(Opt::PurgeDelay, 1000);
    purge_all();
}

/// Claims from that arena only.
fn only(arena: ArenaRef) -> Source {
    Source { arena: Some(arena), ..MAIN }
}

/// Claim all that there is, slice by slice.
fn all_of(source: Source) -> Vec<Span> {
    std::iter::from_fn(|| claim(source, 1, 1, true)).collect()
}

fn release_all(spans: Vec<Span>) {
    for span in spans {
        // SAFETY: the tests own what they claim.
        unsafe { release(span) };
    }
}

fn bytes(span: &Span) -> &'static mut [u8] {
    // SAFETY: tests look at a span only while they hold it.
    unsafe { core::slice::from_raw_parts_mut(span.start, span.slices * SLICE) }
}

#[test]
fn spans_are_aligned_and_zero_again_after_a_purge() {
    let _turn = turn();
    for (n, align) in [(1, 1), (3, 1), (1, 64), (100, 16), (8, 8), (5, 1024)] {
        let span = claim(APART, n, align, true).unwrap();
        assert_eq!(span.start.addr() % (align * SLICE), 0);
        assert_eq!(span.slices, n);
        assert!(!span.zero || bytes(&span).iter().all(|&b| b == 0));
        bytes(&span).fill(1);
        // SAFETY: ours.
        unsafe { release(span) };
    }
    purge_all();
    assert_eq!(totals().pending, 0);
    let span = claim(APART, 100, 1, true).unwrap();
    assert!(span.zero && bytes(&span).iter().all(|&b| b == 0));
    // SAFETY: ours.
    unsafe { release(span) };
    assert!(
        claim(APART, 0, 1, true).is_none()
            && claim(APART, 1, 3, true).is_none()
            && claim(APART, usize::MAX, 1, true).is_none()
    );
}

#[test]
fn spans_grow_and_shrink_in_place() {
    let _turn = turn();
    let mut span = claim(MAIN, 8, 1, true).unwrap();
    bytes(&span).fill(2);
    let before = totals().in_use;
    // SAFETY: ours, here and below.
    unsafe { shrink(&mut span, 4) };
    assert_eq!((span.slices, totals().in_use), (4, before - 4 * SLICE));
    // SAFETY: as above.
    assert_eq!(unsafe { extend(&mut span, 4) }, Some(false));
    assert_eq!((span.slices, totals().in_use), (8, before));
    assert!(bytes(&span)[..4 * SLICE].iter().all(|&b| b == 2));
    // SAFETY: as above.
    unsafe { release(span) };
}

#[test]
fn mappings_of_their_own_move() {
    if !Os::capabilities().remap {
        return;
    }
    let _turn = turn();
    let before = totals().direct;
    // As far as there are addresses for.
    let most = power(31) / 2 / SLICE;
    let mut span = claim(MAIN, 32, most / 2, true).unwrap();
    assert!(span.origin.is_os() && span.zero);
    assert_eq!(span.start.addr() % (most / 2 * SLICE), 0);
    bytes(&span)[7] = 9;
    for n in [33, 4000, 100, most, 5] {
        // SAFETY: ours.
        span = unsafe { remap_os(span, n) }.unwrap();
        assert_eq!((span.slices, span.start.addr() % SLICE, bytes(&span)[7]), (n, 0, 9));
        assert_eq!(bytes(&span)[n * SLICE - 1], 0);
    }
    // SAFETY: ours.
    unsafe { release(span) };
    assert_eq!(totals().direct, before);
}

#[test]
fn what_waits_is_bounded_and_goes_after_the_delay() {
    let _turn = turn();
    calm();
    let all: Vec<_> = (0..3000).map(|_| claim(MAIN, 1, 1, true).unwrap()).collect();
    for span in all {
        // SAFETY: ours.
        unsafe { release(span) };
        let totals = totals();
        assert!(totals.pending <= (24 << 20) + totals.in_use + (1 << 20), "{totals:?}");
    }
    options::set(Opt::PurgeDelay, 10);
    let span = claim(MAIN, 16, 1, true).unwrap();
    // SAFETY: ours.
    unsafe { release(span) };
    // Count rounds, not seconds: on a busy machine they take longer.
    for _ in 0..250 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        tick();
        if totals().pending == 0 {
            break;
        }
    }
    options::set(Opt::PurgeDelay, 1000);
    assert_eq!(totals().pending, 0);
}

#[test]
fn what_is_too_short_for_a_purge_goes_with_its_neighbours() {
    let _turn = turn();
    calm();
    options::set(Opt::MinimalPurgeSize, 2048);
    let all: Vec<_> = (0..3000).map(|_| claim(APART, 1, 1, true).unwrap()).collect();
    let before = purge::SCANS.load(Ordering::Relaxed);
    for parity in [0, 1] {
        for span in all.iter().filter(|span| span.start.addr() / SLICE % 2 == parity) {
            // SAFETY: ours, and released once, because it is of one parity.
            unsafe { release(*span) };
        }
        let pending = totals().pending;
        assert!(if parity == 0 { pending > 1400 * SLICE } else { pending < 1400 * SLICE }, "{pending}");
    }
    // There was no scan at each of the 3000 releases.
    let scans = purge::SCANS.load(Ordering::Relaxed) - before;
    assert!(scans < 300, "{scans}");
    options::set(Opt::MinimalPurgeSize, 0);
    purge_all();
    assert_eq!(totals().pending, 0);
}

#[test]
fn options_close_the_ways_to_the_system() {
    let _turn = turn();
    options::set(Opt::DisallowArenaAlloc, 1);
    let span = claim(MAIN, 1, 1, true).unwrap();
    options::set(Opt::DisallowArenaAlloc, 0);
    assert!(span.origin.is_os());
    // SAFETY: ours.
    unsafe { release(span) };
    options::set(Opt::DisallowOsAlloc, 1);
    let span = claim(MAIN, 1 << 20, 1, true);
    options::set(Opt::DisallowOsAlloc, 0);
    assert!(span.is_none());
}

#[test]
fn threads_claim_write_and_purge_without_overlap() {
    let _turn = turn();
    let before = totals().in_use;
    std::thread::scope(|s| {
        for t in 1..=4u8 {
            s.spawn(move || {
                let mut held: Vec<(Span, u8)> = Vec::new();
                for round in 0..2000usize {
                    let span = claim(MAIN, 1 + round % 7, 1 << (round % 3), true).unwrap();
                    for page in bytes(&span).chunks_mut(4096) {
                        assert!(!span.zero || page[0] == 0);
                        page[0] = t;
                    }
                    held.push((span, t));
                    if held.len() > 20 {
                        let (span, mark) = held.swap_remove(round % 20);
                        assert!(bytes(&span).chunks(4096).all(|page| page[0] == mark));
                        // SAFETY: ours.
                        unsafe { release(span) };
                    }
                    if round % 64 == 0 {
                        purge_all();
                    }
                }
                // SAFETY: ours.
                held.into_iter().for_each(|(span, _)| unsafe { release(span) });
            });
        }
    });
    assert_eq!(totals().in_use, before);
}

#[test]
fn the_window_knows_open_slices() {
    let _turn = turn();
    let span = claim(MAIN, 4, 1, true).unwrap();
    let at = span.start.wrapping_add(2 * SLICE);
    slice_class::set(at, 96);
    if slice_class::get(at).is_some() {
        assert_eq!(slice_class::get(at.wrapping_add(SLICE - 1)), Some(96));
        assert_eq!(slice_class::get(span.start), Some(0));
        slice_class::clear(at);
        assert_eq!(slice_class::get(at), Some(0));
    }
    assert_eq!(slice_class::get(core::ptr::null()), None);
    assert_eq!(slice_class::get(core::ptr::without_provenance(usize::MAX)), None);
    // SAFETY: ours.
    unsafe { release(span) };
}
