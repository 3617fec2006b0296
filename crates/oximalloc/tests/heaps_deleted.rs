//! Heaps that are deleted while other threads free their blocks, and allocate from other heaps: each page stays its heap's,
//! no page is lost, and memory stays flat. In a process of its own, so that nobody else moves a page.

use oximalloc::internals::Page;
use oximalloc::internals::bins::BINS;
use oximalloc::internals::chain::{Chain, Linked};
use oximalloc::internals::find::find;
use oximalloc::internals::options::{self, Opt};
use oximalloc::internals::shared_list::SharedList;
use oximalloc::internals::state::heap::MAIN;
use oximalloc::internals::state::registry::all_theaps;
use oximalloc::internals::word::State;
use oximalloc::raw::{self, heaps};
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const ROUNDS: usize = if cfg!(any(debug_assertions, tsan)) { 30 } else { 400 };

type Heap = &'static heaps::Heap;

fn malloc(heap: Heap, size: usize) -> usize {
    let p = heaps::malloc_in(&heaps::theap_of(heap).unwrap(), size);
    assert!(!p.is_null());
    p as usize
}

fn free(p: usize) {
    // SAFETY: a block of the test's, given up here.
    unsafe { raw::free(p as *mut u8) };
}

fn is_of(p: usize, heap: Heap) -> bool {
    heaps::heap_of(p as *const u8).is_some_and(|of| std::ptr::eq(of, heap))
}

/// Pages on a list, which is as before afterwards.
fn on(list: &SharedList<Page>, found: &mut HashSet<usize>) {
    if let Some(first) = list.take_all().next() {
        chain(Chain::from(Some(first)), found);
        assert!(list.put_back(first));
    }
}

fn address(page: &Page) -> usize {
    std::ptr::from_ref(page).addr()
}

fn chain(pages: Chain<Page>, found: &mut HashSet<usize>) {
    for page in pages {
        assert!(found.insert(address(page)), "a page is on two lists");
    }
}

/// Pages of the main heap that are to be on a list and are on none. No other thread is at work.
fn lost() -> usize {
    let mut listed = HashSet::new();
    MAIN.bins.iter().for_each(|bin| on(&bin.abandoned, &mut listed));
    for theap in all_theaps() {
        on(&theap.returned, &mut listed);
        (0..BINS).for_each(|b| chain(theap.cold(b).pages.available(), &mut listed));
    }
    let mut lost = 0;
    MAIN.pages.for_each(|page, _| {
        let state = page.word().peek().0;
        lost += (state == State::Listed && !listed.contains(&address(page))) as usize;
        true
    });
    lost
}

/// So many pairs of threads that each is often stopped at any place.
const PAIRS: usize = 6;

/// Each pair, in each round: one thread makes a heap and lets `fill` use it; then it does `meanwhile` while the other deletes
/// the heap; and, when all have, `then`. After each round no page may be lost.
fn rounds<T>(fill: impl Fn(Heap) -> T + Sync, meanwhile: impl Fn(&mut T) + Sync, then: impl Fn(T) + Sync) {
    let barrier = Barrier::new(2 * PAIRS);
    let current = [const { AtomicUsize::new(0) }; PAIRS];
    // Looked at in the end: a thread that ends early would leave the others at the barrier.
    let most = AtomicUsize::new(0);
    thread::scope(|s| {
        for current in &current {
            s.spawn(|| {
                for _ in 0..ROUNDS {
                    barrier.wait();
                    heaps::heap_delete(current.load(Ordering::Relaxed) as *const heaps::Heap);
                    if barrier.wait().is_leader() {
                        most.fetch_max(lost(), Ordering::Relaxed);
                    }
                    barrier.wait();
                }
            });
            s.spawn(|| {
                for _ in 0..ROUNDS {
                    let heap = heaps::heap_new(None).unwrap();
                    let mut filled = fill(heap);
                    current.store(heap as *const heaps::Heap as usize, Ordering::Relaxed);
                    barrier.wait();
                    meanwhile(&mut filled);
                    if barrier.wait().is_leader() {
                        most.fetch_max(lost(), Ordering::Relaxed);
                    }
                    barrier.wait();
                    then(filled);
                }
            });
        }
    });
    assert_eq!(most.into_inner(), 0, "pages are to be on a list and are on none");
}

/// Records of pages that are freed become another heap's at once, while the first heap is deleted.
#[test]
fn stress_a_record_is_reused_while_its_heap_is_deleted() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    const SIZE: usize = 100_000;
    let wrong = AtomicUsize::new(0);
    rounds(
        |heap| {
            let blocks: Vec<_> = (0..60).map(|_| malloc(heap, SIZE)).collect();
            (blocks, Vec::new(), heaps::heap_new(None).unwrap())
        },
        |(blocks, others, other)| {
            for p in blocks.drain(..) {
                free(p);
                others.push(malloc(other, SIZE));
            }
        },
        |(_, others, other)| {
            wrong.fetch_add(others.iter().filter(|&&p| !is_of(p, other)).count(), Ordering::Relaxed);
            heaps::heap_destroy(other);
        },
    );
    assert_eq!(wrong.into_inner(), 0, "blocks of a heap are said to be another's");
    let stats = oximalloc::stats::process();
    assert_eq!((stats.singles.current, stats.heaps.malloc_huge.current), (0, 0), "blocks are left of destroyed heaps");
}

/// Pages with room, whose thread has ended, become empty, or fuller of room, while their heap is deleted.
#[test]
fn stress_pages_are_on_lists_while_their_heap_is_deleted() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    const PER_PAGE: usize = 64;
    const PAGES: usize = 60;
    rounds(
        |heap| {
            let fill = move || (0..PAGES * PER_PAGE).map(|_| malloc(heap, 1024)).collect::<Vec<_>>();
            let mut blocks = thread::spawn(fill).join().unwrap();
            // Half of the pages are on the heap's lists.
            for page in blocks.chunks_mut(PER_PAGE).step_by(2) {
                page.iter_mut().step_by(4).for_each(|p| free(std::mem::take(p)));
            }
            blocks.retain(|&p| p != 0);
            blocks
        },
        |blocks| {
            // Most become empty, and the others get on lists.
            let last = blocks.split_off(blocks.len() / 4 * 3);
            blocks.drain(..).for_each(free);
            for (i, p) in last.into_iter().enumerate() {
                if i % 2 == 0 { free(p) } else { blocks.push(p) }
            }
        },
        |blocks| blocks.into_iter().for_each(free),
    );
    raw::collect(true);
    assert_eq!(oximalloc::stats::process().blocks_in_use(), 0);
}

/// A page of the main heap with room, on no list, and its bin.
fn page_with_room() -> (&'static Page, usize, Vec<usize>) {
    let blocks = thread::spawn(|| (0..4).map(|_| malloc(&MAIN, 2048)).collect::<Vec<_>>()).join().unwrap();
    // The thread's theap is parked until then.
    raw::collect(true);
    let bin = find(blocks[0] as *const u8).unwrap().0.bin().index();
    let page = MAIN.bins[bin].abandoned.take_all().next().unwrap();
    assert!(page.next_in_chain().is_none());
    (page, bin, blocks)
}

/// Who puts a page on a list may be stopped until the list is another heap's: the page goes to a list of its own heap, whoever
/// finds it, and no block of it is the other heap's.
#[test]
fn a_page_that_comes_late_goes_to_its_heap() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    type Step = fn(Heap);
    let allocate: Step = |heap| assert!(is_of(malloc(heap, 2048), heap), "a block of another heap's page");
    let steps: [(&str, Step); 4] = [
        ("allocate", allocate),
        ("collect", |heap| heaps::heap_collect(heap, true)),
        ("delete", |heap| heaps::heap_delete(heap)),
        ("destroy", |heap| heaps::heap_destroy(heap)),
    ];
    for (what, step) in steps {
        for to_theap in [true, false] {
            let (page, bin, blocks) = page_with_room();
            let heap = heaps::heap_new(None).unwrap();
            let theap = heaps::theap_of(heap).unwrap();
            let list = if to_theap { &theap.returned } else { &heap.bins[bin].abandoned };
            list.add(page);
            step(heap);
            if what != "delete" && what != "destroy" {
                heaps::heap_destroy(heap);
            }
            assert_eq!(lost(), 0, "{what}, on a list of a {}", if to_theap { "theap" } else { "heap" });
            blocks.into_iter().for_each(free);
            raw::collect(true);
        }
    }
}

/// Committed bytes after so many rounds in which a thread fills pages of the heap that `heap` gives and ends, and another frees
/// all: each page gets on a list at its second block, and is empty at its last.
fn committed_after(rounds: usize, mut heap: impl FnMut() -> Heap, mut then: impl FnMut(Heap)) -> usize {
    for _ in 0..rounds {
        let heap = heap();
        let blocks = thread::spawn(move || (0..60 * 15).map(|_| malloc(heap, 4096)).collect::<Vec<_>>());
        blocks.join().unwrap().into_iter().for_each(free);
        then(heap);
    }
    raw::totals().committed
}

/// Records of pages that died on a list go with the heap: memory is flat.
#[test]
fn dead_pages_of_deleted_heaps_leave_nothing() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let after = |rounds| committed_after(rounds, || heaps::heap_new(None).unwrap(), |heap| heaps::heap_delete(heap));
    let (few, many) = (after(100), after(400));
    assert!(many <= few + (64 << 10), "{few} bytes, then {many}");
}

/// Who allocates from a heap drops the records that died on its lists, also where it takes no pages of ended threads.
#[test]
fn dead_pages_of_a_heap_are_dropped_by_who_allocates() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|e| e.into_inner());
    let before = options::get(Opt::PageMaxReclaim);
    options::set(Opt::PageMaxReclaim, 0);
    let heap = heaps::heap_new(None).unwrap();
    let after = |rounds| committed_after(rounds, || heap, |_| ());
    let (few, many) = (after(100), after(400));
    options::set(Opt::PageMaxReclaim, before);
    heaps::heap_delete(heap);
    assert!(many <= few + (64 << 10), "{few} bytes, then {many}");
}
