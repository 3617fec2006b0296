//! Memory that is given to us: what is used of it, and how it is treated.

use super::*;
use crate::os;
use crate::prim::{Errno, Memory, Os, for_tests};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize};

const MIB: usize = 1 << 20;
const MANAGED: Given = Given {
    committed: true,
    pinned: false,
    zero: true,
    numa: -1,
    exclusive: true,
    commit: None,
    commit_arg: null_mut(),
    subproc: 0,
};

/// Fresh memory from the system, which is never released.
fn range(size: usize, commit: bool) -> *mut u8 {
    let p = os::reserve(size, SLICE, commit, 0);
    assert!(!p.is_null());
    p
}

fn give(start: *mut u8, size: usize, given: Given) -> Result<ArenaRef, Errno> {
    // SAFETY: the tests give memory of `range`, and nobody else uses it. Anything else is refused.
    unsafe { manage(start, size, &given) }
}

/// What a commit function has seen, and what it does.
#[derive(Default)]
struct Asked {
    committed: AtomicUsize,
    decommitted: AtomicUsize,
    calls: AtomicUsize,
    refuses: AtomicBool,
    keeps: AtomicBool,
    tells_zero: AtomicBool,
}

impl Asked {
    fn accessible(&self) -> usize {
        self.committed.load(Ordering::Relaxed) - self.decommitted.load(Ordering::Relaxed)
    }
}

extern "C" fn on_demand(commit: bool, p: *mut c_void, size: usize, zero: *mut bool, arg: *mut c_void) -> bool {
    // SAFETY: the tests pass an `Asked` that lives for ever.
    let asked = unsafe { &*arg.cast::<Asked>() };
    assert!(p.addr().is_multiple_of(SLICE) && size.is_multiple_of(SLICE) && size > 0 && !zero.is_null());
    asked.calls.fetch_add(1, Ordering::Relaxed);
    let refuses = if commit { &asked.refuses } else { &asked.keeps };
    if refuses.load(Ordering::Relaxed) {
        return false;
    }
    // SAFETY: a range of the memory that the test gave; the flag is the caller's.
    unsafe {
        if commit {
            assert!(Os::commit(p.cast(), size));
            *zero = asked.tells_zero.load(Ordering::Relaxed);
            asked.committed.fetch_add(size, Ordering::Relaxed);
        } else {
            assert!(Os::decommit(p.cast(), size, true));
            asked.decommitted.fetch_add(size, Ordering::Relaxed);
        }
    }
    true
}

fn on_demand_arena() -> (ArenaRef, &'static Asked) {
    on_demand_arena_of(8 * MIB)
}

fn on_demand_arena_of(size: usize) -> (ArenaRef, &'static Asked) {
    let asked: &'static Asked = Box::leak(Box::default());
    let arg = (&raw const *asked).cast_mut().cast();
    let given = Given { committed: false, commit: Some(on_demand), commit_arg: arg, ..MANAGED };
    (give(range(size, false), size, given).unwrap(), asked)
}

#[test]
fn scans_go_as_far_as_claims_went() {
    let _turn = turn();
    let (arena, asked) = on_demand_arena_of(64 * MIB);
    let before = asked.accessible();
    for slices in [4 * MIB / SLICE, 12 * MIB / SLICE, 40 * MIB / SLICE] {
        let span = claim(only(arena), slices, 1, true).unwrap();
        assert_eq!(asked.accessible() - before, slices * SLICE);
        // SAFETY: ours, here and below.
        unsafe { release(span) };
        purge_all();
        assert_eq!(asked.accessible(), before, "{slices} slices");
    }
    // SAFETY: as above.
    unsafe { release(claim(only(arena), 50 * MIB / SLICE, 1, true).unwrap()) };
    hand_over(arena.subproc());
    assert_eq!(asked.accessible(), before, "all that is free is given back");
}

#[test]
fn a_function_commits_all_and_nothing_else_does() {
    let _turn = turn();
    let (arena, asked) = on_demand_arena();
    let before = arena.totals().committed;
    assert_eq!(asked.accessible(), before, "the record");
    let mut span = claim(only(arena), 5, 1, true).unwrap();
    assert_eq!((asked.accessible() - before, arena.totals().committed - before), (5 * SLICE, 5 * SLICE));
    assert!(!span.zero, "it has not said that this is zero");
    bytes(&span).fill(3);
    // SAFETY: ours, here and below.
    unsafe { shrink(&mut span, 2) };
    purge_all();
    assert_eq!(asked.accessible() - before, 2 * SLICE);
    asked.tells_zero.store(true, Ordering::Relaxed);
    // SAFETY: as above.
    assert_eq!(unsafe { extend(&mut span, 4) }, Some(true));
    assert!(bytes(&span)[2 * SLICE..].iter().all(|&b| b == 0) && bytes(&span)[..2 * SLICE].iter().all(|&b| b == 3));
    // SAFETY: as above.
    unsafe { release(span) };
    asked.keeps.store(true, Ordering::Relaxed);
    let calls = asked.calls.load(Ordering::Relaxed);
    purge_all();
    assert!(asked.calls.load(Ordering::Relaxed) > calls, "asked, and it kept the memory");
    let span = claim(only(arena), 6, 1, true).unwrap();
    assert!(!span.zero && bytes(&span)[0] == 3);
    // SAFETY: as above.
    unsafe { release(span) };
    asked.keeps.store(false, Ordering::Relaxed);
    hand_over(arena.subproc());
    assert_eq!(asked.accessible(), before, "all that is free is given back");
    assert_eq!(arena.totals().committed, before);
}

#[test]
fn a_function_is_asked_once_for_each_slice() {
    let _turn = turn();
    let (arena, asked) = on_demand_arena();
    let before = asked.accessible();
    asked.tells_zero.store(true, Ordering::Relaxed);
    std::thread::scope(|s| {
        for t in 1..=4u8 {
            s.spawn(move || {
                for round in 0..500 {
                    // Writing to a slice that is not committed would crash.
                    let Some(span) = claim(only(arena), 1 + (round + t as usize) % 5, 1, true) else { continue };
                    assert!(!span.zero || bytes(&span).iter().all(|&b| b == 0));
                    bytes(&span).fill(t);
                    assert!(bytes(&span).iter().all(|&b| b == t));
                    // SAFETY: ours.
                    unsafe { release(span) };
                    if round % 8 == 0 {
                        purge_all();
                    }
                }
            });
        }
    });
    purge_all();
    assert_eq!((asked.accessible(), arena.totals().in_use), (before, 0));
    assert_eq!(arena.totals().committed, before);
}

#[test]
fn what_a_function_refuses_is_out_of_memory() {
    let _turn = turn();
    let (arena, asked) = on_demand_arena();
    let held = claim(only(arena), 1, 1, true).unwrap();
    asked.refuses.store(true, Ordering::Relaxed);
    let before = arena.totals();
    for n in [1, 3, 64] {
        assert!(claim(only(arena), n, 1, true).is_none());
    }
    assert_eq!(arena.totals(), before);
    asked.refuses.store(false, Ordering::Relaxed);
    release_all(vec![held, claim(only(arena), 64, 1, true).unwrap()]);

    let asked: &'static Asked = Box::leak(Box::default());
    asked.refuses.store(true, Ordering::Relaxed);
    let arg = (&raw const *asked).cast_mut().cast();
    let given = Given { committed: false, commit: Some(on_demand), commit_arg: arg, ..MANAGED };
    let memory = range(8 * MIB, false);
    assert_eq!(give(memory, 8 * MIB, given), Err(Errno::ENOMEM), "no record");
    asked.refuses.store(false, Ordering::Relaxed);
    assert!(give(memory, 8 * MIB, given).is_ok());
}

#[test]
fn pinned_memory_stays() {
    let _turn = turn();
    let arena = give(range(8 * MIB, true), 8 * MIB, Given { pinned: true, ..MANAGED }).unwrap();
    assert_eq!(arena.totals().committed, 8 * MIB);
    let pending = totals().pending;
    let span = claim(only(arena), 9, 1, true).unwrap();
    assert!(span.zero);
    bytes(&span).fill(7);
    // SAFETY: ours.
    unsafe { release(span) };
    assert_eq!(totals().pending, pending);
    purge_all();
    hand_over(0);
    let again = claim(only(arena), 9, 1, true).unwrap();
    assert!(again.start == span.start && !again.zero && bytes(&again).iter().all(|&b| b == 7));
    // SAFETY: ours.
    unsafe { release(again) };
    assert_eq!(arena.totals().committed, 8 * MIB);
}

#[test]
fn memory_that_was_purged_is_not_taken_for_zero() {
    let _turn = turn();
    for (zero, committed) in [(true, true), (false, true), (true, false), (false, false)] {
        let arena = give(range(5 * MIB, committed), 5 * MIB, Given { zero, committed, ..MANAGED }).unwrap();
        let span = claim(only(arena), 4, 1, true).unwrap();
        assert_eq!(span.zero, zero);
        bytes(&span).fill(1);
        // SAFETY: ours, here and below.
        unsafe { release(span) };
        let before = arena.totals().committed;
        purge_all();
        assert_eq!(arena.totals().committed, before - 4 * SLICE);
        let span = claim(only(arena), 4, 1, true).unwrap();
        assert!(!span.zero);
        // SAFETY: as above.
        unsafe { release(span) };
    }
}

#[test]
fn a_purge_that_only_resets_leaves_it_alone() {
    let _turn = turn();
    let (by_function, asked) = on_demand_arena();
    let plain = give(range(5 * MIB, true), 5 * MIB, MANAGED).unwrap();
    let spans = [by_function, plain].map(|arena| claim(only(arena), 4, 1, true).unwrap());
    let calls = asked.calls.load(Ordering::Relaxed);
    options::set(Opt::PurgeDecommits, 0);
    release_all(spans.to_vec());
    purge_all();
    options::set(Opt::PurgeDecommits, 1);
    assert_eq!(asked.calls.load(Ordering::Relaxed), calls);
    assert_eq!(asked.accessible(), by_function.totals().committed);
}

#[test]
fn only_whole_slices_are_used() {
    let _turn = turn();
    let memory = range(8 * MIB, true);
    let (before, after) = (3 * 4096 + 5, 100);
    let (start, size) = (memory.wrapping_add(before), 8 * MIB - before - after);
    let arena = give(start, size, MANAGED).unwrap();
    assert_eq!(arena.area(), Some((memory.wrapping_add(SLICE), 8 * MIB - 2 * SLICE)));
    assert_eq!(area(arena.id()), arena.area());
    let spans = all_of(only(arena));
    for span in &spans {
        assert!(span.zero && span.start >= start && span.start.wrapping_add(SLICE) <= start.wrapping_add(size));
        assert!(arena.contains(span.start) && contains(arena.id(), span.start) && is_in_region(span.start));
        bytes(span).fill(1);
    }
    assert_eq!(arena.totals().in_use, spans.len() * SLICE);
    let record = 8 * MIB - 2 * SLICE - spans.len() * SLICE;
    assert!(record > 0 && record <= SLICE, "{record}");
    release_all(spans);
    assert!(!arena.contains(memory) && !arena.contains(memory.wrapping_add(8 * MIB - SLICE)));
    // SAFETY: memory of ours outside of the arena.
    unsafe {
        assert_eq!(core::slice::from_raw_parts(memory, SLICE).iter().max(), Some(&0));
        assert_eq!(core::slice::from_raw_parts(memory.add(8 * MIB - SLICE), SLICE).iter().max(), Some(&0));
    }
}

#[test]
fn what_cannot_be_managed_is_refused() {
    let _turn = turn();
    let memory = range(16 * MIB, true);
    let least = min_size();
    assert!(least.is_power_of_two() && min_alignment() == SLICE);
    // Of 32 bits of address the system may use all.
    let high = if usize::BITS == 64 { std::ptr::without_provenance_mut(usize::MAX - 2 * least) } else { null_mut() };
    for (start, size) in [
        (null_mut(), 8 * MIB),
        (memory, 0),
        (memory, least - 1),
        (memory.wrapping_add(1), usize::MAX),
        (high, least),
        (high, usize::MAX),
    ] {
        assert_eq!(give(start, size, MANAGED), Err(Errno::EINVAL), "{start:p} {size}");
    }
    let first = give(memory.wrapping_add(least), 2 * least, MANAGED).unwrap();
    for (at, size) in [(0, 4 * least), (least, least), (0, least + SLICE), (2 * least + 5, 2 * least - 5)] {
        assert_eq!(give(memory.wrapping_add(at), size, MANAGED), Err(Errno::EINVAL), "overlaps at {at}");
    }
    let (before, after) = (give(memory, least, MANAGED).unwrap(), give(memory.wrapping_add(3 * least), least, MANAGED));
    assert!(before != first && after.unwrap() != first);
}

#[test]
fn a_file_may_be_managed() {
    let _turn = turn();
    let p = for_tests::of_a_file(8 * MIB);
    let arena = give(p, 8 * MIB, MANAGED).unwrap();
    for round in 0..3 {
        let span = claim(only(arena), 7, 1, true).unwrap();
        assert_eq!(span.zero, round == 0);
        assert!(!span.zero || bytes(&span).iter().all(|&b| b == 0));
        bytes(&span).fill(9);
        // SAFETY: ours.
        unsafe { release(span) };
        purge_all();
    }
}
