//! What the loader makes read-only, by the table of segments at the start of an ELF file.

/// The start of the file.
#[repr(C)]
struct Header {
    identity: [u8; 16],
    kind: u16,
    machine: u16,
    version: u32,
    entry: usize,
    /// Where the table of segments begins.
    segments: usize,
    sections: usize,
    flags: u32,
    size: u16,
    segment_size: u16,
    /// Rows of that table.
    segment_count: u16,
}

/// A row of the table.
#[repr(C)]
struct Segment {
    kind: u32,
    #[cfg(target_pointer_width = "64")]
    flags: u32,
    offset: usize,
    address: usize,
    physical: usize,
    file_size: usize,
    size: usize,
    #[cfg(target_pointer_width = "32")]
    flags: u32,
    align: usize,
}

/// A segment that is loaded.
const PT_LOAD: u32 = 1;
/// What the loader makes read-only when it is done.
const PT_GNU_RELRO: u32 = 0x6474_e552;

unsafe extern "C" {
    /// The linker's name for the start of this program or library.
    #[link_name = "__ehdr_start"]
    static HEADER: Header;
}

/// Whether the loader makes the OS pages (of `page` bytes) from `start` to `end` read-only, which are in this program or
/// library. None if its table does not say.
pub(super) fn has(start: usize, end: usize, page: usize) -> Option<bool> {
    let header = (&raw const HEADER).addr();
    // SAFETY: the linker keeps the headers of what it loads at its start.
    let segments = unsafe {
        let segments = (&raw const HEADER).cast::<u8>().add(HEADER.segments).cast::<Segment>();
        core::slice::from_raw_parts(segments, HEADER.segment_count as usize)
    };
    // The addresses in it are relative to that of its start, which may be that of the first segment.
    let first = segments.iter().find(|segment| segment.kind == PT_LOAD)?;
    let base = header.wrapping_sub(first.address - first.offset);
    let read_only = segments.iter().find(|segment| segment.kind == PT_GNU_RELRO);
    Some(read_only.is_some_and(|segment| {
        let from = base.wrapping_add(segment.address);
        // The loader rounds the end down.
        from & !(page - 1) <= start && end <= (from + segment.size) & !(page - 1)
    }))
}
