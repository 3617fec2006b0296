//! Memory as the mock gives it.

use super::{Call, Mock, Place, State, state};
use crate::prim::contract::{At, Capabilities, Memory, System};
use core::ops::Range;
use core::ptr;

/// The lowest address for [`Place::Low`].
const LOWEST: usize = 1 << 24;
/// [`Place::High`] goes down from here. [`Place::Apart`] uses all addresses below.
#[cfg(target_pointer_width = "64")]
const HIGHEST: usize = 0x7fff_0000_0000;
#[cfg(target_pointer_width = "32")]
const HIGHEST: usize = 0xbfff_0000;
/// The distance to the next try, if something else lies at an address.
const STEP: usize = if usize::BITS == 64 { 1 << 24 } else { 1 << 20 };
/// After this many tries the address space counts as full.
const TRIES: usize = 1 << 16;

/// The addresses of a range, which must be of whole OS pages.
fn range<S: System>(p: *const u8, size: usize) -> Range<usize> {
    let page = Mock::<S>::page_size();
    assert!(size > 0 && (p.addr() | size).is_multiple_of(page), "not whole OS pages: {size:#x} bytes at {p:p}");
    p.addr()..p.addr().checked_add(size).expect("a range ends")
}

/// Reserve at a multiple of the mock's OS pages, which may be larger than the real ones.
fn reserve_aligned<S: System>(page: usize, hint: usize, size: usize, commit: bool) -> *mut u8 {
    let p = S::reserve(hint, size, commit);
    if p.is_null() || p.addr().is_multiple_of(page) {
        return p;
    }
    // SAFETY: reserved just now, and nobody knows of it.
    unsafe { S::unmap(p, size) };
    let p = S::reserve(0, size + page, commit);
    if p.is_null() {
        return p;
    }
    let before = p.addr().wrapping_neg() & (page - 1);
    // SAFETY: the parts before and behind the result, both reserved just now.
    unsafe {
        if before > 0 {
            S::unmap(p, before);
        }
        if before < page {
            S::unmap(p.wrapping_add(before + size), page - before);
        }
    }
    p.wrapping_add(before)
}

/// Reserve at the first of the given addresses that is free.
fn reserve_at_one<S: System>(page: usize, places: impl Iterator<Item = usize>, size: usize, commit: bool) -> *mut u8 {
    let granularity = page.max(S::CAPABILITIES.granularity);
    for at in places.take(TRIES) {
        let p = ptr::with_exposed_provenance_mut(at & !(granularity - 1));
        match S::reserve_at(p, size, commit) {
            At::Mapped => return p,
            At::Refused => return ptr::null_mut(),
            At::Occupied => {}
        }
    }
    ptr::null_mut()
}

impl State {
    fn page_size<S: System>(&self) -> usize {
        self.setup.page_size.unwrap_or_else(S::page_size)
    }

    fn capabilities<S: System>(&self) -> Capabilities {
        self.setup.capabilities.unwrap_or(S::CAPABILITIES)
    }

    fn place<S: System>(&mut self, hint: usize, size: usize, commit: bool) -> *mut u8 {
        let page = self.page_size::<S>();
        match self.setup.place {
            Place::AsReal => reserve_aligned::<S>(page, hint, size, commit),
            Place::Low => reserve_at_one::<S>(page, (LOWEST..HIGHEST).step_by(STEP), size, commit),
            Place::High => {
                let below = |n: usize| HIGHEST.checked_sub(size)?.checked_sub(n * STEP);
                reserve_at_one::<S>(page, (0..).map_while(below), size, commit)
            }
            Place::Apart => {
                let places = core::iter::from_fn(|| {
                    self.placed += 1;
                    // (Odd pages too, so that nothing is aligned more than it must be.)
                    let spread = (HIGHEST - LOWEST).checked_sub(size)?;
                    Some(LOWEST + self.placed.wrapping_mul(0x1357_9bdf_2468_ace1u64 as usize) % spread)
                });
                reserve_at_one::<S>(page, places, size, commit)
            }
        }
    }
}

impl<S: System> Memory for Mock<S> {
    const CAPABILITIES: Capabilities = S::CAPABILITIES;
    const RESIDENT_MAX: usize = S::RESIDENT_MAX;

    fn capabilities() -> Capabilities {
        state().capabilities::<S>()
    }

    fn page_size() -> usize {
        state().page_size::<S>()
    }

    fn overcommits() -> bool {
        let set = state().setup.overcommits;
        set.unwrap_or_else(S::overcommits)
    }

    fn limit(address_space: bool) -> Option<usize> {
        let set = state().setup.limit;
        set.or_else(|| S::limit(address_space))
    }

    fn set_tag(tag: impl FnOnce() -> u8) {
        S::set_tag(tag);
    }

    fn reserve(hint: usize, size: usize, commit: bool) -> *mut u8 {
        assert!(size.is_multiple_of(Self::page_size()), "not whole OS pages: {size:#x} bytes");
        let mut state = state();
        if size == 0 || state.fails(Call::Reserve) {
            return ptr::null_mut();
        }
        let p = state.place::<S>(hint, size, commit);
        if !p.is_null() {
            state.note(&(p.expose_provenance()..p.addr() + size), commit);
        }
        p
    }

    fn reserve_at(p: *mut u8, size: usize, commit: bool) -> At {
        let range = range::<S>(p, size);
        let mut state = state();
        if state.fails(Call::ReserveAt) {
            return At::Refused;
        }
        let at = S::reserve_at(p, size, commit);
        if at == At::Mapped {
            state.note(&range, commit);
        }
        at
    }

    fn reserve_large(hint: usize, size: usize, page_shift: u32) -> *mut u8 {
        let p = S::reserve_large(hint, size, page_shift);
        if !p.is_null() {
            state().note(&(p.expose_provenance()..p.addr() + size), true);
        }
        p
    }

    unsafe fn unmap(p: *mut u8, size: usize) -> bool {
        let range = range::<S>(p, size);
        let mut state = state();
        let part = !state.is_one(&range);
        let cannot = part && !state.capabilities::<S>().unmap_part;
        // SAFETY: by the contract.
        if cannot || state.fails(Call::Unmap) || !unsafe { S::unmap(p, size) } {
            return false;
        }
        state.forget(&range);
        true
    }

    unsafe fn commit(p: *mut u8, size: usize) -> bool {
        let range = range::<S>(p, size);
        let mut state = state();
        let fails = state.fails(Call::Commit);
        // A call that fails has done a part.
        let page = state.page_size::<S>();
        let size = if fails { page.min(size - page) } else { size };
        // SAFETY: by the contract.
        let done = size > 0 && unsafe { S::commit(p, size) };
        if done {
            state.committed.insert(&(range.start..range.start + size));
        }
        done && !fails
    }

    unsafe fn protect(p: *mut u8, size: usize) -> bool {
        let range = range::<S>(p, size);
        let mut state = state();
        let cannot = !state.capabilities::<S>().protect;
        let fails = state.fails(Call::Protect);
        // A call that fails has done a part.
        let page = state.page_size::<S>();
        let size = if fails { page.min(size - page) } else { size };
        // SAFETY: by the contract.
        let done = !cannot && size > 0 && unsafe { S::protect(p, size) };
        if done {
            state.committed.remove(&(range.start..range.start + size));
        }
        done && !fails
    }

    unsafe fn decommit(p: *mut u8, size: usize, strict: bool) -> bool {
        let range = range::<S>(p, size);
        let mut state = state();
        let part = !state.is_one(&range);
        let cannot = part && !state.capabilities::<S>().decommit_part;
        // SAFETY: by the contract.
        if cannot || state.fails(Call::Decommit) || !unsafe { S::decommit(p, size, strict) } {
            // SAFETY: by the contract.
            unsafe { state.soil(&range) };
            return false;
        }
        if strict {
            state.committed.remove(&range);
        }
        true
    }

    unsafe fn reset(p: *mut u8, size: usize) -> bool {
        let range = range::<S>(p, size);
        let mut state = state();
        let part = !state.is_one(&range);
        let cannot = part && !state.capabilities::<S>().decommit_part;
        // What is made dirty stays dirty: the real system might clear it.
        let dirty = state.setup.dirty;
        // SAFETY: by the contract.
        let done = !cannot && !state.fails(Call::Reset) && (dirty || unsafe { S::reset(p, size) });
        // SAFETY: by the contract.
        unsafe { state.soil(&range) };
        done
    }

    unsafe fn advise_huge(p: *mut u8, size: usize, on: bool) -> bool {
        range::<S>(p, size);
        // SAFETY: by the contract.
        Self::capabilities().advise_huge && unsafe { S::advise_huge(p, size, on) }
    }

    unsafe fn populate(p: *mut u8, size: usize) {
        range::<S>(p, size);
        // SAFETY: by the contract.
        unsafe { S::populate(p, size) };
    }

    fn resident(p: *const u8, size: usize) -> usize {
        let page = Self::page_size();
        let pages = (0..size / page).take(Self::RESIDENT_MAX);
        pages.filter(|n| S::resident(p.wrapping_add(n * page), page) > 0).count()
    }

    unsafe fn remap(p: *mut u8, old: usize, new: usize, to: *mut u8) -> *mut u8 {
        let from = range::<S>(p, old);
        assert!(Self::capabilities().remap, "a system that cannot remap was asked to");
        let place = (!to.is_null()).then(|| range::<S>(to, new));
        let mut state = state();
        if state.fails(Call::Remap) {
            if let Some(place) = place {
                // What was mapped there is gone.
                // SAFETY: reserved by the caller, who gives it away.
                unsafe { S::unmap(to, new) };
                state.forget(&place);
            }
            return ptr::null_mut();
        }
        // SAFETY: by the contract.
        let q = unsafe { S::remap(p, old, new, to) };
        if !q.is_null() {
            state.forget(&from);
            state.note(&(q.expose_provenance()..q.addr() + new), true);
        }
        q
    }

    unsafe fn remap_in_place(p: *mut u8, old: usize, new: usize) -> bool {
        let (from, to) = (range::<S>(p, old), range::<S>(p, new));
        assert!(Self::capabilities().remap, "a system that cannot remap was asked to");
        let mut state = state();
        // SAFETY: by the contract.
        if state.fails(Call::RemapInPlace) || !unsafe { S::remap_in_place(p, old, new) } {
            return false;
        }
        state.forget(&from);
        state.note(&to, true);
        true
    }
}
