//! The global allocator of this binary, chosen by a cargo feature; none is the system's.
//!
//! Exactly one is chosen: two features at once do not compile. `NAME` is the rival's name in `rivals.toml`.

#[cfg(all(feature = "mimalloc-v3", feature = "mimalloc-v2"))]
compile_error!("one allocator at a time");

#[cfg(not(any(
    feature = "oximalloc",
    feature = "mimalloc-v3",
    feature = "mimalloc-v2",
    feature = "snmalloc",
    feature = "jemalloc",
    feature = "rpmalloc",
    feature = "tcmalloc-google",
    feature = "rusty-alloc"
)))]
pub const NAME: &str = "glibc";

#[cfg(feature = "oximalloc")]
pub const NAME: &str = "oximalloc";
#[cfg(feature = "oximalloc")]
#[global_allocator]
static ALLOCATOR: oximalloc::Oximalloc = oximalloc::Oximalloc;

#[cfg(feature = "mimalloc-v3")]
pub const NAME: &str = "mimalloc3";
#[cfg(all(feature = "mimalloc-v2", not(feature = "mimalloc-v3")))]
pub const NAME: &str = "mimalloc2";
#[cfg(any(feature = "mimalloc-v3", feature = "mimalloc-v2"))]
#[global_allocator]
static ALLOCATOR: mimalloc_safe::MiMalloc = mimalloc_safe::MiMalloc;

#[cfg(feature = "snmalloc")]
pub const NAME: &str = "snmalloc";
#[cfg(feature = "snmalloc")]
#[global_allocator]
static ALLOCATOR: snmalloc_rs::SnMalloc = snmalloc_rs::SnMalloc;

#[cfg(feature = "jemalloc")]
pub const NAME: &str = "jemalloc";
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(feature = "rpmalloc")]
pub const NAME: &str = "rpmalloc";
#[cfg(feature = "rpmalloc")]
#[global_allocator]
static ALLOCATOR: rpmalloc::RpMalloc = rpmalloc::RpMalloc;

#[cfg(feature = "tcmalloc-google")]
pub const NAME: &str = "tcmalloc-google";
#[cfg(feature = "tcmalloc-google")]
#[global_allocator]
static ALLOCATOR: tcmalloc_better::TCMalloc = tcmalloc_better::TCMalloc;

#[cfg(feature = "rusty-alloc")]
pub const NAME: &str = "rusty_alloc";
#[cfg(feature = "rusty-alloc")]
#[global_allocator]
static ALLOCATOR: rusty_alloc_api::RustyAlloc = rusty_alloc_api::RustyAlloc;
