//! The level of protection against misuse, 0 to 4, of the option `secure`. It is fixed before the first block is handed
//! out and holds for the whole process, because it decides how blocks lie in memory.
//!
//! | level | beyond the level before |
//! |---|---|
//! | 0 | blocks of no bytes are inaccessible; a misuse that is noticed ends the program |
//! | 1 | marks around blocks, delayed reuse, large blocks in quarantine |
//! | 2 | walls behind spans, random order, encoded links |
//! | 3 | the first 1024 bytes of a freed block are cleared, and checked before it is used again |
//! | 4 | all of its bytes are; all large blocks are inaccessible while they are in quarantine |
//!
//! ```text
//! 0 unknown  --fix-->  level + 1, for ever
//! ```
//!
//! A Rust program's allocator says its default (`Oximalloc::secure`) at the start of each slow path, so also ahead of the
//! step that fixes the level.
//!
//! Unknown counts as off: there is no block yet. All is relaxed. A thread that has a block also sees the level that it
//! was allocated under, by whatever gave it the block; a thread without one fixes the level itself before it allocates.

use super::options::{self, Opt};
use crate::base::sync::{AtomicU32, Ordering};

static STATE: AtomicU32 = AtomicU32::new(0);

/// The highest level.
pub const HIGHEST: u8 = 4;

/// Make `level` the option's default, unless the level is fixed already.
#[inline(always)]
pub fn offer(level: u8) {
    if cfg!(feature = "secure") && STATE.load(Ordering::Relaxed) == 0 {
        options::set_default(Opt::Secure, level.into());
    }
}

/// Fix the level, as the option says now. Later calls change nothing.
pub fn fix() {
    if cfg!(feature = "secure") {
        let level = options::get(Opt::Secure).clamp(0, HIGHEST.into()) as u32;
        let _ = STATE.compare_exchange(0, level + 1, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Whether the level is at least that one, which is above 0.
#[inline]
pub fn is_at_least(level: u32) -> bool {
    cfg!(feature = "secure") && STATE.load(Ordering::Relaxed) > level
}

/// How many bytes of a freed block are cleared and checked, beyond its head.
pub fn cleared() -> usize {
    match (is_at_least(3), is_at_least(4)) {
        (_, true) => usize::MAX,
        (true, _) => 1024,
        _ => 0,
    }
}

/// Whether there is any protection beyond that of level 0.
#[inline(always)]
pub fn is_on() -> bool {
    cfg!(feature = "secure") && STATE.load(Ordering::Relaxed) > 1
}
