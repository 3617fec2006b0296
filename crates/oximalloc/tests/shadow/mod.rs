//! One generator of operations and the shadow model that checks each: overlap, content, alignment, zero, usable size.
//! Each block is filled with a byte of its own, so that any two that overlap, or one that is lost, show.
#![allow(dead_code)]

use oximalloc::internals::state::theap::Theap;
use oximalloc::raw;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One operation; indices choose among the live blocks, modulo their number.
#[derive(Clone, Debug)]
pub enum Op {
    Malloc(usize),
    Zalloc(usize),
    Aligned { size: usize, shift: u32, offset: usize, zero: bool },
    Realloc { index: usize, size: usize },
    Rezalloc { index: usize, size: usize },
    Free(usize),
    FreeMany { index: usize, count: usize },
    Collect(bool),
}

/// Sizes as programs have them: mostly small, at times at the edge of a bin, rarely huge.
pub fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        40 => 0usize..256,
        20 => 256usize..4096,
        10 => 4096usize..70_000,
        4 => 70_000usize..3_000_000,
        10 => (4u32..18, 0usize..3).prop_map(|(s, d)| (1usize << s) + d - 1),
    ]
}

pub fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        30 => size().prop_map(Op::Malloc),
        10 => size().prop_map(Op::Zalloc),
        8 => (size(), 0u32..20, prop_oneof![Just(0usize), 1usize..200], any::<bool>())
            .prop_map(|(size, shift, offset, zero)| Op::Aligned { size, shift, offset, zero }),
        10 => (any::<usize>(), size()).prop_map(|(index, size)| Op::Realloc { index, size }),
        4 => (any::<usize>(), size()).prop_map(|(index, size)| Op::Rezalloc { index, size }),
        25 => any::<usize>().prop_map(Op::Free),
        3 => (any::<usize>(), 1usize..60).prop_map(|(index, count)| Op::FreeMany { index, count }),
        1 => any::<bool>().prop_map(Op::Collect),
    ]
}

struct Live {
    at: usize,
    size: usize,
    byte: u8,
    /// Bytes from `size` to here are known to be zero (a zeroed block's slack).
    zero_to: usize,
}

/// What should be in memory.
#[derive(Default)]
pub struct Shadow {
    blocks: Vec<Live>,
    spans: BTreeMap<usize, usize>,
    next_byte: u8,
    /// The system may refuse memory: then null is an answer, and a block that was to change is as it was.
    may_fail: bool,
    /// How often it was.
    pub failures: usize,
}

// SAFETY (whole file): all accesses are to blocks that the model holds, within their sizes.
unsafe fn is_all(p: *const u8, n: usize, byte: u8) -> bool {
    let same = [byte; 4096];
    // SAFETY: the caller's block of at least `n` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(p, n) };
    // (Byte by byte it would take most of the time of a test that is not optimised.)
    bytes.chunks(same.len()).all(|chunk| *chunk == same[..chunk.len()])
}

impl Shadow {
    /// Of a system that may refuse memory, or must not.
    pub fn new(may_fail: bool) -> Shadow {
        Shadow { may_fail, ..Shadow::default() }
    }

    /// Whether an operation failed, as it may.
    fn failed(&mut self, p: *mut u8, size: usize) -> bool {
        assert!(!p.is_null() || self.may_fail, "no memory for {size}");
        self.failures += usize::from(p.is_null());
        p.is_null()
    }

    fn add(&mut self, p: *mut u8, size: usize, zeroed: bool) {
        if self.failed(p, size) {
            return;
        }
        let at = p as usize;
        let usable = raw::usable_size(p);
        assert!(usable >= size, "{usable} < {size}");
        assert!(size < 16 || at.is_multiple_of(16), "{size} bytes at {at:#x}");
        if let Some((other, len)) = self.spans.range(..at + usable.max(1)).next_back() {
            assert!(other + len <= at, "{at:#x}+{usable} overlaps {other:#x}+{len}");
        }
        self.spans.insert(at, usable);
        self.next_byte = self.next_byte.wrapping_add(1).max(1);
        // SAFETY: a fresh block of `usable` bytes.
        unsafe {
            if zeroed {
                assert!(is_all(p, usable, 0), "zeroed block of {size} is not zero");
            }
            p.write_bytes(self.next_byte, size);
        }
        self.blocks.push(Live { at, size, byte: self.next_byte, zero_to: if zeroed { usable } else { 0 } });
    }

    fn take(&mut self, index: usize) -> Option<Live> {
        if self.blocks.is_empty() {
            return None;
        }
        let live = self.blocks.swap_remove(index % self.blocks.len());
        self.spans.remove(&live.at);
        // SAFETY: a live block.
        unsafe { assert!(is_all(live.at as *const u8, live.size, live.byte), "content of {:#x} changed", live.at) };
        Some(live)
    }

    /// What was to be changed could not be.
    fn put_back(&mut self, live: Live) {
        let usable = raw::usable_size(live.at as *const u8);
        assert!(usable >= live.size, "{usable} < {}", live.size);
        // SAFETY: a live block.
        unsafe { assert!(is_all(live.at as *const u8, live.size, live.byte), "content of {:#x} changed", live.at) };
        self.spans.insert(live.at, usable);
        self.blocks.push(live);
    }

    /// Do one operation and check it, then the whole heap.
    pub fn apply(&mut self, op: &Op) {
        self.perform(op);
        Theap::current().validate();
    }

    fn perform(&mut self, op: &Op) {
        match *op {
            Op::Malloc(size) => self.add(raw::malloc(size), size, false),
            Op::Zalloc(size) => self.add(raw::zalloc(size), size, true),
            Op::Aligned { size, shift, offset, zero } => {
                let align = 1usize << shift;
                let p = if zero { raw::zaligned(size, align, offset) } else { raw::aligned(size, align, offset) };
                if self.failed(p, size) {
                    return;
                }
                assert!((p as usize + offset).is_multiple_of(align), "{size} bytes aligned to {align} at {offset}");
                // An odd offset with a large alignment gives up the 16 of small blocks.
                if (p as usize).is_multiple_of(16) {
                    self.add(p, size, zero);
                } else {
                    // SAFETY: just allocated.
                    unsafe { raw::free(p) };
                }
            }
            Op::Realloc { index, size } => {
                if let Some(live) = self.take(index) {
                    // SAFETY: a live block.
                    let p = unsafe { raw::realloc(live.at as *mut u8, size) };
                    if self.failed(p, size) {
                        return self.put_back(live);
                    }
                    // SAFETY: the new block.
                    unsafe { assert!(is_all(p, live.size.min(size), live.byte), "realloc lost content") };
                    self.add(p, size, false);
                }
            }
            Op::Rezalloc { index, size } => {
                if let Some(live) = self.take(index) {
                    let before = raw::usable_size(live.at as *const u8);
                    // SAFETY: a live block.
                    let p = unsafe { raw::rezalloc(live.at as *mut u8, size) };
                    if self.failed(p, size) {
                        return self.put_back(live);
                    }
                    // SAFETY: the new block.
                    unsafe {
                        assert!(is_all(p, live.size.min(size), live.byte), "rezalloc lost content");
                        if size > before {
                            assert!(is_all(p.add(before), size - before, 0), "rezalloc left garbage");
                        }
                        if live.zero_to > live.size && size > live.size {
                            let end = size.min(live.zero_to);
                            assert!(is_all(p.add(live.size), end - live.size, 0), "slack of a zeroed block");
                        }
                    }
                    self.add(p, size, false);
                }
            }
            Op::Free(index) => {
                if let Some(live) = self.take(index) {
                    // SAFETY: a live block.
                    unsafe { raw::free(live.at as *mut u8) };
                }
            }
            Op::FreeMany { index, count } => {
                for i in 0..count {
                    self.apply(&Op::Free(index.wrapping_add(i)));
                }
            }
            Op::Collect(force) => raw::collect(force),
        }
    }

    /// Free all that is left.
    pub fn clear(&mut self) {
        while !self.blocks.is_empty() {
            self.apply(&Op::Free(0));
        }
    }
}
