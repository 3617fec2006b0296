//! The global allocator of a Rust program.
//!
//! The layout is usually a constant at the call, so the size class is known at compile time. Then the fast path inlines
//! into the caller: a pop from an array, or a push to one. No C symbol is exported.
//!
//! An allocator with a level of protection says it at the start of each slow path that allocates. So it is known before
//! the process has its first block, and fast paths know nothing of it. The level is a constant to the compiler where the
//! allocator is an immutable `static`, so one without a level has no instruction more.

use crate::alloc::aligned::{self, aligned_or, zaligned};
use crate::alloc::free::free_trusted;
use crate::alloc::malloc::{generic_whole, malloc_const_or, malloc_of_or, whole, zalloc_in, zalloc_or};
use crate::alloc::ready::{PLAIN, Want};
use crate::alloc::realloc::{realloc, realloc_in};
use crate::diag::secure;
use crate::heap::state::theap::Theap;
use crate::page::bins::{BLOCK_MAX, Bin};
use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

/// The allocator.
///
/// ```
/// use oximalloc::Oximalloc;
///
/// #[global_allocator]
/// static A: Oximalloc = Oximalloc;
///
/// assert_eq!(format!("{}-{}", 1, 2), "1-2");
/// ```
///
/// [`Oximalloc::secure`] protects the program against misuse of memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oximalloc {
    /// Of protection. 0 leaves the default as it is.
    level: u8,
}

/// The allocator without settings, as [`Oximalloc::new`] makes it.
#[allow(non_upper_case_globals)]
pub const Oximalloc: Oximalloc = Oximalloc::new();

impl Oximalloc {
    /// The allocator without settings.
    pub const fn new() -> Self {
        Oximalloc { level: 0 }
    }

    /// Make `level` the process's default level of protection against misuse of memory, 0 (nothing that costs time) to
    /// 4. `SECURITY.md` says what each level does.
    ///
    /// It is a default: the environment (`MIMALLOC_SECURE`) and a call that sets the option `secure` take precedence.
    /// The level is fixed when the process first allocates, or makes a heap. If that happens by other means than
    /// this value, such as another `Oximalloc`, or a [`Heap`](crate::Heap) made before `main`, then this level counts
    /// no more.
    ///
    /// This needs the crate's feature `secure`, in `Cargo.toml`:
    ///
    /// ```toml
    /// [dependencies]
    /// oximalloc = { version = "0.1", features = ["secure"] }
    /// ```
    ///
    /// # Panics
    /// In a constant or a `static` these are errors of the compiler:
    /// - the level is above 4;
    /// - the level is above 0, and the crate was built without its feature `secure`.
    ///
    /// # Examples
    #[cfg_attr(feature = "secure", doc = "```")]
    #[cfg_attr(not(feature = "secure"), doc = "```ignore")]
    /// use oximalloc::Oximalloc;
    /// use oximalloc::options::{self, Opt};
    ///
    /// #[global_allocator]
    /// static A: Oximalloc = Oximalloc::new().secure(2);
    ///
    /// assert_eq!(format!("{}-{}", 1, 2), "1-2");
    /// # if std::env::var_os("MIMALLOC_SECURE").is_none() {
    /// assert_eq!(options::get(Opt::Secure), 2);
    /// # }
    /// ```
    ///
    /// There is no level 5:
    ///
    /// ```compile_fail,E0080
    /// use oximalloc::Oximalloc;
    ///
    /// #[global_allocator]
    /// static A: Oximalloc = Oximalloc::new().secure(5);
    /// ```
    #[must_use]
    pub const fn secure(self, level: u8) -> Self {
        assert!(level <= secure::HIGHEST, "oximalloc: a level of protection is 0, 1, 2, 3 or 4");
        assert!(
            level == 0 || cfg!(feature = "secure"),
            "oximalloc: a level of protection needs the crate's feature: features = [\"secure\"]"
        );
        Oximalloc { level }
    }

    /// A slow path that allocates.
    #[inline(always)]
    fn slow(&self, generic: impl FnOnce() -> *mut u8) -> *mut u8 {
        if self.level == 0 { generic() } else { told(self.level, generic) }
    }
}

/// A slow path, after the level was said. (Not inlined, so that the fast paths keep no registers for it.)
#[inline(never)]
fn told(level: u8, generic: impl FnOnce() -> *mut u8) -> *mut u8 {
    secure::offer(level);
    generic()
}

/// All blocks have this alignment, because blocks lie at multiples of 16 from the start of their page.
const NATURAL: usize = 16;

// SAFETY: blocks are valid, have at least the layout's size and alignment, and do not overlap until they are freed;
// nothing here unwinds.
unsafe impl GlobalAlloc for Oximalloc {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= NATURAL {
            malloc_const_or(layout.size(), |size| self.slow(move || generic_whole(size)))
        } else {
            aligned_or(layout.size(), layout.align(), 0, |size, align, _| {
                self.slow(move || aligned::generic(size, align, 0))
            })
        }
    }

    #[inline(always)]
    unsafe fn dealloc(&self, p: *mut u8, _layout: Layout) {
        // SAFETY: by the trait's contract `p` was allocated here, and never at an offset.
        unsafe { free_trusted(p) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= NATURAL {
            zalloc_or(layout.size(), |size| self.slow(move || zalloc_in(Theap::current(), whole(size))))
        } else {
            self.slow(move || zaligned(layout.size(), layout.align(), 0))
        }
    }

    #[inline]
    unsafe fn realloc(&self, p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: by the trait's contract.
        unsafe {
            if layout.align() > NATURAL || layout.size() > BLOCK_MAX || size > BLOCK_MAX {
                return realloc_slow(p, layout, size);
            }
            // The block is of its size's bin or of a larger one. If it grows, a look-up tells no more than the layout
            // does. Both sizes have a bin.
            let (old, new) = (Bin::of_any(layout.size()), Bin::of_any(size));
            if old == new {
                return p;
            }
            if size < layout.size() {
                return shrink(p, size);
            }
            let fresh = malloc_of_or(new, size, generic_whole);
            if !fresh.is_null() {
                ptr::copy_nonoverlapping(p, fresh, layout.size().min(size));
                free_trusted(p);
            }
            fresh
        }
    }
}

/// Reallocate a block that shrinks. This goes by the size that the block has, which may be larger than its layout,
/// since it may have shrunk before.
///
/// # Safety
/// - as for `GlobalAlloc::realloc`; both sizes are at most BLOCK_MAX bytes.
#[inline(never)]
unsafe fn shrink(p: *mut u8, size: usize) -> *mut u8 {
    // SAFETY: by the contract.
    unsafe { realloc(p, whole(size)) }
}

/// Reallocate a block that is large or aligned, or becomes large. (Not inlined, so that the other blocks need few
/// registers.)
///
/// # Safety
/// - as for `GlobalAlloc::realloc`.
#[inline(never)]
unsafe fn realloc_slow(p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
    let theap = Theap::current();
    // SAFETY: by the contract.
    unsafe {
        if layout.align() > NATURAL {
            realloc_in(theap, p, size, Want { align: layout.align(), ..PLAIN })
        } else {
            realloc_in(theap, p, whole(size), PLAIN)
        }
    }
}
