//! Statistics as JSON: an object with each field of `mi_stats_t` by its name, a `_` and all; a count is an object of
//! `total`, `peak` and `current`, a counter a number. In front are `stat_version`, `mimalloc_version` and `process`, what
//! `mi_process_info` tells; each row of a size class has its `block_size` and `page_size` too.
//!
//! A buffer that is too small gets as much as fits, ended by a zero, as programs that ask with a fixed buffer expect;
//! one that the library makes always has the whole.

use crate::mi::query::mi_version;
use crate::mi::stats_layout::{MiStats, ROWS, VERSION, bin_size, page_size};
use crate::outcome::new_block;
use core::ffi::c_char;
use core::fmt::{self, Write};
use core::ptr::null_mut;
use oximalloc::raw::process::{Os, Process, ProcessInfo};
use oximalloc::raw::stats::{Scope, Snapshot, memory_of};

/// The figures of a struct, and of the process at the moment.
struct Json<'a> {
    stats: &'a MiStats,
    info: ProcessInfo,
    process: Snapshot,
}

/// JSON of `stats` in the `size` bytes at `buf`, cut where these end, or in a new block if `buf` is null or `size` 0:
/// null with `errno` ENOMEM without memory for one.
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
    // SAFETY: `start` has `size` bytes, and what was written is at most one less.
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

/// A counter, or a count; with the sizes of its row, if it is of a size class.
#[cold]
fn value(f: &mut fmt::Formatter, words: &[i64], row: Option<usize>) -> fmt::Result {
    let &[total, peak, current] = words else { return write!(f, "{}", words.first().unwrap_or(&0)) };
    write!(f, "{{ \"total\": {total}, \"peak\": {peak}, \"current\": {current}")?;
    if let Some(row) = row {
        write!(f, ", \"block_size\": {}, \"page_size\": {}", bin_size(row), page_size(row))?;
    }
    f.write_str(" }")
}
