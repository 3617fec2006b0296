//! What a block looks like under protection, in use and free.
//!
//! ```text
//! in use:  | bytes asked for ........... | mark, 6 bytes | unused ... | slack, 2 bytes |
//! free:    | 24 bytes of 0 | mark, 8 bytes | what the program left ...  | slack, 2 bytes |
//!                                                                end of the block ^
//! ```
//!
//! The *mark* is a secret mixed with the block's address. There are two secrets, so a mark tells a block in use from a
//! free one, and both from what is no block. That of a block in use lies right behind the bytes that were asked for, so
//! an overflow by a single byte damages it; and it tells what kind of call asked. The *slack*, which is mixed with a
//! secret too, says how far before the end of the block that is. Where there is none, mark and slack are one word.
//!
//! A free block has its mark near its start, where an allocation looks at one cache line alone: the one that the program
//! writes to next. Its slack is more than any block has. So a second free finds no mark of a block in use. In the smallest
//! block that slack is a part of the mark.
//!
//! A block that was never handed out, and one whose memory went back to the system, has no mark until the thread that
//! supplies it prepares it ([`prepare`]).
//!
//! Only the thread that has the block reads or writes any of this: there are no atomics.

use super::keys::Keys;
use core::ptr;

/// Bytes of a mark and a slack.
pub const TAG: usize = 8;
/// Bytes at the start of a free block that are 0.
pub const HEAD: usize = 24;
/// The smallest block: it has room for its head and the mark of a free block.
pub const LEAST: usize = HEAD + TAG;

/// From here on a word has the slack.
const SLACK_SHIFT: u32 = 48;
/// From here on a mark has the kind.
const KIND_SHIFT: u32 = 40;

/// A block under protection.
#[derive(Clone, Copy)]
pub struct Tagged {
    /// Its first byte.
    pub start: *mut u8,
    /// Its bytes, with slack and mark: at least [`LEAST`], and a multiple of 16.
    pub bytes: usize,
}

/// Kinds of calls that allocate.
pub mod kind {
    /// `malloc` and those like it.
    pub const PLAIN: u64 = 0;
    /// Any whose program has a pointer into the block, not to its start (an alignment at an offset).
    pub const INSIDE: u64 = 1;
    /// C++'s `new`, once `delete` tells of itself.
    pub const NEW: u64 = 2;
    /// C++'s `new[]`, likewise.
    pub const ARRAY: u64 = 3;
    /// How many there are.
    pub const COUNT: u64 = 4;
}

/// What the mark of a block in use says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Said {
    /// Bytes that were asked for.
    pub size: usize,
    /// What kind of call asked.
    pub kind: u64,
}

impl Tagged {
    /// Its bytes without mark and slack.
    #[inline(always)]
    pub fn room(self) -> usize {
        self.bytes - TAG
    }

    /// The address as a part of marks: its upper 16 bits are 0, as all addresses of programs have them.
    #[inline(always)]
    fn place(self) -> u64 {
        self.start.expose_provenance() as u64
    }

    #[inline(always)]
    fn slack_word(self) -> *mut u16 {
        // The last two bytes of a block that has an even number of bytes.
        self.start.wrapping_add(self.bytes - 2).cast()
    }

    /// Mark it as in use.
    ///
    /// # Safety
    /// - the block is the caller's, and has room for `size` bytes.
    #[inline(always)]
    pub unsafe fn set_live(self, size: usize, kind: u64, keys: &Keys) {
        let slack = self.room() - size;
        let word = keys.live ^ self.place() ^ ((slack as u64) << SLACK_SHIFT) ^ (kind << KIND_SHIFT);
        let end = (word >> SLACK_SHIFT) as u16;
        // SAFETY: by the contract all lies in the block.
        unsafe {
            // In this order: where there is no slack, a load of the mark finds it in one store.
            self.slack_word().write(end.to_le());
            self.start.add(size).cast::<u64>().write_unaligned(word.to_le());
            if slack == 1 {
                // The word above has overwritten half of it.
                self.slack_word().write(end.to_le());
            }
        }
    }

    /// A block in use has `size` bytes from now on, and not `old`. Its mark moves. None is left in what may be the
    /// program's one day, as the mark would tell the key to who reads what nobody has written yet.
    ///
    /// # Safety
    /// - as for [`Tagged::set_live`]; its mark says `old`.
    pub unsafe fn move_live(self, old: usize, size: usize, kind: u64, keys: &Keys) {
        // SAFETY: by the contract.
        unsafe {
            self.clear_live(old);
            self.set_live(size, kind, keys);
        }
    }

    /// A block in use of `size` bytes comes back: mark it as free, and clear its head. No mark of a block in use is left.
    ///
    /// # Safety
    /// - the block is the caller's, and its mark says that size.
    #[inline(always)]
    pub unsafe fn take_back(self, size: usize, keys: &Keys) {
        // SAFETY: by the contract.
        unsafe {
            self.clear_live(size);
            self.set_free(keys);
        }
    }

    #[inline(always)]
    unsafe fn clear_live(self, size: usize) {
        // SAFETY: by the callers' contracts the word lies in the block. They write the slack anew.
        unsafe { self.start.add(size).cast::<u64>().write_unaligned(0) };
    }

    /// A free block leaves to the program, which asked for `size` bytes by a call of this kind: mark it as in use. Its
    /// mark as a free block goes. It would tell the key to who reads what nobody has written yet, and a damaged block
    /// would look free.
    ///
    /// # Safety
    /// - as for [`Tagged::set_live`].
    #[inline(always)]
    pub unsafe fn hand_out(self, size: usize, kind: u64, keys: &Keys) {
        // SAFETY: by the contract.
        unsafe {
            self.free_word().write(0);
            self.set_live(size, kind, keys);
        }
    }

    /// The bytes that were asked for, if it is a block in use that a call of this kind asked for, and nobody has written
    /// behind them.
    ///
    /// # Safety
    /// - the block's memory is accessible.
    #[inline(always)]
    pub unsafe fn size_of(self, kind: u64, keys: &Keys) -> Option<usize> {
        // SAFETY: by the contract.
        let (size, mark) = unsafe { self.look(keys)? };
        (mark ^ (kind << (KIND_SHIFT + 16)) == 0).then_some(size)
    }

    /// How many bytes were asked for, if the slack is right; and of the mark what should be the kind alone, 16 bits
    /// higher.
    ///
    /// # Safety
    /// - the block's memory is accessible.
    #[inline(always)]
    unsafe fn look(self, keys: &Keys) -> Option<(usize, u64)> {
        // SAFETY: by the contract. The word lies in the block, as the slack is not larger than the room.
        unsafe {
            let slack = u32::from(u16::from_le(self.slack_word().read())) ^ keys.live_slack;
            let size = self.room().checked_sub(slack as usize)?;
            let word = u64::from_le(self.start.add(size).cast::<u64>().read_unaligned());
            Some((size, (word ^ keys.live ^ self.place()) << 16))
        }
    }

    /// What the mark says, if it is that of a block in use.
    ///
    /// # Safety
    /// - the block's memory is accessible.
    pub unsafe fn said(self, keys: &Keys) -> Option<Said> {
        // SAFETY: by the contract.
        let (size, mark) = unsafe { self.look(keys)? };
        let kind = mark >> (KIND_SHIFT + 16);
        (kind < kind::COUNT && mark == kind << (KIND_SHIFT + 16)).then_some(Said { size, kind })
    }

    /// Mark it as free, and clear its head.
    ///
    /// # Safety
    /// - the block is the caller's.
    #[inline(always)]
    pub unsafe fn set_free(self, keys: &Keys) {
        // SAFETY: by the contract; a block is at least LEAST bytes.
        unsafe {
            self.start.cast::<[u64; HEAD / 8]>().write([0; HEAD / 8]);
            self.free_word().write((keys.free ^ self.place()).to_le());
            self.slack_word().write(((keys.free >> SLACK_SHIFT) as u16).to_le());
        }
    }

    /// The same for memory that is all zero. Its slack stays 0: by that there is no mark of a block in use either.
    ///
    /// # Safety
    /// - the block is the caller's, and zero.
    unsafe fn set_free_zero(self, keys: &Keys) {
        // SAFETY: by the contract; a block is at least LEAST bytes.
        unsafe { self.free_word().write((keys.free ^ self.place()).to_le()) };
    }

    #[inline(always)]
    fn free_word(self) -> *mut u64 {
        self.start.wrapping_add(HEAD).cast()
    }

    /// Whether it has the mark of a free block.
    ///
    /// # Safety
    /// - the block's memory is accessible.
    #[inline(always)]
    pub unsafe fn is_free(self, keys: &Keys) -> bool {
        // SAFETY: by the contract.
        unsafe { u64::from_le(self.free_word().read()) == keys.free ^ self.place() }
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

    /// What is cleared behind the mark of a free block, if that is at most the first `most` bytes of the block, and not
    /// its last 8.
    fn cleared(self, most: usize) -> (*mut u8, usize) {
        (self.start.wrapping_add(LEAST), self.room().min(most).saturating_sub(LEAST))
    }

    /// Clear a free block up to `most` bytes, a multiple of 8, or all of it but its mark and its last 8 bytes.
    ///
    /// # Safety
    /// - the block is the caller's.
    pub unsafe fn clear(self, most: usize) {
        let (from, bytes) = self.cleared(most);
        // SAFETY: by the contract.
        unsafe { from.write_bytes(0, bytes) };
    }

    /// What [`Tagged::clear`] has cleared.
    ///
    /// # Safety
    /// - the block is the caller's, for so long.
    unsafe fn cleared_words<'a>(self, most: usize) -> &'a [u64] {
        let (from, bytes) = self.cleared(most);
        // SAFETY: by the contract. A block begins at a multiple of 16, and has whole words.
        unsafe { core::slice::from_raw_parts(from.cast::<u64>(), bytes / 8) }
    }

    /// Whether nobody has written to what [`Tagged::clear`] has cleared.
    ///
    /// # Safety
    /// - the block is the caller's.
    pub unsafe fn is_clear(self, most: usize) -> bool {
        // SAFETY: by the contract.
        let words = unsafe { self.cleared_words(most) };
        // The first is 0, and each is as the next: the C library's comparison is the fastest loop at hand.
        let Some((&first, rest)) = words.split_first() else { return true };
        first == 0 && words[..rest.len()] == *rest
    }

    /// The first byte that somebody wrote to of what [`Tagged::clear`] has cleared.
    ///
    /// # Safety
    /// - the block is the caller's.
    #[cold]
    pub unsafe fn first_written(self, most: usize) -> Option<usize> {
        // SAFETY: by the contract.
        let words = unsafe { self.cleared_words(most) };
        let word = |i: usize| words[i];
        let wrong = (0..words.len()).find(|&i| word(i) != 0)?;
        Some(LEAST + wrong * 8 + word(wrong).to_le().trailing_zeros() as usize / 8)
    }

    /// Whether there is 0 in the place of a mark, as in memory that went back to the system.
    ///
    /// # Safety
    /// - the block is the caller's.
    unsafe fn is_without_mark(self) -> bool {
        // SAFETY: by the contract.
        unsafe { self.free_word().read() == 0 }
    }

    /// Whether the slack leads to what may be a damaged mark: some of its bytes are right. Then the bytes that were asked
    /// for, and the number of the first damaged byte behind them.
    ///
    /// # Safety
    /// - the block's memory is accessible.
    #[cold]
    pub unsafe fn overflow(self, keys: &Keys) -> Option<(usize, usize)> {
        // SAFETY: by the contract.
        let (size, mark) = unsafe { self.look(keys)? };
        // The kind, which is the last byte, may be any.
        let damaged = (mark >> 16).to_le_bytes();
        let wrong = damaged[..5].iter().filter(|&&byte| byte != 0).count();
        let first = damaged[..6].iter().position(|&byte| byte != 0)?;
        (wrong <= 3).then_some((size, size + first))
    }
}

/// Prepare `count` blocks that a page has just supplied for a stack: they are free, and their heads are clear, and so are
/// their first `clear` bytes. None: they are zero.
///
/// # Safety
/// - the words at `blocks` name as many blocks of `bytes` bytes, which are the caller's.
pub unsafe fn prepare(blocks: *const *mut u8, count: usize, bytes: usize, clear: Option<usize>, keys: &Keys) {
    for i in 0..count {
        // SAFETY: by the contract.
        unsafe {
            let block = Tagged { start: *blocks.add(i), bytes };
            match clear {
                None => block.set_free_zero(keys),
                Some(clear) => {
                    block.set_free(keys);
                    block.clear(clear);
                }
            }
        }
    }
}

/// The same for blocks that were on a list of the page: they are free already, but for the link in their first word.
/// One whose memory went back to the system has no mark. Returns a block that has a wrong one.
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
                if !block.is_without_mark() {
                    damaged = Some(block.start);
                }
                block.set_free(keys);
            }
        }
    }
    damaged
}

/// Fill bytes with a key.
///
/// # Safety
/// - they are the caller's.
pub unsafe fn fill(from: *mut u8, count: usize, key: u64) {
    // SAFETY: by the contract.
    (0..count).for_each(|i| unsafe { from.add(i).write(key.to_ne_bytes()[i % 8]) });
}

/// The first of the bytes that is not as [`fill`] left it.
///
/// # Safety
/// - they may be read.
pub unsafe fn first_not_filled(from: *const u8, count: usize, key: u64) -> Option<usize> {
    // SAFETY: by the contract.
    (0..count).find(|&i| unsafe { from.add(i).read() } != key.to_ne_bytes()[i % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Keys = Keys {
        live: 0x1234_5678_9ABC_DEF1,
        free: 0xEDCB_F00D_F00D_F00D,
        live_slack: 0x1234,
        slack: 0x1111_2323_4545_6767,
        link: 1,
        random: 1,
    };

    #[repr(align(16))]
    struct Memory([u8; 1024]);

    fn with_block(bytes: usize, test: impl Fn(Tagged)) {
        let mut memory = Memory([0xA5; 1024]);
        test(Tagged { start: memory.0.as_mut_ptr(), bytes });
    }

    #[test]
    fn a_block_in_use_says_its_size_and_kind() {
        for bytes in [32, 48, 64, 512, 576, 1024] {
            for size in 0..=bytes - TAG {
                with_block(bytes, |block| {
                    for kind in 0..kind::COUNT {
                        // SAFETY: the block's memory is the test's.
                        unsafe {
                            block.set_live(size, kind, &KEYS);
                            assert_eq!(block.said(&KEYS), Some(Said { size, kind }), "{bytes} {size}");
                            assert_eq!(block.size_of(kind, &KEYS), Some(size));
                            assert_eq!(block.size_of((kind + 1) % kind::COUNT, &KEYS), None);
                            assert!(!block.is_free(&KEYS));
                        }
                    }
                });
            }
        }
    }

    /// Each byte behind those that were asked for, up to the end of the mark, is noticed when it changes.
    #[test]
    fn an_overflow_by_one_byte_is_noticed() {
        for (bytes, size) in [(32, 24), (32, 23), (32, 22), (32, 1), (64, 50), (1024, 900)] {
            for at in (size..size + 6).chain([bytes - 2, bytes - 1]) {
                for with in [0, 1, 0x80, 0xFF] {
                    with_block(bytes, |block| {
                        // SAFETY: the block's memory is the test's.
                        unsafe {
                            block.set_live(size, kind::PLAIN, &KEYS);
                            let byte = block.start.add(at);
                            if byte.read() != with {
                                byte.write(with);
                                assert_eq!(block.size_of(kind::PLAIN, &KEYS), None, "{bytes} {size} {at} {with}");
                                if at < size + 5 && at < bytes - 2 {
                                    assert_eq!(block.overflow(&KEYS), Some((size, at)));
                                }
                            }
                            block.set_live(size, kind::PLAIN, &KEYS);
                            assert_ne!(block.start.add(size).read(), 0, "the end of a string is noticed");
                        }
                    });
                }
            }
        }
    }

    #[test]
    fn a_free_block_is_told_from_one_in_use() {
        with_block(48, |block| {
            // SAFETY: the block's memory is the test's.
            unsafe {
                block.set_live(17, kind::PLAIN, &KEYS);
                block.set_free(&KEYS);
                assert!(block.is_free(&KEYS) && block.is_head_clear());
                assert_eq!((block.said(&KEYS), block.overflow(&KEYS)), (None, None));
                block.start.add(HEAD - 1).write(1);
                assert!(!block.is_head_clear() && block.is_free(&KEYS));
                block.start.add(HEAD + 3).write(1);
                assert!(!block.is_free(&KEYS));
                block.set_live(33, kind::PLAIN, &KEYS);
                block.move_live(33, 32, kind::PLAIN, &KEYS);
                block.move_live(32, 40, kind::PLAIN, &KEYS);
                assert_eq!(block.start.add(32).cast::<u64>().read(), 0);
                assert_eq!(block.said(&KEYS), Some(Said { size: 40, kind: kind::PLAIN }));
                block.move_live(40, 32, kind::PLAIN, &KEYS);
                block.take_back(32, &KEYS);
                assert!(block.is_free(&KEYS) && block.start.add(32).cast::<u64>().read() == 0);
                block.hand_out(40, kind::PLAIN, &KEYS);
                assert!(!block.is_free(&KEYS) && block.start.add(HEAD).cast::<u64>().read() == 0);
            }
        });
    }

    #[test]
    fn a_block_from_a_list_is_prepared() {
        with_block(48, |block| {
            let blocks = [block.start];
            // SAFETY: the block's memory is the test's.
            unsafe {
                prepare(blocks.as_ptr(), 1, 48, Some(0), &KEYS);
                block.start.cast::<usize>().write(77);
                assert_eq!(unlink(blocks.as_ptr(), 1, 48, &KEYS), None);
                assert!(block.is_free(&KEYS) && block.is_head_clear());
                block.start.add(HEAD).cast::<u64>().write(0);
                assert_eq!(unlink(blocks.as_ptr(), 1, 48, &KEYS), None, "its memory went back to the system");
                assert!(block.is_free(&KEYS));
                block.start.add(HEAD + 1).write(1);
                assert_eq!(unlink(blocks.as_ptr(), 1, 48, &KEYS), Some(block.start));
            }
        });
    }
}
