//! What the contract promises, as a table of tests that every implementation must pass: the real system, and the mock
//! as each kind of system that it can imitate.

use super::mock::{self, Call, Fail, Mock, Place, Setup};
use super::*;
use crate::base::config::SLICE;
use contract::System;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::slice;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The promises, by name.
fn promises<S: System>() -> [(&'static str, fn()); 21] {
    [
        ("sizes and capabilities make sense", sizes::<S>),
        ("what is reserved is aligned, and zero when committed", reserve::<S>),
        ("what cannot be is refused", refusals::<S>),
        ("a place is given if it is free", reserve_at::<S>),
        ("a part is unmapped, or nothing", unmap_part::<S>),
        ("commit gives zeros once, and keeps contents", commit::<S>),
        ("decommit gives zeros", decommit::<S>),
        ("a part is decommitted, or nothing", decommit_part::<S>),
        ("reset keeps access", reset::<S>),
        ("protect keeps contents", protect::<S>),
        ("advice keeps contents", advice::<S>),
        ("what is touched is resident", resident::<S>),
        ("a mapping moves with its contents", remap::<S>),
        ("large pages are there or refused", large_pages::<S>),
        ("limits are numbers of bytes", limits::<S>),
        ("each node is one", numa::<S>),
        ("the process has figures", process::<S>),
        ("errno is the thread's", errno::<S>),
        ("the environment is visited in order", environment::<S>),
        ("threads are told apart, and their ends are told", threads::<S>),
        ("calls have a stack, and code has a module", stacks::<S>),
    ]
}

/// Check all promises. No test may change `errno`.
fn keeps<S: System>() {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    for (promise, test) in promises::<S>() {
        let before = Errno(4711);
        S::set_errno(before);
        eprintln!("{promise}");
        test();
    }
}

#[test]
fn the_real_system_keeps_its_promises() {
    keeps::<Real>();
}

#[test]
fn the_mock_keeps_the_promises_of_the_real_one() {
    keeps::<Mock<Real>>();
}

/// Check the mock with a setup, in a process of its own.
fn keeps_as(name: &str, setup: Setup) {
    mock::alone(module_path!(), name, || {
        mock::set(setup);
        keeps::<Mock<Real>>();
    });
}

#[test]
fn with_pages_of_16_kib() {
    keeps_as("with_pages_of_16_kib", Setup { page_size: Some(16 << 10), ..Setup::REAL });
}

#[test]
fn with_pages_of_64_kib() {
    keeps_as("with_pages_of_64_kib", Setup { page_size: Some(64 << 10), ..Setup::REAL });
}

#[test]
fn at_low_addresses() {
    keeps_as("at_low_addresses", Setup { place: Place::Low, ..Setup::REAL });
}

#[test]
fn at_high_addresses() {
    keeps_as("at_high_addresses", Setup { place: Place::High, ..Setup::REAL });
}

#[test]
fn apart_and_dirty() {
    keeps_as("apart_and_dirty", Setup { place: Place::Apart, dirty: true, ..Setup::REAL });
}

#[test]
fn with_few_capabilities() {
    let few = Capabilities {
        sparse: false,
        unmap_part: false,
        decommit_part: false,
        remap: false,
        advise_huge: false,
        protect: false,
        lock: false,
        fork: false,
        thread_end: false,
        ..Real::CAPABILITIES
    };
    keeps_as("with_few_capabilities", Setup { capabilities: Some(few), ..Setup::REAL });
}

#[test]
fn the_mock_fails_as_it_is_told() {
    mock::alone(module_path!(), "the_mock_fails_as_it_is_told", || {
        let reserve = || !Os::reserve(0, SLICE, true).is_null();
        let three = || [reserve(), reserve(), reserve()];
        for (fail, expected) in [
            (Fail::Never, [true, true, true]),
            (Fail::Nth(2), [true, false, true]),
            (Fail::From(2), [true, false, false]),
            (Fail::Every(3), [true, true, false]),
            (Fail::AllBut(3), [false, false, true]),
        ] {
            mock::set(Setup::REAL.failing(Call::Reserve, fail));
            assert_eq!(three(), expected, "{fail:?}");
            assert_eq!(mock::calls(Call::Reserve), 3);
            assert_eq!(mock::set(Setup::REAL), expected.iter().filter(|done| !**done).count());
        }
        let page = Os::page_size();
        let p = Os::reserve(0, 2 * page, true);
        mock::set(
            Setup { dirty: true, ..Setup::REAL }
                .failing(Call::Decommit, Fail::From(1))
                .failing(Call::Protect, Fail::From(1)),
        );
        // SAFETY: ours.
        unsafe {
            p.write_bytes(1, 2 * page);
            assert!(!Os::decommit(p, 2 * page, false));
            assert_eq!(p.read(), mock::DIRT);
            assert!(!Os::protect(p, 2 * page) && Os::commit(p, 2 * page));
            assert!(Os::reset(p, 2 * page));
            assert_eq!(p.add(2 * page - 1).read(), mock::DIRT);
        }
    });
}

/// A reservation of four OS pages, which is unmapped when it is dropped.
struct Mapping<S: System> {
    start: *mut u8,
    size: usize,
    system: std::marker::PhantomData<S>,
}

impl<S: System> Mapping<S> {
    fn new(commit: bool) -> Mapping<S> {
        let size = 4 * S::page_size();
        let start = S::reserve(0, size, commit);
        assert!(!start.is_null());
        Mapping { start, size, system: std::marker::PhantomData }
    }

    /// Its contents. It must be committed.
    fn bytes(&self) -> &'static mut [u8] {
        // SAFETY: ours, and committed. A test looks at it only while it has the mapping.
        unsafe { slice::from_raw_parts_mut(self.start, self.size) }
    }

    fn is(&self, byte: u8) -> bool {
        self.bytes().iter().all(|&b| b == byte)
    }
}

impl<S: System> Drop for Mapping<S> {
    fn drop(&mut self) {
        // SAFETY: ours.
        assert!(unsafe { S::unmap(self.start, self.size) });
    }
}

fn sizes<S: System>() {
    let (page, can) = (S::page_size(), S::capabilities());
    assert!(page.is_power_of_two() && page <= SLICE && page == S::page_size());
    assert!(can.granularity.is_power_of_two() && can.granularity <= SLICE);
    assert!(can.large_page_shift <= can.huge_page_shift && 1 << can.large_page_shift > SLICE);
    assert!(can.arenas_spread.is_power_of_two());
    assert!((can.arenas_at + can.arenas_spread) >> (can.address_bits - 1) == 0, "there is room behind");
    assert_eq!(S::overcommits(), S::overcommits());
}

fn reserve<S: System>() {
    for commit in [false, true] {
        let a = Mapping::<S>::new(commit);
        let b = Mapping::<S>::new(commit);
        for mapping in [&a, &b] {
            assert!(mapping.start.addr().is_multiple_of(S::page_size()));
            assert!(mapping.start.addr().is_multiple_of(S::capabilities().granularity));
            let last = mapping.start.addr() + mapping.size - 1;
            assert_eq!(last.checked_shr(S::capabilities().address_bits as u32).unwrap_or(0), 0);
        }
        assert!(a.start.addr().abs_diff(b.start.addr()) >= a.size);
        if commit {
            assert!(a.is(0) && b.is(0));
            a.bytes().fill(1);
            assert!(b.is(0));
        }
    }
}

/// More than there are addresses for: whole OS pages of any size.
const TOO_MUCH: usize = usize::MAX << 22;

fn refusals<S: System>() {
    assert!(S::reserve(0, TOO_MUCH, false).is_null());
    let a = Mapping::<S>::new(true);
    a.bytes().fill(1);
    let shift = S::capabilities().large_page_shift;
    assert!(S::reserve_large(0, TOO_MUCH, shift).is_null());
    let at = S::reserve_at(ptr::without_provenance_mut(SLICE), TOO_MUCH, true);
    // Of 32 bits of address a program may have nearly all.
    assert!(at == At::Refused || (usize::BITS < 64 && at == At::Occupied), "{at:?}");
    assert!(a.is(1));
    assert_eq!(S::errno(), Errno(4711));
}

fn reserve_at<S: System>() {
    let page = S::page_size();
    let (start, size) = {
        let a = Mapping::<S>::new(true);
        a.bytes().fill(1);
        assert_eq!(S::reserve_at(a.start, page, true), At::Occupied);
        assert_eq!(S::reserve_at(a.start.wrapping_add(3 * page), 2 * page, false), At::Occupied);
        assert!(a.is(1), "what is there stays");
        (a.start, a.size)
    };
    for commit in [true, false] {
        assert_eq!(S::reserve_at(start, size, commit), At::Mapped);
        // SAFETY: ours, here and below.
        unsafe {
            assert!(S::commit(start, size));
            assert!(slice::from_raw_parts(start, size).iter().all(|&b| b == 0));
            start.write_bytes(2, size);
            assert!(S::unmap(start, size));
        }
    }
    assert_eq!(S::errno(), Errno(4711));
}

fn unmap_part<S: System>() {
    let page = S::page_size();
    let a = Mapping::<S>::new(true);
    a.bytes().fill(1);
    let place = a.start.wrapping_add(page);
    // SAFETY: ours.
    let done = unsafe { S::unmap(place, page) };
    assert_eq!(done, S::capabilities().unmap_part);
    if done {
        assert_eq!(S::reserve_at(place, page, true), At::Mapped);
        // SAFETY: the mapping is whole again.
        assert_eq!(unsafe { (a.start.read(), place.read(), place.add(page).read()) }, (1, 0, 1));
    } else {
        assert!(a.is(1), "as it was");
    }
    // (The drop unmaps what two calls reserved. A system that can unmap parts can do that too.)
}

fn commit<S: System>() {
    let page = S::page_size();
    let a = Mapping::<S>::new(false);
    // SAFETY: ours; each access is to what is committed then.
    unsafe {
        assert!(S::commit(a.start.add(page), 2 * page));
        let middle = slice::from_raw_parts_mut(a.start.add(page), 2 * page);
        assert!(middle.iter().all(|&b| b == 0));
        middle.fill(1);
        assert!(S::commit(a.start, a.size));
    }
    for (i, bytes) in a.bytes().chunks(page).enumerate() {
        let expected = u8::from(i == 1 || i == 2);
        assert!(bytes.iter().all(|&b| b == expected), "{i}");
    }
}

fn decommit<S: System>() {
    let a = Mapping::<S>::new(true);
    for strict in [false, true, false] {
        a.bytes().fill(1);
        // SAFETY: ours.
        assert!(unsafe { S::decommit(a.start, a.size, strict) });
        // SAFETY: ours.
        assert!(!strict || unsafe { S::commit(a.start, a.size) });
        assert!(a.is(0));
    }
    assert_eq!(S::errno(), Errno(4711));
}

fn decommit_part<S: System>() {
    let page = S::page_size();
    for strict in [false, true] {
        let a = Mapping::<S>::new(true);
        a.bytes().fill(1);
        // SAFETY: ours.
        unsafe {
            let done = S::decommit(a.start.add(page), page, strict);
            assert_eq!(done, S::capabilities().decommit_part);
            assert!(S::commit(a.start, a.size));
            assert!(!done || slice::from_raw_parts(a.start.add(page), page).iter().all(|&b| b == 0));
        }
        assert!(a.bytes()[..page].iter().chain(&a.bytes()[2 * page..]).all(|&b| b == 1));
    }
}

fn reset<S: System>() {
    let a = Mapping::<S>::new(true);
    a.bytes().fill(1);
    // SAFETY: ours. A system may lack this call.
    unsafe { S::reset(a.start, a.size) };
    a.bytes().fill(2);
    assert!(a.is(2));
    assert_eq!(S::errno(), Errno(4711));
}

fn protect<S: System>() {
    let page = S::page_size();
    let a = Mapping::<S>::new(true);
    a.bytes().fill(1);
    // SAFETY: ours.
    unsafe {
        assert_eq!(S::protect(a.start.add(page), page), S::capabilities().protect);
        assert!(S::commit(a.start.add(page), page));
    }
    assert!(a.is(1));
}

fn advice<S: System>() {
    let a = Mapping::<S>::new(true);
    a.bytes().fill(1);
    for on in [false, true] {
        // SAFETY: ours. A kernel may lack the call, so the answer is not looked at.
        unsafe { S::advise_huge(a.start, a.size, on) };
        assert!(a.is(1));
    }
    // SAFETY: ours, and committed.
    unsafe { S::populate(a.start, a.size) };
    assert!(a.is(1));
    assert_eq!(S::errno(), Errno(4711));
}

fn resident<S: System>() {
    let a = Mapping::<S>::new(true);
    let before = S::resident(a.start, a.size);
    a.bytes()[S::page_size()] = 1;
    let after = S::resident(a.start, a.size);
    // (Both are 0 if the system does not tell.)
    assert!(before <= after && after <= 4);
    // SAFETY: ours.
    unsafe { S::populate(a.start, a.size) };
    assert!(S::resident(a.start, a.size) >= after);
    assert!(S::resident(a.start, a.size) <= 4 && S::RESIDENT_MAX >= 4);
}

fn remap<S: System>() {
    if !S::capabilities().remap {
        return;
    }
    let page = S::page_size();
    let small = S::reserve(0, 4 * page, true);
    let place = S::reserve(0, 16 * page, false);
    // SAFETY: ours; each access is to what is mapped and committed then.
    unsafe {
        small.write_bytes(1, 4 * page);
        let moved = S::remap(small, 4 * page, 16 * page, place);
        assert_eq!(moved, place);
        let bytes = |p: *mut u8, pages: usize| slice::from_raw_parts(p, pages * page);
        assert!(bytes(moved, 4).iter().all(|&b| b == 1));
        assert!(bytes(moved.add(4 * page), 12).iter().all(|&b| b == 0));
        assert_eq!(S::reserve_at(small, 4 * page, false), At::Mapped, "the old place is free");
        assert!(S::unmap(small, 4 * page));
        let moved = S::remap(moved, 16 * page, 64 * page, ptr::null_mut());
        assert!(!moved.is_null() && bytes(moved, 4).iter().all(|&b| b == 1));
        assert!(S::remap_in_place(moved, 64 * page, 2 * page));
        assert!(bytes(moved, 2).iter().all(|&b| b == 1));
        assert_eq!(S::reserve_at(moved.add(2 * page), page, true), At::Mapped, "the end is free");
        assert!(!S::remap_in_place(moved, 2 * page, 4 * page), "now it is not");
        assert!(bytes(moved, 2).iter().all(|&b| b == 1));
        assert!(S::unmap(moved.add(2 * page), page) && S::unmap(moved, 2 * page));
    }
    assert_eq!(S::errno(), Errno(4711));
}

fn large_pages<S: System>() {
    let shift = S::capabilities().large_page_shift;
    let p = S::reserve_large(0, 1 << shift, shift);
    if !p.is_null() {
        assert!(p.addr().is_multiple_of(1 << shift));
        // SAFETY: ours.
        unsafe {
            assert!(slice::from_raw_parts(p, 1 << shift).iter().all(|&b| b == 0));
            assert!(S::unmap(p, 1 << shift));
        }
    }
    assert_eq!(S::errno(), Errno(4711));
}

fn limits<S: System>() {
    for address_space in [true, false] {
        assert!(S::limit(address_space).is_none_or(|bytes| bytes > 1 << 20));
    }
    assert_eq!(S::errno(), Errno(4711));
}

fn numa<S: System>() {
    assert!(S::nodes() >= 1 && S::current_node() < S::nodes());
    let a = Mapping::<S>::new(true);
    a.bytes().fill(1);
    // SAFETY: ours. A kernel may lack the call, so the answer is not looked at.
    unsafe {
        S::prefer_node(a.start, a.size, S::current_node());
        assert!(!S::prefer_node(a.start, a.size, usize::MAX));
    }
    assert!(a.is(1));
    assert_eq!(S::errno(), Errno(4711));
}

fn process<S: System>() {
    let info = S::info();
    assert!(info.current_rss > 64 * 1024 && info.peak_rss >= info.current_rss, "{info:?}");
    assert!(info.page_reclaims > 0 || !for_tests::COUNTS_FAULTS, "{info:?}");
    let (before, at) = (S::now_ms(), std::time::Instant::now());
    while S::now_ms() == before {
        assert!(at.elapsed().as_secs() < 10, "the clock goes");
        S::yield_now();
    }
    assert!(S::now_ms() > before);
    S::write_stderr(b"");
    assert_eq!(S::errno(), Errno(4711));
}

fn errno<S: System>() {
    S::set_errno(Errno::ENOMEM);
    std::thread::scope(|s| {
        s.spawn(|| {
            assert_ne!(S::errno(), Errno::ENOMEM);
            S::set_errno(Errno::EINVAL);
        });
    });
    assert_eq!(S::errno(), Errno::ENOMEM);
    assert_eq!(for_tests::c_errno(), S::ENOMEM, "it is the C library's");
    let mut all = [S::EAGAIN, S::EFAULT, S::EINVAL, S::ENOMEM, S::EOVERFLOW, S::ETIMEDOUT];
    all.sort();
    assert!(all[0] > 0 && all.windows(2).all(|two| two[0] < two[1]));
}

fn environment<S: System>() {
    let mut seen = Vec::new();
    assert!(S::visit_environment(&mut |name, value| {
        seen.push((name.to_vec(), value.to_vec()));
        true
    }));
    for (name, value) in std::env::vars_os() {
        let (name, value) = (name.into_encoded_bytes(), value.into_encoded_bytes());
        assert!(seen.contains(&(name, value)));
    }
    let mut count = 0;
    S::visit_environment(&mut |name, _| {
        assert_eq!(name, seen[0].0);
        count += 1;
        false
    });
    assert_eq!(count, 1);
    assert!(!S::is_secure());
}

fn threads<S: System>() {
    static ENDED: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    thread_local!(static ROUNDS: Cell<usize> = const { Cell::new(0) });
    unsafe extern "C" fn at_end(value: *mut c_void) {
        ROUNDS.set(ROUNDS.get() + 1);
        ENDED.lock().unwrap().push(value.addr());
    }
    unsafe extern "C" fn nothing() {}
    let begin = |key: Key, value: usize| {
        std::thread::spawn(move || {
            assert!(S::key_set(key, ptr::without_provenance_mut(value)));
            assert!(!S::is_first_thread());
            S::thread_id()
        })
    };
    let (one, me) = (S::thread_id(), S::thread_id());
    assert!(one == me && one != 0);
    let key = S::key_create(at_end);
    assert_eq!(key.is_some(), S::capabilities().thread_end);
    if let Some(key) = key {
        for value in [7, 0, 9] {
            assert_ne!(begin(key, value).join().unwrap(), me);
        }
        assert_eq!(*ENDED.lock().unwrap(), [7, 9], "a null value is not reported");
        S::key_delete(key);
        ENDED.lock().unwrap().clear();
    }
    // Only once, because handlers stay registered.
    static FORKS: AtomicUsize = AtomicUsize::new(0);
    if S::capabilities().fork && FORKS.fetch_add(1, Ordering::Relaxed) == 0 {
        assert!(S::at_fork(nothing, nothing, nothing));
    }
    S::yield_now();
    assert_ne!(S::random_seed(), 0);
    let mut words = [0; 4];
    if S::random(&mut words) {
        assert!(words.iter().all(|&word| word != 0) && words[0] != words[1], "{words:x?}");
    }
    assert_eq!(S::errno(), Errno(4711));
}

#[inline(never)]
fn deeper<S: System>(depth: usize, calls: &mut [usize]) -> usize {
    core::hint::black_box(if depth == 0 { S::stack(2, calls) } else { deeper::<S>(depth - 1, calls) })
}

fn stacks<S: System>() {
    S::begin_stacks();
    S::begin_stacks();
    let mut calls = [0; 8];
    for (depth, room) in [(3, 0), (3, 1), (20, 8)] {
        let got = deeper::<S>(depth, &mut calls[..room]);
        // (It is 0 if the system has no stacks.)
        assert!(got == room || got == 0);
        assert!(calls[..got].iter().all(|&call| call != 0) && calls[room..].iter().all(|&call| call == 0));
    }
    let code = (stacks::<S> as fn() as usize) + 1;
    let mut name = [0; 256];
    if let Some(module) = S::module_at(code, &mut name) {
        assert!((module.start..module.end).contains(&code) && module.base < code);
        let program = std::env::current_exe().unwrap().into_os_string().into_encoded_bytes();
        assert!(program.starts_with(&name[..module.name]) && module.name > 0);
        assert_eq!(S::module_at(code, &mut name[..3]).map(|module| module.name), Some(3));
    }
    assert_eq!(S::module_at(16, &mut name), None);
    assert_eq!(S::errno(), Errno(4711));
}
