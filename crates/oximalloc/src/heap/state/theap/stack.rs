//! The stack of free blocks of a bin, which `malloc` pops and `free` pushes: where its words lie, and how it grows.
//!
//! A stack of at most [`SHALLOW`] blocks lies in the theap itself, a larger one in an array.
//!
//! A full deep stack gives its oldest blocks away and keeps the newest, which lie in the processor's cache. No word
//! moves: the base, a null, rises to the word of the last block given. When no word is left above the top, the stack
//! moves down to the start of its array. The array is a quarter longer than the deepest stack, so this happens seldom.
//!
//! Invariant: `raised` says that the base is in the array, but perhaps not at its start. Then the limit is at most the
//! array's last word.

use super::{SHALLOW, Theap};
use crate::arena;
use crate::arena::meta::meta_alloc;
use crate::base::config::SLICE;
use crate::heap::state::deferred;
use crate::heap::state::outbox::Outbox;
use crate::page::bins::Bin;
use crate::page::starts::{bound32, inverse32};
use core::ptr;

/// See [`Theap::grow`].
const WHILE_MUCH_WAITS: usize = 16;

impl Theap {
    /// The null at the bottom of the stack of an open bin; the blocks are the words above.
    pub fn base(&self, b: usize) -> *mut *mut u8 {
        self.word(self.hot(b).base.get())
    }

    /// Set the depth of an open bin's stack. The blocks are in their words already.
    pub fn set_depth(&self, b: usize, depth: usize) {
        let hot = self.hot(b);
        hot.top.set(hot.base.get().wrapping_add(depth * size_of::<*mut u8>()));
    }

    /// Push a block.
    ///
    /// # Safety
    /// - the bin is open and its stack has room.
    pub unsafe fn push(&self, b: usize, block: *mut u8) {
        let depth = self.depth(b) + 1;
        debug_assert!(depth <= self.cold[b].room.get() as usize, "a push on a full stack");
        // SAFETY: by the contract.
        unsafe { self.base(b).add(depth).write(block) };
        self.set_depth(b, depth);
    }

    /// Blocks on the stack of a bin.
    pub fn depth(&self, b: usize) -> usize {
        self.hot(b).top.get().wrapping_sub(self.hot(b).base.get()) / size_of::<*mut u8>()
    }

    /// [`Theap::depth`] for statistics, which any thread may ask for. It is exact while the owner is not in the
    /// allocator, and otherwise a moment old.
    pub fn depth_seen(&self, b: usize) -> usize {
        // A stack that is being opened may have its new base and its old top. Neither is dereferenced.
        let depth = self.depth(b);
        if depth <= Bin::at(b).stack_max() { depth } else { 0 }
    }

    /// Blocks of a bin that the thread holds in front of the pages.
    pub fn waiting(&self, b: usize) -> usize {
        self.depth(b) + self.outbox_len(b)
    }

    /// [`Theap::waiting`] for statistics, read as [`Theap::depth_seen`] reads.
    pub fn waiting_seen(&self, b: usize) -> usize {
        self.depth_seen(b) + self.outbox_len(b)
    }

    fn outbox_len(&self, b: usize) -> usize {
        self.outboxes.get(b.wrapping_sub(1)).map_or(0, Outbox::count)
    }

    /// The blocks on the stack of an open bin.
    pub fn for_each_on_stack(&self, b: usize, mut visit: impl FnMut(*mut u8)) {
        for i in 1..=self.depth(b) {
            // SAFETY: words of the stack. (It may be another thread's stack, which holds still by the caller's
            // contract.)
            visit(unsafe { *self.base(b).add(i) });
        }
    }

    /// Empty the stack and let it take no block. The blocks on it are abandoned.
    pub fn forget_stack(&self, b: usize) {
        self.set_depth(b, 0);
        let hot = self.hot(b);
        hot.limit.set(hot.base.get());
    }

    /// Room of the stack of a bin.
    pub fn room(&self, b: usize) -> usize {
        self.cold[b].room.get() as usize
    }

    /// Lower the room of a stack to `most`. The stack has no more blocks than that.
    pub fn lower_room(&self, b: usize, most: usize) {
        let room = &self.cold[b].room;
        room.set(room.get().min(most as u32));
        self.set_limit(b);
    }

    /// Note that the stack ran empty. Returns whether it did so before, since it was last full.
    pub fn note_empty(&self, b: usize) -> bool {
        let cold = &self.cold[b];
        cold.scattered.set(0);
        cold.ran_empty.replace(true)
    }

    /// Note that the stack is full. Returns whether it ran empty since it was last full.
    pub fn note_full(&self, b: usize) -> bool {
        self.cold[b].ran_empty.replace(false)
    }

    /// Note that the stack gave blocks of `pages` pages.
    pub fn note_scattered(&self, b: usize, pages: usize) {
        let scattered = &self.cold[b].scattered;
        scattered.set(scattered.get().saturating_add(pages as u8));
    }

    /// Whether the thread gave blocks of many pages since it last took some.
    pub fn is_scattered(&self, bin: Bin) -> bool {
        self.cold[bin.index()].scattered.get() as usize >= bin.stack_base()
    }

    /// Open the stack of a bin.
    pub fn open(&self, bin: Bin) {
        let b = bin.index();
        let hot = self.hot(b);
        let shallow = &self.cold[b].shallow;
        shallow[0].set(ptr::null_mut());
        self.cold[b].raised.set(false);
        hot.base.set(self.distance(shallow.as_ptr().cast_mut().cast()));
        hot.top.set(hot.base.get());
        self.cold[b].room.set(bin.stack_base().min(SHALLOW) as u32);
        self.set_limit(b);
        hot.inverse.set(inverse32(bin.block_size()));
        hot.bound.set(bound32(bin.block_size(), SLICE));
        self.opened.set(self.opened.get() | 1 << b);
    }

    /// Whether the stacks take no free, so that allocations take the generic path. That is so if a deferred-free
    /// function is registered, or the theap samples.
    #[inline]
    pub fn is_shut(&self) -> bool {
        deferred::is_registered() || self.sampling.is_on()
    }

    /// Apply [`Theap::is_shut`] to all open stacks: shut them, or open them again.
    pub fn shut_stacks(&self) {
        for b in self.open_bins() {
            self.set_limit(b);
        }
    }

    /// Open the stack of a bin whose pages this theap owns, unless it is open.
    #[inline]
    pub fn open_if_new(&self, bin: Bin) {
        if !self.is_open(bin.index()) {
            self.open(bin);
        }
    }

    /// Let the stack of a bin take frees up to its room, or none if it is shut.
    pub fn set_limit(&self, b: usize) {
        let hot = self.hot(b);
        let is_open = self.is_main() && !self.is_shut();
        let room = if is_open { self.cold[b].room.get() as usize } else { 0 };
        let limit = hot.base.get().wrapping_add(room * size_of::<*mut u8>());
        hot.limit.set(if self.cold[b].raised.get() { limit.min(self.end_of_array(b)) } else { limit });
        self.set_floor(b);
    }

    /// The distance of the array's last word.
    fn end_of_array(&self, b: usize) -> usize {
        let cold = &self.cold[b];
        self.distance(cold.deep.get()).wrapping_add(cold.deep_words.get() as usize * size_of::<*mut u8>())
    }

    /// Whether the stack is in its array.
    fn in_array(&self, b: usize) -> bool {
        self.cold[b].raised.get() || self.base(b) == self.cold[b].deep.get()
    }

    /// Whether the stack is in an array that is longer than it needs, so that its base may rise.
    pub fn is_deep(&self, bin: Bin) -> bool {
        self.cold[bin.index()].deep_words.get() as usize > bin.stack_base() && self.in_array(bin.index())
    }

    /// Take the `n` newest blocks off a stack, into the words at `to`. They are counted as given.
    ///
    /// # Safety
    /// - as for [`Theap::flush_newest`]; `n` is at most the depth, and there is room for as many words.
    pub unsafe fn take_off(&self, b: usize, n: usize, to: *mut *mut u8) {
        let left = self.depth(b) - n;
        // SAFETY: words of the stack.
        unsafe { ptr::copy_nonoverlapping(self.base(b).add(1 + left), to, n) };
        self.set_depth(b, left);
        self.cold[b].moved.count_given(n);
    }

    /// Take the `n` oldest blocks off a deep stack, into the words at `to`. They are counted as given.
    ///
    /// # Safety
    /// - as for [`Theap::flush_newest`]; `n` is at most the depth, and there is room for as many words.
    pub unsafe fn take_oldest(&self, b: usize, n: usize, to: *mut *mut u8) {
        let (base, cold) = (self.base(b), &self.cold[b]);
        // SAFETY: words of the stack. The word of the last block taken becomes the null at the bottom.
        unsafe {
            ptr::copy_nonoverlapping(base.add(1), to, n);
            base.add(n).write(ptr::null_mut());
            self.hot(b).base.set(self.distance(base.add(n)));
        }
        cold.raised.set(true);
        self.set_limit(b);
        cold.moved.count_given(n);
    }

    /// Move a stack whose base has risen down to the start of its array, if no word is left above its top.
    #[inline]
    pub fn lower_full(&self, b: usize) {
        if self.cold[b].raised.get() && self.hot(b).top.get() >= self.end_of_array(b) {
            self.lower(b);
        }
    }

    /// The base of an empty stack, with all its room above.
    #[inline]
    pub fn empty_base(&self, b: usize) -> *mut *mut u8 {
        debug_assert_eq!(self.depth(b), 0);
        if self.cold[b].raised.get() {
            self.lower(b);
        }
        self.base(b)
    }

    /// The base of a stack, with all its room above.
    #[inline]
    pub fn empty_below(&self, b: usize) -> *mut *mut u8 {
        if self.cold[b].raised.get() {
            self.lower(b);
        }
        self.base(b)
    }

    /// Move a stack to the start of its array.
    #[inline(never)]
    fn lower(&self, b: usize) {
        let (depth, cold) = (self.depth(b), &self.cold[b]);
        // SAFETY: the words of the stack, and an array that has room for them.
        unsafe { ptr::copy(self.base(b), cold.deep.get(), 1 + depth) };
        cold.raised.set(false);
        self.hot(b).base.set(self.distance(cold.deep.get()));
        self.set_depth(b, depth);
        self.set_limit(b);
    }

    /// Double the room of a stack that is used, up to `most`, which is at most the bin's `stack_max`. While much
    /// memory waits to be purged, the room stays small: a thread whose stacks alone serve it would not take the slow
    /// paths that purge.
    pub fn grow(&self, bin: Bin, most: usize) {
        let b = bin.index();
        let most = if arena::much_waits() { most.min(WHILE_MUCH_WAITS) } else { most };
        if self.cold[b].room.get() as usize >= most {
            return;
        }
        let (hot, cold) = (self.hot(b), &self.cold[b]);
        let room = (cold.room.get() as usize * 2).clamp(1, most);
        let space = if self.in_array(b) { cold.deep_words.get() as usize } else { SHALLOW };
        if room > space {
            if room > cold.deep_words.get() as usize {
                // First an array for few blocks: then what most bins ever need lies close together.
                let words =
                    if room <= bin.stack_base() { bin.stack_base() } else { bin.stack_max() + bin.stack_max() / 4 };
                let deep = meta_alloc((1 + words) * size_of::<*mut u8>(), align_of::<usize>());
                if deep.is_null() {
                    // The stack stays as it is.
                    return;
                }
                if cold.room.get() as usize >= room {
                    // A callback that was asked for the memory has let the stack grow.
                    return;
                }
                let depth = self.depth(b);
                // SAFETY: memory for all that the stack may hold.
                unsafe { ptr::copy_nonoverlapping(self.base(b), deep.cast(), 1 + depth) };
                cold.deep.set(deep.cast());
                cold.deep_words.set(words as u32);
                cold.raised.set(false);
                hot.base.set(self.distance(deep.cast()));
                self.set_depth(b, depth);
            } else {
                self.lower(b);
            }
        }
        cold.room.set(room as u32);
        self.set_limit(b);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::base::sync::Ordering;
    use crate::heap::state::heap::MAIN_ID;
    use std::alloc::{Layout, alloc_zeroed};
    use std::collections::VecDeque;

    /// A stack that pushes, pops and gives its oldest behaves as a queue with the same words, wherever its base is.
    #[test]
    fn a_deep_stack_is_a_queue_with_two_ends() {
        // SAFETY: fresh zeroed memory, for ever.
        let theap = unsafe { Theap::begin(alloc_zeroed(Layout::new::<Theap>()).cast(), 0) };
        theap.heap_id.store(MAIN_ID, Ordering::Relaxed);
        let bin = Bin::of(64);
        let b = bin.index();
        theap.open(bin);
        while (theap.cold[b].room.get() as usize) < bin.stack_max() {
            theap.grow(bin, bin.stack_max());
        }
        assert!(theap.is_deep(bin));
        let array = theap.cold[b].deep.get();
        let (mut model, mut raised) = (VecDeque::new(), 0);
        let (mut number, mut random) = (0, 1_u64);
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            match random >> 33 & 7 {
                0 if model.len() >= 32 => {
                    let mut oldest = [ptr::null_mut(); 32];
                    // SAFETY: there are as many.
                    unsafe { theap.take_oldest(b, 32, oldest.as_mut_ptr()) };
                    assert_eq!(oldest, std::array::from_fn(|_| model.pop_front().unwrap()));
                    raised += (theap.base(b) != array) as u32;
                }
                1 if model.is_empty() => assert_eq!(theap.empty_base(b), array),
                2 | 3 if !model.is_empty() => {
                    for block in model.drain(model.len() - model.len().min(20)..).rev() {
                        // SAFETY: the topmost block.
                        assert_eq!(unsafe { *theap.base(b).add(theap.depth(b)) }, block);
                        theap.set_depth(b, theap.depth(b) - 1);
                    }
                }
                _ => {
                    for _ in 0..(bin.stack_max() - model.len()).min(30) {
                        number += 16;
                        let block = ptr::without_provenance_mut(number);
                        theap.lower_full(b);
                        assert!(theap.hot(b).top.get() < theap.hot(b).limit.get());
                        // SAFETY: there is room.
                        unsafe { theap.push(b, block) };
                        model.push_back(block);
                    }
                }
            }
            assert_eq!(theap.depth(b), model.len());
            // SAFETY: the bottom of the stack.
            assert!(unsafe { *theap.base(b) }.is_null());
            // SAFETY: words of the array.
            let top = unsafe { theap.base(b).add(theap.depth(b)).offset_from(array) };
            assert!(top as u32 <= theap.cold[b].deep_words.get());
        }
        assert!(raised > 1000, "{raised}");
    }
}
