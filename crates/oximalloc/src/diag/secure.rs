//! The level of protection against misuse, 0 to 4, of the option `secure`. It is fixed before the first block is handed
//! out and holds for the whole process, because it decides how blocks lie in memory.
//!
//! ```text
//! 0 unknown  --fix-->  level + 1, for ever
//! ```
//!
//! Unknown counts as off: there is no block yet. All is relaxed. A thread that has a block also sees the level that it
//! was allocated under, by whatever gave it the block; a thread without one fixes the level itself before it allocates.

use super::options::{self, Opt};
use crate::base::sync::{AtomicU32, Ordering};

static STATE: AtomicU32 = AtomicU32::new(0);

/// Fix the level, as the option says now. Later calls change nothing.
pub fn fix() {
    if cfg!(feature = "secure") {
        let level = options::get(Opt::Secure).clamp(0, 4) as u32;
        let _ = STATE.compare_exchange(0, level + 1, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Whether there is any protection beyond that of level 0.
#[inline(always)]
pub fn is_on() -> bool {
    cfg!(feature = "secure") && STATE.load(Ordering::Relaxed) > 1
}
