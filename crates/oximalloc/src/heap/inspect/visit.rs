//! Visits of a heap's pages, and of the blocks in them that are in use.
//!
//! A page counts a block as out while the block waits in a theap's stack. A visit shows only what the program holds, so
//! it leaves these blocks out, both the calling thread's and all other threads'. Other threads must not use the heap
//! meanwhile.

use crate::heap::blocks::transfer_cache;
use crate::heap::state::heap::Heap;
use crate::heap::state::peak::Scope;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::{BINS, Bin};
use crate::page::block::Block;
use core::ptr;

/// The most blocks that a page has: 64 KiB in blocks of 16 bytes.
const BLOCKS: usize = 4096;

/// A page as its visitors see it.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    /// The first block.
    pub start: *mut u8,
    /// Bytes of all blocks that the page has room for.
    pub reserved: usize,
    /// Bytes of the blocks that were carved so far.
    pub committed: usize,
    /// Number of blocks in use.
    pub used: usize,
    /// Bytes of a block.
    pub block_size: usize,
}

/// The blocks of a page that are free.
struct FreeSet {
    bits: [u64; BLOCKS / 64],
    count: usize,
}

impl FreeSet {
    #[cold]
    fn add(&mut self, page: &Page, block: *const u8) {
        let index = (block.addr().wrapping_sub(page.start().addr())) / page.block_size();
        if page.contains(block as *mut Block) && index < BLOCKS && self.bits[index / 64] & 1 << (index % 64) == 0 {
            self.bits[index / 64] |= 1 << (index % 64);
            self.count += 1;
        }
    }

    #[cold]
    fn has(&self, index: usize) -> bool {
        self.bits[index / 64] & 1 << (index % 64) != 0
    }

    /// # Safety
    /// - nobody changes the page meanwhile, nor the stacks that hold its blocks.
    #[cold]
    unsafe fn of(page: &Page) -> FreeSet {
        let mut set = FreeSet { bits: [0; BLOCKS / 64], count: 0 };
        page.for_each_free(|block| set.add(page, block as *const u8));
        let b = page.bin().index();
        // Theaps of other heaps may be at work, and change while they are looked at. A theap of a deleted heap is the
        // main heap's, but does not have its id.
        // SAFETY: a page in use names a heap.
        let heap = unsafe { Heap::of_page(page.heap()) };
        let id = heap.id();
        Scope::Heap(heap).each_theap(&mut |theap| {
            let holds = ptr::eq(theap.heap(), heap) && (heap.is_main() || theap.has_heap_id(id));
            if !holds {
                return;
            }
            if let Some(out) = theap.outboxes.get(b.wrapping_sub(1)) {
                out.blocks().for_each(|block| set.add(page, block));
            }
            if b < BINS && theap.is_open(b) {
                theap.for_each_on_stack(b, |block| set.add(page, block));
            }
        });
        if heap.is_main() {
            transfer_cache::for_each(b, |block| set.add(page, block));
        }
        set
    }
}

/// Whether the page's owner has no thread.
#[cold]
fn is_abandoned(page: &Page) -> bool {
    // SAFETY: the owner of a page in use.
    !unsafe { Theap::of_owner(page.owner()) }.has_thread()
}

/// Which pages to visit.
#[derive(Clone, Copy)]
pub enum Pages<'a> {
    /// All pages of the heap.
    All,
    /// Pages whose threads have ended.
    Abandoned,
    /// Pages of one theap.
    Theap(&'a Theap),
}

/// Call `visit` for each page of `heap` that has blocks in use, without a block. With `blocks`, then call it for each
/// of these blocks. Stop when it answers false. Returns whether it never did.
///
/// # Safety
/// - no other thread allocates from the heap or frees its blocks meanwhile.
#[cold]
pub unsafe fn pages(
    heap: &Heap,
    which: Pages,
    blocks: bool,
    mut visit: impl FnMut(&Area, Option<*mut u8>) -> bool,
) -> bool {
    heap.pages.for_each(|page, _| {
        let wanted = match which {
            Pages::All => true,
            Pages::Abandoned => is_abandoned(page),
            Pages::Theap(theap) => page.owner() == theap.as_owner(),
        };
        let state = page.word().peek().0;
        if !wanted || !ptr::eq(page.heap(), heap.as_page_heap()) || state.is_dead() {
            return true;
        }
        // SAFETY: by the contract.
        unsafe { one(page, blocks, &mut visit) }
    })
}

/// # Safety
/// - as for [`pages`].
#[cold]
unsafe fn one(page: &Page, blocks: bool, visit: &mut impl FnMut(&Area, Option<*mut u8>) -> bool) -> bool {
    let (size, carved) = (page.block_size(), page.carved() as usize);
    let single = page.bin() == Bin::SINGLE;
    // SAFETY: by the contract.
    let free = if single { None } else { Some(unsafe { FreeSet::of(page) }) };
    let used = carved - free.as_ref().map_or(0, |set| set.count);
    if used == 0 {
        return true;
    }
    let area = Area {
        start: page.start(),
        reserved: page.capacity() as usize * size,
        committed: carved * size,
        used,
        block_size: size,
    };
    if !visit(&area, None) {
        return false;
    }
    !blocks
        || (0..carved)
            .filter(|&i| free.as_ref().is_none_or(|set| !set.has(i)))
            .all(|i| visit(&area, Some(page.start().wrapping_add(i * size))))
}
