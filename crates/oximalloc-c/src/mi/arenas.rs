//! Arenas: large ranges of memory that pages come from. They are reserved ahead of use, or the program supplies them.
//!
//! They serve the calling thread's subprocess. An exclusive arena serves only heaps that were made for it. The
//! functions return error numbers, and `errno` does not change.

use crate::errno;
use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use oximalloc::raw::arenas::{self, ArenaRef, CommitFun, Given};
use oximalloc::raw::heaps::Subproc;
use oximalloc::raw::messages::Sink;

/// # Safety
/// `arena_id` is null or may be written.
#[cold]
unsafe fn tell(arena_id: *mut *mut c_void, arena: Option<ArenaRef>) {
    if !arena_id.is_null() {
        // SAFETY: not null, so the caller's promise covers it.
        unsafe { arena_id.write(arena.map_or(null_mut(), ArenaRef::id)) };
    }
}

#[cold]
fn subproc() -> u32 {
    Subproc::current().number()
}

/// Reserves `size` bytes. With `commit` they are accessible at once; with `allow_large` they are large OS pages, if
/// there are any. Returns 0 or ENOMEM.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_reserve_os_memory(size: usize, commit: bool, allow_large: bool) -> c_int {
    // SAFETY: no id is asked for.
    unsafe { mi_reserve_os_memory_ex(size, commit, allow_large, false, null_mut()) }
}

/// [`mi_reserve_os_memory`], but exclusive if that is asked for. Stores the arena's id at `arena_id` (null if there is
/// no arena).
///
/// # Safety
/// `arena_id` is null or may be written.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_reserve_os_memory_ex(
    size: usize,
    commit: bool,
    allow_large: bool,
    exclusive: bool,
    arena_id: *mut *mut c_void,
) -> c_int {
    let made = arenas::reserve(size, commit, allow_large, exclusive, subproc());
    // SAFETY: the caller's promise about `arena_id` is the same.
    unsafe { tell(arena_id, made.ok()) };
    errno::number(made)
}

/// Makes an arena of memory that the program supplies. False, and nothing changed, if that cannot be done.
///
/// # Safety
/// The memory is as the arguments say, stays mapped until the process ends, and nobody else uses it.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_manage_os_memory(
    start: *mut c_void,
    size: usize,
    is_committed: bool,
    is_pinned: bool,
    is_zero: bool,
    numa_node: c_int,
) -> bool {
    // SAFETY: the caller's promises are the same, and no id is asked for.
    unsafe { mi_manage_os_memory_ex(start, size, is_committed, is_pinned, is_zero, numa_node, false, null_mut()) }
}

/// [`mi_manage_os_memory`], but exclusive if that is asked for. Stores the arena's id at `arena_id` (null if there is
/// no arena).
///
/// # Safety
/// As [`mi_manage_os_memory`]; `arena_id` is null or may be written.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_manage_os_memory_ex(
    start: *mut c_void,
    size: usize,
    is_committed: bool,
    is_pinned: bool,
    is_zero: bool,
    numa_node: c_int,
    exclusive: bool,
    arena_id: *mut *mut c_void,
) -> bool {
    // SAFETY: the caller's promises are the same.
    unsafe {
        mi_manage_memory(
            start,
            size,
            is_committed,
            is_pinned,
            is_zero,
            numa_node,
            exclusive,
            None,
            null_mut(),
            arena_id,
        )
    }
}

/// [`mi_manage_os_memory_ex`] of memory that only `commit_fun` makes accessible, and inaccessible again. Without that
/// function, this works as for memory of our own. `commit_fun` may allocate and free, but may not end a heap that is in
/// use.
///
/// # Safety
/// As [`mi_manage_os_memory_ex`]; `commit_fun` does what it says, in any thread and at any time.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_manage_memory(
    start: *mut c_void,
    size: usize,
    is_committed: bool,
    is_pinned: bool,
    is_zero: bool,
    numa_node: c_int,
    exclusive: bool,
    commit_fun: Option<CommitFun>,
    commit_fun_arg: *mut c_void,
    arena_id: *mut *mut c_void,
) -> bool {
    let given = Given {
        committed: is_committed,
        pinned: is_pinned,
        zero: is_zero,
        numa: numa_node.max(-1),
        exclusive,
        commit: commit_fun,
        commit_arg: commit_fun_arg,
        subproc: subproc(),
    };
    // SAFETY: the caller's promises are the same.
    unsafe {
        let made = arenas::manage(start.cast(), size, &given);
        tell(arena_id, made.ok());
        made.is_ok()
    }
}

/// Reserves huge OS pages of 1 GiB in one arena, from a NUMA node, or for -1 from any node. Stops after `timeout_msecs`
/// (0: never). Returns 0 if there are any pages (or none were asked for), ENOMEM, or ETIMEDOUT.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_reserve_huge_os_pages_at(pages: usize, numa_node: c_int, timeout_msecs: usize) -> c_int {
    // SAFETY: no id is asked for.
    unsafe { mi_reserve_huge_os_pages_at_ex(pages, numa_node, timeout_msecs, false, null_mut()) }
}

/// [`mi_reserve_huge_os_pages_at`], but exclusive if that is asked for. Stores the arena's id at `arena_id` (null if
/// there is no arena).
///
/// # Safety
/// `arena_id` is null or may be written.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_reserve_huge_os_pages_at_ex(
    pages: usize,
    numa_node: c_int,
    timeout_msecs: usize,
    exclusive: bool,
    arena_id: *mut *mut c_void,
) -> c_int {
    let made = match pages {
        0 => Ok(None),
        _ => arenas::reserve_huge(pages, numa_node.max(-1), timeout_msecs as u64, exclusive, subproc())
            .map(|(arena, _)| Some(arena)),
    };
    // SAFETY: the caller's promise about `arena_id` is the same.
    unsafe { tell(arena_id, made.ok().flatten()) };
    errno::number(made)
}

/// Reserves huge OS pages of 1 GiB, spread evenly over `numa_nodes` NUMA nodes (0: all). The timeout and the result are
/// those of [`mi_reserve_huge_os_pages_at`].
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_reserve_huge_os_pages_interleave(pages: usize, numa_nodes: usize, timeout_msecs: usize) -> c_int {
    spread(pages, numa_nodes, timeout_msecs as u64).1
}

/// How many pages were reserved, and an error number or 0.
#[cold]
fn spread(pages: usize, nodes: usize, timeout_ms: u64) -> (usize, c_int) {
    if pages == 0 {
        return (0, 0);
    }
    let (got, stopped) = arenas::interleave(pages, nodes, timeout_ms);
    (got, errno::number(stopped))
}

/// The older form of [`mi_reserve_huge_os_pages_interleave`], over all nodes. The timeout is in seconds (0 or less:
/// none). `pages_reserved` receives the number of pages that were reserved.
///
/// # Safety
/// `pages_reserved` is null or may be written.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_reserve_huge_os_pages(pages: usize, max_secs: f64, pages_reserved: *mut usize) -> c_int {
    let (got, answer) = spread(pages, 0, (max_secs * 1000.0) as u64);
    if !pages_reserved.is_null() {
        // SAFETY: not null, so the caller's promise covers it.
        unsafe { pages_reserved.write(got) };
    }
    answer
}

/// The first byte of an arena. Stores the arena's size at `size`. Null and 0 for an id that names no arena.
///
/// # Safety
/// `size` is null or may be written.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_arena_area(arena_id: *mut c_void, size: *mut usize) -> *mut c_void {
    let (start, bytes) = arenas::area(arena_id).unwrap_or((null_mut(), 0));
    if !size.is_null() {
        // SAFETY: not null, so the caller's promise covers it.
        unsafe { size.write(bytes) };
    }
    start.cast()
}

/// Whether `p` points into the arena. False for an id that names no arena.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_arena_contains(arena_id: *mut c_void, p: *const c_void) -> bool {
    arenas::contains(arena_id, p.cast())
}

/// Memory with this alignment, given to us to manage, is used from its first byte on.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_arena_min_alignment() -> usize {
    arenas::min_alignment()
}

/// The smallest number of bytes that make an arena.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_arena_min_size() -> usize {
    arenas::min_size()
}

/// Whether `p` points into an arena, or into a block of ours that lies outside all arenas.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_is_in_heap_region(p: *const c_void) -> bool {
    arenas::is_in_region(p.cast())
}

/// Prints a picture of all arenas.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_arenas_print() {
    arenas::print(&Sink::REGISTERED);
}

/// [`mi_arenas_print`] by its older name.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_debug_show_arenas() {
    mi_arenas_print();
}
