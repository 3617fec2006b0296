//! Sampled blocks of which a record is kept (`heap::pages::samples`): how one comes back, and what is said of a pointer
//! to one that may not be freed.

use crate::diag::error::{misuse, misuse_with};
use crate::diag::output::Sink;
use crate::diag::stack::Modules;
use crate::heap::inspect::sampled::print_history;
use crate::heap::pages::quarantine;
use crate::heap::pages::samples::{self, Known};
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::block::Block;
use crate::prim::Errno;

/// The only block of a page is freed, and has the record `number`.
///
/// # Safety
/// - the block is out, and it is the caller's.
#[cold]
#[inline(never)]
pub unsafe fn come_back(page: &'static Page, block: *mut Block, number: u32) {
    if is_first(block, number) {
        // SAFETY: by the contract.
        unsafe { wait(page, block) };
    }
}

/// Note a free of the block with the record `number`. Returns whether it is the first one; any other is reported. Until
/// then the caller must not touch the block, because another thread may make it inaccessible at this moment.
#[cold]
#[inline(never)]
pub fn is_first(block: *mut Block, number: u32) -> bool {
    let is_first = samples::leave(number);
    if !is_first && !is_explained("free", block.cast()) {
        misuse(
            Errno::EAGAIN,
            format_args!("free: double free: the block {block:p} is being freed by another thread at this moment"),
        );
    }
    is_first
}

/// A sampled block was freed: it waits, inaccessible, before its memory is used again.
///
/// # Safety
/// - the block is out, and it is the caller's.
#[inline(never)]
pub unsafe fn wait(page: &'static Page, block: *mut Block) {
    let theap = Theap::current();
    // SAFETY: by the contract.
    unsafe {
        if !quarantine::put_sampled(theap, page) {
            theap.return_block(page, block);
        }
    }
}

/// Whether `p`, which may not be freed or used, belongs to a sampled block. If so, that is reported.
#[cold]
pub fn is_explained(function: &str, p: *const u8) -> bool {
    if !samples::are_kept() {
        return false;
    }
    let mut known = Known::UNKNOWN;
    let known = &mut known;
    if !samples::find(p, known) {
        return false;
    }
    let (block, size) = (known.block(), known.size());
    let history = |sink: &Sink| print_history(known, sink, &mut Modules::new());
    let (code, was) = if known.is_freed() { (Errno::EAGAIN, "was freed before") } else { (Errno::EINVAL, "is in use") };
    if p.addr() == block {
        let what = if function == "free" { "double free" } else { "use after free" };
        misuse_with(code, format_args!("{function}: {what}: the block {p:p} of {size} bytes {was}"), &history);
    } else {
        let place = p.addr().wrapping_sub(block).cast_signed();
        misuse_with(
            code,
            format_args!(
                "{function}: invalid pointer {p:p}: it is {place} bytes behind the start of a block of {size} bytes, which {was}"
            ),
            &history,
        );
    }
    true
}
