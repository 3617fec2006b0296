//! The keys of the levels of protection: random numbers, one for each purpose, made when the level is fixed.
//!
//! They lie in a mapping of their own between inaccessible OS pages. Theaps have copies, which lie in memory for records,
//! behind guards too.

use crate::base::sync::{AtomicPtr, Ordering};
use crate::diag::secure;
use crate::os;
use crate::prim::{Os, Process, Threads};
use core::ptr::null_mut;

/// The keys. All are 0 while nothing is protected.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Keys {
    /// For marks of blocks in use; its upper 16 bits are for slacks.
    pub live: u64,
    /// For marks of free blocks; its upper 16 bits are the slack of a free block.
    pub free: u64,
    /// The 16 bits for slacks again.
    pub live_slack: u32,
    /// What fills a block with a page of its own beyond the bytes that were asked for. No byte of it is 0, so that the 0
    /// at the end of a string never looks like it.
    pub slack: u64,
    /// For links of free blocks.
    pub link: u64,
    /// The start of random numbers that theaps draw.
    pub random: u64,
}

/// The slack of a free block: more than any block has.
const FREE_SLACK: u16 = u16::MAX;
/// How many random words they are made of.
const COUNT: usize = 5;

static KEYS: AtomicPtr<Keys> = AtomicPtr::new(null_mut());

/// Make the keys. Of two threads that make them at once, one takes the other's. Returns false without memory.
#[cold]
pub fn init() -> bool {
    if !KEYS.load(Ordering::Acquire).is_null() {
        return true;
    }
    let mut words = [0; COUNT];
    if !Os::random(&mut words) {
        // Better than keys that everybody knows.
        let mut seed = Os::random_seed() ^ Os::now_ms().rotate_left(40) ^ (&raw const words).addr() as u64;
        for word in &mut words {
            *word ^= mix(seed);
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        }
    }
    let [live, free, slack, link, random] = words;
    let keys = Keys {
        // Blocks lie at multiples of 16, so the lowest byte of a mark is not 0.
        live: live | 1,
        free: (free | 1) & (u64::MAX >> 16) | (live ^ u64::from(FREE_SLACK) << 48) & !(u64::MAX >> 16),
        live_slack: (live >> 48) as u32,
        slack: slack | 0x0101_0101_0101_0101,
        link: link | 1,
        random: random | 1,
    };
    let guard = os::page_size();
    let outer = os::reserve(3 * guard, guard, false, 0);
    if outer.is_null() {
        return false;
    }
    let inner = outer.wrapping_add(guard);
    // SAFETY: the middle of what was reserved above, which only this thread knows of.
    unsafe {
        if !os::commit(inner, guard) {
            os::release(outer, 3 * guard);
            return false;
        }
        inner.cast::<Keys>().write(keys);
        // Release: pairs with the Acquire of those who read the keys.
        if KEYS.compare_exchange(null_mut(), inner.cast(), Ordering::AcqRel, Ordering::Acquire).is_err() {
            os::release(outer, 3 * guard);
        }
    }
    true
}

/// Mix the bits of a number (the end of MurmurHash3, Appleby 2011).
pub fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    x = (x ^ (x >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    x ^ (x >> 33)
}

/// The keys.
pub fn keys() -> Keys {
    if !secure::is_on() {
        return Keys::default();
    }
    // Acquire: pairs with the Release in `init`.
    // SAFETY: null, or keys that were written before and never change.
    unsafe { KEYS.load(Ordering::Acquire).as_ref() }.copied().unwrap_or_default()
}
