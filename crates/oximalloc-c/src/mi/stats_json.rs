//! Statistics as JSON: an object that has each field of `mi_stats_t` under its name, with its leading `_` if it has
//! one. A count is an object of `total`, `peak` and `current`; a counter is a number. First come `stat_version`,
//! `mimalloc_version` and `process`, which holds what `mi_process_info` tells. Each row of a size class also has its
//! `block_size` and `page_size`.
//!
//! A buffer that is too small gets as much as fits, ended by a zero, because programs that pass a fixed buffer expect
//! that. A buffer that the library makes always has everything.

use crate::mi::query::mi_version;
use crate::mi::stats_layout::{MiStats, ROWS, VERSION, bin_size, page_size};
use crate::outcome::new_block;
use core::ffi::c_char;
use core::fmt::{self, Write};
use core::ptr::null_mut;
use oximalloc::raw::process::{Os, Process, ProcessInfo};
use oximalloc::raw::stats::{Scope, Snapshot, memory_of};

/// The numbers of a struct, and those of the process at the moment.
struct Json<'a> {
    stats: &'a MiStats,
    info: ProcessInfo,
    process: Snapshot,
}

/// Writes `stats` as JSON into the `size` bytes at `buf`, cut off at their end, or into a new block if `buf` is null or
/// `size` is 0. Null with `errno` ENOMEM if there is no memory for the block.
///
/// # Safety
/// `buf` is null or has `size` bytes.
#[cold]
pub unsafe fn write(stats: &MiStats, size: usize, buf: *mut c_char) -> *mut c_char {
    let json = Json { stats, info: Os::info(), process: memory_of(Scope::Process).unwrap_or_default() };
    let (start, size) = if buf.is_null() || size == 0 {
        let mut count = Out { at: null_mut(), room: 0, len: 0 };
        let _ = count.write_fmt(format_args!("{json}"));
        (new_block(count.len + 1).cast::<c_char>(), count.len + 1)
    } else {
        (buf, size)
    };
    if start.is_null() {
        return null_mut();
    }
    let mut out = Out { at: start, room: size - 1, len: 0 };
    let _ = out.write_fmt(format_args!("{json}"));
    // SAFETY: `start` has `size` bytes, of which at most `size - 1` were written.
    unsafe { start.add(out.len.min(size - 1)).write(0) };
    start
}

/// Counts what is written, and keeps what there is room for.
struct Out {
    at: *mut c_char,
    room: usize,
    len: usize,
}

impl Write for Out {
    #[cold]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fits = text.len().min(self.room.saturating_sub(self.len));
        if fits > 0 {
            // SAFETY: there are `room` bytes at `at`, of which `len` are used.
            unsafe { self.at.add(self.len).copy_from_nonoverlapping(text.as_ptr().cast(), fits) };
        }
        self.len += text.len();
        Ok(())
    }
}

impl fmt::Display for Json<'_> {
    #[cold]
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let info = &self.info;
        write!(f, "{{\n  \"stat_version\": {},\n  \"mimalloc_version\": {},\n", VERSION, mi_version())?;
        write!(
            f,
            "  \"process\": {{\n    \"elapsed_msecs\": {},\n    \"user_msecs\": {},\n    \"system_msecs\": {},\n    \
             \"page_faults\": {},\n    \"rss_current\": {},\n    \"rss_peak\": {},\n    \"commit_current\": {},\n    \
             \"commit_peak\": {}\n  }}",
            info.elapsed_ms,
            info.user_ms,
            info.system_ms,
            info.page_faults,
            info.current_rss,
            info.peak_rss,
            self.process.committed.current,
            self.process.committed.peak
        )?;
        write!(f, ",\n  \"size\": {},\n  \"version\": {VERSION}", size_of::<MiStats>())?;
        self.stats.each_field(&mut |name, item, words| {
            write!(f, ",\n  \"{name}\": ")?;
            if words.len() == item {
                return value(f, words, None);
            }
            f.write_str("[")?;
            let by_size = words.len() == item * ROWS;
            for (i, words) in words.chunks(item.max(1)).enumerate() {
                f.write_str(if i == 0 { "\n    " } else { ",\n    " })?;
                value(f, words, by_size.then_some(i))?;
            }
            f.write_str("\n  ]")
        })?;
        f.write_str("\n}\n")
    }
}

/// A counter or a count. If it belongs to a size class, the sizes of its row come with it.
#[cold]
fn value(f: &mut fmt::Formatter, words: &[i64], row: Option<usize>) -> fmt::Result {
    let &[total, peak, current] = words else { return write!(f, "{}", words.first().unwrap_or(&0)) };
    write!(f, "{{ \"total\": {total}, \"peak\": {peak}, \"current\": {current}")?;
    if let Some(row) = row {
        write!(f, ", \"block_size\": {}, \"page_size\": {}", bin_size(row), page_size(row))?;
    }
    f.write_str(" }")
}
