//! What a pointer that comes back points to: its page, its block, and the way that the block goes.

use super::door::Way;
use super::{empty, sampled};
use crate::arena::is_in_region;
use crate::diag::error::{foreign, misuse};
use crate::heap::life::thread_start::root_to_free;
use crate::heap::state::current;
use crate::heap::state::heap::MAIN;
use crate::heap::state::theap::Theap;
use crate::page::Page;
use crate::page::bins::Bin;
use crate::page::block::Block;
use crate::prim::Errno;
use core::ptr;

/// The way of any other block, and the block itself: `p` may point into it. None if `p` is not ours.
#[inline]
pub fn page_way(p: *mut u8) -> Option<(*mut Block, Way)> {
    let (page, block) = find(p)?;
    let bin = page.bin();
    let way = if bin == Bin::SINGLE {
        Way::Page(page)
    } else {
        // SAFETY: the owner of a page in use.
        let owner = unsafe { Theap::of_owner(page.owner()) };
        if owner.is_empty_theap() {
            // The page was left to whoever frees into it. Little of it may be in use.
            Way::Page(page)
        } else if ptr::eq(page.heap(), MAIN.as_page_heap()) {
            // A thread that only frees gets a theap too, so that it gives blocks back through a stack.
            match root_to_free().filter(|root| root.is_main()) {
                Some(root) => Way::Stack(root, bin),
                None => {
                    current::count_free(Theap::current());
                    Way::Page(page)
                }
            }
        } else if owner.is_ours() && ptr::eq(page.heap(), owner.heap().as_page_heap()) {
            // The heap may be destroyed, so no thread but the owner holds its blocks. (A full page may name a theap
            // that was once its heap's, and is another heap's now. Hence the second test.)
            Way::Stack(owner, bin)
        } else {
            Way::Page(page)
        }
    };
    Some((block, way))
}

/// The page and the block that `p` belongs to, if `p` is a pointer that was handed out.
#[inline]
pub fn find(p: *const u8) -> Option<(&'static Page, *mut Block)> {
    let page = Page::at(p)?;
    Some((page, page.block_of(p)?))
}

/// Report that `p` is not a block of ours.
#[cold]
pub fn invalid(function: &str, p: *const u8) {
    if sampled::is_explained(function, p) {
        return;
    }
    let what = if Page::at(p).is_some() {
        "it points into this allocator's memory, but not to the start of a block in use"
    } else if is_in_region(p) || empty::is_in_region(p) {
        "it points into memory of this allocator that is not in use: the block may have been freed before"
    } else {
        return foreign(format_args!(
            "{function}: invalid pointer {p:p}: it does not point into memory of this allocator; nothing was changed"
        ));
    };
    misuse(Errno::EINVAL, format_args!("{function}: invalid pointer {p:p}: {what}"));
}
