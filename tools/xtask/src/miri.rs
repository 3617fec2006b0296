//! The unit tests that Miri can run: those of data structures that need no memory from the system, no thread-local pointer
//! and no assembler. Miri reports undefined behaviour that a processor does not show: reads of what nobody wrote, references
//! that do not hold what they promise, data races.
//!
//! Pointers that the allocator makes from numbers (links with tags, distances from a theap) are allowed, and so are blocks
//! that nobody frees.

use std::process::Command;
use std::time::Duration;

use crate::child;
use crate::tsan::nightly;
use crate::workspace;

/// Parts of the names of the tests.
const TESTS: [&str; 12] = [
    "base::",
    "page::tag",
    "page::record_pool",
    "page::word",
    "page::bins::tests::multiples",
    "diag::options::tests",
    "diag::options::value",
    "diag::output",
    "diag::stats",
    "diag::prometheus",
    "heap::pages::large_cache_slots",
    "alloc::realloc",
];

/// The command that runs them; None, and it is said why, where that can't be.
pub fn command() -> Option<Command> {
    if !is_there() {
        println!("   no nightly toolchain with Miri: `rustup toolchain install nightly --component miri,rust-src`");
        return None;
    }
    let mut command =
        nightly(&["cargo", "miri", "test", "--package", "oximalloc", "--features", "internals", "--lib", "--"]);
    command.args(TESTS);
    command.env("CARGO_TARGET_DIR", workspace::target_dir().join("miri"));
    command.env("MIRIFLAGS", "-Zmiri-permissive-provenance -Zmiri-ignore-leaks -Zmiri-disable-isolation");
    Some(command)
}

/// Is Miri there, or can rustup get it?
fn is_there() -> bool {
    let there = || {
        let end = child::capture(&mut nightly(&["cargo", "miri", "--version"]), Duration::from_secs(60));
        end.is_ok_and(|end| end.success())
    };
    let add = || {
        let mut rustup = Command::new("rustup");
        let add = rustup.args(["component", "add", "miri", "rust-src", "--toolchain", "nightly"]);
        child::capture(add, Duration::from_secs(300)).is_ok_and(|end| end.success())
    };
    there() || (add() && there())
}
