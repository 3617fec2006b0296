//! The table of statistics: what is counted of the process and of each heap, one row each. From a row follow the counter, its
//! place in the snapshot, the reset, and what prints it: the table that people read (`diag/print.rs`), Prometheus's text
//! (`diag/prometheus.rs`), the C struct and its JSON (the C crate's `stats_fields.rs`, which finds rows by their names).
//!
//! Invariant: a snapshot is an array of words, three for each count and then one for each counter, in the table's order.
use super::{Count, CountValue, Counter};
use crate::base::text::cut;
use core::slice;

/// One line a statistic: `name: unit "label", "what it counts";`. The name is that of the field in C, if it is there too.
/// A label is what people read; without one the row is not printed for them. The units are
///
/// - `bytes`, and `number` for all else;
/// - `kept`: a number that is not printed itself but with the next row;
/// - `sum`: that number and the one kept, added up;
/// - `mean`: the number kept for each of these.
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

            /// Count anew: what there is stays, all that happened is forgotten.
            pub fn reset(&self) {
                $(self.$count.reset();)*
                $(self.$counter.reset();)*
            }

            /// Add what another counted, which then begins anew, from nothing.
            pub fn absorb(&self, other: &$stats) {
                $(self.$count.absorb(&other.$count);)*
                $(self.$counter.absorb(&other.$counter);)*
            }

            /// Leave what happened with another, and count anew from what there is.
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
            /// The names of the rows, a line each.
            pub const NAMES: &str =
                concat!($(stringify!($count), "\n",)* $(stringify!($counter), "\n",)*);

            /// Of each row how many words it has in the snapshot, its unit and its label, a line a row: one text, because a
            /// table of texts is a table of pointers, which the loader has to relocate in each process.
            pub const LABELS: &str = concat!(
                $("3 ", stringify!($count_unit), " ", $count_label, "\n",)*
                $("1 ", stringify!($unit), " ", $label, "\n",)*
            );

            /// What the rows count, a line each.
            pub const DOCS: &str = concat!($($count_doc, "\n",)* $($counter_doc, "\n",)*);

            /// How many words the values have.
            pub const WORDS: usize = size_of::<$snapshot>() / size_of::<i64>();

            /// The values, in the order of the rows: of a count all that came, the most there was, and what there is.
            pub fn words(&self) -> &[i64] {
                // SAFETY: the struct is of `i64`s and of `CountValue`s, which are of `i64`s, in the order of C, so that nothing
                // is between them; it is borrowed as long as the slice.
                unsafe { slice::from_raw_parts((&raw const *self).cast(), Self::WORDS) }
            }

            /// The same, to be changed.
            #[cfg(test)]
            pub fn words_mut(&mut self) -> &mut [i64] {
                // SAFETY: as in `words`; all words may have any value.
                unsafe { slice::from_raw_parts_mut((&raw mut *self).cast(), Self::WORDS) }
            }

            /// With each count as [`CountValue::sound`] makes it.
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
        reserved: bytes "reserved", "bytes of address space reserved from the OS";
        committed: bytes "committed", "bytes of memory committed";
        threads: number "threads", "threads that have used the allocator";
        heaps: number "heaps", "heaps";
    }
    counters {
        reset: bytes "reset", "bytes that the OS was told it may take";
        purged: bytes "purged", "bytes given back to the OS";
        arena_count: number "arenas", "arenas ever made";
        arena_purges: number "-purges", "runs of slices of arenas that were purged";
        arena_rollback_count: number "-rollbacks", "claims undone, since the system refused the memory for them";
        mmap_calls: number "mmaps", "calls that reserve memory";
        commit_calls: number "commits", "calls that commit memory";
        reset_calls: number "resets", "calls that reset memory";
        purge_calls: number "purges", "calls that purge memory";
    }
}

statistics! {
    HeapStats, HeapSnapshot of "a heap":
    counts {
        theaps: number "in threads", "the heap's parts in threads";
        pages: number "pages", "pages in use";
        page_committed: bytes "in pages", "bytes committed within pages";
        pages_abandoned: number "-abandoned", "pages that belong to no thread";
        malloc_huge: bytes "", "bytes in blocks that have a page of their own";
    }
    counters {
        malloc_guarded_count: number "-guarded", "blocks given a guard: what follows them is inaccessible";
        pages_retire: number "-retired", "pages given up when their last block was freed";
        pages_reclaim_on_alloc: kept "", "abandoned pages taken over by a thread that allocates";
        pages_reclaim_on_free: sum "-reclaimed", "abandoned pages taken over by a thread that frees";
        pages_reabandon_full: number "-given up", "full pages that their thread gave up to whoever frees into them";
        page_searches: kept "", "pages looked at in searches for one with room";
        page_searches_count: mean "searches", "searches for a page with room";
    }
}

/// What this process counts.
pub static PROCESS: ProcessStats = ProcessStats::new();

/// A row of a table, with its values.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// What the values count: see [`Snapshot::LABELS`].
    pub unit: &'static str,
    /// What people read; nothing, where they do not.
    pub label: &'static str,
    /// All that came, the most there was and what there is; or how often it happened.
    pub values: &'a [i64],
}

/// The rows of a snapshot, from the labels of its table and its words.
#[inline]
pub fn rows<'a>(mut labels: &'static str, mut words: &'a [i64]) -> impl Iterator<Item = Row<'a>> {
    core::iter::from_fn(move || {
        let (line, later) = cut(labels, b'\n');
        let (width, line) = cut(line, b' ');
        let (values, rest) = words.split_at_checked(if width == "3" { 3 } else { 1 })?;
        (labels, words) = (later, rest);
        let (unit, label) = cut(line, b' ');
        Some(Row { unit, label, values })
    })
}
