//! Frees of the smallest blocks of other threads' pages. The thread gathers them in an outbox and gives them back.
//! Their owner has their neighbours in the cache line, and uses them again.
//!
//! Bounds: `outbox::OUTBOX` blocks for each of these bins. Outboxes are flushed at each 16th slow path, at a collect
//! and at the thread's end.

use crate::heap::state::outbox::Outbox;
use crate::heap::state::theap::Theap;
use crate::os;
use crate::page::bins::Bin;
use crate::page::block::Block;

/// Each block names the block that is this many places ahead, for prefetching.
const AHEAD: usize = 5;

impl Theap {
    /// Free a block of another thread's page. Returns whether blocks were given back, as [`Theap::push_overflow`]
    /// does.
    ///
    /// # Safety
    /// - the block is of that bin (one of the smallest), is out, and is the caller's; the theap is the calling
    ///   thread's, and of the block's heap.
    pub unsafe fn push_remote(&self, bin: Bin, block: *mut Block) -> bool {
        self.assert_in_step();
        let Some(out) = self.outboxes.get(bin.index().wrapping_sub(1)) else { return false };
        let is_full = out.put(block as *mut u8);
        if is_full {
            self.flush_outbox(out, bin);
        }
        is_full
    }

    /// Flush all outboxes.
    pub fn flush_outboxes(&self) {
        if !os::capabilities().threads {
            return;
        }
        for (i, out) in self.outboxes.iter().enumerate() {
            self.flush_outbox(out, Bin::at(i + 1));
        }
    }

    fn flush_outbox(&self, out: &Outbox, bin: Bin) {
        // The owner finds none of these blocks in its cache, and would wait for one after the other.
        for (ahead, block) in out.blocks().zip(out.blocks().skip(AHEAD)) {
            // SAFETY: a block that is ours.
            unsafe { Block::set_ahead(block.cast(), ahead.cast()) };
        }
        // A callback of the program may run meanwhile and free more blocks. So a run leaves the outbox before it is
        // given.
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
