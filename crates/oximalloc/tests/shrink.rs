//! What Rust programs shrink does not keep the memory that it had first, in whatever steps it shrinks.
use oximalloc::{Heap, Oximalloc};
use std::alloc::{GlobalAlloc, Layout};

#[global_allocator]
static A: Oximalloc = Oximalloc;

/// Bytes that blocks hold, for each byte that the program asked for: of many blocks of `from` bytes that shrink, each time to
/// `percent` of what they had, until they are smaller than `until`. All bytes are still there in the end.
fn held_for_each(allocator: &dyn GlobalAlloc, align: usize, from: usize, percent: usize, until: usize) -> f64 {
    let before = oximalloc::stats::process().bytes_in_use();
    let mut blocks: Vec<(*mut u8, Layout)> = Vec::with_capacity(64);
    let before = before + (64 * size_of::<(*mut u8, Layout)>()) as i64;
    for i in 0..64 {
        let mut layout = Layout::from_size_align(from, align).unwrap();
        // SAFETY: sizes are not 0; each block is resized with the layout that it has, and written within.
        unsafe {
            let mut p = allocator.alloc(layout);
            assert!(!p.is_null());
            p.write_bytes(i as u8, from);
            while layout.size() >= until {
                let size = (layout.size() * percent / 100).max(1);
                p = allocator.realloc(p, layout, size);
                assert!(!p.is_null() && p.addr().is_multiple_of(align));
                layout = Layout::from_size_align(size, align).unwrap();
            }
            blocks.push((p, layout));
        }
    }
    let held = oximalloc::stats::process().bytes_in_use() - before;
    let live: usize = blocks.iter().map(|(_, layout)| layout.size()).sum();
    for (i, (p, layout)) in blocks.into_iter().enumerate() {
        // SAFETY: as above.
        unsafe {
            assert!(std::slice::from_raw_parts(p, layout.size()).iter().all(|&byte| byte == i as u8));
            allocator.dealloc(p, layout);
        }
    }
    held as f64 / live as f64
}

/// One test, as others in the process would be counted too.
#[test]
fn shrinking_by_steps_keeps_little() {
    let heap = Heap::new().unwrap();
    let mut bad = Vec::new();
    for (name, allocator) in [("global", &A as &dyn GlobalAlloc), ("heap", &heap)] {
        for align in [1, 8, 64] {
            for from in [1000, 8192, 60_000, 65_536, 70_000, 300_000] {
                for percent in [51, 60, 63, 75, 90, 97] {
                    for until in [80, 300, 5000, 50_000] {
                        if until >= from {
                            continue;
                        }
                        let factor = held_for_each(allocator, align, from, percent, until);
                        // A block uses five eighths of its class, or of what its alignment makes of it; and more than
                        // half of the slices, where it has some to itself.
                        if factor > 2.1 {
                            bad.push(format!(
                                "{name} {from} aligned to {align}, {percent} % below {until}: {factor:.1}"
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
    let vectors: Vec<Vec<u8>> = (0..1000)
        .map(|_| {
            let mut v = vec![1u8; 60_000];
            while v.len() > 100 {
                v.truncate(v.len() * 6 / 10);
                v.shrink_to_fit();
            }
            v
        })
        .collect();
    let held = oximalloc::stats::process().bytes_in_use();
    let live: usize = vectors.iter().map(|v| v.capacity() + size_of::<Vec<u8>>()).sum();
    assert!(held < 10 * live as i64, "{held} for {live}");
}
