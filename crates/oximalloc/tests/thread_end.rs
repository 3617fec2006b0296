//! Calls by a thread after the allocator was told of its end, in a Rust program: from destructors of keys that were made before
//! the allocator's and after it, in each of their rounds; by threads that have used it before, and by threads that have not.
//! Nothing stays behind, and the counts come back.

use core::ffi::c_void;
use oximalloc::{Heap, Oximalloc, raw, stats};
use std::alloc::Layout;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

#[global_allocator]
static A: Oximalloc = Oximalloc;

const ROUNDS: usize = 4;
static HEAP: OnceLock<Heap> = OnceLock::new();
/// The round in which the last call is made.
static WHEN: AtomicUsize = AtomicUsize::new(0);
static KEY: AtomicUsize = AtomicUsize::new(0);

fn call() {
    let block = raw::malloc(1000);
    assert!(!block.is_null());
    // SAFETY: a block of that size; what is freed is in use.
    unsafe {
        block.write_bytes(1, 1000);
        raw::free(raw::realloc(block, 300_000));
        let heap = HEAP.get().unwrap();
        let other = heap.alloc(Layout::new::<[u8; 100]>());
        assert!(heap.contains(other));
        Heap::free(other);
    }
    let own = Heap::new().unwrap();
    assert!(!own.alloc(Layout::new::<u64>()).is_null());
    // SAFETY: nobody uses its block.
    unsafe { own.destroy() };
    oximalloc::collect(false);
    assert!(stats::process().memory.threads.current >= 1);
    drop(vec![1u8; 5000]);
}

/// The value says in which round it is.
unsafe extern "C" fn destroy(value: *mut c_void) {
    let round = value.addr();
    if round == WHEN.load(Ordering::Relaxed) {
        call();
    }
    if round < ROUNDS {
        set(round + 1);
    }
}

fn set(round: usize) {
    let key = KEY.load(Ordering::Relaxed) as libc::pthread_key_t;
    // SAFETY: a key that was made.
    unsafe { libc::pthread_setspecific(key, core::ptr::without_provenance_mut::<c_void>(round)) };
}

extern "C" fn work(begins: *mut c_void) -> *mut c_void {
    set(1);
    if !begins.is_null() {
        drop((0..100).map(|n| vec![1u8; n * 10]).collect::<Vec<_>>());
    }
    core::ptr::null_mut()
}

/// Threads without Rust's own state, which allocates.
fn threads(n: usize, begins: bool) -> i64 {
    let before = stats::process().memory.committed.current;
    for _ in 0..n {
        let mut id = 0;
        let value = core::ptr::without_provenance_mut::<c_void>(begins as usize);
        // SAFETY: a function that lives for ever; the thread is waited for.
        unsafe {
            assert_eq!(libc::pthread_create(&mut id, core::ptr::null(), work, value), 0);
            assert_eq!(libc::pthread_join(id, core::ptr::null_mut()), 0);
        }
    }
    stats::process().memory.committed.current - before
}

#[test]
fn late_calls_leave_nothing() {
    HEAP.get_or_init(|| Heap::new().unwrap());
    let mut key = 0;
    // SAFETY: a destructor of the right type.
    assert_eq!(unsafe { libc::pthread_key_create(&mut key, Some(destroy)) }, 0);
    KEY.store(key as usize, Ordering::Relaxed);
    for when in 1..=ROUNDS {
        for begins in [true, false] {
            WHEN.store(when, Ordering::Relaxed);
            threads(10, begins);
            let counts = || (stats::process().memory.threads.current, stats::process().heaps.theaps.current);
            let before = counts();
            let [few, many] = [20, 60].map(|n| threads(n, begins));
            assert!(few < 1 << 20 && many < 1 << 20, "round {when}, {begins}: {few} and {many} bytes stay");
            assert_eq!(counts(), before, "round {when}, {begins}");
        }
    }
}
