//! How the memory of free slices goes back to the system: after a delay, through whichever thread comes by, or at once
//! if too much waits or somebody asks for it. Slices are also unmapped (`mapping`) if somebody asks for it, if the
//! process has a limit on its memory, or if the system refuses memory.
//!
//! Invariant: a thread claims slices before it purges them, so nobody allocates from them meanwhile. Several threads
//! may purge at once; each takes what the others have not taken. No slice waits for ever: a release during a scan
//! enters its own time for the next scan.

use super::region::{Arena, WORD};
use super::reuse::{is_limited, note_limited, pend, pending, taken_again_lately, unpend};
use super::table;
use crate::base::config::SLICE;
use crate::base::sync::{AtomicU64, AtomicUsize, Ordering};
use crate::base::units::SliceIndex;
use crate::diag::options::{self, Opt};
use crate::diag::stats::PROCESS;
use crate::os;
use crate::prim::{Os, Process};

/// Slices that may always wait for their purge: 24 MiB. In addition, as many may wait as were lately claimed while they
/// waited, up to the most that was in use. So a program that claims again what it frees keeps it, however much it grows
/// and shrinks. A program that only frees does not.
const WAITING: usize = (24 << 20) / SLICE;
/// If more than this waits, purging it is worth some slow paths.
const MUCH: usize = WAITING / 4;
/// The longest run that is purged in one call: 32 MiB. A longer one would be kept from other threads for too long.
const LONGEST: usize = 8 * WORD;
/// Slices that are purged at once may be unmapped this many milliseconds later.
const LATER: u64 = 1000;
/// The shortest run of free slices that is unmapped if the process has a limit: 1 MiB.
const LEAST_HOLE: usize = (1 << 20) / SLICE;
/// The same if it has none: 8 MiB, because mapping a run again costs more than a purge alone.
const LEAST_HOLE_UNLIMITED: usize = (8 << 20) / SLICE;
/// The most holes. The shortest run is made longer if more could be cut into what is reserved.
const HOLES: usize = 4096;
const NEVER: u64 = u64::MAX;

/// When the first waiting slices are due, in milliseconds.
static DUE: AtomicU64 = AtomicU64::new(NEVER);

/// Slices that still waited after a scan that should have brought them within their bound. Their runs were too short.
static STAYED: AtomicUsize = AtomicUsize::new(0);

/// Whether so much waits for its purge that threads should keep coming by.
pub fn much_waits() -> bool {
    pending() > MUCH
}

/// How long freed memory waits for its purge, in milliseconds. None: for ever.
#[inline(never)]
pub fn delay() -> Option<u64> {
    let delay = options::get(Opt::PurgeDelay).saturating_mul(options::get(Opt::ArenaPurgeMult));
    u64::try_from(delay).ok().map(|d| d.min(1 << 30))
}

fn smallest() -> usize {
    let chosen = options::size(Opt::MinimalPurgeSize);
    let bytes = if chosen > 0 {
        chosen
    } else if options::get(Opt::AllowThp) >= 2 {
        2 << 20
    } else {
        SLICE
    };
    bytes.div_ceil(SLICE).clamp(1, LONGEST)
}

/// Free slices that the caller owns, and see to their purge. `in_use` is the number of slices in use afterwards.
pub(super) fn free(arena: &Arena, i: SliceIndex, n: usize, in_use: usize) {
    match delay() {
        _ if arena.is_pinned() || !os::capabilities().decommit_part => arena.set_free(i, n),
        None => arena.set_free(i, n),
        Some(0) if n >= smallest() => {
            arena.purge(i, n);
            arena.set_free(i, n);
            due_at(Os::now_ms() + LATER);
        }
        Some(delay) => {
            let now = Os::now_ms();
            wait(arena, i, n, now, false);
            arena.set_free(i, n);
            due_at(now + delay);
            hold_to(WAITING + taken_again_lately(now, delay, in_use + n));
        }
    }
}

/// Purge if more slices wait than `bound`.
fn hold_to(bound: usize) {
    let stayed = STAYED.load(Ordering::Relaxed);
    if pending() <= bound {
        if stayed != 0 {
            STAYED.store(0, Ordering::Relaxed);
        }
    } else if stayed == 0 || pending() > stayed + bound / 4 {
        // Runs that were too short are scanned again once a quarter of the bound more waits, not at each release.
        scan(Which::DownTo(bound - bound / 4));
        let left = pending();
        STAYED.store(if left > bound { left } else { 0 }, Ordering::Relaxed);
    }
}

/// Mark slices that the caller owns as waiting. `again`: renew the time stamp.
#[inline(never)]
fn wait(arena: &Arena, i: SliceIndex, n: usize, now: u64, again: bool) {
    let pending = arena.pending();
    for w in i.0 / WORD..=(i.0 + n - 1) / WORD {
        if again || pending.word(w) == 0 {
            arena.stamp(w).store(now, Ordering::Relaxed);
        }
    }
    // Count the slices before others can see them, and so before others can count them off.
    pend(n);
    let fresh = pending.set(i.0, n);
    unpend(n - fresh);
}

fn due_at(time: u64) {
    // Release: pairs with the Acquire in `tick`. Either that scan sees the slices, or this enters the next scan.
    DUE.fetch_min(time, Ordering::Release);
}

/// Purge what is due. Cheap if nothing is. Any thread may call this on a slow path.
pub fn tick() {
    if !os::capabilities().decommit_part {
        return;
    }
    let due = DUE.load(Ordering::Relaxed);
    if due == NEVER || Os::now_ms() < due {
        return;
    }
    // Acquire: pairs with the Release in `due_at`.
    if DUE.compare_exchange(due, NEVER, Ordering::Acquire, Ordering::Relaxed).is_ok() {
        scan(Which::Due);
    }
}

/// Purge all that waits, whatever its age and size. Also unmap long free runs of arenas, unless the options say that
/// memory is never purged.
pub fn purge_all() {
    scan(if delay().is_some() { Which::Back } else { Which::All });
}

/// The system has refused memory for a claim of `n` slices, so give back what is free. False, with nothing done, if
/// there is too little of it to be worth that.
#[cold]
pub(super) fn give_back(n: usize) -> bool {
    if !os::capabilities().decommit_part {
        return false;
    }
    let free: usize = table::all().filter(|arena| arena.gives()).map(Arena::free_slices).sum();
    let worth = free > 0 && free >= n / 8;
    if worth {
        scan(Which::AnyBack);
    }
    worth
}

/// Purge all that is free in one arena, whether it waits or not.
pub(super) fn purge_free(arena: &Arena) {
    if !arena.is_pinned() && os::capabilities().decommit_part {
        scan_arena(arena, Which::Free, Os::now_ms(), 0, 1, 0);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Due,
    /// Purge until no more than so many slices wait.
    DownTo(usize),
    All,
    /// Purge all that is free, whether it waits or not.
    Free,
    /// The same, and unmap long runs.
    Back,
    /// As `Back`, without those that wait and are not due. Used if the process has a limit.
    DueBack,
    /// As `DownTo`, and unmap long runs.
    DownToBack(usize),
    /// As `Back`, and unmap runs of any length.
    AnyBack,
}

impl Which {
    /// The shortest run that is unmapped. 0: none is.
    fn hole(self) -> usize {
        let least = match self {
            Which::Back if !note_limited(os::limit().is_some()) => LEAST_HOLE_UNLIMITED,
            Which::Back | Which::DueBack | Which::DownToBack(_) => LEAST_HOLE,
            Which::AnyBack => 1,
            _ => return 0,
        };
        let reserved = usize::try_from(PROCESS.reserved.current()).unwrap_or(0);
        least.max(reserved / SLICE / HOLES)
    }
}

/// Scans so far, for tests.
#[cfg(test)]
pub(super) static SCANS: AtomicUsize = AtomicUsize::new(0);

fn scan(which: Which) {
    if !os::capabilities().decommit_part {
        return;
    }
    #[cfg(test)]
    SCANS.fetch_add(1, Ordering::Relaxed);
    let now = Os::now_ms();
    let delay = delay().unwrap_or(0);
    let which = match which {
        Which::Due if note_limited(os::limit().is_some()) => Which::DueBack,
        Which::DownTo(slices) if is_limited() => Which::DownToBack(slices),
        which => which,
    };
    let hole = which.hole();
    let least = if which == Which::All || hole > 0 { 1 } else { smallest() };
    for arena in table::all().rev() {
        // In an arena that stays mapped, what waits is only purged.
        let (which, hole) = match which {
            Which::Back | Which::AnyBack if !arena.gives() => (Which::All, 0),
            Which::DueBack if !arena.gives() => (Which::Due, 0),
            Which::DownToBack(slices) if !arena.gives() => (Which::DownTo(slices), 0),
            which => (which, hole),
        };
        scan_arena(arena, which, now, delay, least, hole);
    }
}

/// Scan from the highest address down, because the lowest is the first to be used again.
#[inline(never)]
fn scan_arena(arena: &Arena, which: Which, now: u64, delay: u64, least: usize, hole: usize) {
    let mut run = Run { arena, start: 0, len: 0, least, hole, now, delay };
    let words = if hole > 0 { arena.words() } else { arena.used_words() };
    for w in (0..words).rev() {
        let waiting = match which {
            Which::Free => !arena.taken().word(w) & arena.dirty().word(w),
            Which::Back | Which::DueBack | Which::AnyBack => !arena.taken().word(w),
            _ => arena.pending().word(w),
        };
        if waiting == 0 {
            continue;
        }
        match which {
            Which::Due | Which::DueBack if arena.pending().word(w) != 0 => {
                let age = now.saturating_sub(arena.stamp(w).load(Ordering::Relaxed));
                if age < delay {
                    due_at(now + delay - age);
                    continue;
                }
            }
            Which::DownTo(slices) | Which::DownToBack(slices) if pending() <= slices => break,
            _ => {}
        }
        let got = arena.taken().claim_mask(w, waiting);
        arena.count_taken(got.count_ones() as usize);
        let waited = arena.pending().clear_mask(w, got);
        unpend(waited.count_ones() as usize);
        // Another thread may have purged and freed some of them in between. This scan leaves those alone.
        let ours = match which {
            Which::Free => got & arena.dirty().word(w),
            Which::Back | Which::DueBack | Which::AnyBack => got,
            _ => waited,
        };
        let mut others = got & !ours;
        while others != 0 {
            arena.set_free(SliceIndex(w * WORD + others.trailing_zeros() as usize), 1);
            others &= others - 1;
        }
        run.add(w * WORD, ours);
        if got != waiting && hole == 0 {
            due_at(now + delay.max(1));
        }
    }
    run.finish();
}

/// A run of slices that were claimed for their purge.
struct Run<'a> {
    arena: &'a Arena,
    start: usize,
    len: usize,
    least: usize,
    hole: usize,
    now: u64,
    delay: u64,
}

impl Run<'_> {
    /// Add the slices of a word, from the highest down.
    fn add(&mut self, base: usize, mut bits: u64) {
        while bits != 0 {
            let end = u64::BITS as usize - bits.leading_zeros() as usize;
            let len = (bits << (u64::BITS as usize - end)).leading_ones() as usize;
            let start = end - len;
            bits &= !((u64::MAX >> (u64::BITS as usize - len)) << start);
            // A run that was never used is unmapped quickly, however long it is.
            let long = self.len + len > LONGEST && (self.hole == 0 || self.arena.dirty().word(base / WORD) != 0);
            if self.len == 0 || base + end != self.start || long {
                self.finish();
            }
            self.start = base + start;
            self.len += len;
        }
    }

    #[inline(never)]
    fn finish(&mut self) {
        if self.len == 0 {
            return;
        }
        let (i, n) = (SliceIndex(self.start), self.len);
        self.len = 0;
        if self.hole > 0 {
            if n < self.hole || !self.arena.give_up(i, n) {
                if !self.arena.dirty().none_set(i.0, n) {
                    self.arena.purge(i, n);
                }
                self.arena.set_free(i, n);
            }
            return;
        }
        let small = n < self.least;
        if small {
            wait(self.arena, i, n, self.now, true);
        } else {
            self.arena.purge(i, n);
        }
        self.arena.set_free(i, n);
        if small {
            due_at(self.now + self.delay.max(1));
        }
    }
}
