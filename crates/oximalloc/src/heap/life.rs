//! Lives: the process's start and end, a thread's, and fork.
//!
//! A thread's theap comes from a pool and goes back to it, so that thread start and end make no system call once as
//! many threads have lived at once. At its end a theap gives all blocks and pages away; its record stays, and full
//! pages that still name it find its list of returned pages closed, which tells the thread that frees into them to
//! take them over (or the next thread that gets this theap has them).

use super::main_heap::MAIN;
use super::theap::{EMPTY, Theap, thread};
use crate::arena;
use crate::arena::meta::meta_alloc;
use crate::base::sync::{AtomicPtr, AtomicU32, Ordering};
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::page::stack::Stack;
use crate::prim;
use core::ffi::c_void;
use core::ptr;

static POOL: Stack<Theap> = Stack::new();
static ALL: AtomicPtr<Theap> = AtomicPtr::new(ptr::null_mut());

/// 0: nothing done; 1: being done; 2: the process is set up; 3: it has ended.
static PROCESS_STATE: AtomicU32 = AtomicU32::new(0);
/// The key whose destructor tells of a thread's end, plus 1; 0 without one.
static KEY: AtomicU32 = AtomicU32::new(0);
static FORK_HANDLERS: AtomicU32 = AtomicU32::new(0);

/// Set the process up: options, the key that tells of a thread's end. Any number of calls, from any thread.
pub fn process_start() {
    // Acquire: pairs with the Release below.
    if PROCESS_STATE.load(Ordering::Acquire) >= 2 {
        return;
    }
    if PROCESS_STATE.compare_exchange(0, 1, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        options::init();
        if options::enabled(Opt::ShowStats) || options::get(Opt::Verbose) > 0 {
            prim::process::keep_stderr();
        }
        if let Some(key) = prim::thread::key_create(thread_end) {
            KEY.store(key.0 + 1, Ordering::Relaxed);
        }
        arena::init();
        PROCESS.heaps.add(1);
        // Release: pairs with the Acquire above; options and key are seen by who sees 2.
        PROCESS_STATE.store(2, Ordering::Release);
    } else {
        // Another thread is at it. If it was stopped there we go on with what is set up: defaults are safe.
        for _ in 0..1000 {
            // Acquire: pairs with the Release above.
            if PROCESS_STATE.load(Ordering::Acquire) >= 2 {
                break;
            }
            prim::thread::yield_now();
        }
    }
}

/// The process ends: print statistics, give memory back where that was asked for. Allocation goes on to work.
pub fn process_end() {
    if PROCESS_STATE.swap(3, Ordering::Relaxed) == 3 {
        return;
    }
    if options::enabled(Opt::ShowStats) || options::get(Opt::Verbose) > 0 {
        super::totals::print(None, ptr::null_mut());
    }
    if options::enabled(Opt::DestroyOnExit) {
        // SAFETY: the user asked for it, and says with it that nothing is used after.
        unsafe { arena::destroy_all() };
    }
}

/// All theaps there ever were.
pub fn all_theaps() -> impl Iterator<Item = &'static Theap> {
    // Acquire: pairs with the Release in `new_theap`.
    let mut at = ALL.load(Ordering::Acquire);
    core::iter::from_fn(move || {
        // SAFETY: theaps are never unmapped, and `all` is set before the theap is reachable.
        let theap = unsafe { at.as_ref() }?;
        at = theap.all.load(Ordering::Relaxed);
        Some(theap)
    })
}

/// A theap to use now. A thread that allocates in a late destructor, after the library was told of its end, would
/// never give a theap back: it borrows one for each operation.
pub struct Lease {
    theap: &'static Theap,
    borrowed: bool,
}

impl core::ops::Deref for Lease {
    type Target = Theap;
    #[inline]
    fn deref(&self) -> &Theap {
        self.theap
    }
}

impl Drop for Lease {
    #[inline]
    fn drop(&mut self) {
        if self.borrowed {
            finish(self.theap);
        }
    }
}

/// The calling thread's theap, made if it has none; None without memory.
#[inline]
pub fn thread_start() -> Option<Lease> {
    let now = Theap::current();
    if now.is_empty_theap() { start() } else { Some(Lease { theap: now, borrowed: false }) }
}

#[cold]
fn start() -> Option<Lease> {
    process_start();
    let theap = pooled().or_else(new_theap)?;
    theap.tag.store(prim::tls::tag(), Ordering::Relaxed);
    theap.returned.open();
    for b in theap.open_bins() {
        theap.open(crate::page::Bin::at(b), prim::tls::tag(), super::deferred::registered());
    }
    PROCESS.threads.add(1);
    if end_key().is_some_and(|key| prim::thread::key_get(key) == ENDED) {
        return Some(Lease { theap, borrowed: true });
    }
    thread::set(theap);
    // May allocate for a late key: the theap is in place.
    at_thread_end(&raw const *theap as *mut u8);
    // With a second thread fork leaves something to mend. The registration allocates.
    if !theap.all.load(Ordering::Relaxed).is_null() && FORK_HANDLERS.swap(1, Ordering::Relaxed) == 0 {
        prim::thread::at_fork(nothing, nothing, fork_child);
    }
    Some(Lease { theap, borrowed: false })
}

fn pooled() -> Option<&'static Theap> {
    let first = POOL.take_all();
    // SAFETY: what we took from the pool is ours; theaps are never unmapped.
    let theap = unsafe { first.as_ref() }?;
    let rest = crate::page::stack::Linked::link(theap).load(Ordering::Relaxed);
    if !rest.is_null() {
        let mut last = rest;
        // SAFETY: as above.
        unsafe {
            if !POOL.push_if_empty(rest) {
                while !crate::page::stack::Linked::link(&*last).load(Ordering::Relaxed).is_null() {
                    last = crate::page::stack::Linked::link(&*last).load(Ordering::Relaxed);
                }
                POOL.push_chain(rest, last);
            }
        }
    }
    Some(theap)
}

fn new_theap() -> Option<&'static Theap> {
    let memory = meta_alloc(size_of::<Theap>(), align_of::<Theap>()) as *mut Theap;
    // SAFETY: fresh zeroed memory of that size, and zero is a theap whose bins are not open, except for the stacks
    // of bins that are not open yet, which are set next.
    let theap = unsafe { memory.as_ref() }?;
    theap.close_all();
    let mut head = ALL.load(Ordering::Relaxed);
    loop {
        theap.all.store(head, Ordering::Relaxed);
        // Release: pairs with the Acquire in `all_theaps`.
        match ALL.compare_exchange_weak(head, memory, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => break,
            Err(now) => head = now,
        }
    }
    PROCESS.theaps.add(1);
    Some(theap)
}

/// The value of the key in a thread whose end we were told of.
const ENDED: *mut u8 = ptr::without_provenance_mut(1);

fn end_key() -> Option<prim::thread::Key> {
    KEY.load(Ordering::Relaxed).checked_sub(1).map(prim::thread::Key)
}

/// What `thread_end` is to be called with; null for not at all.
fn at_thread_end(value: *mut u8) {
    if let Some(key) = end_key() {
        prim::thread::key_set(key, value);
    }
}

extern "C" fn nothing() {}

/// Called by the C library when a thread ends, in each of its rounds of destructors.
extern "C" fn thread_end(value: *mut c_void) {
    let current = Theap::current();
    if ptr::eq(value as *const Theap, current) && !current.is_empty_theap() {
        finish(current);
    }
    at_thread_end(ENDED);
}

/// The calling thread is done with the allocator for now (a later allocation starts it anew).
pub fn thread_done() {
    let current = Theap::current();
    if !current.is_empty_theap() {
        at_thread_end(ptr::null_mut());
        finish(current);
    }
}

fn finish(theap: &'static Theap) {
    theap.give_everything();
    for b in theap.open_bins() {
        // Frees of this thread after this point take the generic path, and so do those of a later thread that gets
        // the same tag.
        theap.door[b].owner.store(0, Ordering::Relaxed);
    }
    let mut page = theap.returned.close();
    while !page.is_null() {
        // SAFETY: taken off the list, so ours to link.
        unsafe {
            let next = (*page).next();
            theap.abandon(page);
            page = next;
        }
    }
    theap.tag.store(0, Ordering::Relaxed);
    theap.free_records();
    if ptr::eq(theap, Theap::current()) {
        thread::set(&EMPTY);
    }
    PROCESS.threads.sub(1);
    // SAFETY: theaps are never unmapped; this one is on no list.
    unsafe { POOL.push(&raw const *theap as *mut Theap) };
}

impl Theap {
    /// Put a LISTED page of ours where other threads look for one.
    ///
    /// # Safety
    /// - the page is LISTED or DEAD, and off every list.
    pub unsafe fn abandon(&self, page: *mut crate::page::Page) {
        PROCESS.pages_abandoned.add(1);
        // SAFETY: by the contract; records are never unmapped.
        unsafe { MAIN.abandoned[(*page).bin().index()].push(page) };
    }
}

/// In the child of a fork this thread is alone: the theaps of the others are nobody's now. What they held in the
/// middle of a step is left alone; blocks in their pages can be freed, and those pages are then taken over.
extern "C" fn fork_child() {
    let me = Theap::current();
    arena::fork_child();
    for theap in all_theaps() {
        if !ptr::eq(theap, me) && theap.tag.load(Ordering::Relaxed) != 0 {
            for b in theap.open_bins() {
                theap.door[b].owner.store(0, Ordering::Relaxed);
            }
            theap.tag.store(0, Ordering::Relaxed);
            let mut page = theap.returned.close();
            while !page.is_null() {
                // SAFETY: taken off the list; no other thread exists.
                unsafe {
                    let next = (*page).next();
                    theap.abandon(page);
                    page = next;
                }
            }
        }
    }
}
