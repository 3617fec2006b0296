//! Theaps under protection. Their fast paths find nothing: the hot parts there stay zero, as in the theaps of `current`.
//! The hot parts in use lie behind the theap, with what else protection needs, and `shift` leads to them:
//!
//! ```text
//! | Theap: hot, all zero | ... | Secured: hot, in use | keys | random |
//!   ^ the fast paths             ^ the slow paths, and the paths here
//! ```
//!
//! So everything but the fast paths works on the stacks of such a theap as on any others.
//!
//! The lowest blocks of a stack are its *delay line* ([`Info::delay`]): a block that is freed changes places with a
//! random one of them, which goes on top. A pop leaves the delay line alone. So a block that was just freed is never
//! the next to be handed out, and nobody can tell which is.

use super::{HotBin, Theap};
use crate::base::config::SLICE;
use crate::diag::secure;
use crate::page::bins::{BINS, Bin, slot};
use crate::page::keys::{self, Keys};
use crate::page::starts::{bound32, inverse32};
use crate::page::tag::{LEAST, TAG};
use crate::prim::processor;
use core::cell::Cell;
use core::mem::offset_of;
use core::ptr;

/// The largest block under protection that shares a page with others. A larger one has a page and guards of its own.
pub const BLOCK_MOST: usize = 32 * 1024;
/// The largest request that gets such a block.
pub const MOST: usize = BLOCK_MOST - TAG;

/// Where the delay line of a stack ends: the distance of its topmost word. It is as long as a hot part, so that a place
/// leads to both.
#[repr(C, align(32))]
struct Floor(Cell<usize>);

/// What lies behind a theap under protection.
#[repr(C)]
pub struct Secured {
    hot: [HotBin; BINS],
    floors: [Floor; BINS],
    /// A copy of the process's keys.
    keys: Cell<Keys>,
    /// The last random number.
    random: Cell<u64>,
    /// Random bits for the delay lines.
    bits: Cell<u64>,
    /// How many bytes of a free block are clear, beyond its head ([`secure::cleared`]).
    clear: Cell<usize>,
}

const _: () = assert!(size_of::<Info>() == size_of::<HotBin>() && size_of::<Floor>() == size_of::<HotBin>());

/// A theap and what lies behind it.
#[repr(C)]
struct Both {
    theap: Theap,
    secured: Secured,
}

/// From a bin's hot part to its floor.
const TO_FLOOR: usize = offset_of!(Secured, floors) - offset_of!(Secured, hot);

/// Bytes of a theap under protection.
pub const BYTES: usize = size_of::<Both>();
/// [`Theap`]'s `shift` then.
pub const SHIFT: usize = offset_of!(Both, secured) + offset_of!(Secured, hot) - offset_of!(Theap, hot);

/// What is known of a bin's blocks. It is as long as a hot part, so that a place leads to both.
#[repr(C, align(32))]
#[derive(Clone, Copy)]
pub struct Info {
    /// As in [`HotBin`].
    inverse: u32,
    bound: u32,
    /// Bytes of a block.
    pub bytes: u32,
    /// A mask for the distance of one word of the delay line from another: its bytes, less a word.
    pub delay: u32,
}

impl Info {
    /// That of a bin.
    pub fn of(bin: Bin) -> &'static Info {
        &INFO[bin.index() % BINS]
    }
}

/// The blocks in a delay line, a power of two: 8, or half of what a stack holds at first if that is less.
const fn delay(bin: Bin) -> u32 {
    match bin.stack_base() {
        0..4 => 1,
        half @ ..16 => half as u32 / 2,
        _ => 8,
    }
}

/// Blocks that reach into the last bytes of a slice are left to the slow path: an OS page there may be a wall. (Of blocks
/// whose size is a power of two, the multiplication cannot tell those.)
const WALL: usize = 4096;

/// Three bits for each word of a delay line, in turn.
const IN_TURN: u64 = 0o0_7654_3210_7654_3210_7654;

/// By bin.
static INFO: [Info; BINS] = {
    let mut all = [Info { inverse: 0, bound: 0, bytes: 0, delay: 0 }; BINS];
    let mut b = 1;
    while b < BINS {
        let (bin, bytes) = (Bin::at(b), Bin::at(b).block_size());
        let delay = (delay(bin) - 1) * size_of::<*mut u8>() as u32;
        all[b] = Info { inverse: inverse32(bytes), bound: bound32(bytes, SLICE - WALL), bytes: bytes as u32, delay };
        b += 1;
    }
    all
};

/// The bytes of the smallest block for a request of `size` bytes. (Those of fewer than [`LEAST`] bytes lead to a bin of
/// that size: [`Theap::place_for`].)
#[inline(always)]
pub fn room_for(size: usize) -> usize {
    size + TAG
}

/// The bin of the smallest block that has `room`.
pub fn bin_for(room: usize) -> Bin {
    Bin::of(room.max(LEAST))
}

/// A place in a theap's hot parts, as the slice class map and the table of sizes have it.
#[derive(Clone, Copy)]
pub struct At(usize);

impl At {
    /// The place for an entry of the slice class map.
    #[inline(always)]
    pub fn of_entry(entry: usize) -> At {
        At(entry)
    }

    /// What is known of its bin.
    #[inline(always)]
    pub fn info(self) -> &'static Info {
        // SAFETY: places are multiples of a hot part's size below BINS of them: under protection no theap has its
        // smallest bins elsewhere.
        unsafe { &*INFO.as_ptr().byte_add(self.0) }
    }

    /// Whether a block of a one-slice page of its bin may start at `p`.
    #[inline(always)]
    pub fn is_block_start(self, p: *const u8) -> bool {
        // SAFETY: the first two words of the bin's information.
        unsafe { processor::divides::<0>(ptr::from_ref(self.info()).cast(), 0, p.addr()) }
    }

    /// Its bin.
    pub fn bin(self) -> Bin {
        Bin::at(self.0 / size_of::<HotBin>())
    }
}

impl Theap {
    /// Whether it is a theap under protection. An empty one is not.
    #[inline(always)]
    pub fn is_secured(&self) -> bool {
        cfg!(feature = "secure") && self.shift.get() != 0
    }

    /// What lies behind it, if it is under protection.
    #[inline(always)]
    pub fn secured(&self) -> Option<&'static Secured> {
        // SAFETY: it is.
        if self.is_secured() { Some(unsafe { self.secured_unchecked() }) } else { None }
    }

    /// What lies behind it.
    ///
    /// # Safety
    /// - it is under protection.
    #[inline(always)]
    pub unsafe fn secured_unchecked(&self) -> &'static Secured {
        let at = ptr::from_ref(self).expose_provenance() + offset_of!(Both, secured);
        // SAFETY: with a shift, `begin` was given memory for both, for ever. Zeroed memory is a `Secured`.
        unsafe { &*ptr::with_exposed_provenance(at) }
    }

    /// Begin what lies behind a theap that is this thread's now.
    pub fn begin_secured(&self) {
        if let Some(secured) = self.secured()
            && secured.random.get() == 0
        {
            let keys = keys::keys();
            secured.keys.set(keys);
            secured.clear.set(secure::cleared());
            let place = ptr::from_ref(self).addr() as u64;
            secured.random.set(keys::mix(keys.random ^ place) | 1);
            secured.stir();
        }
    }

    /// The place for blocks of `room` bytes, at most [`BLOCK_MOST`].
    #[inline(always)]
    pub fn place_for(&self, room: usize) -> At {
        debug_assert!(room <= BLOCK_MOST);
        // SAFETY: the table has a slot for every size up to `BLOCK_MAX`.
        At(unsafe { *self.offsets.get_unchecked(slot(room)) } as usize)
    }

    /// Pop the topmost block above the delay line. Null if there is none.
    ///
    /// # Safety
    /// - the theap is the calling thread's, and under protection.
    #[inline(always)]
    pub unsafe fn pop_secured(&self, at: At) -> *mut u8 {
        // SAFETY: there is a hot part at that place. Above the base lie words of the stack.
        unsafe {
            let hot = self.hot_at(at.0 + SHIFT);
            let top = hot.top.get();
            if top <= self.floor_at(at.0).get() {
                return ptr::null_mut();
            }
            let block = *self.word(top);
            hot.top.set(top.wrapping_sub(size_of::<*mut u8>()));
            core::hint::assert_unchecked(!block.is_null());
            block
        }
    }

    /// Push a block by way of the delay line. Returns false if the stack takes no block.
    ///
    /// # Safety
    /// - as for [`Theap::pop_secured`]; the block is the caller's, of that bin and of this theap's heap.
    #[inline(always)]
    pub unsafe fn push_secured(&self, secured: &Secured, at: At, block: *mut u8) -> bool {
        // SAFETY: as above. Below the limit there is room for a word above the top.
        unsafe {
            let hot = self.hot_at(at.0 + SHIFT);
            let (top, floor) = (hot.top.get(), self.floor_at(at.0).get());
            if top >= hot.limit.get() {
                return false;
            }
            let mut leaves = block;
            if top >= floor {
                leaves = secured.exchange(self.word(floor), at.info().delay as usize, block);
                // It may be the next to be handed out, which looks at its head.
                processor::prefetch_to_read(leaves);
            }
            self.word(top).add(1).write(leaves);
            hot.top.set(top.wrapping_add(size_of::<*mut u8>()));
            true
        }
    }

    /// The floor of the stack whose hot part is at a place.
    ///
    /// # Safety
    /// - the theap is under protection.
    #[inline(always)]
    unsafe fn floor_at(&self, at: usize) -> &Cell<usize> {
        // SAFETY: floors are as long as hot parts, and there are as many.
        unsafe { &*self.bytes().add(SHIFT + TO_FLOOR + at).cast() }
    }

    /// The base of a stack may have moved: note where its delay line ends.
    pub(super) fn set_floor(&self, b: usize) {
        if self.is_secured() {
            let line = INFO[b % BINS].delay as usize + size_of::<*mut u8>();
            let floor = self.hot(b).base.get().wrapping_add(line);
            // SAFETY: the place of a bin, in a theap under protection.
            unsafe { self.floor_at(b % BINS * size_of::<HotBin>()) }.set(floor);
        }
    }

    /// How many blocks the delay line of a bin has.
    pub fn delay_line(&self, bin: Bin) -> usize {
        if self.is_secured() { Info::of(bin).delay as usize / size_of::<*mut u8>() + 1 } else { 0 }
    }
}

impl Secured {
    /// The process's keys.
    #[inline(always)]
    pub fn keys(&self) -> &Keys {
        // SAFETY: written before the theap's thread had it, and never since.
        unsafe { &*self.keys.as_ptr() }
    }

    /// How many bytes of a free block are clear, beyond its head.
    #[inline(always)]
    pub fn clear(&self) -> usize {
        self.clear.get()
    }

    /// A random number (a multiplicative congruential generator, with the multiplier of Steele and Vigna, 2022).
    pub fn random(&self) -> u64 {
        let next = self.random.get().wrapping_mul(0xF135_7AEA_2E62_A9C5);
        self.random.set(next);
        next >> 32
    }

    /// Draw new bits for the delay lines.
    pub fn stir(&self) {
        // Level 1 takes the words of a line in turn.
        let bits = if secure::is_at_least(2) { keys::mix(self.random()) } else { IN_TURN };
        self.bits.set(bits);
    }

    /// Put a block into a random word of the delay line that ends at `floor`, and is full. Returns the block that leaves.
    ///
    /// # Safety
    /// - `delay` is an [`Info`]'s, and the line is this thread's.
    #[inline(always)]
    pub unsafe fn exchange(&self, floor: *mut *mut u8, delay: usize, block: *mut u8) -> *mut u8 {
        // Three bits at a time. Slow paths draw new ones.
        let bits = self.bits.get().rotate_right(3);
        self.bits.set(bits);
        // A mask begins at the lowest bit of a word's size, and the three bits at the fourth.
        const TOO_HIGH: u32 = 3 - size_of::<*mut u8>().ilog2();
        // SAFETY: by the contract.
        unsafe { floor.byte_sub((bits >> TOO_HIGH) as usize & delay).replace(block) }
    }
}
