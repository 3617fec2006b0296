//! Names the shared object, and keeps it loaded after a `dlclose`: threads still have our destructor to run.
//!
//! What it exports needs no list here: rustc's own version script has the `no_mangle` functions and hides all else. (A
//! second one beside it is an error for GNU ld, and adds its names in lld.) `cargo xtask abi` compares the outcome with
//! the tables in `abi`.
//!
//! `layout.ld` says where functions lie.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=layout.ld");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmimalloc.so.3,-z,nodelete");
        println!("cargo:rustc-cdylib-link-arg=-Wl,-T,{}/layout.ld", env!("CARGO_MANIFEST_DIR"));
    }
}
