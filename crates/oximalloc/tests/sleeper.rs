//! Memory that others free for a thread that sleeps. A process of its own: it counts the pages of the process.
use oximalloc::internals::state::heap::MAIN;
use oximalloc::raw;
use std::sync::mpsc::sync_channel;
use std::thread;

/// One thread allocates, sleeps, and another frees all: the memory does not stay with the sleeper.
#[test]
fn what_a_sleeper_owns_goes_back_when_others_free_it() {
    let (give, take) = sync_channel::<Vec<usize>>(1);
    let (wake, sleep) = sync_channel::<()>(1);
    let sleeper = thread::spawn(move || {
        give.send((0..100_000).map(|_| raw::malloc(240) as usize).collect()).unwrap();
        sleep.recv().ok();
    });
    let blocks = take.recv().unwrap();
    let pages = || MAIN.stats.pages.snapshot().current;
    let before = pages();
    for block in blocks {
        // SAFETY: allocated by the sleeper, which does not touch it.
        unsafe { raw::free(block as *mut u8) };
    }
    raw::collect(false);
    let after = pages();
    // 273 blocks a page: 367 pages, of which the last is attached to the sleeper's bin.
    assert!(before - after >= 360, "{before} pages, then {after}");
    drop(wake);
    sleeper.join().unwrap();
}
