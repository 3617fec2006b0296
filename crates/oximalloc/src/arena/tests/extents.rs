//! Slices are unmapped, and mapped again.

use super::*;
use crate::base::units::SliceIndex;
use crate::diag::stats::PROCESS;
use crate::prim::{At, Memory, Os, for_tests};
use backing::Backing;

const MIB: usize = 1 << 20;
/// Slices that are most of what such a span has.
const MANY: usize = if usize::BITS == 64 { 3000 } else { 900 };
/// Bytes of a span that has room in one arena.
const MOST: usize = if usize::BITS == 64 { 200 * MIB } else { 60 * MIB };

/// Whether the system can unmap a part of a reservation. Otherwise there is nothing to test.
fn gives_parts() -> bool {
    Os::capabilities().unmap_part
}

/// An arena of its own subprocess, and a span of it that was claimed, released and unmapped.
fn given_back(subproc: u32) -> (Source, ArenaRef, Span) {
    let source = Source { subproc, ..MAIN };
    let span = claim(source, MOST / SLICE, 1, true).unwrap();
    bytes(&span)[MOST / 2] = 1;
    let arena = arenas(Some(subproc)).find(|arena| arena.contains(span.start)).unwrap();
    // SAFETY: ours.
    unsafe { release(span) };
    purge_all();
    assert!(!arena.contains(span.start.wrapping_add(span.slices * SLICE / 2)));
    (source, arena, span)
}

/// Whether anything is mapped at an address.
fn is_mapped(p: *mut u8) -> bool {
    let at = Os::reserve_at(p, SLICE, false);
    if at == At::Mapped {
        // SAFETY: mapped just now.
        assert!(unsafe { Os::unmap(p, SLICE) });
    }
    at == At::Occupied
}

/// Whether a range is a read-only mapping.
fn is_read_only(p: *mut u8, bytes: usize) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.contains(&format!("{:x}-{:x} r--p", p.addr(), p.addr() + bytes))
}

#[test]
fn what_is_free_is_unmapped_and_comes_again() {
    let _turn = turn();
    if !gives_parts() {
        return;
    }
    let (source, arena, before) = given_back(62);
    let least = arena.totals();
    assert!(least.reserved < 12 * MIB && least.in_use == 0, "{least:?}");
    assert!(!is_mapped(before.start.wrapping_add(MOST / 2)) && is_mapped(arena.id().cast()));
    let span = claim(source, MANY, 1, true).unwrap();
    assert!(arena.contains(span.start), "no other arena is made");
    assert!(span.zero && bytes(&span).iter().step_by(4096).all(|&b| b == 0));
    bytes(&span).fill(1);
    let mut small = claim(source, 1, 1, true).unwrap();
    assert!(arena.contains(small.start));
    assert_eq!(arena.totals().in_use, (MANY + 1) * SLICE);
    assert!(arena.totals().reserved > MANY * SLICE && arena.totals().reserved < (MANY + 1500) * SLICE);
    // A span grows into what is gone behind it.
    // SAFETY: ours, here and below.
    unsafe {
        let before = claim(source, 1, 1, true).unwrap();
        release(span);
        release(before);
        purge_all();
        let grown = extend(&mut small, 700);
        assert!(grown.is_some_and(|zero| !zero || bytes(&small)[SLICE..].iter().all(|&b| b == 0)), "{grown:?}");
        bytes(&small).fill(2);
        release(small);
    }
    purge_all();
    assert_eq!(arena.totals().in_use, 0);
    assert!(arena.totals().reserved < 12 * MIB && arena.totals().committed < 12 * MIB);
}

#[test]
fn what_others_map_there_is_theirs() {
    let _turn = turn();
    if !gives_parts() {
        return;
    }
    let (source, arena, before) = given_back(63);
    // In the middle of what is gone.
    let place = before.start.wrapping_add(8 * MIB);
    assert_eq!(Os::reserve_at(place, MIB, true), At::Mapped);
    // SAFETY: mapped just now, and only read from now on.
    unsafe {
        place.write_bytes(7, MIB);
        for_tests::make_read_only(place, MIB);
    }
    assert!(!arena.contains(place) && arena.contains(arena.id().cast()));
    let all: Vec<_> = (0..MANY).map(|_| claim(source, 1, 1, true).unwrap()).collect();
    let large = claim(source, 20 * MIB / SLICE, 1, true).unwrap();
    for span in all.iter().chain([&large]) {
        assert!(span.start >= place.wrapping_add(MIB) || span.start.wrapping_add(span.slices * SLICE) <= place);
        bytes(span).fill(3);
    }
    assert!(all.iter().filter(|span| arena.contains(span.start)).count() > MANY * 2 / 3, "what is beyond is used");
    release_all(all);
    release_all(vec![large]);
    purge_all();
    // SAFETY: our mapping.
    unsafe {
        assert!(core::slice::from_raw_parts(place, MIB).iter().all(|&b| b == 7));
        assert!(is_read_only(place, MIB), "access is as it was");
        assert!(Os::unmap(place, MIB));
    }
}

#[test]
fn threads_claim_while_others_give_back() {
    let _turn = turn();
    if !gives_parts() {
        return;
    }
    let source = Source { subproc: 64, ..MAIN };
    std::thread::scope(|s| {
        for t in 1..=3u8 {
            s.spawn(move || {
                for round in 0..400usize {
                    let spans: Vec<_> = (0..12).filter_map(|i| claim(source, 1 + (i * round) % 40, 1, true)).collect();
                    for span in &spans {
                        for page in bytes(span).chunks_mut(4096) {
                            assert!(!span.zero || page[0] == 0);
                            page[0] = t;
                        }
                    }
                    for span in spans {
                        assert!(bytes(&span).chunks(4096).all(|page| page[0] == t));
                        // SAFETY: ours.
                        unsafe { release(span) };
                    }
                    match (round + t as usize) % 8 {
                        0 => purge_all(),
                        4 => drop(purge::give_back(1)),
                        _ => {}
                    }
                }
            });
        }
    });
    purge_all();
    let sum = subproc_totals(64);
    assert_eq!((sum.in_use, totals().pending), (0, 0));
    assert!(sum.arenas <= 2, "{sum:?}");
    // Free runs between holes may be shorter than what `purge_all` unmaps. This unmaps them all.
    purge::give_back(1);
    let sum = subproc_totals(64);
    assert!(sum.reserved <= sum.arenas * MIB, "{sum:?}");
    // All of it can be claimed again. (ThreadSanitizer's own memory lies where arenas do, and fills holes.)
    let arenas = if cfg!(tsan) { None } else { Some(arenas(Some(64))) };
    for arena in arenas.into_iter().flatten() {
        let (_, size) = arena.area().unwrap();
        let all = claim(only(arena), size / SLICE - 1, 1, true).unwrap();
        // SAFETY: ours.
        unsafe { release(all) };
    }
    purge_all();
}

#[test]
fn what_was_asked_for_stays_mapped() {
    let _turn = turn();
    let arena = reserve(16 * MIB, false, false, true, 0).unwrap();
    let span = claim(only(arena), 100, 1, true).unwrap();
    bytes(&span).fill(1);
    release_all(vec![span]);
    purge_all();
    assert!(!purge::give_back(usize::MAX / SLICE));
    purge::give_back(0);
    assert_eq!(arena.totals().reserved, 16 * MIB);
    assert!(is_mapped(arena.id().cast::<u8>().wrapping_add(12 * MIB)));
}

#[test]
fn an_arena_with_holes_is_destroyed_around_them() {
    let _turn = turn();
    if !gives_parts() {
        return;
    }
    let (size, reserved, committed) = (32 * MIB, PROCESS.reserved.current(), PROCESS.committed.current());
    let start = crate::os::reserve(size, SLICE, false, 0);
    assert!(!start.is_null());
    // SAFETY: reserved above, and nobody else knows of the arena.
    unsafe {
        assert!(crate::os::commit(start, 4 * MIB));
        let what_for = Use { subproc: 65, exclusive: false, numa: -1 };
        let made = Arena::create(start, size / SLICE, 4 * MIB / SLICE, Backing::own(), what_for);
        let arena = &*made;
        // Give up slices that were used, in the accessible part.
        let (used, _) = arena.claim(20, 1).unwrap();
        arena.at(used).write_bytes(1, 20 * SLICE);
        let committed_then = arena.committed_bytes();
        assert!(arena.give_up(used, 20));
        assert_eq!((arena.committed_bytes(), arena.gone_slices()), (committed_then - 20 * SLICE, 20));
        // Give up a part that is not accessible. Somebody else maps it then.
        let at = SliceIndex(200);
        assert!(arena.taken().claim_at(at.0, 110));
        arena.count_taken(110);
        assert!(arena.give_up(at, 110));
        assert_eq!((arena.present_bytes(), arena.gone_slices()), (size - 130 * SLICE, 130));
        let place = arena.at(at);
        assert_eq!(Os::reserve_at(place, 110 * SLICE, true), At::Mapped);
        place.write(9);
        for_tests::make_read_only(place, 110 * SLICE);
        // What is made accessible along with other slices stops at the hole.
        let beyond = SliceIndex(at.0 + 115);
        assert!(!arena.committed().all_set(beyond.0, 1));
        assert_eq!(arena.claim_at(beyond, 3), Some(true));
        arena.at(beyond).write_bytes(1, 3 * SLICE);
        assert!(is_read_only(place, 110 * SLICE));
        arena.widest(beyond.0, 3, (0, arena.slices()), |from, to| {
            assert_eq!((from, to), (at.0 + 110, arena.slices()));
        });
        Arena::destroy(made);
        assert_eq!(place.read(), 9);
        assert!(!is_mapped(start) && !is_mapped(place.wrapping_add(110 * SLICE)));
        assert!(Os::unmap(place, 110 * SLICE));
    }
    assert_eq!((PROCESS.reserved.current(), PROCESS.committed.current()), (reserved, committed));
}
