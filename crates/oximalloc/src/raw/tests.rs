//! The shadow model over systems that refuse calls, place memory oddly, or cannot do what Linux can. The mock plays
//! each in turn. An operation succeeds or fails cleanly, the validator finds nothing after it, and everything works
//! once the system is well again.

use crate::arena::meta::meta_alloc;
use crate::diag::options::{self, Opt};
use crate::prim::contract::Capabilities;
use crate::prim::mock::{self, Call, Fail, Place, Setup, alone};
use crate::prim::{Memory, Os};
use crate::raw;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use shadow::{Op, Shadow, op};

#[path = "../../tests/shadow/mod.rs"]
mod shadow;

/// Runs of the model in a test.
const RUNS: usize = 4;

/// Sizes of blocks that get a mapping of their own when they grow.
fn large() -> impl Strategy<Value = usize> {
    (17usize << 20)..(24 << 20)
}

/// The same in each run: at most `n` operations for each of the `RUNS` threads.
fn runs_of(n: usize, op: impl Strategy<Value = Op>) -> Vec<Vec<Op>> {
    let (mut runner, ops) = (TestRunner::deterministic(), prop::collection::vec(op, n / 2..n));
    (0..RUNS).map(|_| ops.new_tree(&mut runner).unwrap().current()).collect()
}

/// Operations of the model, and now and then a large block.
fn mixed() -> Vec<Vec<Op>> {
    runs_of(
        200,
        prop_oneof![
            60 => op(),
            1 => large().prop_map(Op::Malloc),
            1 => large().prop_map(Op::Zalloc),
            1 => (any::<usize>(), large()).prop_map(|(index, size)| Op::Rezalloc { index, size }),
            1 => (large(), 17u32..24).prop_map(|(size, shift)| Op::Aligned { size, shift, offset: 0, zero: true }),
        ],
    )
}

/// Large blocks that grow and move.
fn growing() -> Vec<Vec<Op>> {
    runs_of(
        30,
        prop_oneof![
            3 => large().prop_map(Op::Malloc),
            3 => (any::<usize>(), large()).prop_map(|(index, size)| Op::Realloc { index, size }),
            3 => (any::<usize>(), large()).prop_map(|(index, size)| Op::Rezalloc { index, size }),
            3 => any::<usize>().prop_map(Op::Free),
            1 => op(),
        ],
    )
}

/// Make memory go back soon and come again often: arenas are small, purges are immediate, and each block from 2 MiB on
/// has a mapping of its own.
fn restless() {
    options::set_enabled(Opt::ShowErrors, false);
    options::set(Opt::ArenaReserve, 8 << 10);
    options::set(Opt::ArenaMaxObjectSize, 2 << 10);
    options::set(Opt::PurgeDelay, 0);
}

/// Run operations, in this thread.
fn apply(ops: &[Op], may_fail: bool) -> usize {
    let mut shadow = Shadow::new(may_fail);
    ops.iter().for_each(|op| shadow.apply(op));
    shadow.clear();
    raw::collect(true);
    shadow.failures
}

/// Run the operations one list after the other, each in a thread that ends.
fn in_threads(runs: impl Iterator<Item = Vec<Op>>, may_fail: bool) -> usize {
    runs.map(|ops| std::thread::spawn(move || apply(&ops, may_fail)).join().expect("no panic")).sum()
}

/// Run everything, two threads at a time, so that there are theaps to take over and blocks of other threads. Returns
/// how many operations failed.
fn apply_all(may_fail: bool) -> usize {
    apply_runs(mixed(), may_fail) + apply_runs(growing(), may_fail)
}

fn apply_runs(mut first: Vec<Vec<Op>>, may_fail: bool) -> usize {
    let second = first.split_off(RUNS / 2);
    let threads = [first, second].map(|runs| std::thread::spawn(move || in_threads(runs.into_iter(), may_fail)));
    threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
}

/// The model over the real system, changed only by `setup`.
fn works_with(name: &str, setup: Setup) {
    alone(module_path!(), name, || {
        mock::set(setup);
        restless();
        assert_eq!(apply_all(false), 0);
    });
}

#[test]
fn with_pages_of_16_kib() {
    works_with("with_pages_of_16_kib", Setup { page_size: Some(16 << 10), ..Setup::REAL });
}

#[test]
fn with_pages_of_64_kib() {
    works_with("with_pages_of_64_kib", Setup { page_size: Some(64 << 10), ..Setup::REAL });
}

#[test]
fn at_low_addresses() {
    works_with("at_low_addresses", Setup { place: Place::Low, ..Setup::REAL });
}

#[test]
fn at_high_addresses() {
    works_with("at_high_addresses", Setup { place: Place::High, ..Setup::REAL });
}

#[test]
fn at_addresses_that_are_far_from_each_other() {
    works_with("at_addresses_that_are_far_from_each_other", Setup { place: Place::Apart, ..Setup::REAL });
}

#[test]
fn with_dirt_where_no_zeros_are_promised() {
    alone(module_path!(), "with_dirt_where_no_zeros_are_promised", || {
        mock::set(Setup { dirty: true, ..Setup::REAL });
        restless();
        options::set_enabled(Opt::PurgeDecommits, false);
        assert_eq!(apply_all(false), 0);
        assert!(mock::calls(Call::Reset) > 0);
    });
}

#[test]
fn where_memory_is_promised_strictly() {
    works_with("where_memory_is_promised_strictly", Setup { overcommits: Some(false), ..Setup::REAL });
}

#[test]
fn where_address_space_is_limited() {
    works_with("where_address_space_is_limited", Setup { limit: Some(4 << 30), ..Setup::REAL });
}

/// A system that cannot do something.
fn works_without(name: &str, cannot: impl FnOnce(&mut Capabilities)) {
    let mut capabilities = Os::CAPABILITIES;
    cannot(&mut capabilities);
    // Ranges far apart are not aligned by chance. Those are the ranges of which parts would otherwise go back.
    works_with(name, Setup { capabilities: Some(capabilities), place: Place::Apart, dirty: true, ..Setup::REAL });
}

#[test]
fn without_decommit_of_parts() {
    works_without("without_decommit_of_parts", |can| can.decommit_part = false);
}

#[test]
fn without_unmap_of_parts() {
    works_without("without_unmap_of_parts", |can| can.unmap_part = false);
}

#[test]
fn where_reservations_take_memory() {
    works_without("where_reservations_take_memory", |can| can.sparse = false);
}

#[test]
fn where_memory_only_grows() {
    works_without("where_memory_only_grows", |can| {
        (can.sparse, can.decommit_part, can.remap) = (false, false, false);
        (can.advise_huge, can.protect, can.lock) = (false, false, false);
    });
}

#[test]
fn without_remap() {
    works_without("without_remap", |can| can.remap = false);
}

/// What `prim/unix` says of systems other than Linux.
fn works_as_unix(name: &str, setup: Setup) {
    let can = Capabilities { remap: false, advise_huge: false, huge_page_shift: 21, ..Os::CAPABILITIES };
    works_with(name, Setup { capabilities: Some(can), dirty: true, ..setup });
}

/// macOS on arm64 has larger OS pages.
#[test]
fn as_macos() {
    works_as_unix("as_macos", Setup { page_size: Some(16 << 10), ..Setup::REAL });
}

/// illumos counts memory when it is committed, and places ranges at low addresses only if it is asked to.
#[test]
fn as_illumos() {
    works_as_unix("as_illumos", Setup { overcommits: Some(false), place: Place::Low, ..Setup::REAL });
}

#[test]
fn without_fork() {
    works_without("without_fork", |can| can.fork = false);
}

#[test]
fn without_a_word_of_a_threads_end() {
    works_without("without_a_word_of_a_threads_end", |can| can.thread_end = false);
}

#[test]
fn without_anything_that_can_be_missing() {
    works_without("without_anything_that_can_be_missing", |can| {
        *can = Capabilities {
            unmap_part: false,
            decommit_part: false,
            remap: false,
            advise_huge: false,
            protect: false,
            lock: false,
            fork: false,
            thread_end: false,
            ..*can
        };
    });
}

/// The model over a system some of whose calls fail. Then the system is well again, and nothing fails.
fn survives(name: &str, system: Setup, failures: &'static [(Call, Fail)], prepare: fn()) {
    alone(module_path!(), name, || {
        mock::set(system);
        restless();
        prepare();
        for (call, fail) in failures {
            mock::set(Setup { dirty: true, ..system }.failing(*call, *fail));
            let failed = apply_all(true);
            let calls = mock::calls(*call);
            let refused = mock::set(system);
            eprintln!("{call:?} {fail:?}: {refused} of {calls} calls failed, and {failed} operations");
            assert!(refused > 0, "{call:?} {fail:?}: no call came to it");
            assert_eq!(apply(&mixed()[0], false), 0);
        }
    });
}

fn nothing() {}

#[test]
fn reservations_fail() {
    const FAILURES: [(Call, Fail); 3] =
        [(Call::Reserve, Fail::Every(2)), (Call::Reserve, Fail::AllBut(3)), (Call::Reserve, Fail::From(2))];
    survives("reservations_fail", Setup::REAL, &FAILURES, nothing);
}

/// Here the page map needs memory of its own for each range.
#[test]
fn reservations_fail_that_are_far_from_each_other() {
    const FAILURES: [(Call, Fail); 3] =
        [(Call::Reserve, Fail::Every(2)), (Call::Reserve, Fail::AllBut(3)), (Call::Reserve, Fail::AllBut(4))];
    let apart = Setup { place: Place::Apart, ..Setup::REAL };
    survives("reservations_fail_that_are_far_from_each_other", apart, &FAILURES, nothing);
}

/// A block moves to addresses for which the page map then has no memory. It must not be lost.
#[test]
fn a_block_stays_known_when_it_moves() {
    alone(module_path!(), "a_block_stays_known_when_it_moves", || {
        restless();
        let apart = Setup { place: Place::Apart, ..Setup::REAL }.failing(Call::RemapInPlace, Fail::From(1));
        for given in 1..20 {
            mock::set(apart);
            let mut shadow = Shadow::new(true);
            shadow.apply(&Op::Malloc(17 << 20));
            shadow.apply(&Op::Realloc { index: 0, size: 20 << 20 });
            mock::set(apart.failing(Call::Reserve, Fail::From(1 + given % 5)));
            shadow.apply(&Op::Realloc { index: 0, size: 24 << 20 });
            shadow.clear();
        }
    });
}

#[test]
fn commits_fail() {
    const FAILURES: [(Call, Fail); 3] =
        [(Call::Commit, Fail::Every(2)), (Call::Commit, Fail::Every(7)), (Call::Commit, Fail::From(1))];
    // Purged memory has to be committed anew.
    survives("commits_fail", Setup { overcommits: Some(false), ..Setup::REAL }, &FAILURES, nothing);
}

#[test]
fn memory_cannot_go_back() {
    const FAILURES: [(Call, Fail); 4] = [
        (Call::Decommit, Fail::Every(2)),
        (Call::Decommit, Fail::From(1)),
        (Call::Unmap, Fail::Every(2)),
        (Call::Unmap, Fail::From(1)),
    ];
    survives("memory_cannot_go_back", Setup::REAL, &FAILURES, nothing);
}

#[test]
fn what_was_unmapped_does_not_come_again() {
    const FAILURES: [(Call, Fail); 2] = [(Call::ReserveAt, Fail::Every(2)), (Call::ReserveAt, Fail::From(1))];
    let limited = Setup { limit: Some(8 << 30), ..Setup::REAL };
    survives("what_was_unmapped_does_not_come_again", limited, &FAILURES, nothing);
}

#[test]
fn resets_fail() {
    const FAILURES: [(Call, Fail); 1] = [(Call::Reset, Fail::Every(2))];
    survives("resets_fail", Setup::REAL, &FAILURES, || options::set_enabled(Opt::PurgeDecommits, false));
}

#[test]
fn mappings_cannot_move() {
    if !Os::capabilities().remap {
        return;
    }
    const FAILURES: [(Call, Fail); 3] =
        [(Call::RemapInPlace, Fail::Every(2)), (Call::Remap, Fail::Every(2)), (Call::Remap, Fail::From(1))];
    survives("mappings_cannot_move", Setup::REAL, &FAILURES, nothing);
}

#[test]
fn guards_cannot_be_set() {
    const FAILURES: [(Call, Fail); 3] = [
        (Call::Protect, Fail::Every(3)),
        (Call::Protect, Fail::From(1)),
        // Nor be lifted.
        (Call::Commit, Fail::Every(2)),
    ];
    survives("guards_cannot_be_set", Setup::REAL, &FAILURES, || {
        options::set(Opt::GuardedSampleRate, 3);
        options::set(Opt::GuardedSampleSeed, 1);
    });
}

#[test]
fn no_key_is_left() {
    alone(module_path!(), "no_key_is_left", || {
        mock::set(Setup::REAL.failing(Call::KeyCreate, Fail::Nth(1)));
        restless();
        assert_eq!(apply_all(false), 0);
        assert_eq!(mock::set(Setup::REAL), 1);
        assert_eq!(apply_all(false), 0);
    });
}

/// Memory for records is refused. What is left at the start is used up, and from then on the system gives no address
/// space.
#[test]
fn records_cannot_be_made() {
    alone(module_path!(), "records_cannot_be_made", || {
        restless();
        assert_eq!(apply(&mixed()[0], false), 0);
        mock::set(Setup::REAL.failing(Call::Reserve, Fail::From(1)));
        for size in [4096, 64] {
            while mock::calls(Call::Reserve) < 4 && !meta_alloc(size, 64).is_null() {}
        }
        let refused = apply_all(true);
        assert!(mock::set(Setup::REAL) > 0);
        eprintln!("{refused} operations failed");
        assert_eq!(apply_all(false), 0);
    });
}

/// Without any memory each operation fails, even the first of a process.
#[test]
fn there_is_no_memory_at_all() {
    alone(module_path!(), "there_is_no_memory_at_all", || {
        options::set_enabled(Opt::ShowErrors, false);
        mock::set(Setup::REAL.failing(Call::Reserve, Fail::From(1)));
        for size in [1, 100, 10_000, 1 << 20, 1 << 28] {
            assert!(
                raw::malloc(size).is_null() && raw::zalloc(size).is_null() && raw::aligned(size, 4096, 0).is_null()
            );
        }
        raw::collect(true);
        mock::set(Setup::REAL);
        assert_eq!(apply(&mixed()[0], false), 0);
    });
}

/// One of the first calls of a process fails.
#[test]
fn an_early_call_fails() {
    for n in 1..=4 {
        for call in [Call::Reserve, Call::Commit] {
            let case = format!("{call:?} {n}");
            mock::alone_in_turn(module_path!(), "an_early_call_fails", &case, || {
                mock::set(Setup { dirty: true, ..Setup::REAL }.failing(call, Fail::Nth(n)));
                restless();
                apply(&mixed()[1], true);
                mock::set(Setup::REAL);
                assert_eq!(apply(&mixed()[2], false), 0);
            });
        }
    }
}
