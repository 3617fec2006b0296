//! Holes: OS pages inside a page that went back to the system because all blocks in them are free. So a page that a few
//! blocks keep alive does not keep 64 KiB of memory.
//!
//! A free block is linked through its own first word, so an OS page with linked free blocks is resident. Blocks that
//! start in a hole are therefore on no list. Instead the record has a bit for each OS page, which stands for all blocks
//! that start there. When the page's lists are empty, its owner takes the blocks of one hole after the other
//! ([`Page::refill_hole`]).
//!
//! Invariants: all blocks that overlap a hole are free. All blocks that start in it are carved, so a hole lies within
//! the carved part of the page. (Once no more blocks fit, the carved part is the whole page.) In an attached page
//! `carved == used + free + local_free + in holes`, in a detached one `carved == out + given + in holes`.
//!
//! Only these write the bits: the owner of an attached page, and the thread that has brought a listed page to PURGING
//! (`word`).

use super::block::{Block, Links};
use super::damage;
use super::keys::keys;
use super::record::Page;
use super::tag::Tagged;
use super::word::{Chain, Given};
use crate::arena;
use crate::base::config::SLICE;
use crate::diag::secure;
use crate::os;
use core::ptr;

/// The most OS pages that a page can have: two slices of OS pages of 4 KiB. Each has a bit in the record's set.
const MOST: usize = 2 * SLICE / 4096;
/// The most blocks that a page can have.
const BLOCKS: usize = SLICE / 16;

/// Which blocks of a page are free, and how many bytes of each OS page they fill.
struct Survey {
    size: usize,
    os_page: usize,
    bytes: [u32; MOST],
    seen: [u64; BLOCKS / 64],
}

impl Survey {
    /// Count a block as free. False if it was counted before.
    #[cold]
    fn add(&mut self, index: usize) -> bool {
        let (word, bit) = (index / 64, 1 << (index % 64));
        let Some(seen) = self.seen.get_mut(word) else { return false };
        if *seen & bit != 0 {
            return false;
        }
        *seen |= bit;
        self.add_bytes(index * self.size, (index + 1) * self.size);
        true
    }

    #[cold]
    fn add_bytes(&mut self, mut at: usize, end: usize) {
        while at < end {
            let to = end.min((at / self.os_page + 1) * self.os_page);
            if let Some(bytes) = self.bytes.get_mut(at / self.os_page) {
                *bytes += (to - at) as u32;
            }
            at = to;
        }
    }
}

/// The indices of the OS pages whose bits are set.
fn each(mut bits: u32) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        (bits != 0).then(|| {
            let page = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            page
        })
    })
}

impl Page {
    /// The indices of the blocks that start in an OS page that is a hole.
    #[cold]
    fn starting_in(&self, os_page: usize) -> core::ops::Range<usize> {
        let (size, bytes, carved) = (self.block_size(), os::page_size(), self.carved() as usize);
        // The last OS page may end with a remainder that is smaller than a block and belongs to no block.
        (os_page * bytes).div_ceil(size).min(carved)..((os_page + 1) * bytes).div_ceil(size).min(carved)
    }

    /// How many blocks are in holes.
    #[cold]
    fn count_in_holes(&self) -> u32 {
        each(self.holes()).map(|os_page| self.starting_in(os_page).len() as u32).sum()
    }

    /// How many blocks are in use or on a list: all carved blocks except those in holes.
    #[inline]
    pub fn linked(&self) -> u32 {
        self.carved() - if self.holes() == 0 { 0 } else { self.count_in_holes() }
    }

    /// Call `visit` for each block in a hole.
    #[cold]
    pub(super) fn for_each_in_holes(&self, mut visit: impl FnMut(*mut Block)) {
        let blocks = each(self.holes()).flat_map(|os_page| self.starting_in(os_page));
        blocks.for_each(|index| visit(self.block(index)));
    }

    fn block(&self, index: usize) -> *mut Block {
        self.start().wrapping_add(index * self.block_size()).cast()
    }

    /// Move up to `want` blocks that start in a hole to an array, the first to `last` and the others below it. The
    /// remaining blocks of that hole go to the list `free`, which must be empty. Returns how many; 0 if there is no
    /// hole.
    ///
    /// # Safety
    /// - the page is attached to the caller, and the `want` words that end with `last` are the caller's.
    #[cold]
    pub(super) unsafe fn refill_hole(&self, want: u32, last: *mut *mut u8) -> u32 {
        while self.holes() != 0 {
            let os_page = self.holes().trailing_zeros() as usize;
            self.set_holes(self.holes() & (self.holes() - 1));
            let mut blocks = self.starting_in(os_page);
            if secure::is_on() {
                let keys = keys();
                for index in blocks.clone() {
                    // SAFETY: a free block that belongs to the owner, who is the caller.
                    unsafe { Tagged { start: self.block(index).cast(), bytes: self.block_size() }.set_free(&keys) };
                }
            }
            let n = blocks.len().min(want as usize);
            for (i, index) in blocks.by_ref().take(n).enumerate() {
                // SAFETY: the word is one of the caller's.
                unsafe { last.sub(i).write(self.block(index).cast()) };
            }
            let links = Links::now();
            let (mut first, mut linked) = (ptr::null_mut(), 0);
            for index in blocks.rev() {
                // SAFETY: a free block that belongs to the owner, who is the caller.
                unsafe { Block::set_next(self.block(index), first, links) };
                first = self.block(index);
                linked += 1;
            }
            if linked > 0 {
                self.set_free(first, linked);
            }
            if n > 0 {
                return n as u32;
            }
        }
        0
    }

    /// Give back the OS pages of a LISTED page in which all blocks are free. None if the page is no longer LISTED.
    #[cold]
    pub fn purge_holes(&'static self) -> Option<Given> {
        let chain = self.word().begin_purge()?;
        // SAFETY: the chain's blocks are ours, and the record is ours until `end_purge`.
        let (first, last, n) = unsafe { self.punch(chain) };
        let head = if n > 0 { self.offset16(first) } else { 0 };
        Some(self.word().end_purge(head, n, |list| {
            let next = if list.count == 0 { ptr::null_mut() } else { self.block_at16(list.head) };
            // SAFETY: `last` is ours until the exchange that gives it away; it is set when `n > 0`.
            unsafe { Block::set_next(last, next, Links::now()) }
        }))
    }

    /// Give back OS pages. Returns the part of the chain that stays linked: its first block, its last block, and their
    /// number.
    ///
    /// # Safety
    /// - the chain is of this page. The chain and the record are the caller's.
    #[cold]
    unsafe fn punch(&self, chain: Chain) -> (*mut Block, *mut Block, u32) {
        let (size, os_page) = (self.block_size(), os::page_size());
        let mut survey = Survey { size, os_page, bytes: [0; MOST], seen: [0; BLOCKS / 64] };
        let mut sound = true;
        self.for_each_in_holes(|block| sound &= survey.add(self.index_of(block)));
        let (contains, links) = (self.containing(), Links::now());
        let (first, mut last, mut n) = (self.block_at16(chain.head), ptr::null_mut(), 0);
        let mut block = first;
        while n < chain.count {
            if !contains(block) {
                // Somebody wrote to freed memory. The rest of the chain is given up.
                damage::link(block, self.start(), size, chain.count - n);
                sound = false;
                break;
            }
            // A block that is in the chain twice was freed twice, so it may be in use.
            if !survey.add(self.index_of(block)) {
                sound = false;
                damage::twice(block, size);
            }
            last = block;
            n += 1;
            // SAFETY: a block of the chain, which is ours.
            block = unsafe { Block::next(block, links) };
        }
        sound &= arena::may_purge_parts(&self.span());
        let mut end = self.carved() as usize * size;
        if self.carved() == self.capacity() {
            let all = self.room();
            survey.add_bytes(end, all);
            end = all;
        }
        let whole = (end / os_page).min(MOST);
        let full = (0..whole).filter(|&at| survey.bytes[at] as usize == os_page).fold(0u32, |set, at| set | 1 << at);
        let fresh = full & !self.holes();
        if !sound || fresh == 0 {
            return (first, last, n);
        }
        let (mut kept, mut kept_last, mut count) = (ptr::null_mut::<Block>(), ptr::null_mut::<Block>(), 0);
        let mut block = first;
        for _ in 0..n {
            // SAFETY: as above. Each block of the chain has been checked to be one of this page.
            let next = unsafe { Block::next(block, links) };
            if fresh >> ((block.addr() - self.start().addr()) / os_page) & 1 == 0 {
                if kept.is_null() {
                    kept = block;
                } else {
                    // SAFETY: a block of the chain.
                    unsafe { Block::set_next(kept_last, block, links) };
                }
                kept_last = block;
                count += 1;
            }
            block = next;
        }
        self.set_holes(self.holes() | fresh);
        let mut left = fresh;
        while left != 0 {
            let from = left.trailing_zeros();
            let len = (left >> from).trailing_ones();
            // SAFETY: whole OS pages of this page's memory, in which everything is free and ours. (If the system
            // refuses, they are holes that still cost memory.)
            unsafe { os::decommit(self.start().add(from as usize * os_page), len as usize * os_page, false) };
            left &= !((u64::MAX >> (64 - len) << from) as u32);
        }
        (kept, kept_last, count)
    }

    fn index_of(&self, block: *mut Block) -> usize {
        (block.addr() - self.start().addr()) / self.block_size()
    }
}
