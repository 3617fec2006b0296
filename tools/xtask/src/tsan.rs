//! The thread and heap tests under ThreadSanitizer, which reports what two threads do to the same memory with nothing that
//! orders it.
//!
//! It has to see all of the program: so the standard library is built with it, too, by a nightly toolchain, and the
//! allocator is told (`cfg(tsan)`), as there are instructions that it writes out for the fast paths. Nothing is suppressed.
//! Where there is no such toolchain, or its library's source is not there and can't be had, the step is skipped.
//!
//! The C library that programs preload is not tried: of `malloc` there can be one in a process that is watched, and that is
//! the sanitizer's. In the Rust tests the allocator stands beside it.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::child;
use crate::workspace;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Test programs in which threads meet, and the tests of them: by a part of their names.
const PROGRAMS: [&str; 6] = ["threads", "heaps", "heaps_deleted", "ended", "guarded", "sleeper"];
const TESTS: [&str; 4] = ["thread", "stress", "deleted", "sleeper"];

/// The command that runs them; None, and it is said why, where that can't be.
pub fn command() -> Option<Command> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) {
        println!("   ThreadSanitizer is tried on {TARGET} only");
        return None;
    }
    if !has_source() {
        println!("   no nightly toolchain with rust-src: `rustup toolchain install nightly --component rust-src`");
        return None;
    }
    let mut command = nightly(&["cargo", "test", "-Zbuild-std", "--target", TARGET, "--release"]);
    command.args(["--package", "oximalloc", "--features", "oximalloc/internals", "--no-fail-fast", "--lib"]);
    command.args(PROGRAMS.iter().flat_map(|program| ["--test", program]));
    command.arg("--").args(TESTS);
    command.env("CARGO_TARGET_DIR", workspace::target_dir().join("tsan"));
    command.env("RUSTFLAGS", "-Zsanitizer=thread --cfg tsan");
    // With `panic = "abort"` cargo would build two standard libraries, one for the tests; and nothing is gained by code that is
    // optimised as a whole.
    let profile = [("PANIC", "unwind"), ("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "1")];
    command.envs(profile.map(|(key, value)| (format!("CARGO_PROFILE_RELEASE_{key}"), value)));
    Some(command)
}

/// What was reported, in short: the first lines of each report.
pub fn reports(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| line.contains("WARNING: ThreadSanitizer"));
    let report = |(at, _)| lines[at..].iter().take(30).take_while(|line| !line.starts_with("=====")).copied().collect();
    starts.take(3).map(report).map(|report: Vec<&str>| report.join("\n")).collect::<Vec<_>>().join("\n\n")
}

/// Is the source of the nightly toolchain's standard library there, or can rustup get it?
fn has_source() -> bool {
    let sysroot = || -> Result<bool> {
        let end = child::capture(&mut nightly(&["rustc", "--print", "sysroot"]), Duration::from_secs(60))?;
        let source = std::path::Path::new(end.stdout.trim()).join("lib/rustlib/src/rust/library/Cargo.lock");
        Ok(end.success() && source.exists())
    };
    let add = || {
        let mut rustup = Command::new("rustup");
        let add = rustup.args(["component", "add", "rust-src", "--toolchain", "nightly"]);
        child::capture(add, Duration::from_secs(300)).is_ok_and(|end| end.success())
    };
    let there = || sysroot().unwrap_or(false);
    there() || (add() && there())
}

/// A program of the nightly toolchain, in the root of the workspace.
pub fn nightly(args: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(args).current_dir(workspace::root());
    workspace::clean_environment(&mut command);
    command.env_remove("RUSTUP_TOOLCHAIN");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_shown_from_its_first_line_to_its_end() {
        let report = "WARNING: ThreadSanitizer: data race (pid=1)\n  Read of size 8\n    #0 here";
        let output = format!("running 1 test\n=====\n{report}\n=====\ntest one ... ok\n");
        assert_eq!(reports(&output), report);
        assert_eq!(reports("test one ... ok"), "");
    }
}
