//! Memory of free slices goes back to the system: after a delay, by whichever thread comes by; at once when too much
//! is waiting, or when asked to. Addresses go with it (`mapping`) when asked to, where the process may not have as many as it
//! likes, and when the system refuses some.
//!
//! Invariant: whoever purges slices has claimed them first, so nobody allocates from them meanwhile. Several threads
//! may purge at once; each takes what the others have not. Nothing is kept waiting: a release that finds the scan
//! under way enters its own time for the next one.

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

/// Slices that may wait for their purge: 24 MiB, and as many as were claimed while they waited lately, up to the most
/// that was in use. A program that claims what it frees keeps it, however much it swells and shrinks; one that only
/// frees does not.
const WAITING: usize = (24 << 20) / SLICE;
/// As much is worth some slow paths.
const MUCH: usize = WAITING / 4;
/// The longest run that is purged in one call, so that it is not kept from others for long: 32 MiB.
const LONGEST: usize = 8 * WORD;
/// When memory is purged at once, its addresses may go back so many milliseconds later.
const LATER: u64 = 1000;
/// Runs of free slices whose addresses go back: 1 MiB at least where the process has a limit, else 8 MiB, since to map them again
/// costs more than a purge alone; and so many that there are at most so many holes.
const LEAST_HOLE: usize = (1 << 20) / SLICE;
const LEAST_HOLE_UNLIMITED: usize = (8 << 20) / SLICE;
const HOLES: usize = 4096;
const NEVER: u64 = u64::MAX;

/// When the first waiting slices are due, in milliseconds.
static DUE: AtomicU64 = AtomicU64::new(NEVER);

/// Slices that still waited after a scan that was to bring them within their bound, in runs too short to be purged.
static STAYED: AtomicUsize = AtomicUsize::new(0);

/// Whether so much waits for its purge that threads should go on to come by.
pub fn much_waits() -> bool {
    pending() > MUCH
}

/// How long freed memory waits for its purge, in milliseconds; None: for ever.
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

/// Free slices that the caller owns, and see to their purge. `in_use` is the number of slices that then are in use.
pub(super) fn free(arena: &Arena, i: SliceIndex, n: usize, in_use: usize) {
    match delay() {
        _ if arena.is_pinned() => arena.set_free(i, n),
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

/// Purge what waits beyond a bound.
fn hold_to(bound: usize) {
    let stayed = STAYED.load(Ordering::Relaxed);
    if pending() <= bound {
        if stayed != 0 {
            STAYED.store(0, Ordering::Relaxed);
        }
    } else if stayed == 0 || pending() > stayed + bound / 4 {
        // What was too short then is looked at again when there is that much more, not at each release.
        scan(Which::DownTo(bound - bound / 4));
        let left = pending();
        STAYED.store(if left > bound { left } else { 0 }, Ordering::Relaxed);
    }
}

/// Mark slices that the caller owns as waiting; `again` renews the time stamp.
#[inline(never)]
fn wait(arena: &Arena, i: SliceIndex, n: usize, now: u64, again: bool) {
    let pending = arena.pending();
    for w in i.0 / WORD..=(i.0 + n - 1) / WORD {
        if again || pending.word(w) == 0 {
            arena.stamp(w).store(now, Ordering::Relaxed);
        }
    }
    // Counted before it can be seen, and so before it can be counted off.
    pend(n);
    let fresh = pending.set(i.0, n);
    unpend(n - fresh);
}

fn due_at(time: u64) {
    // Release: pairs with the Acquire in `tick`: either that scan sees the slices, or the next is entered here.
    DUE.fetch_min(time, Ordering::Release);
}

/// Purge what is due. Cheap when nothing is; to be called on slow paths, by any thread.
pub fn tick() {
    let due = DUE.load(Ordering::Relaxed);
    if due == NEVER || Os::now_ms() < due {
        return;
    }
    // Acquire: pairs with the Release in `due_at`.
    if DUE.compare_exchange(due, NEVER, Ordering::Acquire, Ordering::Relaxed).is_ok() {
        scan(Which::Due);
    }
}

/// Purge all that waits, whatever its age and size, and give free parts of arenas back, addresses and all, unless memory is to
/// stay.
pub fn purge_all() {
    scan(if delay().is_some() { Which::Back } else { Which::All });
}

/// The system has refused memory for a claim of `n` slices: give back what is free. False where there is too little of it to
/// be worth that.
#[cold]
pub(super) fn give_back(n: usize) -> bool {
    let free: usize = table::all().filter(|arena| arena.gives()).map(Arena::free_slices).sum();
    let worth = free > 0 && free >= n / 8;
    if worth {
        scan(Which::AnyBack);
    }
    worth
}

/// Purge all that is free in one arena, whether it waits or not.
pub(super) fn purge_free(arena: &Arena) {
    if !arena.is_pinned() {
        scan_arena(arena, Which::Free, Os::now_ms(), 0, 1, 0);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Due,
    /// Until so many slices wait.
    DownTo(usize),
    All,
    /// What does not wait too.
    Free,
    /// The same, and addresses of long runs.
    Back,
    /// The same, of those that were due, where the process has a limit.
    DueBack,
    /// Until so many slices wait, and addresses of long runs.
    DownToBack(usize),
    /// The same, and addresses of any run.
    AnyBack,
}

impl Which {
    /// The shortest run whose addresses go back; 0: none.
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
        // Where nothing goes back, what waits goes as otherwise.
        let (which, hole) = match which {
            Which::Back | Which::AnyBack if !arena.gives() => (Which::All, 0),
            Which::DueBack if !arena.gives() => (Which::Due, 0),
            Which::DownToBack(slices) if !arena.gives() => (Which::DownTo(slices), 0),
            which => (which, hole),
        };
        scan_arena(arena, which, now, delay, least, hole);
    }
}

/// From the highest address down, as the lowest is the first to be used again.
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
        // Another thread may have purged and freed some of them in between: these are not ours to purge again.
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

/// A run of slices claimed for their purge.
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
            // What was never used goes back in no time, however long it is.
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
