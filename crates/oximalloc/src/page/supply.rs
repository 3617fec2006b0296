//! What an owner does with all free blocks of its page, in lists and in holes: it takes some, or it lets all of them
//! go.

use super::block::Block;
use super::record::Page;
use super::word::Given;
use crate::os;

/// Where the blocks come from that a page supplies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum From {
    /// A list.
    List,
    /// A hole, or memory that was used for something else before.
    Anywhere,
    /// Fresh zeroed memory.
    Zero,
}

impl Page {
    /// Move up to `want` free blocks to an array, the first to `last` and the others below it. They come from the
    /// page's lists, otherwise from a hole, otherwise they are carved. Returns how many, and where they come from. None
    /// if a list was found corrupt: the list is given up, and the program's error function may have allocated and freed
    /// blocks of this size since.
    ///
    /// # Safety
    /// - the page is attached to the caller, and the `want` words that end with `last` are the caller's.
    pub unsafe fn supply(&self, want: u32, last: *mut *mut u8) -> Option<(u32, From)> {
        // SAFETY: forwarded.
        unsafe {
            let listed = self.take_listed(want, last)?;
            if listed > 0 {
                return Some((listed, From::List));
            }
            if os::capabilities().decommit_part && self.holes() != 0 {
                let n = self.refill_hole(want, last);
                if n > 0 {
                    return Some((n, From::Anywhere));
                }
            }
            let (n, zero) = self.carve(want, last);
            Some((n, if zero { From::Zero } else { From::Anywhere }))
        }
    }

    /// Let go of an attached page. Its own free blocks go to the word's list. `keep` is as in [`Word::detach`].
    ///
    /// # Safety
    /// - the page is attached to the caller.
    ///
    /// [`Word::detach`]: super::word::Word::detach
    pub unsafe fn detach(&self, keep: bool) -> Given {
        // SAFETY: forwarded.
        unsafe { self.detach_lists(self.linked(), keep) }
    }

    /// Call `visit` for each block that is on one of the page's lists or in a hole. Nobody may change them meanwhile.
    pub fn for_each_free(&self, mut visit: impl FnMut(*mut Block)) {
        self.for_each_in_holes(&mut visit);
        self.for_each_listed(visit);
    }
}
