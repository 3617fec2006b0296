//! What a block looks like under protection, in use and free.
//!
//! ```text
//! in use:  | bytes asked for ........................ | slack: filled with a key | tag |
//! free:    | 24 bytes of 0 | what the program left .............................. | tag |
//!                                                                    end - 8 ^     ^ end of the block
//! ```
//!
//! The *tag* is the block's last word: a secret, mixed with the block's address. For a block in use it also holds the
//! size that was asked for and what kind of call asked. So a tag tells a block in use from a free one, and both from
//! what is no block, and an overflow that reaches the tag damages it.
//!
//! The *slack* tells of overflows by a single byte.
//!
//! A block that was never handed out, and one whose memory went back to the system, has no tag until the thread that
//! supplies it prepares it ([`prepare`]).
//!
//! Only the thread that has the block reads or writes any of this: there are no atomics.

use super::keys::Keys;
use crate::prim::processor::equal_bytes;
use core::ptr;

/// Bytes of a tag.
pub const TAG: usize = 8;
/// Bytes at the start of a free block that are 0.
pub const HEAD: usize = 24;
/// The smallest block: its head and its tag do not overlap.
pub const LEAST: usize = 32;
/// What is compared at once.
const WINDOW: usize = 16;

/// The bits of a tag for the size. Above them are those for the kind.
const SIZE_BITS: u32 = 16;
const KIND_BITS: u32 = 4;
/// What a tag says is in it three times, side by side: so a tag of which any byte was changed says nothing.
const THRICE: u64 = 1 | 1 << (SIZE_BITS + KIND_BITS) | 1 << (2 * (SIZE_BITS + KIND_BITS));

/// A block under protection.
#[derive(Clone, Copy)]
pub struct Tagged {
    /// Its first byte.
    pub start: *mut u8,
    /// Its bytes, with slack and tag: at least [`LEAST`], and a multiple of 16.
    pub bytes: usize,
}

/// What a tag of a block in use says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Said {
    /// Bytes that were asked for.
    pub size: usize,
    /// What kind of call asked ([`kind`]).
    pub kind: u32,
}

/// Kinds of calls that allocate, and bits that go with them.
pub mod kind {
    /// `malloc` and those like it.
    pub const PLAIN: u32 = 0;
    /// `operator new`.
    pub const NEW: u32 = 1;
    /// `operator new[]`.
    pub const NEW_ARRAY: u32 = 2;
    /// The bits of the above.
    pub const CALL: u32 = 3;
    /// The program has a pointer into the block, not to its start (an alignment at an offset).
    pub const INSIDE: u32 = 4;
}

impl Tagged {
    #[inline(always)]
    fn tag(self) -> *mut u64 {
        // The last word of the block, which is a multiple of 16 bytes.
        self.start.wrapping_add(self.bytes - TAG).cast()
    }

    /// The address as a part of tags.
    #[inline(always)]
    fn place(self) -> u64 {
        self.start.expose_provenance() as u64
    }

    /// Mark it as in use.
    ///
    /// # Safety
    /// - the block is the caller's, and `said.size` is at most `bytes - TAG`.
    #[inline(always)]
    pub unsafe fn set_live(self, said: Said, keys: &Keys) {
        let word = said.size as u64 | (u64::from(said.kind) << SIZE_BITS);
        // SAFETY: by the contract.
        unsafe {
            self.tag().write(keys.live ^ self.place() ^ word.wrapping_mul(THRICE));
            self.fill_slack(said.size, keys);
        }
    }

    /// Note another size of a block in use, whose bytes stay as they are.
    ///
    /// # Safety
    /// - as for [`Tagged::set_live`].
    pub unsafe fn set_size(self, said: Said, keys: &Keys) {
        let window = self.bytes - TAG - WINDOW;
        // SAFETY: inside the block. Those of the bytes that are the program's are put back.
        unsafe {
            let before = self.start.add(window).cast::<[u8; WINDOW]>().read();
            self.set_live(said, keys);
            ptr::copy_nonoverlapping(before.as_ptr(), self.start.add(window), said.size.saturating_sub(window));
        }
    }

    /// What the tag says, if it is that of a block in use.
    ///
    /// # Safety
    /// - the block's memory is accessible.
    #[inline(always)]
    pub unsafe fn said(self, keys: &Keys) -> Option<Said> {
        // SAFETY: by the contract.
        let word = unsafe { self.tag().read() } ^ keys.live ^ self.place();
        let once = word & ((1 << (SIZE_BITS + KIND_BITS)) - 1);
        let said = Said { size: once as u16 as usize, kind: (once >> SIZE_BITS) as u32 };
        (word == once.wrapping_mul(THRICE)).then_some(said)
    }

    /// Mark it as free, and clear its head.
    ///
    /// # Safety
    /// - the block is the caller's.
    #[inline(always)]
    pub unsafe fn set_free(self, keys: &Keys) {
        // SAFETY: by the contract; a block is at least LEAST bytes.
        unsafe {
            self.tag().write(keys.free ^ self.place());
            self.start.cast::<[u64; HEAD / 8]>().write([0; HEAD / 8]);
        }
    }

    /// Whether the tag is that of a free block.
    ///
    /// # Safety
    /// - the block's memory is accessible.
    #[inline(always)]
    pub unsafe fn is_free(self, keys: &Keys) -> bool {
        // SAFETY: by the contract.
        unsafe { self.tag().read() == keys.free ^ self.place() }
    }

    /// Whether nobody has written to the head of a free block.
    ///
    /// # Safety
    /// - the block is the caller's.
    #[inline(always)]
    pub unsafe fn is_head_clear(self) -> bool {
        // SAFETY: by the contract.
        let [a, b, c] = unsafe { self.start.cast::<[u64; HEAD / 8]>().read() };
        a | b | c == 0
    }

    /// Where the slack ends.
    #[inline(always)]
    fn end(self) -> *mut u8 {
        self.tag().cast()
    }

    /// # Safety
    /// - as for [`Tagged::set_live`].
    #[inline(always)]
    unsafe fn fill_slack(self, size: usize, keys: &Keys) {
        let room = self.bytes - TAG;
        // SAFETY: inside the block.
        unsafe {
            if room - size > WINDOW {
                fill(self.start.add(size), self.end(), keys.slack);
            } else {
                // The window may begin before the slack, in bytes that the program has not written yet.
                self.start.add(room - WINDOW).cast::<[u64; 2]>().write_unaligned([keys.slack; 2]);
            }
        }
    }

    /// Whether nobody has written to the slack of a block in use.
    ///
    /// # Safety
    /// - as for [`Tagged::set_live`].
    #[inline(always)]
    pub unsafe fn is_slack_whole(self, size: usize, keys: &Keys) -> bool {
        let room = self.bytes - TAG;
        // SAFETY: inside the block.
        unsafe {
            if room - size > WINDOW {
                return is_filled(self.start.add(size), self.end(), keys.slack);
            }
            // One bit a byte. The lowest may be those of the program's bytes.
            let equal = equal_bytes(self.start.add(room - WINDOW), keys.slack);
            equal >> (WINDOW - (room - size)) == 0xFFFF >> (WINDOW - (room - size))
        }
    }

    /// The first byte behind the `size` that were asked for that somebody wrote to.
    ///
    /// # Safety
    /// - as for [`Tagged::set_live`].
    #[cold]
    pub unsafe fn first_damaged(self, size: usize, keys: &Keys) -> Option<usize> {
        let room = self.bytes - TAG;
        let key = keys.slack.to_ne_bytes();
        (size..room).find(|&i| {
            // The last window was written last.
            let at = if i >= room - WINDOW { i - (room - WINDOW) } else { i - size };
            // SAFETY: inside the block.
            unsafe { self.start.add(i).read() != key[at % 8] }
        })
    }
}

/// Fill the bytes up to `end`, more than a window, with a key.
///
/// # Safety
/// - they are the caller's.
#[inline(never)]
unsafe fn fill(from: *mut u8, end: *mut u8, key: u64) {
    let mut at = from;
    // SAFETY: by the contract.
    unsafe {
        while end.addr() - at.addr() > WINDOW {
            at.cast::<[u64; 2]>().write_unaligned([key; 2]);
            at = at.add(WINDOW);
        }
        end.sub(WINDOW).cast::<[u64; 2]>().write_unaligned([key; 2]);
    }
}

/// Whether the bytes up to `end` are as [`fill`] left them.
///
/// # Safety
/// - they are the caller's.
#[inline(never)]
unsafe fn is_filled(from: *const u8, end: *const u8, key: u64) -> bool {
    // SAFETY: by the contract.
    let filled = |at: *const u8| unsafe { at.cast::<[u64; 2]>().read_unaligned() == [key; 2] };
    let mut at = from;
    while end.addr() - at.addr() > 2 * WINDOW {
        if !filled(at) {
            return false;
        }
        at = at.wrapping_add(WINDOW);
    }
    // The last two windows overlap, and the second was written over the first.
    let last = end.wrapping_sub(WINDOW);
    let before = last.addr() - at.addr();
    // SAFETY: by the contract.
    let same = (0..before).all(|i| unsafe { at.add(i).read() } == key.to_ne_bytes()[i % 8]);
    same && filled(last)
}

/// Fill any bytes with a key.
///
/// # Safety
/// - they are the caller's.
pub unsafe fn fill_bytes(from: *mut u8, count: usize, key: u64) {
    // SAFETY: by the contract.
    (0..count).for_each(|i| unsafe { from.add(i).write(key.to_ne_bytes()[i % 8]) });
}

/// The first of the bytes that is not as [`fill_bytes`] left it.
///
/// # Safety
/// - they may be read.
pub unsafe fn first_not_filled(from: *const u8, count: usize, key: u64) -> Option<usize> {
    // SAFETY: by the contract.
    (0..count).find(|&i| unsafe { from.add(i).read() } != key.to_ne_bytes()[i % 8])
}

/// Prepare `count` blocks that a page has just supplied for a stack: they are free, and their heads are clear.
///
/// # Safety
/// - the words at `blocks` name as many blocks of `bytes` bytes, which are the caller's.
pub unsafe fn prepare(blocks: *const *mut u8, count: usize, bytes: usize, keys: &Keys) {
    for i in 0..count {
        // SAFETY: by the contract.
        unsafe { Tagged { start: *blocks.add(i), bytes }.set_free(keys) };
    }
}

/// The same for blocks that were on a list of the page: they are free already, but for the link in their first word.
/// The tag of one whose end went back to the system is 0. Returns a block that is neither.
///
/// # Safety
/// - as for [`prepare`].
pub unsafe fn unlink(blocks: *const *mut u8, count: usize, bytes: usize, keys: &Keys) -> Option<*mut u8> {
    let mut damaged = None;
    for i in 0..count {
        // SAFETY: by the contract.
        unsafe {
            let block = Tagged { start: *blocks.add(i), bytes };
            block.start.cast::<*mut u8>().write(ptr::null_mut());
            if !block.is_free(keys) {
                if block.tag().read() != 0 {
                    damaged = Some(block.start);
                }
                block.set_free(keys);
            }
        }
    }
    damaged
}
