//! Which arenas a claim may use: exclusive ones, those of subprocesses, those of NUMA nodes. Also the ids of arenas.

use super::*;
use crate::diag::output::tests::captured;
#[cfg(target_pointer_width = "64")]
use crate::os::HUGE_PAGE;
use crate::os::LARGE_PAGE;
use crate::prim::Errno;
use std::ptr::{null, null_mut, without_provenance};

const MIB: usize = 1 << 20;

#[test]
fn an_exclusive_arena_is_for_who_asks_for_it() {
    let _turn = turn();
    let arena = reserve(8 * MIB, true, false, true, 0).unwrap();
    assert!(arena.is_exclusive() && arena.subproc() == 0 && arena.numa() == -1);
    assert_eq!(arena.area().map(|(_, size)| size), Some(8 * MIB));
    let others: Vec<_> = (0..200).map(|_| claim(MAIN, 1, 1, true).unwrap()).collect();
    assert!(others.iter().all(|span| !arena.contains(span.start)));
    let mine = all_of(only(arena));
    assert!(mine.len() >= 8 * MIB / SLICE - 2 && mine.iter().all(|span| arena.contains(span.start)));
    assert!(claim(only(arena), 1, 1, true).is_none() && claim_os(only(arena), 1).is_none(), "full");
    assert_eq!(arena.totals().in_use, mine.len() * SLICE);
    options::set(Opt::DisallowArenaAlloc, 1);
    release_all(mine);
    let span = claim(only(arena), 4, 4, false);
    options::set(Opt::DisallowArenaAlloc, 0);
    assert!(arena.contains(span.unwrap().start), "asked for by its id");
    release_all(vec![span.unwrap()]);
    assert!(claim(only(arena), 8 * MIB / SLICE, 1, true).is_none());
    release_all(others);
    assert_eq!(arena.totals().in_use, 0);
}

#[test]
fn wrong_ids_are_answered() {
    let _turn = turn();
    let arena = reserve(4 * MIB, false, false, true, 0).unwrap();
    let id = arena.id().cast_const();
    assert_eq!(ArenaRef::from_id(id), Some(arena));
    let here = 0;
    for wrong in [null(), without_provenance(1), without_provenance(usize::MAX), (&raw const here).cast()] {
        assert!(area(wrong).is_none() && !contains(wrong, wrong.cast()) && ArenaRef::from_id(wrong).is_none());
    }
    assert!(area(id.wrapping_byte_add(SLICE)).is_none());
    assert!(contains(id, id.cast()) && contains(id, id.wrapping_byte_add(4 * MIB - 1).cast()));
    assert!(!contains(id, id.wrapping_byte_add(4 * MIB).cast()) && !contains(id, null()));
    assert!(is_in_region(id.cast()) && !is_in_region((&raw const here).cast()) && !is_in_region(null()));
}

#[test]
fn too_much_and_too_little_are_refused() {
    for bytes in [0, min_size() - 1, 2 * power(44), usize::MAX] {
        assert_eq!(reserve(bytes, true, true, true, 0), Err(Errno::ENOMEM));
    }
}

#[test]
fn large_pages_are_a_wish() {
    let _turn = turn();
    let arena = reserve(6 * MIB, true, true, true, 0).unwrap();
    let span = claim(only(arena), 3, 1, true).unwrap();
    assert!(span.zero && bytes(&span).iter().all(|&b| b == 0));
    release_all(vec![span]);
    options::set(Opt::AllowLargeOsPages, 2);
    let span = claim_os(MAIN, 33).unwrap();
    options::set(Opt::AllowLargeOsPages, 0);
    assert!(bytes(&span).iter().all(|&b| b == 0));
    release_all(vec![span]);
}

/// Ordinary memory at the alignment of large pages.
fn as_if_large(size: usize, hint: usize) -> *mut u8 {
    assert!(size.is_multiple_of(LARGE_PAGE) && hint.is_multiple_of(LARGE_PAGE));
    crate::os::reserve(size, LARGE_PAGE, true, hint)
}

#[test]
fn arenas_of_large_pages_are_pinned() {
    let _turn = turn();
    let exclusive = Use { subproc: 0, exclusive: true, numa: -1 };
    let arena = ArenaRef::of(grow::add_large(5 * MIB, exclusive, as_if_large).unwrap());
    assert_eq!((arena.totals().reserved, arena.totals().committed), (6 * MIB, 6 * MIB));
    let span = claim(only(arena), 3, 1, true).unwrap();
    bytes(&span).fill(1);
    release_all(vec![span]);
    purge_all();
    let again = claim(only(arena), 3, 1, true).unwrap();
    assert!(!again.zero && bytes(&again).iter().all(|&b| b == 1));
    release_all(vec![again]);
}

#[test]
fn mappings_of_large_pages_keep_whole_pages() {
    let _turn = turn();
    let (before, page) = (totals().direct, LARGE_PAGE / SLICE);
    // After a refusal in another test, the next claims do not ask.
    let mut span = (0..100).find_map(|_| direct::claim_large(2 * page + 1, -1, as_if_large)).unwrap();
    assert_eq!((totals().direct - before, span.slices), (3 * LARGE_PAGE, 2 * page + 1));
    assert!(!span.origin.is_os() && span.origin.arena().is_none());
    // SAFETY: ours, here and below.
    assert!(unsafe { extend(&mut span, 1) }.is_none() && unsafe { remap_os(span, 9 * page) }.is_none());
    bytes(&span).fill(1);
    for (keep, pages) in [(2 * page, 2), (page + 1, 2), (5, 1)] {
        // SAFETY: as above.
        unsafe { shrink(&mut span, keep) };
        assert_eq!((totals().direct - before, span.slices), (pages * LARGE_PAGE, keep));
        assert!(bytes(&span).iter().all(|&b| b == 1));
    }
    release_all(vec![span]);
    assert_eq!(totals().direct, before);
    assert!(direct::claim_large(page, -1, |_, _| null_mut()).is_none());
    assert!(direct::claim_large(page, -1, |_, _| panic!("asked again")).is_none());
}

#[test]
fn a_subprocess_has_its_own_arenas() {
    let _turn = turn();
    let theirs = Source { subproc: 71, ..MAIN };
    assert_eq!((arenas(Some(71)).count(), subproc_totals(71)), (0, super::super::span::Totals::default()));
    assert!(claim(theirs, 1, 1, false).is_none(), "none at hand");
    let span = claim(theirs, 8, 1, true).unwrap();
    let arena = arenas(Some(71)).next().unwrap();
    let record = Slices(Arena::record_slices(arena.region().unwrap().slices())).bytes();
    assert!(arena.contains(span.start) && !arena.is_exclusive());
    let sum = subproc_totals(71);
    assert_eq!((sum.arenas, sum.in_use), (1, 8 * SLICE));
    assert!(sum.committed >= 8 * SLICE && sum.reserved > sum.committed);
    let ours = claim(MAIN, 8, 1, true).unwrap();
    assert!(!arena.contains(ours.start));
    assert!(claim(Source { subproc: 72, ..MAIN }, 1, 1, false).is_none());
    bytes(&span).fill(1);
    options::set(Opt::PurgeDelay, -1);
    release_all(vec![span]);
    options::set(Opt::PurgeDelay, 1000);
    assert_eq!(subproc_totals(71).committed, sum.committed);
    hand_over(71);
    assert_eq!((arena.subproc(), arenas(Some(71)).count()), (0, 0));
    // Other tests may have used this arena. All that is free goes, whoever used it.
    assert_eq!(arena.totals().committed, record, "free memory went back");
    let again = claim(only(arena), 8, 1, true).unwrap();
    assert!(again.zero && bytes(&again).iter().all(|&b| b == 0));
    release_all(vec![ours, again]);
}

#[test]
fn the_nearest_arena_comes_first() {
    let _turn = turn();
    options::set(Opt::UseNumaNodes, 3);
    let base = Source { subproc: 81, ..MAIN };
    let at = |numa| Source { numa, ..base };
    let any = claim(base, 1, 1, true).unwrap();
    let spans = [0, 1, 0, 1].map(|node| claim(at(node), 1, 1, true).unwrap());
    let node_of = |span: &Span| arenas(None).find(|arena| arena.contains(span.start)).unwrap().numa();
    assert_eq!((node_of(&any), spans.each_ref().map(node_of)), (-1, [0, 1, 0, 1]));
    assert_eq!(arenas(Some(81)).count(), 3, "one for each");
    let far = claim(at(9), 1, 1, true).unwrap();
    assert_eq!(node_of(&far), -1, "there is no such node");
    options::set(Opt::ArenaIsNumaLocal, 1);
    let local = claim(Source { subproc: 82, ..MAIN }, 1, 1, true).unwrap();
    options::set(Opt::ArenaIsNumaLocal, 0);
    assert!((0..3).contains(&node_of(&local)));
    options::set(Opt::UseNumaNodes, 0);
    release_all(spans.into_iter().chain([any, far, local]).collect());
    hand_over(81);
    hand_over(82);
}

/// Gives ordinary memory, which is not touched, for the first `left` calls, then nothing.
#[cfg(target_pointer_width = "64")]
fn pages(mut left: usize) -> impl FnMut(usize, i32) -> *mut u8 {
    move |at, _| {
        if left == 0 {
            return null_mut();
        }
        left -= 1;
        crate::os::reserve(HUGE_PAGE, SLICE, true, at)
    }
}

// Fewer addresses have no room for several such pages.
#[cfg(target_pointer_width = "64")]
#[test]
fn huge_pages_as_many_as_there_are() {
    let _turn = turn();
    let exclusive = Use { subproc: 0, exclusive: true, numa: 5 };
    let (arena, got) = gigantic::get(4, 1_000_000, exclusive, &mut pages(2)).unwrap();
    assert_eq!((got, arena.numa()), (2, 5));
    let sum = arena.totals();
    assert_eq!((sum.reserved, sum.committed, sum.in_use), (2 * HUGE_PAGE, 2 * HUGE_PAGE, 0));
    let span = claim(only(arena), 20, 1, true).unwrap();
    assert!(span.zero);
    bytes(&span)[0] = 1;
    release_all(vec![span]);
    purge_all();
    assert_eq!(arena.totals(), sum, "pinned");
    assert_eq!(gigantic::get(4, 0, exclusive, &mut pages(0)), Err(Errno::ENOMEM));
    assert_eq!(gigantic::get(0, 0, exclusive, &mut pages(1)), Err(Errno::EINVAL));
    assert_eq!(gigantic::get(usize::MAX, 0, exclusive, &mut pages(1)), Err(Errno::ENOMEM));
    let mut slow = |_, _| {
        std::thread::sleep(std::time::Duration::from_millis(40));
        null_mut()
    };
    assert_eq!(gigantic::get(4, 10, exclusive, &mut slow), Err(Errno::ETIMEDOUT));
    // A page that does not follow the one before goes back.
    let mut calls = 0;
    let mut apart = |at, _| {
        calls += 1;
        crate::os::reserve(HUGE_PAGE, SLICE, true, if calls == 1 { at } else { at + (7 << 30) })
    };
    assert_eq!(gigantic::get(3, 0, exclusive, &mut apart).map(|(_, got)| got), Ok(1));
}

#[cfg(target_pointer_width = "64")]
#[test]
fn huge_pages_are_spread_evenly() {
    let _turn = turn();
    let mut asked = Vec::new();
    let mut note = |_, node| {
        asked.push(node);
        null_mut()
    };
    assert_eq!(gigantic::spread(7, 3, 0, &mut note), (0, Err(Errno::ENOMEM)));
    assert_eq!(asked, [0]);
    let mut had = pages(3);
    asked.clear();
    let mut note = |at, node| {
        asked.push(node);
        had(at, node)
    };
    assert_eq!(gigantic::spread(4, 3, 0, &mut note), (3, Err(Errno::ENOMEM)));
    assert_eq!(asked, [0, 0, 1, 2]);
    assert_eq!(gigantic::spread(0, 0, 0, &mut pages(0)), (0, Ok(())));
    // The system that runs the test has no huge pages, or a few.
    if let Err(code) = reserve_huge(1, -1, 1000, true, 0) {
        assert!(code == Errno::ENOMEM || code == Errno::ETIMEDOUT);
    }
}

#[test]
fn a_picture() {
    let _turn = turn();
    let arena = reserve(8 * MIB, false, false, true, 91).unwrap();
    let spans: Vec<_> = [1, 2, 3].map(|n| claim(only(arena), n, 1, true).unwrap()).to_vec();
    // SAFETY: ours.
    unsafe { release(spans[1]) };
    let text = captured(print);
    let mut lines = text.lines().skip_while(|line| !line.contains(&format!("{:p}", arena.id())));
    let head = lines.next().unwrap();
    assert!(head.contains("8 MiB") && head.contains("subprocess 91, exclusive"), "{head}");
    assert!(lines.next().unwrap().ends_with(&format!("0 Rxppxxx{}", ".".repeat(57))), "{text}");
    assert!(text.starts_with("arenas: ") && text.contains("R record"));
    release_all(vec![spans[0], spans[2]]);
}
