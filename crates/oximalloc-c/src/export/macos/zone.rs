//! An allocator as the C library knows them: a *zone*, with the functions that `<malloc/malloc.h>` lists. What is freed
//! goes to the zone that says that the block is its own. The zone registered first serves `malloc`.
//!
//! The blocks of one heap are not listed for tools, and there is nothing to lock around a fork: the allocator has handlers
//! of its own.

use crate::export::rounded::rounded_block;
use crate::mi::{allocate, posix};
use crate::outcome::{new_block, resized};
use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char, c_int, c_uint, c_void};
use core::ptr;
use oximalloc::raw;

type Block = *mut c_void;

/// `malloc_zone_t`, up to the member that version 10 added.
#[repr(C)]
struct Zone {
    reserved: [usize; 2],
    size: unsafe extern "C" fn(*mut Zone, *const c_void) -> usize,
    malloc: extern "C" fn(*mut Zone, usize) -> Block,
    calloc: extern "C" fn(*mut Zone, usize, usize) -> Block,
    valloc: extern "C" fn(*mut Zone, usize) -> Block,
    free: unsafe extern "C" fn(*mut Zone, Block),
    realloc: unsafe extern "C" fn(*mut Zone, Block, usize) -> Block,
    destroy: extern "C" fn(*mut Zone),
    name: *const c_char,
    batch_malloc: unsafe extern "C" fn(*mut Zone, usize, *mut Block, c_uint) -> c_uint,
    batch_free: unsafe extern "C" fn(*mut Zone, *mut Block, c_uint),
    introspection: &'static Introspection,
    version: c_uint,
    memalign: extern "C" fn(*mut Zone, usize, usize) -> Block,
    free_definite_size: unsafe extern "C" fn(*mut Zone, Block, usize),
    pressure_relief: extern "C" fn(*mut Zone, usize) -> usize,
    claimed_address: extern "C" fn(*mut Zone, Block) -> c_int,
}

/// `malloc_introspection_t`, up to the member that version 9 added.
#[repr(C)]
struct Introspection {
    enumerator: extern "C" fn(c_uint, Block, c_uint, usize, Block, Block) -> c_int,
    good_size: extern "C" fn(*mut Zone, usize) -> usize,
    check: extern "C" fn(*mut Zone) -> c_int,
    print: extern "C" fn(*mut Zone, c_int),
    log: extern "C" fn(*mut Zone, Block),
    force_lock: extern "C" fn(*mut Zone),
    force_unlock: extern "C" fn(*mut Zone),
    statistics: unsafe extern "C" fn(*mut Zone, *mut Statistics),
    zone_locked: extern "C" fn(*mut Zone) -> c_int,
    /// Of a tool that finds leaks. It is off as long as these are null.
    discharge: [usize; 4],
    reinit_lock: extern "C" fn(*mut Zone),
}

/// `malloc_statistics_t`.
#[repr(C)]
struct Statistics {
    blocks_in_use: c_uint,
    size_in_use: usize,
    max_size_in_use: usize,
    size_allocated: usize,
}

const NAME: &CStr = c"mimalloc";

/// The C library may write to what is registered.
struct Registered(UnsafeCell<Zone>);

// SAFETY: this library does not look into it again.
unsafe impl Sync for Registered {}

static ZONE: Registered = Registered(UnsafeCell::new(Zone {
    reserved: [0; 2],
    size,
    malloc,
    calloc,
    valloc,
    free,
    realloc,
    destroy: nothing,
    name: NAME.as_ptr(),
    batch_malloc,
    batch_free,
    introspection: &Introspection {
        enumerator,
        good_size,
        check,
        print,
        log,
        force_lock: nothing,
        force_unlock: nothing,
        statistics,
        zone_locked,
        discharge: [0; 4],
        reinit_lock: nothing,
    },
    version: 10,
    memalign,
    free_definite_size,
    pressure_relief,
    claimed_address,
}));

unsafe extern "C" {
    fn malloc_zone_register(zone: *mut Zone);
    fn malloc_zone_unregister(zone: *mut Zone);
    fn malloc_get_all_zones(
        task: c_uint,
        reader: *const c_void,
        zones: *mut *mut *mut Zone,
        count: *mut c_uint,
    ) -> c_int;
    fn malloc_default_purgeable_zone() -> *mut Zone;
}

/// How often the first zone is moved behind ours.
const TRIES: usize = 16;

/// Register the zone, and make it the first. The C library has no function for that. A zone that is registered comes last,
/// and the last one takes the place of one that is not registered any more. So the first zone is taken out and comes
/// again until ours is the first. (Meanwhile no other thread may free its blocks. This runs before `main`.)
pub fn promote() {
    let ours = ZONE.0.get();
    // SAFETY: a complete zone that stays. What is unregistered is registered again.
    unsafe {
        // It is made on first use, and then needs the zone that is first now.
        malloc_default_purgeable_zone();
        malloc_zone_register(ours);
        for _ in 0..TRIES {
            let (mut zones, mut count) = (ptr::null_mut(), 0);
            // 0 stands for this process.
            let failed = malloc_get_all_zones(0, ptr::null(), &mut zones, &mut count) != 0;
            if failed || count < 2 || *zones == ours {
                return;
            }
            let first = *zones;
            malloc_zone_unregister(first);
            malloc_zone_register(first);
        }
    }
}

/// 0 for what is not ours.
///
/// # Safety
/// `p` may be any pointer.
unsafe extern "C" fn size(_zone: *mut Zone, p: *const c_void) -> usize {
    // (Not null: that is nobody's.)
    if !p.is_null() && raw::owns(p.cast()) { raw::usable_size(p.cast()) } else { 0 }
}

extern "C" fn malloc(_zone: *mut Zone, size: usize) -> Block {
    new_block(size)
}

extern "C" fn calloc(_zone: *mut Zone, count: usize, size: usize) -> Block {
    allocate::mi_calloc(count, size)
}

extern "C" fn valloc(_zone: *mut Zone, size: usize) -> Block {
    posix::mi_valloc(size)
}

/// # Safety
/// `p` is null or a block of this library that is not used again.
unsafe extern "C" fn free(_zone: *mut Zone, p: Block) {
    // SAFETY: the caller's promise.
    unsafe { raw::free(p.cast()) }
}

/// # Safety
/// `p` is null or a block of this library, and not used again unless null is returned.
unsafe extern "C" fn realloc(_zone: *mut Zone, p: Block, size: usize) -> Block {
    // SAFETY: the caller's promise.
    unsafe { resized(p, size) }
}

extern "C" fn nothing(_zone: *mut Zone) {}

/// # Safety
/// `blocks` has room for `count` blocks.
unsafe extern "C" fn batch_malloc(_zone: *mut Zone, size: usize, blocks: *mut Block, count: c_uint) -> c_uint {
    for i in 0..count {
        let block = new_block(size);
        if block.is_null() {
            return i;
        }
        // SAFETY: the caller's promise.
        unsafe { blocks.add(i as usize).write(block) };
    }
    count
}

/// # Safety
/// `blocks` are `count` blocks of this library, or nulls, that are not used again.
unsafe extern "C" fn batch_free(_zone: *mut Zone, blocks: *mut Block, count: c_uint) {
    for i in 0..count as usize {
        // SAFETY: the caller's promise.
        unsafe { raw::free(blocks.add(i).read().cast()) };
    }
}

extern "C" fn memalign(_zone: *mut Zone, alignment: usize, size: usize) -> Block {
    rounded_block(size, alignment)
}

/// # Safety
/// `p` is a block of this library of `size` bytes that is not used again.
unsafe extern "C" fn free_definite_size(_zone: *mut Zone, p: Block, size: usize) {
    // SAFETY: the caller's promise.
    unsafe { raw::free_sized(p.cast(), size) }
}

/// The system is short of memory. How much went back is not counted.
extern "C" fn pressure_relief(_zone: *mut Zone, _goal: usize) -> usize {
    raw::collect(false);
    0
}

extern "C" fn claimed_address(_zone: *mut Zone, p: Block) -> c_int {
    c_int::from(!p.is_null() && raw::owns(p.cast()))
}

/// Says that there is nothing to list.
extern "C" fn enumerator(_task: c_uint, _c: Block, _mask: c_uint, _zone: usize, _read: Block, _record: Block) -> c_int {
    0
}

extern "C" fn good_size(_zone: *mut Zone, size: usize) -> usize {
    raw::good_size(size)
}

extern "C" fn check(_zone: *mut Zone) -> c_int {
    1
}

extern "C" fn print(_zone: *mut Zone, _verbose: c_int) {
    crate::mi::stats::mi_stats_print(ptr::null_mut());
}

extern "C" fn log(_zone: *mut Zone, _p: Block) {}

/// # Safety
/// `to` may be written.
unsafe extern "C" fn statistics(_zone: *mut Zone, to: *mut Statistics) {
    let totals = raw::totals();
    let figures = Statistics {
        // Blocks are not counted one by one.
        blocks_in_use: 0,
        size_in_use: totals.in_use,
        max_size_in_use: totals.in_use,
        size_allocated: totals.committed,
    };
    // SAFETY: the caller's promise.
    unsafe { to.write(figures) };
}

extern "C" fn zone_locked(_zone: *mut Zone) -> c_int {
    0
}
