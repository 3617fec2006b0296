//! The table of statistics: what is counted for the process and for each heap. Each statistic is one row.
//!
//! From a row follow the counter, its value in a snapshot, its reset, and every output: the table that people read
//! (`diag/print.rs`), the text for Prometheus (`diag/prometheus.rs`), and in the C crate the struct and its JSON, which
//! find rows by name (`stats_fields.rs`).
//!
//! Invariant: a snapshot is an array of words in the table's order: three for each count, then one for each counter.
use super::{Count, CountValue, Counter};
use crate::base::text::cut;
use core::slice;

/// One line for a statistic: `name: unit "label", "what it counts";`. The name is that of the field in C, if C has it.
/// The label is what people read. A row without a label is not in the printed table. The units are
///
/// - `B`: bytes;
/// - `N`: a number of other things;
/// - `K`: a number that is not printed itself, but kept for the next row;
/// - `S`: a number that is printed as its sum with the kept one;
/// - `M`: a number that is not printed itself; the kept number divided by it is printed, as a mean.
macro_rules! statistics {
    ($stats:ident, $snapshot:ident of $what:literal:
     counts { $($count:ident: $count_unit:ident $count_label:literal, $count_doc:literal;)* }
     counters { $($counter:ident: $unit:ident $label:literal, $counter_doc:literal;)* }) => {
        #[doc = concat!("What is counted of ", $what, ".")]
        #[derive(Debug)]
        #[repr(C)]
        pub struct $stats {
            $(#[doc = concat!("Counts ", $count_doc, ".")] pub $count: Count,)*
            $(#[doc = concat!("Counts ", $counter_doc, ".")] pub $counter: Counter,)*
        }

        #[doc = concat!("The values counted of ", $what, " at one time.")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(C)]
        pub struct $snapshot {
            $(#[doc = concat!("Counts ", $count_doc, ".")] pub $count: CountValue,)*
            $(#[doc = concat!("Counts ", $counter_doc, ".")] pub $counter: i64,)*
        }

        #[allow(dead_code, reason = "the process leaves its counts to nobody, as heaps do")]
        impl $stats {
            /// Nothing yet.
            pub const fn new() -> $stats {
                $stats { $($count: Count::new(),)* $($counter: Counter::new(),)* }
            }

            /// The values now.
            #[inline(never)]
            pub fn snapshot(&self) -> $snapshot {
                $snapshot { $($count: self.$count.snapshot(),)* $($counter: self.$counter.snapshot(),)* }
            }

            /// The values now, for sums: see [`Count::raw`].
            #[inline(never)]
            pub fn raw(&self) -> $snapshot {
                $snapshot { $($count: self.$count.raw(),)* $($counter: self.$counter.snapshot(),)* }
            }

            /// Start again: what exists now stays counted, and everything in the past is forgotten.
            pub fn reset(&self) {
                $(self.$count.reset();)*
                $(self.$counter.reset();)*
            }

            /// Add what `other` counted. `other` then starts again from zero.
            pub fn absorb(&self, other: &$stats) {
                $(self.$count.absorb(&other.$count);)*
                $(self.$counter.absorb(&other.$counter);)*
            }

            /// Pass what happened in the past to `other`, and start again from what exists now.
            pub fn leave_to(&self, other: &$stats) {
                $(self.$count.leave_to(&other.$count);)*
                $(self.$counter.leave_to(&other.$counter);)*
            }
        }

        impl Default for $stats {
            fn default() -> Self {
                Self::new()
            }
        }

        impl $snapshot {
            /// The names of the rows, one on each line.
            pub const NAMES: &str =
                concat!($(stringify!($count), "\n",)* $(stringify!($counter), "\n",)*);

            /// One line for each row: how many words it has in the snapshot, its unit, and its label. This is one text
            /// because a table of texts is a table of pointers, which the loader has to relocate in each process.
            pub const LABELS: &str = concat!(
                $("3", stringify!($count_unit), " ", $count_label, "\n",)*
                $("1", stringify!($unit), " ", $label, "\n",)*
            );

            /// What the rows count, one on each line.
            pub const DOCS: &str = concat!($($count_doc, "\n",)* $($counter_doc, "\n",)*);

            /// How many words the values have.
            pub const WORDS: usize = size_of::<$snapshot>() / size_of::<i64>();

            /// The values, in the order of the rows. A count has three: total, peak and current.
            pub fn words(&self) -> &[i64] {
                // SAFETY: the struct consists of `i64`s and of `CountValue`s, which consist of `i64`s. Its layout is
                // C's, so there is no padding between them. The slice borrows the struct.
                unsafe { slice::from_raw_parts((&raw const *self).cast(), Self::WORDS) }
            }

            /// The same words, mutable.
            #[cfg(test)]
            pub fn words_mut(&mut self) -> &mut [i64] {
                // SAFETY: as in `words`. Every word may have any value.
                unsafe { slice::from_raw_parts_mut((&raw mut *self).cast(), Self::WORDS) }
            }

            /// With each count adjusted by [`CountValue::sound`].
            #[inline(never)]
            pub fn sound(self) -> $snapshot {
                $snapshot { $($count: self.$count.sound(),)* ..self }
            }

            /// The sum with `other`.
            #[inline(never)]
            pub fn plus(self, other: $snapshot) -> $snapshot {
                $snapshot {
                    $($count: self.$count.plus(other.$count),)*
                    $($counter: self.$counter.saturating_add(other.$counter),)*
                }
            }
        }
    };
}

statistics! {
    ProcessStats, Snapshot of "a process":
    counts {
        reserved: B "reserved", "bytes of address space reserved from the OS";
        committed: B "committed", "bytes of memory committed";
        threads: N "threads", "threads that have used the allocator";
        heaps: N "heaps", "heaps";
    }
    counters {
        reset: B "reset", "bytes that the OS was told it may take";
        purged: B "purged", "bytes given back to the OS";
        arena_count: N "arenas", "arenas ever made";
        arena_purges: N "-purges", "runs of slices of arenas that were purged";
        arena_rollback_count: N "-rollbacks", "claims undone, since the system refused the memory for them";
        mmap_calls: N "mmaps", "calls that reserve memory";
        commit_calls: N "commits", "calls that commit memory";
        reset_calls: N "resets", "calls that reset memory";
        purge_calls: N "purges", "calls that purge memory";
    }
}

statistics! {
    HeapStats, HeapSnapshot of "a heap":
    counts {
        theaps: N "in threads", "the heap's parts in threads";
        pages: N "pages", "pages in use";
        page_committed: B "in pages", "bytes committed within pages";
        pages_abandoned: N "-abandoned", "pages that belong to no thread";
        malloc_huge: B "", "bytes in blocks that have a page of their own";
    }
    counters {
        malloc_guarded_count: N "-guarded", "blocks given a guard: what follows them is inaccessible";
        pages_retire: N "-retired", "pages given up when their last block was freed";
        pages_reclaim_on_alloc: K "", "abandoned pages taken over by a thread that allocates";
        pages_reclaim_on_free: S "-reclaimed", "abandoned pages taken over by a thread that frees";
        pages_reabandon_full: N "-given up", "full pages that their thread gave up to whoever frees into them";
        page_searches: K "", "pages looked at in searches for one with room";
        page_searches_count: M "searches", "searches for a page with room";
    }
}

/// The statistics of this process.
pub static PROCESS: ProcessStats = ProcessStats::new();

/// The units, as they appear in the labels.
pub mod unit {
    /// Bytes.
    pub const BYTES: u8 = b'B';
    /// Anything else.
    #[cfg(test)]
    pub const NUMBER: u8 = b'N';
    /// A number that is printed together with the next row.
    pub const KEPT: u8 = b'K';
    /// A number to which the kept one is added.
    pub const SUM: u8 = b'S';
    /// A number by which the kept one is divided.
    pub const MEAN: u8 = b'M';
}

/// A row of a table, with its values.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// What the values count: a [`mod@unit`].
    pub unit: u8,
    /// What people read. Empty if the row is not printed.
    pub label: &'static str,
    /// Total, peak and current of a count, or the one value of a counter.
    pub values: &'a [i64],
}

/// The rows of a snapshot, given the labels of its table and its words.
#[inline]
pub fn rows<'a>(mut labels: &'static str, mut words: &'a [i64]) -> impl Iterator<Item = Row<'a>> {
    core::iter::from_fn(move || {
        let (line, later) = cut(labels, b'\n');
        let (head, label) = cut(line, b' ');
        let &[width, unit] = head.as_bytes() else { return None };
        let (values, rest) = words.split_at_checked(usize::from(width & 15))?;
        (labels, words) = (later, rest);
        Some(Row { unit, label, values })
    })
}
