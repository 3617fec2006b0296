//! Frees of the smallest blocks of a thread that has ended. A process of its own: the next thread gets what that one left.
use oximalloc::internals::bins::Bin;
use oximalloc::internals::slice_class;
use oximalloc::internals::state::theap::Theap;
use oximalloc::raw;
use std::sync::mpsc::sync_channel;
use std::thread;

const SIZE: usize = 32;

fn entry() -> Option<usize> {
    Some(Theap::current().entry(Bin::of(SIZE)))
}

fn goes_to(block: usize) -> Option<usize> {
    slice_class::get(block as *const u8)
}

fn free(block: usize) {
    // SAFETY: blocks of this test, each freed once.
    unsafe { raw::free(block as *mut u8) };
}

#[test]
fn frees_into_pages_of_ended_threads_are_fast_until_another_has_them() {
    let mine = raw::malloc(SIZE) as usize;
    let theirs: Vec<usize> = thread::spawn(|| (0..4).map(|_| raw::malloc(SIZE) as usize).collect()).join().unwrap();
    assert_ne!(goes_to(theirs[0]), entry());
    free(theirs[0]);
    assert_eq!(goes_to(theirs[1]), entry(), "the first free of an ended thread's block did not open its page");
    free(theirs[1]);
    assert_eq!(raw::malloc(SIZE) as usize, theirs[1], "the block is not on this thread's stack");

    let (tell, told) = sync_channel::<()>(0);
    let (wake, sleep) = sync_channel::<()>(0);
    let page = theirs[2];
    let next = thread::spawn(move || {
        let block = raw::malloc(SIZE) as usize;
        assert_eq!(block >> 16, page >> 16, "the next thread has another page");
        assert_eq!(goes_to(page), entry(), "frees of others still lead to their stacks");
        tell.send(()).unwrap();
        sleep.recv().unwrap();
        free(block);
    });
    told.recv().unwrap();
    free(theirs[2]);
    assert_ne!(raw::malloc(SIZE) as usize, theirs[2], "the block, whose neighbours are a living thread's, stayed here");
    wake.send(()).unwrap();
    next.join().unwrap();
    Theap::current().validate();
    assert_ne!(goes_to(mine), None);
}
