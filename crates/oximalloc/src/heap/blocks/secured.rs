//! What refills and frees do in a theap under protection, beyond what they do in any other: they keep the delay line.

use crate::heap::state::theap::Theap;
use crate::heap::state::theap::secured::Info;
use crate::page::bins::Bin;
use crate::page::block::Block;
use core::ptr;

/// The longest delay line.
const LINE: usize = 8;

impl Theap {
    /// Fill the stack of `bin`, in which only the delay line is left, and pop a block. Null if there is no memory.
    #[inline(never)]
    pub fn refill_secured(&self, bin: Bin) -> *mut u8 {
        let b = bin.index();
        self.open_if_new(bin);
        let depth = self.depth(b);
        if depth > self.delay_line(bin) {
            // The thread has just got a theap that was parked with its blocks, or a callback of the program has freed
            // some.
            self.set_depth(b, depth - 1);
            // SAFETY: the topmost word of the stack, which is this thread's.
            return unsafe { *self.base(b).add(depth) };
        }
        while self.room(b) < bin.stack_base() {
            let before = self.room(b);
            self.grow(bin, bin.stack_base());
            if self.room(b) == before {
                // No memory for a longer stack, or much memory waits to be purged.
                break;
            }
        }
        // The delay line waits here meanwhile.
        let mut line = [ptr::null_mut(); LINE];
        let n = self.depth(b).min(LINE);
        // SAFETY: words of the stack, which is this thread's.
        unsafe { ptr::copy_nonoverlapping(self.base(b).add(1), line.as_mut_ptr(), n) };
        let left = self.depth(b) - n;
        // SAFETY: as above.
        unsafe { ptr::copy(self.base(b).add(1 + n), self.base(b).add(1), left) };
        self.set_depth(b, left);
        let block = self.refill(bin, false).0;
        let depth = self.depth(b);
        // SAFETY: as above; there is room for the words of the line, which are blocks of this bin.
        unsafe {
            if depth + n <= self.room(b) {
                let base = self.empty_below(b);
                ptr::copy(base.add(1), base.add(1 + n), depth);
                ptr::copy_nonoverlapping(line.as_ptr(), base.add(1), n);
                self.set_depth(b, depth + n);
            } else {
                // Little room, or a callback of the program has filled the stack meanwhile.
                self.cold(b).moved.count_given(n);
                self.return_all(b, &line[..n]);
            }
        }
        block
    }

    /// Exchange the topmost block of a stack for one in the delay line, if there are blocks above that. Draw new random
    /// bits.
    fn stir(&self, bin: Bin) {
        let Some(secured) = self.secured() else { return };
        let (b, line) = (bin.index(), self.delay_line(bin));
        let depth = self.depth(b);
        if depth > line {
            // SAFETY: words of the stack, which is this thread's.
            unsafe {
                let top = self.base(b).add(depth);
                *top = secured.exchange(self.base(b).add(line), Info::of(bin).delay as usize, *top);
            }
        }
        secured.stir();
    }

    /// Free a block that the fast path did not push, as [`Theap::push_overflow`] does.
    ///
    /// # Safety
    /// - as there.
    pub unsafe fn push_overflow_secured(&self, bin: Bin, block: *mut Block) -> bool {
        // SAFETY: by the contract.
        let flushed = unsafe { self.push_overflow(bin, block) };
        self.stir(bin);
        flushed
    }
}
