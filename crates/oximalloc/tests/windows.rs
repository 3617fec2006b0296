//! Threads that Windows makes and ends, in a Rust program. Those that Rust knows nothing of are told of too: nothing
//! stays behind, and the counts come back.
#![cfg(windows)]

use oximalloc::{Oximalloc, raw, stats};
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::System::Threading::{
    CreateThread, ExitThread, FlsAlloc, FlsSetValue, INFINITE, WaitForSingleObject,
};

#[global_allocator]
static A: Oximalloc = Oximalloc;

/// A block that each thread leaves for the next one.
static LEFT: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static SLOT: AtomicU32 = AtomicU32::new(0);
static CALLED_BACK: AtomicUsize = AtomicUsize::new(0);

const SIZE: usize = 3000;

/// Leaves a block, and frees the one before, which is as it was left.
fn hand_on() {
    let new = raw::malloc(SIZE);
    assert!(!new.is_null());
    // SAFETY: a block of that size. Blocks are freed once.
    unsafe {
        new.write_bytes(7, SIZE);
        let old = LEFT.swap(new, Ordering::AcqRel);
        if !old.is_null() {
            assert!(std::slice::from_raw_parts(old, SIZE).iter().all(|&byte| byte == 7));
            raw::free(old);
        }
    }
}

unsafe extern "system" fn work(ends_itself: *mut c_void) -> u32 {
    hand_on();
    drop((0..200).map(|n| vec![1u8; n * 10]).collect::<Vec<_>>());
    // SAFETY: the slot was made before; any value but null will do.
    unsafe { FlsSetValue(SLOT.load(Ordering::Relaxed), (&raw const SLOT).cast()) };
    if !ends_itself.is_null() {
        // SAFETY: this thread has nothing that it would have to drop.
        unsafe { ExitThread(0) };
    }
    0
}

/// The system calls this before the allocator is told of the thread's end.
unsafe extern "system" fn called_back(_value: *const c_void) {
    hand_on();
    CALLED_BACK.fetch_add(1, Ordering::Relaxed);
}

fn run_one(ends_itself: bool) {
    let value = ptr::without_provenance::<c_void>(usize::from(ends_itself));
    // SAFETY: a function that lives for ever; the thread is waited for.
    unsafe {
        let thread = CreateThread(ptr::null(), 0, Some(work), value, 0, ptr::null_mut());
        assert!(!thread.is_null());
        assert_eq!(WaitForSingleObject(thread, INFINITE), 0);
        CloseHandle(thread);
    }
}

/// (One after the other, because the first one looks at the process's counts.)
#[test]
fn threads_come_and_go() {
    threads_that_rust_does_not_know_end();
    blocks_go_to_other_threads();
}

fn threads_that_rust_does_not_know_end() {
    // SAFETY: a function that lives for ever.
    SLOT.store(unsafe { FlsAlloc(Some(called_back)) }, Ordering::Relaxed);
    run_one(false);
    let before = stats::process().memory;
    for n in 0..100 {
        run_one(n % 2 == 1);
    }
    let after = stats::process().memory;
    assert_eq!(CALLED_BACK.load(Ordering::Relaxed), 101);
    assert!(after.threads.total >= before.threads.total + 100, "each had a theap");
    assert_eq!(after.threads.current, before.threads.current, "each gave it up");
    assert!(after.committed.current < before.committed.current + (4 << 20), "{:?}", after.committed);
}

fn blocks_go_to_other_threads() {
    let (send, receive) = channel::<Vec<Vec<u8>>>();
    let (back, returned) = channel::<usize>();
    let freeing = std::thread::spawn(move || {
        for blocks in receive {
            assert!(blocks.iter().all(|block| block.iter().all(|&byte| byte == block.len() as u8)));
            back.send(blocks.iter().map(Vec::len).sum()).unwrap();
        }
    });
    for round in 0..20 {
        let send = send.clone();
        std::thread::spawn(move || {
            send.send((1..200).map(|n| vec![(n * round) as u8; n * round]).collect()).unwrap();
        });
    }
    drop(send);
    freeing.join().unwrap();
    assert_eq!(returned.iter().sum::<usize>(), (0..20).map(|round| (1..200).map(|n| n * round).sum::<usize>()).sum());
}
