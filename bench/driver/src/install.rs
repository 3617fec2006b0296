//! Installing the Debian packages that workloads need, where that may be done: as root on Debian and its like.
//!
//! Only what is missing is installed, and no service is started by it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::folders::find_program;
use crate::workloads::Row;

/// Installs what the rows' programs need and is missing.
pub fn packages(rows: &[Row], more: &[(&str, &str)]) {
    let needed = rows.iter().flat_map(|row| row.workload.needed()).chain(more.iter().copied());
    let missing = needed.filter(|(program, _)| find_program(program).is_none());
    let mut packages: Vec<&str> = missing.map(|(_, package)| package).collect();
    packages.sort_unstable();
    packages.dedup();
    // SAFETY: a system call without arguments, which cannot fail.
    let root = unsafe { libc::geteuid() } == 0;
    if packages.is_empty() || !root || !Path::new("/etc/debian_version").exists() {
        return;
    }
    eprintln!("installing {}", packages.join(" "));
    let policy = Path::new("/usr/sbin/policy-rc.d");
    // 101 means: no service may be started. An existing policy is left as it is.
    let ours = !policy.exists() && fs::write(policy, "#!/bin/sh\nexit 101\n").is_ok();
    if ours {
        let _ = fs::set_permissions(policy, fs::Permissions::from_mode(0o755));
    }
    apt(&["update", "-qq"]);
    // One after the other: one that cannot be had must not keep the others away.
    for package in packages {
        apt(&["install", "-y", "-qq", "--no-install-recommends", package]);
    }
    if ours {
        let _ = fs::remove_file(policy);
    }
}

fn apt(args: &[&str]) {
    let mut command = Command::new("apt-get");
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
    if !command.status().is_ok_and(|status| status.success()) {
        eprintln!("apt-get {} failed", args.join(" "));
    }
}
