//! The record of a page, which is kept apart from the page's memory.
//!
//! Who may touch what: any thread that gives a block back reads the first cache line (`start`, `inverse`, `bin` and
//! `block_size` do not change while a block is out). `word` and `label` are atomic. `next` belongs to the list that
//! holds the page. The second line belongs to the theap that has the page attached.
//!
//! Invariant, checked by the validator: in an attached page `carved == used + free + local_free + in holes`, where
//! `used` counts the blocks in the program, in stacks, in chains and on the word's list. In a detached page `carved ==
//! out + given + in holes` (see `holes`).

use super::bins::Bin;
use super::block::{Block, Links};
use super::chain::Linked;
use super::damage;
pub use super::label::{HeapOf, Label, Owner};
use super::starts::inverse;
use super::word::{Chain, Given, Word};
use crate::arena::{Origin, Span, map};
use crate::base::config::{Line, SLICE};
use crate::base::seen::SeenPtr;
use crate::base::sync::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use core::cell::Cell;
use core::mem::offset_of;
use core::ptr;

mod take;

/// A page.
#[repr(C, align(128))]
pub struct Page {
    word: Word,
    label: Label,
    next: AtomicPtr<Page>,
    /// Threads that look for a heap's pages read this too, although the record may have become another page's by then.
    start: SeenPtr<u8>,
    block_size: Cell<usize>,
    inverse: Cell<u64>,
    bin: Cell<Bin>,
    /// Pointers to the inside of its blocks were handed out (aligned allocations).
    interior: AtomicBool,
    /// What follows the page's only block in its span is inaccessible.
    guarded: Cell<bool>,
    /// The last OS page of the span is inaccessible.
    walled: Cell<bool>,
    threshold: Cell<u32>,

    // Second line: the owner's.
    owners: Line,
    free: Cell<*mut Block>,
    local_free: Cell<*mut Block>,
    free_count: Cell<u32>,
    local_count: Cell<u32>,
    carved: AtomicU32,
    capacity: Cell<u32>,
    /// 32 bits are enough, because an address has at most 48 bits, and a slice 16 of them.
    slices: Cell<u32>,
    origin: Cell<Origin>,
    /// Bytes behind a single block that belong to its span, are unused, and are resident.
    kept: Cell<u32>,
    /// Memory beyond the carved blocks is zero. In a page with a single block: the block's memory is zero.
    zero: Cell<bool>,
    /// OS pages that are holes: one bit each, the first one lowest.
    holes: AtomicU32,
    /// What the last search for holes noted about the word. In a page with a single block, which has no holes: see
    /// [`Page::sample`].
    seen: AtomicU32,
    /// The pool's link. Used only in the first record of a batch.
    batch: AtomicPtr<Batch>,
}

const _: () = assert!(size_of::<Page>() == 128 && offset_of!(Page, free) == 64);

// SAFETY: only lists and chains write the link, and they link records that are never unmapped.
unsafe impl Linked for Page {
    fn link(&self) -> &AtomicPtr<Page> {
        &self.next
    }
}

/// A batch of unused records, linked by `next`. It is represented by its first record.
#[repr(transparent)]
pub struct Batch(Page);

impl Batch {
    /// The batch that begins with a record.
    pub fn of(first: &'static Page) -> &'static Batch {
        // SAFETY: a batch is a transparent wrapper of a page's record.
        unsafe { &*core::ptr::from_ref(first).cast::<Batch>() }
    }
    /// Its first record.
    pub fn first(&'static self) -> &'static Page {
        &self.0
    }
}

// SAFETY: only the pool writes the link.
unsafe impl Linked for Batch {
    fn link(&self) -> &AtomicPtr<Batch> {
        &self.0.batch
    }
}

impl Page {
    /// Turn an unused record into the page of `span`, with blocks of `bin`, attached to `owner`.
    pub fn start_blocks(&self, span: Span, bin: Bin, owner: *mut Owner, heap: *mut HeapOf) {
        let size = bin.block_size();
        let capacity = (Page::room_of(span) / size) as u32;
        self.label.enter(heap, owner);
        self.start_common(span, bin, size, capacity);
        self.carved.store(0, Ordering::Relaxed);
        self.word.start_attached();
    }

    /// Turn an unused record into a page of one block that fills the whole span. The block is handed out at once.
    pub fn start_single(&self, span: Span, owner: *mut Owner, heap: *mut HeapOf) {
        let size = Page::room_of(span);
        self.label.enter(heap, owner);
        self.start_common(span, Bin::SINGLE, size, 1);
        self.guarded.set(span.walled);
        self.carved.store(1, Ordering::Relaxed);
        self.word.start_full(1);
    }

    /// Bytes of a span for blocks.
    fn room_of(span: Span) -> usize {
        span.slices * SLICE - if span.walled { crate::os::page_size() } else { 0 }
    }

    /// Bytes of its span for blocks.
    pub fn room(&self) -> usize {
        Page::room_of(self.span())
    }

    fn start_common(&self, span: Span, bin: Bin, size: usize, capacity: u32) {
        self.next.store(ptr::null_mut(), Ordering::Relaxed);
        self.start.set(span.start);
        self.block_size.set(size);
        self.inverse.set(if u32::try_from(size).is_err() { 0 } else { inverse(size) });
        self.bin.set(bin);
        self.interior.store(false, Ordering::Relaxed);
        self.guarded.set(false);
        self.walled.set(span.walled);
        // Suppose a full page were listed at its first free block. A thread that is given one block after the other
        // would then take and give up the page each time. An eighth is also the waste that size classes have.
        self.threshold.set((capacity / 8).max(1));
        self.free.set(ptr::null_mut());
        self.local_free.set(ptr::null_mut());
        self.free_count.set(0);
        self.local_count.set(0);
        self.capacity.set(capacity);
        self.slices.set(span.slices as u32);
        self.origin.set(span.origin);
        self.kept.set(0);
        self.zero.set(span.zero);
        self.holes.store(0, Ordering::Relaxed);
        self.seen.store(0, Ordering::Relaxed);
    }

    /// Set the span of a single block that has grown or shrunk in place, or has moved.
    pub fn set_span(&self, span: Span) {
        self.start.set(span.start);
        self.slices.set(span.slices as u32);
        self.origin.set(span.origin);
        self.set_single_size(span.slices * SLICE);
    }

    /// From now on the page's only block has `size` bytes of its span.
    pub fn set_single_size(&self, size: usize) {
        self.block_size.set(size);
        self.inverse.set(if u32::try_from(size).is_err() { 0 } else { inverse(size) });
    }

    /// Note how many bytes behind the only block are resident and unused. It is less than a slice. Returns the former
    /// number.
    pub fn set_kept(&self, bytes: usize) -> usize {
        self.kept.replace(bytes as u32) as usize
    }

    /// The page's only block begins at `block`, in the first slice of the span, and has `size` bytes. What follows it
    /// is inaccessible. Nobody knows of the page yet.
    pub fn set_guarded(&self, block: *mut u8, size: usize) {
        self.set_place(block, size);
        self.guarded.set(true);
    }
    /// The page's only block begins at `block`, in the first slice of the span, and has `size` bytes, all of which the
    /// program asked for. Nobody knows of the block yet.
    pub fn set_place(&self, block: *mut u8, size: usize) {
        self.start.set(block);
        self.set_single_size(size);
        self.set_slack(0);
    }
    /// Under protection: how many bytes of the page's only block the program did not ask for.
    pub fn slack(&self) -> usize {
        // A page with a single block has no lists.
        self.free_count.get() as usize
    }
    /// See [`Page::slack`]. It is less than 4 GiB.
    pub fn set_slack(&self, bytes: usize) {
        self.free_count.set(bytes as u32);
    }

    /// The page's only block, which only the caller has, was freed, and waits in quarantine: no pointer leads to it.
    pub fn hide_single(&self) {
        self.carved.store(0, Ordering::Relaxed);
    }

    /// Whether the last OS page of the span is inaccessible.
    pub fn is_walled(&self) -> bool {
        self.walled.get()
    }

    /// Whether what follows the page's only block is inaccessible.
    pub fn is_guarded(&self) -> bool {
        self.guarded.get()
    }

    /// The page's only block, which only the caller has, was freed, and the page is kept: no pointer leads to a block
    /// any more. The next block gets the whole span.
    pub fn cache_single(&self) {
        self.carved.store(0, Ordering::Relaxed);
        if self.guarded.get() {
            // The next block ends at the same guard.
            return;
        }
        let size = self.slices.get() as usize * SLICE;
        // A block that was not trimmed already has this size. Its inverse would cost a division.
        if self.block_size.get() != size {
            self.set_single_size(size);
        }
    }

    /// Hand the block out again, for a theap. Since [`Page::cache_single`] only the caller has the page.
    pub fn reuse_single(&self, owner: *mut Owner) {
        self.label.set_owner(owner);
        self.interior.store(false, Ordering::Relaxed);
        self.carved.store(1, Ordering::Relaxed);
        self.word.start_full(1);
    }

    /// The page's memory.
    pub fn span(&self) -> Span {
        // All blocks but guarded ones begin with their slice.
        let start = self.start.get().map_addr(|at| at & !(SLICE - 1));
        let walled = self.walled.get();
        Span { start, slices: self.slices.get() as usize, zero: false, origin: self.origin.get(), walled }
    }
    /// Whether the page's memory begins at `slice`, which is the start of a slice. The record may be reused at any
    /// moment.
    pub fn begins_at(&self, slice: *const u8) -> bool {
        self.start.get().addr() & !(SLICE - 1) == slice.addr()
    }
    /// The shared word.
    pub fn word(&self) -> &Word {
        &self.word
    }
    /// Its size class.
    #[inline(always)]
    pub fn bin(&self) -> Bin {
        self.bin.get()
    }
    /// Bytes of a block.
    #[inline(always)]
    pub fn block_size(&self) -> usize {
        self.block_size.get()
    }
    /// First byte of the first block.
    #[inline(always)]
    pub fn start(&self) -> *mut u8 {
        self.start.get()
    }
    /// The page's holes, as described in `holes`.
    pub(super) fn holes(&self) -> u32 {
        self.holes.load(Ordering::Relaxed)
    }
    pub(super) fn set_holes(&self, holes: u32) {
        self.holes.store(holes, Ordering::Relaxed);
    }
    /// What [`Page::note_seen`] noted last. 0 if nothing.
    pub fn seen(&self) -> u32 {
        self.seen.load(Ordering::Relaxed)
    }
    /// Note what a look at the page has shown.
    pub fn note_seen(&self, what: u32) {
        self.seen.store(what, Ordering::Relaxed);
    }
    /// In a page with a single block: the number of the record that says who allocated it. 0 if there is none. In other
    /// pages, and if the page is not the caller's, it is any number.
    pub fn sample(&self) -> u32 {
        self.seen.load(Ordering::Relaxed)
    }
    /// See [`Page::sample`].
    pub fn set_sample(&self, number: u32) {
        self.seen.store(number, Ordering::Relaxed);
    }
    /// Put blocks on the list `free`, which is empty. Only the owner may do so.
    pub(super) fn set_free(&self, first: *mut Block, count: u32) {
        self.free.set(first);
        self.free_count.set(count);
    }
    /// How many blocks fit.
    pub fn capacity(&self) -> u32 {
        self.capacity.get()
    }
    /// How many blocks were carved so far.
    pub fn carved(&self) -> u32 {
        self.carved.load(Ordering::Relaxed)
    }
    /// Whether memory that is not carved yet is zero.
    pub fn is_zero(&self) -> bool {
        self.zero.get()
    }
    /// How many free blocks the owner holds in the page's own lists: (free, local_free).
    pub fn held(&self) -> (u32, u32) {
        (self.free_count.get(), self.local_count.get())
    }

    /// The heap and the theap that the page belongs to.
    pub fn label(&self) -> &Label {
        &self.label
    }
    /// The theap that the page belongs to.
    #[inline(always)]
    pub fn owner(&self) -> *mut Owner {
        self.label.owner()
    }
    /// Set a new owner, who took the page off a list.
    pub fn set_owner(&self, owner: *mut Owner) {
        self.label.set_owner(owner);
    }
    /// The heap that the page belongs to. When the memory is being released, the pointer equals no heap's.
    #[inline(always)]
    pub fn heap(&self) -> *mut HeapOf {
        self.label.heap()
    }
    /// The page that the page map has for the address `p`, if there is one. Records are never unmapped.
    #[inline(always)]
    pub fn at(p: *const u8) -> Option<&'static Page> {
        // SAFETY: the map leads only to page records.
        unsafe { (map::get(p) as *const Page).as_ref() }
    }

    /// The record in the form in which the page map holds it.
    pub fn as_map_entry(&self) -> *mut u8 {
        (&raw const *self).cast_mut().cast()
    }

    /// From now on pointers to the inside of blocks may be handed out.
    pub fn set_interior(&self) {
        self.interior.store(true, Ordering::Relaxed);
    }

    /// The block that `p` belongs to, if `p` was handed out. `p` is then the start of a block, or a place inside one if
    /// such pointers were handed out. `p` lies in this page's slices.
    #[inline(always)]
    pub fn block_of(&self, p: *const u8) -> Option<*mut Block> {
        // For a pointer below a guarded block this is a large number.
        let offset = (p as usize).wrapping_sub(self.start.get() as usize);
        let inverse = self.inverse.get();
        if (offset as u64).wrapping_mul(inverse) < inverse && offset as u64 >> 32 == 0 {
            // A block that was never carved was never handed out.
            if offset < self.carved.load(Ordering::Relaxed) as usize * self.block_size.get() {
                return Some(p as *mut Block);
            }
            return None;
        }
        self.block_around(offset)
    }

    #[cold]
    fn block_around(&self, offset: usize) -> Option<*mut Block> {
        let index = offset / self.block_size.get();
        let start = index * self.block_size.get();
        if index < self.carved() as usize && (offset == start || self.interior.load(Ordering::Relaxed)) {
            // SAFETY: `index` is below `carved`, so the block lies in the page's memory.
            return Some(unsafe { self.start.get().add(start) } as *mut Block);
        }
        None
    }

    pub(super) fn offset16(&self, block: *mut Block) -> u32 {
        ((block as usize - self.start.get() as usize) / 16) as u32
    }

    pub(super) fn block_at16(&self, offset: u32) -> *mut Block {
        // SAFETY: offsets come from `offset16` of blocks of this page.
        unsafe { self.start.get().add(offset as usize * 16) as *mut Block }
    }

    /// Give a chain of `n` blocks of this page back, linked from `first` to `last`.
    ///
    /// # Safety
    /// - they are blocks of this page, they are out, and the caller may free them.
    #[inline]
    pub unsafe fn give(&self, first: *mut Block, last: *mut Block, n: u32) -> Given {
        let links = Links::now();
        self.word.give(self.offset16(first), n, self.threshold.get(), |list| {
            let next = if list.count == 0 { ptr::null_mut() } else { self.block_at16(list.head) };
            // SAFETY: `last` is ours until the exchange that gives it away.
            unsafe { Block::set_next(last, next, links) }
        })
    }

    /// Give back the block of a page with a single block. The block's memory is not touched.
    pub fn give_single(&self) -> Given {
        self.word.give(0, 1, self.threshold.get(), |_| {})
    }

    /// Put a chain that the owner itself freed on `local_free` of an attached page. This needs no atomics.
    ///
    /// # Safety
    /// - the page is attached to the caller; as for [`Page::give`].
    pub unsafe fn give_local(&self, first: *mut Block, last: *mut Block, n: u32) {
        // SAFETY: the blocks are ours.
        unsafe { Block::set_next(last, self.local_free.get(), Links::now()) };
        self.local_free.set(first);
        self.local_count.set(self.local_count.get() + n);
    }

    /// Carve up to `want` new blocks into an array, as in [`Page::take_listed`]. Returns how many, and whether they are
    /// fresh zeroed memory.
    ///
    /// # Safety
    /// - as for [`Page::take_listed`].
    #[inline]
    pub(super) unsafe fn carve(&self, want: u32, last: *mut *mut u8) -> (u32, bool) {
        let carved = self.carved();
        let n = want.min(self.capacity.get() - carved);
        let size = self.block_size.get();
        // SAFETY: `carved + n` is at most the capacity. The words are the caller's.
        unsafe {
            let first = self.start.get().add(carved as usize * size);
            for i in 0..n as usize {
                last.sub(i).write(first.add(i * size));
            }
        }
        self.carved.store(carved + n, Ordering::Relaxed);
        (n, self.zero.get())
    }

    /// Whether `block` is the start of one of the carved blocks.
    pub fn contains(&self, block: *mut Block) -> bool {
        self.containing()(block)
    }

    /// [`Page::contains`] for many blocks. It reads the page's fields once.
    #[inline(always)]
    pub(super) fn containing(&self) -> impl Fn(*mut Block) -> bool + use<> {
        let (start, inverse) = (self.start.get() as usize, self.inverse.get());
        let end = self.carved() as usize * self.block_size.get();
        move |block| {
            let offset = (block as usize).wrapping_sub(start);
            offset < end && (offset as u64).wrapping_mul(inverse) < inverse
        }
    }

    /// Adopt the given blocks that the word's `attach` returned.
    pub fn adopt(&self, chain: Chain) {
        self.free.set(if chain.count == 0 { ptr::null_mut() } else { self.block_at16(chain.head) });
        self.free_count.set(chain.count);
        self.local_free.set(ptr::null_mut());
        self.local_count.set(0);
    }

    /// Let go of an attached page with `linked` blocks in use or on a list. Its own free blocks go to the word's list.
    /// `keep` is as in [`Word::detach`].
    ///
    /// # Safety
    /// - the page is attached to the caller.
    #[inline]
    pub(super) unsafe fn detach_lists(&self, linked: u32, keep: bool) -> Given {
        let links = Links::now();
        let (mut first, mut last, mut n) = (ptr::null_mut::<Block>(), ptr::null_mut::<Block>(), 0);
        for (list, count) in [(&self.free, &self.free_count), (&self.local_free, &self.local_count)] {
            let mut block = list.replace(ptr::null_mut());
            let count = count.replace(0);
            for i in 0..count {
                if !self.contains(block) {
                    damage::link(block, self.start(), self.block_size(), count - i);
                    break;
                }
                // SAFETY: a free block on a list of the owner's.
                let next = unsafe { Block::next(block, links) };
                if first.is_null() {
                    last = block;
                }
                // SAFETY: as above.
                unsafe { Block::set_next(block, first, links) };
                first = block;
                n += 1;
                block = next;
            }
        }
        let head = if n > 0 { self.offset16(first) } else { 0 };
        self.word.detach(head, n, linked, self.threshold.get(), keep, |list| {
            let next = if list.count == 0 { ptr::null_mut() } else { self.block_at16(list.head) };
            // SAFETY: `last` is ours until the exchange that gives it away. It is set if `n > 0`.
            unsafe { Block::set_next(last, next, links) }
        })
    }

    /// Call `visit` for each block that is on one of the page's lists. Nobody may change them meanwhile.
    pub(super) fn for_each_listed(&self, mut visit: impl FnMut(*mut Block)) {
        let (given, links) = (self.word.list(), Links::now());
        let head = if given.count == 0 { ptr::null_mut() } else { self.block_at16(given.head) };
        let lists = [
            (self.free.get(), self.free_count.get()),
            (self.local_free.get(), self.local_count.get()),
            (head, given.count),
        ];
        for (mut block, count) in lists {
            for _ in 0..count {
                if !self.contains(block) {
                    break;
                }
                visit(block);
                // SAFETY: a block on a list that nobody changes.
                block = unsafe { Block::next(block, links) };
            }
        }
    }

    /// For the validator: whether both lists of the owner stay in the page and have the noted length.
    pub fn lists_are_sound(&self) -> bool {
        [(self.free.get(), self.free_count.get()), (self.local_free.get(), self.local_count.get())].into_iter().all(
            |(mut block, count)| {
                let links = Links::now();
                for _ in 0..count {
                    if !self.contains(block) {
                        return false;
                    }
                    // SAFETY: one of the `count` blocks on a list of the owner, who is the caller.
                    block = unsafe { Block::next(block, links) };
                }
                true
            },
        )
    }
}
