//! The theap: what one thread allocates from.
//!
//! Each bin has a stack of free blocks: an array with a null at its bottom, so that a pop needs only one test. The
//! part of a bin that malloc and free touch is [`HotBin`]; the rest is [`ColdBin`].
//!
//! A stack takes the blocks that its thread frees, whichever thread owns their pages. So blocks that one thread hands
//! to another are used again where they are freed, without an atomic operation. That is right only for the main heap,
//! whose pages' slices are in the slice class map.
//!
//! Blocks of the [`SMALL`] smallest bins (up to [`SMALL`] times 16 bytes) share cache lines. If they are of another
//! thread's page they go back (`remote`), so that threads do not use parts of the same line. Telling them apart costs
//! nothing. The hot parts of these bins lie in each theap at a place that depends on the theap's number, and the slice
//! class map has that place for the theap's pages. In a theap with another number that place is all zero, so the free
//! takes the generic path.
//!
//! A stack whose `limit` is its base takes no block on the fast path. That is so for the theaps of `current`, so that
//! a thread's first allocation or free takes the generic path; for the theaps of other heaps; and for all theaps while
//! they are shut.
//!
//! A thread has a theap for each heap that it allocates from. The first, for the main heap of its subprocess, is its
//! *root*. The root holds what each thread has once: chains, records, the table of the thread's other theaps.
//!
//! Invariants: `base <= top <= base + max`, and the word at `base` is null. Blocks on a stack count as out in their
//! pages. In `pages`, the page in front is attached to this theap, and all pages behind it are LISTED or DEAD.

use super::counts::Moved;
use super::deferred::Heartbeat;
use super::heap::{Heap, MAIN, MAIN_ID};
use super::heap_table::HeapTable;
use super::idle::Idle;
use super::outbox::Outbox;
use super::ownership::Ownership;
use super::page_queue::{PageQueue, Reclaims};
use super::sampling::Sampling;
use super::shown::Shown;
use super::steps::Steps;
use crate::base::grow_list::Listed;
use crate::base::seen::Seen;
use crate::base::sync::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use crate::page::Page;
use crate::page::bins::{BINS, Bin, SLOTS, TABLE};
use crate::page::chain::Linked;
use crate::page::record::Owner;
use crate::page::record_pool::RecordCache;
use crate::page::shared_list::SharedList;
use crate::page::tag::LEAST;
use core::cell::Cell;
use core::mem::offset_of;
use core::ptr;

mod fast;
pub mod secured;
mod stack;

/// The part of a bin that the fast paths use. Words of the stack are named by their distance from the theap, in bytes.
/// Distance zero names the theap's first word, which is zero, a null. So a theap that is all zero has empty stacks. No
/// stack lies on both sides of its theap, so distances compare as addresses do.
#[repr(C, align(32))]
pub struct HotBin {
    /// The topmost block, or the null at the base.
    top: Seen,
    /// Where a push has no room left.
    limit: Cell<usize>,
    /// The null at the bottom of the stack.
    base: Seen,
    /// `inverse32` of the block size. Together with `bound` it tells which addresses are block starts in a one-slice
    /// page.
    inverse: Cell<u32>,
    /// `bound32` of the block size. It lies right after `inverse`, where `processor::divides` expects it.
    bound: Cell<u32>,
}

/// The part of a bin that the fast paths do not touch, except for the stack's words while it has not grown. A slow
/// path needs only its first cache line.
#[repr(C, align(128))]
pub struct ColdBin {
    /// The pages that supply the stack.
    pub pages: PageQueue,
    /// Statistics.
    pub moved: Moved,
    /// Memory for the grown stack; null until it has grown.
    deep: Cell<*mut *mut u8>,
    /// How many words it has above the first.
    deep_words: Cell<u32>,
    /// Room of the stack now, in blocks; grows with use.
    room: Cell<u32>,
    /// Pages of other threads taken over since the last collect.
    pub reclaims: Reclaims,
    /// The stack ran empty since it was last full.
    ran_empty: Cell<bool>,
    /// How many pages it gave blocks to since it last took some. A run of blocks of one page counts once.
    scattered: Cell<u8>,
    /// The base of the stack has risen in its array.
    raised: Cell<bool>,
    /// The stack's words, until it has grown.
    shallow: [Cell<*mut u8>; 1 + SHALLOW],
}

/// Room of a stack that lies in the theap itself.
const SHALLOW: usize = 8;

/// One thread's part of a heap.
#[repr(C, align(64))]
pub struct Theap {
    /// The hot parts of the bins, except the smallest ones, which are in `small`.
    hot: [HotBin; BINS],
    /// The hot parts of bins 1 to [`SMALL`], at the theap's number; zero at all other numbers.
    small: [[HotBin; SMALL]; NUMBERS],
    /// The theap's number. Theaps share numbers when there are more than [`NUMBERS`].
    number: Cell<u32>,
    /// How far behind `hot` the hot parts lie that the slow paths use: 0, but for a theap under protection
    /// ([`secured`]), whose fast paths find nothing. (It fills a gap. Eight bytes more would move what other threads write
    /// next to what this thread reads.)
    shift: Cell<u32>,
    /// Blocks of the smallest bins that go back to other threads' pages.
    pub outboxes: [Outbox; SMALL],
    /// The offset of the hot part for a request, by its `slot`. It is in the theap so that `malloc` needs no other
    /// address.
    offsets: [u16; SLOTS],
    /// Tag of the thread; 0 if the thread has ended, or [`VANISHED`].
    tag: AtomicUsize,
    /// Pages with room that other threads return.
    pub returned: SharedList<Page>,
    /// The heap it is a part of. In an empty theap it is null, and stands for the main heap of all.
    heap: AtomicPtr<Heap>,
    /// The heap's id. If the heap's record has another id, the heap has ended.
    heap_id: AtomicU64,
    /// The thread's first theap; null in an empty theap.
    root: AtomicPtr<Theap>,
    /// Its place in the root's table.
    slot: Cell<u32>,
    /// Who works on it.
    pub ownership: Ownership,
    /// Whether a thread has it as its default.
    pub shown: Shown,
    /// Only in a root: the thread's steps.
    pub steps: Steps,
    /// Only in a root: the thread is counted in the process's statistics.
    counted: Cell<bool>,
    /// Only in a root: the thread is one of a pool, and takes over no pages when it frees.
    in_threadpool: Cell<bool>,
    /// Only in a root: the thread may have pages in the large cache.
    has_cached_pages: Cell<bool>,
    /// Only in a root: the thread's other theaps.
    pub others: HeapTable<Theap>,
    /// Link in the heap's list of theaps.
    peer: AtomicPtr<Member>,
    /// Link in a list of theaps without a thread.
    link: AtomicPtr<Theap>,
    /// Link in the list of all theaps, which only grows.
    older: AtomicPtr<Theap>,
    /// Bins whose stacks were ever opened by this thread.
    opened: Cell<u128>,
    /// Unused page records.
    pub records: RecordCache,
    /// Slow paths taken since the last collect.
    slow: Cell<u32>,
    /// What the thread has not used for a while.
    pub idle: Idle,
    /// Only in a root: the thread's heartbeat.
    pub heartbeat: Heartbeat,
    /// Which allocations get a guarded block.
    pub sampling: Sampling,
    /// The other parts of the bins.
    cold: [ColdBin; BINS],
}

/// A theap, as an item of its heap's list of theaps.
#[repr(transparent)]
pub struct Member(Theap);

impl Member {
    /// The theap.
    pub fn theap(&'static self) -> &'static Theap {
        &self.0
    }
}

/// The `heap_id` of a theap whose heap has ended, or that has no heap.
const NOBODY: u64 = u64::MAX;

// SAFETY: other threads use only the atomics of a theap. Its cells belong to the thread of `tag`; or, when that is 0,
// to whoever took the theap from the pool; or, in the child of a fork, to the only thread.
unsafe impl Sync for Theap {}

// SAFETY: lists of theaps alone write the link.
unsafe impl Linked for Theap {
    fn link(&self) -> &AtomicPtr<Theap> {
        &self.link
    }
}

// SAFETY: the list of the heap's theaps alone writes the link.
unsafe impl Linked for Member {
    fn link(&self) -> &AtomicPtr<Member> {
        &self.0.peer
    }
}

// SAFETY: the list of all theaps alone writes the link.
unsafe impl Listed for Theap {
    fn older(&self) -> &AtomicPtr<Theap> {
        &self.older
    }
}

/// The tag of a theap whose thread does not exist in the child of a fork (`fork`). No thread has so low a tag.
pub const VANISHED: usize = 1;

/// Bins whose blocks share cache lines.
pub const SMALL: usize = 3;

/// How many theaps, made one after the other, have different numbers: their smallest blocks are told apart.
pub const NUMBERS: usize = 16;

/// How many numbers were given out so far.
static NUMBERED: AtomicU32 = AtomicU32::new(0);

/// How many theaps were made so far.
pub fn made() -> usize {
    NUMBERED.load(Ordering::Relaxed) as usize
}

/// For each number, how many theaps have a thread. On a line of its own, which is written when a thread starts or
/// ends.
static LIVE: Live = Live([const { AtomicU32::new(0) }; NUMBERS]);

#[repr(align(64))]
struct Live([AtomicU32; NUMBERS]);

/// Whether a thread lives that has a theap of this number. This is a hint: it is as of a moment ago, covers all theaps
/// that share the number, and may be off by one in the child of a fork that interrupted a thread in `set_tag`. A free
/// is right whatever the answer.
pub fn lives(number: usize) -> bool {
    LIVE.0.get(number).is_some_and(|live| live.load(Ordering::Relaxed) != 0)
}

/// The offset of a bin's hot part in a theap of that number.
const fn place(number: usize, b: usize) -> usize {
    if b != 0 && b <= SMALL {
        offset_of!(Theap, small) + (number * SMALL + b - 1) * size_of::<HotBin>()
    } else {
        offset_of!(Theap, hot) + b * size_of::<HotBin>()
    }
}

/// [`Theap::bin_at`] treats these two parts as one array.
const _: () = assert!(offset_of!(Theap, small) == offset_of!(Theap, hot) + BINS * size_of::<HotBin>());

impl Theap {
    /// The same theap with the lifetime that all theaps have: [`Theap::begin`] takes memory that is never unmapped.
    #[inline(always)]
    pub fn forever(&self) -> &'static Theap {
        // SAFETY: as above. Only the theaps in the static of `current` were not made by `begin`, and a static lasts
        // for ever.
        unsafe { &*ptr::from_ref(self) }
    }

    /// As an item of its heap's list of theaps.
    pub fn as_member(&'static self) -> &'static Member {
        // SAFETY: a member is a theap, and nothing else.
        unsafe { &*ptr::from_ref(self).cast::<Member>() }
    }

    /// It is nobody's from now on, and its counts belong to the main heap.
    pub fn belong_to_nobody(&'static self) {
        self.heap.store(ptr::from_ref(&MAIN).cast_mut(), Ordering::Relaxed);
        self.heap_id.store(NOBODY, Ordering::Relaxed);
        self.set_root(self);
    }

    /// It is a theap of `heap` from now on, and `root` is its thread's first theap. Returns whether it was a theap of
    /// `heap` before.
    pub fn belong_to(&'static self, heap: &'static Heap, root: &'static Theap) -> bool {
        let id = heap.id();
        let same = self.heap_id.load(Ordering::Relaxed) == id;
        self.heap.store(ptr::from_ref(heap).cast_mut(), Ordering::Relaxed);
        self.heap_id.store(id, Ordering::Relaxed);
        self.set_root(root);
        self.slot.set(heap.slot());
        same
    }

    /// Set its thread's first theap.
    pub fn set_root(&self, root: &'static Theap) {
        self.root.store(ptr::from_ref(root).cast_mut(), Ordering::Relaxed);
    }

    /// Its thread's first theap; None in an empty theap.
    #[inline(always)]
    pub(super) fn root_of(&self) -> Option<&'static Theap> {
        // SAFETY: null or a theap, which is never unmapped.
        unsafe { self.root.load(Ordering::Relaxed).as_ref() }
    }

    /// It belongs to no heap from now on.
    pub fn leave_heap(&self) {
        self.heap_id.store(NOBODY, Ordering::Relaxed);
    }

    /// Whether its heap was deleted. Then its pages are another heap's, and the theap is nobody's once its thread has
    /// noticed.
    pub fn is_orphan(&self) -> bool {
        // Acquire: pairs with the Release in `orphan`, so that the pages' new heap is seen.
        self.heap_id.load(Ordering::Acquire) == NOBODY
    }

    /// Called by the thread that deletes `heap`, whose id was `id`: mark this theap as an orphan, and make its counts
    /// `heir`'s. Nothing happens if it is another heap's by now.
    pub fn orphan(&self, id: u64, heap: &'static Heap, heir: &'static Heap) {
        // Its thread may be giving it away. Once it is nobody's it may become another heap's at any moment, and must
        // stay that.
        if self.heap_id.compare_exchange(id, NOBODY, Ordering::Release, Ordering::Relaxed).is_ok() {
            let [old, new] = [heap, heir].map(|heap| ptr::from_ref(heap).cast_mut());
            let _ = self.heap.compare_exchange(old, new, Ordering::Release, Ordering::Relaxed);
        }
    }

    /// Whether it belongs to the heap with that id. An orphan belongs to none.
    pub fn has_heap_id(&self, id: u64) -> bool {
        self.heap_id.load(Ordering::Relaxed) == id
    }

    /// Whether its record names `heap`. (A default theap that was taken away may still do so.)
    #[inline(always)]
    pub fn is_of(&self, heap: &Heap) -> bool {
        ptr::eq(self.heap.load(Ordering::Relaxed), heap)
    }

    /// Its place in the root's table.
    pub fn slot(&self) -> u32 {
        self.slot.get()
    }

    /// Only for a root: set whether its thread is counted in the process's statistics. Returns whether it was counted
    /// before.
    pub fn set_counted(&self, counted: bool) -> bool {
        self.counted.replace(counted)
    }

    /// Only for a root: whether the thread is one of a pool, and takes over no pages when it frees.
    pub fn is_in_threadpool(&self) -> bool {
        self.in_threadpool.get()
    }
    /// See [`Theap::is_in_threadpool`].
    pub fn set_in_threadpool(&self, is: bool) {
        self.in_threadpool.set(is);
    }

    /// Only for a root: whether the thread may have pages in the large cache.
    #[inline]
    pub fn may_have_cached_pages(&self) -> bool {
        self.has_cached_pages.get()
    }
    /// See [`Theap::may_have_cached_pages`].
    pub fn note_cached_pages(&self, any: bool) {
        self.has_cached_pages.set(any);
    }

    /// Count one slow path. Returns how many there were since [`Theap::restart_slow_paths`].
    #[inline]
    pub fn count_slow_path(&self) -> u32 {
        let slow = self.slow.get() + 1;
        self.slow.set(slow);
        slow
    }
    /// Count slow paths anew.
    pub fn restart_slow_paths(&self) {
        self.slow.set(0);
    }

    /// The part of a bin that the fast paths do not touch.
    #[inline(always)]
    pub fn cold(&self, b: usize) -> &ColdBin {
        &self.cold[b]
    }

    /// The cold parts of the bins with the smallest blocks, and of bin 0.
    pub fn cold_small(&self) -> &[ColdBin] {
        &self.cold[..=SMALL]
    }

    /// The heap that it is a part of.
    #[inline(always)]
    pub fn heap(&self) -> &'static Heap {
        // SAFETY: a heap's record, which is never unmapped.
        unsafe { self.heap.load(Ordering::Relaxed).as_ref() }.unwrap_or(&MAIN)
    }

    /// Whether it is the calling thread's.
    #[inline(always)]
    pub fn is_ours(&self) -> bool {
        self.tag.load(Ordering::Relaxed) == crate::prim::tls::tag()
    }

    /// Whether a thread has it.
    pub fn has_thread(&self) -> bool {
        self.tag.load(Ordering::Relaxed) > VANISHED
    }

    /// Whether its thread vanished in a fork, and no thread has taken it since.
    pub fn has_vanished(&self) -> bool {
        self.tag.load(Ordering::Relaxed) == VANISHED
    }

    /// Set the thread that has it; 0 and `VANISHED` stand for nobody.
    pub fn set_tag(&self, tag: usize) {
        let had = self.tag.swap(tag, Ordering::Relaxed);
        self.count_thread(had, tag);
    }

    /// Take it for the calling thread. Returns false if its thread has not vanished, or another thread has taken it.
    pub fn claim_vanished(&self) -> bool {
        let tag = crate::prim::tls::tag();
        // Relaxed: what the vanished thread had done was seen before the child had a second thread.
        let claimed = self.tag.compare_exchange(VANISHED, tag, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if claimed {
            self.count_thread(VANISHED, tag);
        }
        claimed
    }

    fn count_thread(&self, had: usize, tag: usize) {
        let (live, theaps) = (&LIVE.0[self.number()], &self.heap().stats.theaps);
        match (had > VANISHED, tag > VANISHED) {
            (false, true) => {
                live.fetch_add(1, Ordering::Relaxed);
                theaps.add(1);
            }
            (true, false) => {
                live.fetch_sub(1, Ordering::Relaxed);
                theaps.sub(1);
            }
            _ => {}
        }
    }

    /// Its number, which other theaps may share.
    #[inline(always)]
    pub fn number(&self) -> usize {
        self.number.get() as usize % NUMBERS
    }

    /// As the owner of pages.
    #[inline(always)]
    pub fn as_owner(&self) -> *mut Owner {
        &raw const *self as *mut Owner
    }

    /// The theap behind a page's owner.
    ///
    /// # Safety
    /// - `owner` is the owner of a page in use: theaps are never unmapped.
    #[inline(always)]
    pub unsafe fn of_owner(owner: *mut Owner) -> &'static Theap {
        // SAFETY: by the contract; the one place where an owner is turned back into a theap.
        unsafe { &*(owner as *const Theap) }
    }

    /// The hot part of a bin.
    #[inline(always)]
    fn hot(&self, b: usize) -> &HotBin {
        debug_assert!(b < BINS);
        // SAFETY: at most BINS - 1.
        unsafe { self.hot_at(self.place_of(b.min(BINS - 1)) + self.shift.get() as usize) }
    }

    /// The hot part at an offset.
    ///
    /// # Safety
    /// - `at` comes from [`Theap::place_of`], `offsets` or the slice class map.
    #[inline(always)]
    unsafe fn hot_at(&self, at: usize) -> &HotBin {
        // SAFETY: there is a hot part at such offsets, in each theap.
        unsafe { &*self.bytes().add(at).cast::<HotBin>() }
    }

    /// Its first byte's address.
    #[inline(always)]
    pub fn bytes(&self) -> *const u8 {
        (&raw const *self).cast()
    }

    /// The offset of a bin's hot part.
    ///
    /// # Safety
    /// - `b` is below BINS.
    #[inline(always)]
    pub unsafe fn place_of(&self, b: usize) -> usize {
        // The smallest bins' sizes are 16 times their number, so entry `b` of the table is bin `b`'s. No branch: it
        // would be mispredicted.
        // SAFETY: far below the table's length.
        let small = unsafe { *self.offsets.get_unchecked(b) as usize };
        core::hint::select_unpredictable(
            b.wrapping_sub(1) < SMALL,
            small,
            offset_of!(Theap, hot) + b * size_of::<HotBin>(),
        )
    }

    /// The word that lies `distance` bytes from the theap.
    #[inline(always)]
    fn word(&self, distance: usize) -> *mut *mut u8 {
        // `distance` exposes the stacks' memory, and this exposes the theap's: at distance 0 the theap's first word is
        // read.
        ptr::with_exposed_provenance_mut((&raw const *self).expose_provenance().wrapping_add(distance))
    }

    /// How far a word lies from the theap.
    fn distance(&self, word: *mut *mut u8) -> usize {
        word.expose_provenance().wrapping_sub((&raw const *self).addr())
    }

    /// The slice class map's entry for a bin's pages.
    pub fn entry(&self, bin: Bin) -> usize {
        // SAFETY: the numbers of bins are below BINS.
        unsafe { self.place_of(bin.index()) }
    }

    /// What an entry of the slice class map means: the bin and, for the smallest bins, the number of the theap that it
    /// leads to. None for the entry of a closed slice.
    pub fn bin_at(entry: usize) -> Option<(Option<usize>, Bin)> {
        let i = entry / size_of::<HotBin>();
        match i.checked_sub(BINS) {
            Some(small) => Some((Some(small / SMALL), Bin::at(small % SMALL + 1))),
            None => (i != 0).then(|| (None, Bin::at(i))),
        }
    }

    /// Whether it belongs to the main heap of all. Any stack of that heap's theaps may hold any of its blocks.
    #[inline(always)]
    pub fn is_main(&self) -> bool {
        self.heap_id.load(Ordering::Relaxed) == MAIN_ID
    }

    /// Whether this thread ever opened the stack of a bin.
    #[inline(always)]
    pub fn is_open(&self, b: usize) -> bool {
        self.opened.get() & 1 << b != 0
    }

    /// The numbers of the open bins.
    pub fn open_bins(&self) -> impl Iterator<Item = usize> + use<> {
        let mut left = self.opened.get();
        core::iter::from_fn(move || {
            (left != 0).then(|| {
                let b = left.trailing_zeros() as usize;
                left &= left - 1;
                b
            })
        })
    }
}

impl Theap {
    /// Initialize the theap at `this`. No bin is open, so each stack is both empty and full.
    ///
    /// # Safety
    /// - `this` is fresh zeroed memory of the caller's, for ever; with a `shift`, as much as [`secured`] says.
    pub unsafe fn begin(this: *mut Theap, shift: usize) -> &'static Theap {
        // The next theap gets the next number. After the last number they start over.
        let number = NUMBERED.fetch_add(1, Ordering::Relaxed) as usize % NUMBERS;
        // SAFETY: by the contract; zeroed memory is a theap.
        unsafe {
            (*this).number.set(number as u32);
            (*this).shift.set(shift as u32);
            // Two loops instead of a branch on the bin: the smallest bins have the first slots, which the second loop
            // overwrites.
            for (offset, bin) in (*this).offsets.iter_mut().zip(&TABLE) {
                *offset = (offset_of!(Theap, hot) + bin.index() * size_of::<HotBin>()) as u16;
            }
            if shift != 0 {
                // No block is smaller.
                (*this).offsets[1] = (*this).offsets[LEAST / 16];
            } else {
                for (offset, bin) in (*this).offsets.iter_mut().zip(&TABLE).take(SMALL + 1) {
                    *offset = place(number, bin.index()) as u16;
                }
            }
            // A request of no bytes finds bin 0, whose stack is always empty.
            (*this).offsets[0] = place(number, 0) as u16;
            &*this
        }
    }
}

#[cfg(test)]
mod tests;
