//! Ranges of memory that were given back. A WebAssembly memory never shrinks, so they are kept and handed out again.
//!
//! Invariant: the list is in the order of addresses, and no two ranges touch. A range's record lies in its own first
//! bytes, so the list needs no memory of its own. All other bytes of a range are undefined.

use core::cell::Cell;
use core::ptr::{self, NonNull};

/// The bytes that each range is a multiple of, and begins at a multiple of.
pub const UNIT: usize = 64 << 10;

/// The record of a range.
#[repr(C)]
struct Range {
    next: Cell<Option<NonNull<Range>>>,
    size: Cell<usize>,
}

impl Range {
    /// The address of its first byte.
    fn start(&self) -> usize {
        ptr::from_ref(self).addr()
    }
    /// The address behind it. (The last unit of the address space is never in a range, so this does not overflow.)
    fn end(&self) -> usize {
        self.start() + self.size.get()
    }
}

/// The ranges that are free.
pub struct Free {
    first: Cell<Option<NonNull<Range>>>,
}

// SAFETY: a program with WebAssembly has one thread (see `mod.rs`).
unsafe impl Sync for Free {}

impl Free {
    /// No range.
    pub const fn new() -> Free {
        Free { first: Cell::new(None) }
    }

    /// The link behind which a range at `start` belongs, and the range before it.
    fn find(&self, start: usize) -> (&Cell<Option<NonNull<Range>>>, Option<&Range>) {
        let (mut link, mut before) = (&self.first, None);
        while let Some(range) = self.at(link)
            && range.start() <= start
        {
            (link, before) = (&range.next, Some(range));
        }
        (link, before)
    }

    /// The range that a link leads to.
    fn at(&self, link: &Cell<Option<NonNull<Range>>>) -> Option<&Range> {
        // SAFETY: a link leads to a record that `insert` wrote, in memory that is the list's until `take` removes it.
        link.get().map(|range| unsafe { range.as_ref() })
    }

    /// Add a range.
    ///
    /// # Safety
    /// - it consists of whole units, is readable and writable, does not reach the last unit of the address space, and
    ///   nobody else uses it.
    pub unsafe fn insert(&self, start: NonNull<u8>, size: usize) {
        let (link, before) = self.find(start.addr().get());
        let mut size = size;
        let mut next = link.get();
        if let Some(after) = self.at(link)
            && after.start() == start.addr().get() + size
        {
            size += after.size.get();
            next = after.next.get();
        }
        if let Some(before) = before
            && before.end() == start.addr().get()
        {
            before.size.set(before.size.get() + size);
            before.next.set(next);
            return;
        }
        let range = start.cast::<Range>();
        // SAFETY: ours by the contract, and aligned to a unit.
        unsafe { range.write(Range { next: Cell::new(next), size: Cell::new(size) }) };
        link.set(Some(range));
    }

    /// Take a range out. False, with nothing changed, if not all of it is free.
    pub fn take(&self, start: usize, size: usize) -> bool {
        let mut link = &self.first;
        while let Some(range) = self.at(link)
            && range.end() <= start
        {
            link = &range.next;
        }
        let Some(range) = self.at(link) else { return false };
        let (end, whole) = (start + size, range.end());
        if start < range.start() || end > whole {
            return false;
        }
        let mut next = range.next.get();
        if end < whole {
            let rest = ptr::from_ref(range).cast_mut().cast::<u8>().wrapping_add(end - range.start()).cast::<Range>();
            let record = Range { next: Cell::new(next), size: Cell::new(whole - end) };
            // SAFETY: the end of a free range, which is the list's alone and is aligned to a unit.
            unsafe { rest.write(record) };
            next = NonNull::new(rest);
        }
        if start > range.start() {
            range.size.set(start - range.start());
            range.next.set(next);
        } else {
            link.set(next);
        }
        true
    }

    /// The start of the first range of at least `size` bytes.
    pub fn first_fit(&self, size: usize) -> Option<usize> {
        self.ranges().find(|range| range.size.get() >= size).map(Range::start)
    }

    /// The start of the range that ends at `end`.
    pub fn ending_at(&self, end: usize) -> Option<usize> {
        self.ranges().find(|range| range.end() == end).map(Range::start)
    }

    /// How many bytes from `start` on are free.
    pub fn free_from(&self, start: usize) -> usize {
        let around = self.ranges().find(|range| range.start() <= start && start < range.end());
        around.map_or(0, |range| range.end() - start)
    }

    fn ranges(&self) -> impl Iterator<Item = &Range> {
        core::iter::successors(self.at(&self.first), |range| self.at(&range.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ranges come and go at random, and the list has what a table of units has.
    #[test]
    fn the_list_has_what_is_free() {
        const UNITS: usize = 40;
        let layout = std::alloc::Layout::from_size_align(UNITS * UNIT, UNIT).unwrap();
        // SAFETY: not of no bytes.
        let memory = NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) }).unwrap();
        let (list, mut free) = (Free::new(), [false; UNITS]);
        let at = |i: usize| memory.addr().get() + i * UNIT;
        let mut x = 1u32;
        let mut next = |below: usize| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 8) as usize % below
        };
        for _ in 0..20_000 {
            let i = next(UNITS);
            let n = 1 + next((UNITS - i).min(6));
            let all = |is: bool| free[i..i + n].iter().all(|&unit| unit == is);
            if all(false) {
                // SAFETY: a part of the memory that is not in the list.
                unsafe { list.insert(memory.add(i * UNIT), n * UNIT) };
                free[i..i + n].fill(true);
            } else {
                assert_eq!(list.take(at(i), n * UNIT), all(true));
                if all(true) {
                    free[i..i + n].fill(false);
                }
            }
            let ahead = |i: usize| free[i..].iter().take_while(|&&unit| unit).count();
            assert_eq!(list.free_from(at(i)), ahead(i) * UNIT);
            let fit = (0..UNITS).find(|&i| ahead(i) >= n).map(at);
            assert_eq!(list.first_fit(n * UNIT), fit);
            let start = (i > 0 && free[i - 1] && !free[i])
                .then(|| i - free[..i].iter().rev().take_while(|&&unit| unit).count());
            assert_eq!(list.ending_at(at(i)), start.map(at));
        }
        // SAFETY: allocated above; the list is not used any more.
        unsafe { std::alloc::dealloc(memory.as_ptr(), layout) };
    }
}
