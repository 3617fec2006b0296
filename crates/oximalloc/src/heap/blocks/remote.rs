//! Frees of the smallest blocks of other threads' pages: they are gathered and given back, so that their owner, who has
//! their neighbours in the cache line, uses them again.
//!
//! Bounds: [`OUTBOX`] blocks for each of these bins. They are given at each 16th slow path, at a collect and at the
//! thread's end.

use crate::heap::state::outbox::Outbox;
use crate::heap::state::theap::Theap;
use crate::page::bins::Bin;
use crate::page::block::Block;

/// How far ahead each names another.
const AHEAD: usize = 5;

impl Theap {
    /// Free a block of another thread's page. Says whether some were given back, as [`Theap::push_overflow`] does.
    ///
    /// # Safety
    /// - the block is of that bin, one of the smallest, out, and the caller's; the theap is the thread's, and of the block's
    ///   heap.
    pub unsafe fn push_remote(&self, bin: Bin, block: *mut Block) -> bool {
        self.assert_in_step();
        let Some(out) = self.outboxes.get(bin.index().wrapping_sub(1)) else { return false };
        let is_full = out.put(block as *mut u8);
        if is_full {
            self.flush_outbox(out, bin);
        }
        is_full
    }

    /// Give all such blocks.
    pub fn flush_outboxes(&self) {
        for (i, out) in self.outboxes.iter().enumerate() {
            self.flush_outbox(out, Bin::at(i + 1));
        }
    }

    fn flush_outbox(&self, out: &Outbox, bin: Bin) {
        // Their owner finds none of them in its cache, and would wait for one after the other.
        for (ahead, block) in out.blocks().zip(out.blocks().skip(AHEAD)) {
            // SAFETY: a block that is ours.
            unsafe { Block::set_ahead(block.cast(), ahead.cast()) };
        }
        // A function of the program's that is called meanwhile may free others: so a run is off before it is given.
        while let n @ 1.. = out.count() {
            // SAFETY: blocks of that bin, which are ours.
            unsafe {
                let run = Theap::newest_run(out.array(), n);
                out.drop_last(run.count);
                self.cold(bin.index()).moved.count_given(run.count);
                self.return_run(bin.index(), run);
            }
        }
    }
}
