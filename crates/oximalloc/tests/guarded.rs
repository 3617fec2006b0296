//! Guarded blocks, each test in a thread of its own, since sampling is a theap's.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use oximalloc::Oximalloc;
use oximalloc::internals::aligned::{aligned, zaligned};
use oximalloc::internals::bins::Bin;
use oximalloc::internals::config::SLICE;
use oximalloc::internals::find::find;
use oximalloc::internals::free::{free, usable_size};
use oximalloc::internals::inspect::visit::{Pages, pages};
use oximalloc::internals::life::thread_start::thread_start;
use oximalloc::internals::malloc::{large, malloc, zalloc};
use oximalloc::internals::options::{self, Opt};
use oximalloc::internals::pages::guard::live;
use oximalloc::internals::realloc::{expand, realloc, rezalloc};
use oximalloc::internals::state::theap::Theap;
use oximalloc::raw::heaps;

const OS_PAGE: usize = 4096;

/// Run `work` in a new thread whose theap guards one in `rate`, beginning with the first. Tests that change the option
/// that all share exclude each other.
fn with_rate(rate: usize, precise: bool, work: impl FnOnce(&Theap) + Send) {
    static PRECISE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = PRECISE.lock();
    options::set_enabled(Opt::GuardedPrecise, precise);
    std::thread::scope(|s| {
        s.spawn(|| {
            let theap = thread_start().unwrap();
            theap.set_sample_rate(rate, 1);
            work(&theap);
            theap.set_sample_rate(0, 0);
            theap.validate();
        });
    });
}

/// Run this test `name` again in a process that begins with sampling. Returns false in that process. Otherwise it must
/// have ended by `signal`, and printed each of these texts.
fn reports(name: &str, signal: i32, texts: &[&str]) -> bool {
    const INSIDE: &str = "OXIMALLOC_TEST_SAMPLES";
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    let mut program = std::process::Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", name, "--nocapture"]).env(INSIDE, "1").env("MIMALLOC_GUARDED_SAMPLE_RATE", "1");
    let end = program.output().unwrap();
    let text = String::from_utf8_lossy(&end.stderr);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&end.status), Some(signal), "{text}");
    assert!(texts.iter().all(|expected| text.contains(expected)), "{text}");
    true
}

#[test]
fn a_use_after_free_is_reported() {
    let texts = ["use after free: byte 3 of a freed block of 100 bytes", "was written", "freed by thread", "#0 /"];
    if !reports("a_use_after_free_is_reported", libc::SIGSEGV, &texts) {
        let p = malloc(100);
        // SAFETY: the last access is not right, and ends the process.
        unsafe {
            free(p);
            core::hint::black_box(p).add(2).write_volatile(1);
        }
    }
}

#[test]
fn a_double_free_is_reported() {
    let texts =
        ["free: double free: the block 0x", " of 100 bytes was freed before", "allocated by", "freed by", "#0 /"];
    if !reports("a_double_free_is_reported", libc::SIGABRT, &texts) {
        let p = malloc(100);
        // SAFETY: the second free is not right, and ends the process.
        unsafe {
            free(p);
            free(core::hint::black_box(p));
        }
    }
}

fn is_guarded(p: *const u8) -> bool {
    find(p).is_some_and(|(page, _)| page.is_guarded())
}

/// Write all of a block, and free it.
fn use_up(p: *mut u8) {
    // SAFETY: a block of ours, all of whose bytes are ours.
    unsafe {
        p.write_bytes(0xA5, usable_size("test", p));
        free(p);
    }
}

#[test]
fn blocks_of_all_sizes_and_kinds() {
    for precise in [false, true] {
        with_rate(1, precise, |theap| {
            for size in [1, 7, 16, 17, 100, 512, 513, 1024, 1025, 4096, 65536, 65537, 300_000] {
                let p = malloc(size);
                let usable = usable_size("test", p);
                assert!(is_guarded(p) && (p.addr() + usable).is_multiple_of(OS_PAGE));
                assert_eq!(usable, if precise { size.max(1) } else { size.max(1).next_multiple_of(16) });
                assert!(precise || p.addr().is_multiple_of(16));
                use_up(p);
                assert!(find(p).is_none());
                // What the guard left is used again; all of it is zero.
                let p = zalloc(size);
                // SAFETY: the block's bytes.
                assert!((0..usable_size("test", p)).all(|i| unsafe { p.add(i).read() } == 0));
                use_up(p);
                for shift in 4..=18 {
                    let p = if shift % 2 == 0 { aligned(size, 1 << shift, 0) } else { zaligned(size, 1 << shift, 0) };
                    assert!(p.addr().is_multiple_of(1 << shift) && usable_size("test", p) >= size);
                    assert!(is_guarded(p) || shift > 16);
                    use_up(p);
                    let p = zaligned(size, 1 << shift, 3);
                    assert!((p.addr() + 3).is_multiple_of(1 << shift) && usable_size("test", p) >= size);
                    use_up(p);
                }
                use_up(large(theap, size, 1, false));
            }
            theap.validate();
        });
    }
}

#[test]
fn a_guarded_block_moves_to_grow() {
    with_rate(1, true, |_| {
        for (size, more) in [(100, 110), (1000, 100_000), (200_000, 200_001), (300_000, 20 << 20)] {
            // SAFETY: blocks of ours, within their sizes.
            unsafe {
                let p = malloc(size);
                p.write_bytes(7, size);
                assert_eq!(expand(p, size), p);
                assert!(expand(p, more).is_null());
                assert_eq!(realloc(p, size - 1), p);
                let q = rezalloc(p, more);
                assert!(q != p && is_guarded(q) && usable_size("test", q) == more);
                assert!((0..size).all(|i| q.add(i).read() == 7) && (size..more).all(|i| q.add(i).read() == 0));
                let q = realloc(q, 10);
                assert_eq!(usable_size("test", q), 10);
                use_up(q);
            }
        }
    });
}

#[test]
fn only_a_block_can_be_freed() {
    with_rate(1, true, |_| {
        let p = malloc(100);
        for wrong in [p.wrapping_sub(1), p.wrapping_add(1), p.wrapping_add(100), p.map_addr(|a| a & !(SLICE - 1))] {
            assert!(find(wrong).is_none(), "{wrong:p}");
        }
        use_up(p);
    });
}

#[test]
fn stacks_stay_empty_while_a_theap_samples() {
    with_rate(0, false, |theap| {
        let blocks: Vec<_> = (0..100).map(|_| malloc(64)).collect();
        let b = Bin::of(64).index();
        blocks[..50].iter().for_each(|p| use_up(*p));
        assert!(theap.depth(b) > 0);
        theap.set_sample_rate(1000, 1000);
        assert_eq!(theap.depth(b), 0);
        blocks[50..].iter().for_each(|p| use_up(*p));
        use_up(malloc(64));
        assert_eq!(theap.depth(b), 0);
        theap.validate();
        theap.set_sample_rate(0, 0);
        use_up(malloc(64));
        assert!(theap.depth(b) > 0);
    });
}

#[test]
fn heaps_end_and_are_visited_with_guarded_blocks() {
    for destroy in [false, true] {
        with_rate(1, true, |_| {
            let heap = heaps::heap_new(None).unwrap();
            let theap = heaps::theap_of(heap).unwrap();
            theap.set_sample_rate(2, 1);
            let blocks: Vec<_> = (0..10).map(|_| heaps::malloc_in(&theap, 100)).collect();
            assert_eq!(heap.stats.malloc_guarded_count.snapshot(), 5);
            let mut seen = Vec::new();
            // SAFETY: no other thread uses the heap.
            unsafe {
                pages(heap, Pages::All, true, |area, block| {
                    if let Some(block) = block {
                        assert!(area.block_size >= 100);
                        seen.push(block);
                    }
                    true
                });
            }
            seen.sort();
            let mut held = blocks.clone();
            held.sort();
            assert_eq!(seen, held);
            for p in &blocks {
                assert!(ptr::eq(heaps::heap_of(*p).unwrap(), heap));
            }
            if destroy {
                let before = live();
                heaps::heap_destroy(heap);
                assert!(blocks.iter().all(|p| !is_guarded(*p)) && live() + 5 <= before);
            } else {
                heaps::heap_delete(heap);
                blocks.into_iter().for_each(use_up);
            }
            // The slices are whole again.
            let all: Vec<_> = (0..20).map(|_| aligned(SLICE, SLICE, 0)).collect();
            all.into_iter().for_each(use_up);
        });
    }
}

#[test]
fn blocks_freed_by_other_threads() {
    with_rate(3, false, |_| {
        for _ in 0..20 {
            let blocks: Vec<usize> = (0..100).map(|i| malloc(i * 50).addr()).collect();
            std::thread::spawn(move || {
                blocks.into_iter().for_each(|at| use_up(ptr::with_exposed_provenance_mut(at)));
            })
            .join()
            .unwrap();
        }
    });
}

#[test]
fn rust_programs_keep_layouts() {
    with_rate(1, true, |_| {
        for align in [1, 8, 16, 64] {
            for size in [1, 5, 20, 100, 700, 5000, 70_001] {
                let layout = Layout::from_size_align(size, align).unwrap();
                // SAFETY: as the trait asks; each block is written whole.
                unsafe {
                    let p = Oximalloc.alloc_zeroed(layout);
                    assert!(is_guarded(p) && p.addr().is_multiple_of(align));
                    p.write_bytes(1, size);
                    let mut p = Oximalloc.realloc(p, layout, size + 3);
                    p.write_bytes(1, size + 3);
                    for smaller in [size + 2, size.div_ceil(3)] {
                        let before = if smaller == size + 2 { size + 3 } else { size + 2 };
                        p = Oximalloc.realloc(p, Layout::from_size_align(before, align).unwrap(), smaller);
                        assert!(p.addr().is_multiple_of(align));
                        p.write_bytes(1, smaller);
                    }
                    Oximalloc.dealloc(p, Layout::from_size_align(size.div_ceil(3), align).unwrap());
                }
            }
        }
    });
}
