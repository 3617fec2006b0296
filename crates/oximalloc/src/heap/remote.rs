//! Frees of the smallest blocks of other threads' pages: they are gathered and given back, so that their owner, who has
//! their neighbours in the cache line, uses them again.
//!
//! Bounds: [`OUT`] blocks for each of these bins. They are given at each 16th slow path, at a collect and at the
//! thread's end.

use super::theap::{Moved, Theap};
use crate::base::seen::Seen;
use crate::page::bins::Bin;
use crate::page::block::Block;
use core::cell::Cell;

/// Blocks that are given together.
const OUT: usize = 31;
/// How far ahead each names another.
const AHEAD: usize = 5;

/// Blocks of one bin on their way back.
pub struct Out {
    count: Seen,
    blocks: [Cell<*mut u8>; OUT],
}

impl Out {
    /// The blocks.
    pub fn blocks(&self) -> impl Iterator<Item = *mut u8> {
        self.blocks.iter().take(self.count.get()).map(Cell::get)
    }

    /// They are left to themselves.
    pub(super) fn forget(&self) {
        self.count.set(0);
    }
}

impl Theap {
    /// Free a block of another thread's page.
    ///
    /// # Safety
    /// - the block is of that bin, one of the smallest, out, and the caller's; the theap is the thread's, and of the block's
    ///   heap.
    pub unsafe fn push_remote(&self, bin: Bin, block: *mut Block) {
        self.assert_in_step();
        let Some(out) = self.outs.get(bin.index().wrapping_sub(1)) else { return };
        let count = out.count.get();
        if let Some(place) = out.blocks.get(count) {
            place.set(block as *mut u8);
            out.count.set(count + 1);
        }
        if count + 1 == OUT {
            self.give_out(out, bin);
            self.free_tick();
        }
    }

    /// Give all such blocks.
    pub fn give_outs(&self) {
        for (i, out) in self.outs.iter().enumerate() {
            self.give_out(out, Bin::at(i + 1));
        }
    }

    fn give_out(&self, out: &Out, bin: Bin) {
        // Their owner finds none of them in its cache, and would wait for one after the other.
        for (ahead, block) in out.blocks().zip(out.blocks().skip(AHEAD)) {
            // SAFETY: a block that is ours.
            unsafe { Block::set_ahead(block.cast(), ahead.cast()) };
        }
        // A function of the program's that is called meanwhile may free others: so a run is off before it is given.
        while let n @ 1.. = out.count.get() {
            // SAFETY: blocks of that bin, which are ours.
            unsafe {
                let run = Theap::last_run(out.blocks.as_ptr() as *const *mut u8, n);
                out.count.set(n - run.count);
                Moved::add(&self.side[bin.index()].moved.given, run.count as u32);
                self.give_run(bin.index(), run);
            }
        }
    }

    /// How many blocks of a bin are on their way back, for statistics, which any thread may ask for.
    pub fn outs_seen(&self, b: usize) -> usize {
        self.outs.get(b.wrapping_sub(1)).map_or(0, |out| out.count.get())
    }
}
