//! Names the shared object, by its flavour, and keeps it loaded after a `dlclose`: threads still have our destructor to run. (`oximalloc_stays`
//! tells the code so; where the static library is a part of another one, that may be unmapped.) What it calls of its own is
//! bound to itself, so that the loader has fewer names to look up in each program that starts; but not what a program may
//! have of its own and others are defined by (`export/process.rs`).
//!
//! What it exports needs no list here: rustc's own version script has the `no_mangle` functions and hides all else. (A
//! second one beside it is an error for GNU ld, and adds its names in lld.) `cargo xtask abi` compares the outcome with
//! the tables in `abi`.
//!
//! `layout.ld` says where functions lie, for lld and GNU ld on x86-64, with which it was tried. gold refuses it; mold and
//! wild, which were not tried, are not given it either.
use std::env;

/// What a program may define, and other functions of the library then call. `#` stands for `size_t` in C++ names.
const PROGRAMS: [&str; 9] = [
    "realloc",
    "_Znw#",
    "_Zna#",
    "_Znw#St11align_val_t",
    "_Zna#St11align_val_t",
    "_ZdlPv",
    "_ZdaPv",
    "_ZdlPvSt11align_val_t",
    "_ZdaPvSt11align_val_t",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=layout.ld");
    let is = |name: &str, value: &str| env::var(name).as_deref() == Ok(value);
    if !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    let name = if env::var_os("CARGO_FEATURE_SECURE_DEFAULT").is_some() { "mimalloc-secure" } else { "mimalloc" };
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,lib{name}.so.3,-z,nodelete");
    println!("cargo:rustc-cdylib-link-arg=-Wl,--defsym=oximalloc_stays=1,-Bsymbolic-functions");
    let size = if is("CARGO_CFG_TARGET_ARCH", "x86") || is("CARGO_CFG_TARGET_ARCH", "arm") { "j" } else { "m" };
    for name in PROGRAMS.map(|name| name.replace('#', size)) {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--export-dynamic-symbol={name}");
    }
    let chosen = ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_LINKER"].map(|name| env::var(name).unwrap_or_default()).concat();
    if is("CARGO_CFG_TARGET_ARCH", "x86_64") && !["mold", "gold", "wild"].iter().any(|name| chosen.contains(name)) {
        println!("cargo:rustc-cdylib-link-arg=-T{}/layout.ld", env!("CARGO_MANIFEST_DIR"));
    }
}
