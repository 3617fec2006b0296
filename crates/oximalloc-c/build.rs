//! Names the shared object, by its flavour, and keeps it loaded after a `dlclose`: threads still have our destructor to run. (`oximalloc_stays`
//! tells the code so; where the static library is a part of another one, that may be unmapped.) What it calls of its own is
//! bound to itself, so that the loader has fewer names to look up in each program that starts; but not what a program may
//! have of its own and others are defined by (`export/process.rs`).
//!
//! What it exports needs no list here: rustc's own version script has the `no_mangle` functions and hides all else. (A
//! second one beside it is an error for GNU ld, and adds its names in lld.) `cargo xtask abi` compares the outcome with
//! the tables in `abi`.
//!
//! The shared object also runs with older versions of glibc than the one that it is linked with ([`OLDEST`]).
//!
//! `layout.ld` says where functions lie, for lld and GNU ld on x86-64, with which it was tried. gold refuses it; mold and
//! wild, which were not tried, are not given it either.
use std::env;
use std::fs;
use std::path::PathBuf;

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

/// For each processor: the first version of glibc for it, as names of functions have it that are there since then; and
/// what the assembler calls a word. In 2.34 the functions of [`MOVED`] came from other libraries into `libc.so.6` and
/// got a new version with it. A reference to the first version is met by any glibc, whichever library has the function.
const OLDEST: [(&str, &str, &str); 5] = [
    ("x86_64", "GLIBC_2.2.5", ".quad"),
    ("aarch64", "GLIBC_2.17", ".quad"),
    ("x86", "GLIBC_2.0", ".long"),
    ("arm", "GLIBC_2.4", ".long"),
    ("s390x", "GLIBC_2.2", ".quad"),
];

/// These functions, and the words that lead to them. The words are weak in the code: in `libmimalloc.so` the words made
/// here take their place. Their references are weak, because the other libraries need not be loaded. The last name is of
/// a word behind them: what finds them later.
const MOVED: [(&str, &[&str], &str); 2] = [
    ("oximalloc_0_1_keys", &["pthread_key_create", "pthread_key_delete", "pthread_setspecific"], "oximalloc_loaded"),
    ("oximalloc_dlsym", &["dlsym"], "0"),
];

/// Writes the words in assembly. The compiler that links takes it as it is.
fn write_words(version: &str, word: &str) -> PathBuf {
    let mut text = String::from(".section .data.rel.ro.oximalloc_old, \"aw\", %progbits\n.balign 8\n");
    for (table, functions, behind) in MOVED {
        text += &format!(".globl {table}\n.hidden {table}\n{table}:\n");
        for name in functions {
            text += &format!(".weak old_{name}\n.symver old_{name}, {name}@{version}\n{word} old_{name}\n");
        }
        text += &format!("{word} {behind}\n");
    }
    text += ".section .note.GNU-stack, \"\", %progbits\n";
    let path = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("old_glibc.s");
    fs::write(&path, text).expect("cargo's own folder can be written to");
    path
}

/// Systems with linkers like those of Linux, where threads are in a library of their own.
const ELF: [&str; 4] = ["dragonfly", "freebsd", "netbsd", "openbsd"];

/// Processors for which `operator new` has frames of its own (`src/export/new`). The code asks for `cfg(frames)`.
const FRAMES: [&str; 4] = ["aarch64", "s390x", "x86", "x86_64"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=layout.ld");
    println!("cargo:rustc-check-cfg=cfg(frames)");
    let processor = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if FRAMES.contains(&processor.as_str()) {
        println!("cargo:rustc-cfg=frames");
    }
    let is = |name: &str, value: &str| env::var(name).as_deref() == Ok(value);
    let system = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let name = if env::var_os("CARGO_FEATURE_SECURE_DEFAULT").is_some() { "mimalloc-secure" } else { "mimalloc" };
    if system == "illumos" {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-h,lib{name}.so.3,-z,nodelete");
        return;
    }
    if !["linux", "android"].contains(&system.as_str()) && !ELF.contains(&system.as_str()) {
        return;
    }
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,lib{name}.so.3,-z,nodelete");
    println!("cargo:rustc-cdylib-link-arg=-Wl,--defsym=oximalloc_stays=1,-Bsymbolic-functions");
    let size = if is("CARGO_CFG_TARGET_ARCH", "x86") || is("CARGO_CFG_TARGET_ARCH", "arm") { "j" } else { "m" };
    for name in PROGRAMS.map(|name| name.replace('#', size)) {
        println!("cargo:rustc-cdylib-link-arg=-Wl,--export-dynamic-symbol={name}");
    }
    if ELF.contains(&system.as_str()) {
        println!("cargo:rustc-cdylib-link-arg=-lpthread");
    }
    if system != "linux" {
        return;
    }
    if is("CARGO_CFG_TARGET_ENV", "gnu")
        && let Some((_, version, word)) = OLDEST.iter().find(|(name, ..)| *name == processor)
    {
        println!("cargo:rustc-cdylib-link-arg={}", write_words(version, word).display());
    }
    let chosen = ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_LINKER"].map(|name| env::var(name).unwrap_or_default()).concat();
    if processor == "x86_64" && !["mold", "gold", "wild"].iter().any(|name| chosen.contains(name)) {
        println!("cargo:rustc-cdylib-link-arg=-T{}/layout.ld", env!("CARGO_MANIFEST_DIR"));
    }
}
