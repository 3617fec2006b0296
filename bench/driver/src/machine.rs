//! What the report says about the machine.

use std::fs;
use std::process::Command;

/// Lines of `what: value`.
pub fn describe() -> Vec<(&'static str, String)> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_string();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(1, |count| count.get());
    let memory = kib("/proc/meminfo", "MemTotal:").unwrap_or(0.0) / 1024.0 / 1024.0;
    let pages = read("/sys/kernel/mm/transparent_hugepage/enabled");
    let chosen = pages.split(['[', ']']).nth(1).unwrap_or("unknown").to_string();
    vec![
        ("CPU", format!("{}, {cores} cores", model.trim_start_matches([' ', '\t', ':']))),
        ("memory", format!("{memory:.0} GiB")),
        ("kernel", format!("Linux {}", read("/proc/sys/kernel/osrelease"))),
        ("transparent huge pages", chosen),
        ("C library", first_line("ldd", &["--version"])),
        ("compilers", format!("{}; {}", first_line("gcc", &["--version"]), first_line("rustc", &["--version"]))),
        ("date", first_line("date", &["-u", "+%Y-%m-%d"])),
    ]
}

/// A number of KiB from one of the kernel's tables.
pub fn kib(path: &str, key: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key)?.trim().trim_end_matches(" kB").parse().ok())
}

fn first_line(program: &str, args: &[&str]) -> String {
    let done = Command::new(program).args(args).env("LC_ALL", "C").output();
    let text = done.map(|done| String::from_utf8_lossy(&done.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_string()
}
