//! The options. Each has one row in the table below. From that row follow the enum, the names in the environment, the
//! printed list and the defaults. From it `cargo xtask abi --write` also generates what the C header, `options.tsv` and
//! README say about the option.
//!
//! Invariants: the environment or a default never replaces a value that a call chose. The environment is read once, in
//! [`init`]; before that every option has its default. A row's position among mimalloc's options is the option's number
//! in the C interface. Options of our own follow, and are numbered from [`OWN`] on, so that neither list runs into the
//! other as it grows.
use super::output::Sink;
use crate::base::sync::{AtomicBool, AtomicI64, Ordering};
use crate::base::text::cut;

mod environment;
mod value;

pub use environment::init;

/// A row of one or two lines for each option: `Variant: name, [older names], default, unit, doc;`
macro_rules! options {
    ($($variant:ident: $name:literal, [$($older:literal),*], $default:expr, $unit:literal, $doc:literal;)*) => {
        /// An option, numbered as in the C interface.
        #[repr(i32)]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Opt {
            $(#[doc = concat!("`", $name, "` (", $unit, "): ", $doc, ".")] $variant,)*
        }

        /// All options, in order.
        pub const ALL: [Opt; COUNT] = [$(Opt::$variant,)*];

        /// How many options there are.
        pub const COUNT: usize = [$($name,)*].len();

        /// The unit, name and older names of each option: one word each, one line for an option. This is one text
        /// because a table of texts is a table of pointers, which the loader has to relocate in each process.
        const TEXT: &str = concat!($($unit, " ", $name, $(" ", $older,)* "\n",)*);

        /// One bit for each option, set if its value counts KiB. A bit test is cheap, and sizes are read often.
        const IN_KIB: u64 = $(((matches!($unit.as_bytes(), b"KiB") as u64) << Opt::$variant as u32) |)* 0;

        #[cfg(test)]
        const DEFAULTS: [i64; COUNT] = [$($default,)*];

        #[cfg(test)]
        const DOCS: [&str; COUNT] = [$($doc,)*];

        static SETTINGS: [Setting; COUNT] = [$(Setting::new($default),)*];
    };
}

/// The default level of protection, which the flavour of the library decides.
const SECURE: i64 = if cfg!(feature = "secure-default") { 2 } else { 0 };

options! {
    ShowErrors: "show_errors", [], cfg!(debug_assertions) as i64, "bool",
        "print errors and warnings (on in the build with debug assertions)";
    ShowStats: "show_stats", [], 0, "bool",
        "print statistics when the program ends";
    Verbose: "verbose", [], 0, "level",
        "print what the allocator does; also lists the options in force at the start";
    DeprecatedEagerCommit: "deprecated_eager_commit", [], 0, "-",
        "accepted, no effect";
    ArenaEagerCommit: "arena_eager_commit", ["eager_region_commit"], 2, "0/1/2",
        "commit an arena when it is reserved: never, always, or only where the OS overcommits";
    PurgeDecommits: "purge_decommits", ["reset_decommits"], 1, "bool",
        "a purge decommits; 0: it only resets";
    AllowLargeOsPages: "allow_large_os_pages", ["large_os_pages"], 0, "0/1/2",
        "use OS pages of 2 MiB that an administrator set aside: never, for arenas, also for mappings of their own";
    ReserveHugeOsPages: "reserve_huge_os_pages", [], 0, "count",
        "reserve N huge OS pages of 1 GiB at the start, spread over the NUMA nodes";
    ReserveHugeOsPagesAt: "reserve_huge_os_pages_at", [], -1, "node",
        "reserve them on this NUMA node; -1: spread";
    ReserveOsMemory: "reserve_os_memory", [], 0, "KiB",
        "reserve this much OS memory in an arena at the start";
    DeprecatedSegmentCache: "deprecated_segment_cache", [], 0, "-",
        "accepted, no effect";
    DeprecatedPageReset: "deprecated_page_reset", [], 0, "-",
        "accepted, no effect";
    DeprecatedAbandonedPagePurge: "deprecated_abandoned_page_purge", [], 0, "-",
        "accepted, no effect";
    DeprecatedSegmentReset: "deprecated_segment_reset", [], 0, "-",
        "accepted, no effect";
    DeprecatedEagerCommitDelay: "deprecated_eager_commit_delay", [], 0, "-",
        "accepted, no effect";
    PurgeDelay: "purge_delay", ["reset_delay"], 1000, "ms",
        "delay before free memory goes back to the OS; 0 at once, -1 never";
    UseNumaNodes: "use_numa_nodes", [], 0, "count",
        "take it that there are N NUMA nodes; 0: as many as there are";
    DisallowOsAlloc: "disallow_os_alloc", ["limit_os_alloc"], 0, "bool",
        "use reserved arenas only, never fresh OS memory";
    OsTag: "os_tag", [], 100, "tag",
        "tag for OS memory on macOS; no effect elsewhere";
    MaxErrors: "max_errors", [], 32, "count",
        "stop printing errors after N";
    MaxWarnings: "max_warnings", [], 32, "count",
        "stop printing warnings after N";
    DeprecatedMaxSegmentReclaim: "deprecated_max_segment_reclaim", [], 0, "-",
        "accepted, no effect";
    DestroyOnExit: "destroy_on_exit", [], 0, "bool",
        "give all memory back at process end, but not where `malloc` is this library's";
    ArenaReserve: "arena_reserve", [], if usize::BITS == 64 { 1024 * 1024 } else { 128 * 1024 }, "KiB",
        "size of an arena reservation (1 GiB on 64-bit)";
    ArenaPurgeMult: "arena_purge_mult", [], 1, "factor",
        "multiplies purge_delay for arena memory";
    DeprecatedPurgeExtendDelay: "deprecated_purge_extend_delay", [], 0, "-",
        "accepted, no effect";
    DisallowArenaAlloc: "disallow_arena_alloc", [], 0, "bool",
        "allocate from the OS directly, arenas only where asked for by id";
    RetryOnOom: "retry_on_oom", [], 400, "ms",
        "keep retrying an OS allocation this long on Windows; no effect elsewhere";
    VisitAbandoned: "visit_abandoned", [], 0, "bool",
        "let a visit also see blocks of ended threads";
    GuardedMin: "guarded_min", [], 0, "bytes",
        "smallest block that may get a guard page";
    GuardedMax: "guarded_max", [], 1024 * 1024 * 1024, "bytes",
        "largest such block";
    GuardedPrecise: "guarded_precise", [], 0, "bool",
        "put the block's end exactly at the guard page, whatever its alignment";
    GuardedSampleRate: "guarded_sample_rate", [], 0, "1-in-N",
        "guard one in N allocations in that range; 0: none";
    GuardedSampleSeed: "guarded_sample_seed", [], 0, "seed",
        "seed of that sampling; 0: random";
    GenericCollect: "generic_collect", [], 10000, "count",
        "collect after N slow-path allocations";
    PageReclaimOnFree: "page_reclaim_on_free", ["abandoned_reclaim_on_free"], 0, "-1/0/1",
        "on a free into an abandoned page: never reclaim it, only into the heap it came from, always";
    PageFullRetain: "page_full_retain", [], 2, "count",
        "full pages kept per size class before one is abandoned";
    PageMaxCandidates: "page_max_candidates", [], 4, "count",
        "pages looked at before one is chosen";
    MaxVabits: "max_vabits", [], 0, "bits",
        "bits of user address space to consider; 0: find out";
    PagemapCommit: "pagemap_commit", [], 0, "bool",
        "commit the whole page map at the start";
    PageCommitOnDemand: "page_commit_on_demand", [], 0, "0/1/2",
        "commit a page's memory as it is used";
    PageMaxReclaim: "page_max_reclaim", [], -1, "count",
        "do not reclaim more pages of a class than this; -1: no limit";
    PageCrossThreadMaxReclaim: "page_cross_thread_max_reclaim", [], 32, "count",
        "likewise across threads";
    AllowThp: "allow_thp", [], 1, "0/1/2",
        "transparent huge pages for the allocator's memory, not passed on to other programs: never, allowed, preferred";
    MinimalPurgeSize: "minimal_purge_size", [], 0, "KiB",
        "smallest piece that is purged; 0: chosen (64, or 2048 with allow_thp=2)";
    ArenaMaxObjectSize: "arena_max_object_size", [], 2 * 1024 * 1024, "KiB",
        "largest object placed in an arena";
    ArenaIsNumaLocal: "arena_is_numa_local", [], 0, "bool",
        "take memory from arenas of the NUMA node that a thread runs on first; new arenas are for that node";
    // Own options.
    AbortOnError: "abort_on_error", [], 1, "0/1/2",
        "end the program at a misuse of memory: never, of this allocator's, also at a pointer that is not from here";
    Secure: "secure", [], SECURE, "level",
        "protect against misuse of memory, 0 (nothing that costs time) to 4; read once, before the first allocation";
    GuardedReport: "guarded_report", [], 1, "bool",
        "where guarded_sample_rate is set at the start: note who allocates and frees guarded blocks, and report misuses of them";
}

/// The number of the first option of our own in the C interface.
pub const OWN: i32 = 1000;

/// How many options are mimalloc's.
const INTERFACE: usize = Opt::AbortOnError as usize;

/// The state of one option.
struct Setting {
    value: AtomicI64,
    /// Whether a call or the environment chose the value.
    chosen: AtomicBool,
}

impl Setting {
    const fn new(default: i64) -> Setting {
        Setting { value: AtomicI64::new(default), chosen: AtomicBool::new(false) }
    }

    fn set(&self, value: i64) {
        self.chosen.store(true, Ordering::Relaxed);
        // Release: pairs with the Acquire in `offer`.
        self.value.store(value, Ordering::Release);
    }

    /// Take `value` unless one was chosen already. A choice made at the same time wins.
    fn offer(&self, value: i64) -> bool {
        // Acquire: pairs with the Release in `set`. A thread that sees a chosen value also sees that it was chosen.
        let seen = self.value.load(Ordering::Acquire);
        !self.chosen.load(Ordering::Relaxed)
            && self.value.compare_exchange(seen, value, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// As [`Setting::offer`]. If the value is taken, it counts as chosen.
    fn adopt(&self, value: i64) {
        if self.offer(value) {
            self.chosen.store(true, Ordering::Relaxed);
        }
    }
}

impl Opt {
    /// The option with this number in the C interface.
    pub fn from_index(index: i32) -> Option<Opt> {
        let index = match index {
            OWN.. => INTERFACE + (index - OWN) as usize,
            _ => usize::try_from(index).ok().filter(|&index| index < INTERFACE)?,
        };
        ALL.get(index).copied()
    }

    /// Its number in the C interface.
    #[cfg(test)]
    fn number(self) -> i32 {
        let index = self as i32;
        if index < INTERFACE as i32 { index } else { OWN + index - INTERFACE as i32 }
    }

    /// What the value counts. `"-"`: the option is accepted but has no effect.
    fn unit(self) -> &'static str {
        self.words().0
    }

    /// The name in the C interface. In the environment it follows `MIMALLOC_`, in upper or lower case.
    fn name(self) -> &'static str {
        cut(self.words().1, b' ').0
    }

    /// The unit, and all names, with the older ones last.
    #[inline(never)]
    fn words(self) -> (&'static str, &'static str) {
        let mut lines = TEXT;
        for _ in 0..self as usize {
            lines = cut(lines, b'\n').1;
        }
        cut(cut(lines, b'\n').0, b' ')
    }

    fn setting(self) -> &'static Setting {
        &SETTINGS[self as usize]
    }

    /// Whether the value counts KiB.
    fn in_kib(self) -> bool {
        IN_KIB >> self as u32 & 1 != 0
    }

    /// Whether the option does anything.
    fn has_effect(self) -> bool {
        self.unit() != "-"
    }
}

/// The value in force.
///
/// ```
/// use oximalloc::options::{self, Opt};
///
/// assert_eq!(options::get(Opt::GenericCollect), 10_000);
/// ```
#[inline]
pub fn get(option: Opt) -> i64 {
    option.setting().value.load(Ordering::Relaxed)
}

/// The value in force in bytes. An option in KiB is multiplied by 1024. Returns 0 for a negative value, and
/// `usize::MAX` for one that is too large.
#[inline(never)]
pub fn size(option: Opt) -> usize {
    let unit = if option.in_kib() { 1024 } else { 1 };
    usize::try_from(get(option).max(0)).unwrap_or(usize::MAX).saturating_mul(unit)
}

/// Whether the value is not 0.
///
/// ```
/// use oximalloc::options::{self, Opt};
///
/// assert!(options::enabled(Opt::PurgeDecommits));
/// ```
#[inline]
pub fn enabled(option: Opt) -> bool {
    get(option) != 0
}

/// Choose the value, whatever the environment says.
///
/// ```
/// use oximalloc::options::{self, Opt};
///
/// options::set(Opt::PurgeDelay, 0); // purge at once
/// assert_eq!(options::get(Opt::PurgeDelay), 0);
/// ```
pub fn set(option: Opt, value: i64) {
    option.setting().set(value);
}

/// Choose 1 or 0.
///
/// ```
/// use oximalloc::options::{self, Opt};
///
/// options::set_enabled(Opt::ShowErrors, true);
/// assert!(options::enabled(Opt::ShowErrors));
/// ```
pub fn set_enabled(option: Opt, on: bool) {
    set(option, i64::from(on));
}

/// Change the value unless a call or the environment chose one.
///
/// ```
/// use oximalloc::options::{self, Opt};
///
/// options::set(Opt::PurgeDelay, 10);
/// options::set_default(Opt::PurgeDelay, 500);
/// assert_eq!(options::get(Opt::PurgeDelay), 10);
/// ```
pub fn set_default(option: Opt, value: i64) {
    option.setting().offer(value);
}

/// Print all options in force to where messages go.
pub fn print() {
    print_to(&Sink::REGISTERED);
}

/// Print all options in force to `sink`, one on each line.
pub fn print_to(sink: &Sink) {
    for option in ALL.into_iter().filter(|o| o.has_effect()) {
        let origin = if option.setting().chosen.load(Ordering::Relaxed) { "set" } else { "default" };
        sink.print(format_args!("option {:<30} {:>12} {:<8} ({origin})\n", option.name(), get(option), option.unit()));
    }
}

#[cfg(test)]
mod tests;
