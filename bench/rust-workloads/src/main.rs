//! Runs one workload in this process with the allocator that this binary was built with.
//!
//! `rust-workloads list`, `rust-workloads run NAME` (prints milliseconds),
//! `rust-workloads pair SIZE RING PAIRS` (for callgrind), `rust-workloads version` (the allocator's own word, if any).

mod pair;
mod workloads;

use std::process::ExitCode;
use std::time::Instant;

use workloads::WORKLOADS;

#[cfg(feature = "oximalloc")]
#[global_allocator]
static ALLOCATOR: oximalloc::Oximalloc = oximalloc::Oximalloc;

#[cfg(any(feature = "mimalloc-v3", feature = "mimalloc-v2"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(all(feature = "mimalloc-v3", feature = "mimalloc-v2"))]
compile_error!("one allocator at a time");

#[cfg(feature = "snmalloc")]
#[global_allocator]
static ALLOCATOR: snmalloc_rs::SnMalloc = snmalloc_rs::SnMalloc;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(feature = "rusty-alloc")]
#[global_allocator]
static ALLOCATOR: rusty_alloc_api::RustyAlloc = rusty_alloc_api::RustyAlloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["list"] => {
            for workload in &WORKLOADS {
                println!("{}\t{}", workload.name, workload.what);
            }
            ExitCode::SUCCESS
        }
        ["version"] => {
            println!("{}", version());
            ExitCode::SUCCESS
        }
        ["run", name] => run(name),
        ["pair", size, ring, pairs] => {
            let number = |word: &str| word.parse().expect("a number");
            pair::run(number(size), number(ring), number(pairs));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: rust-workloads list | version | run NAME | pair SIZE RING PAIRS");
            ExitCode::from(2)
        }
    }
}

fn run(name: &str) -> ExitCode {
    let Some(workload) = WORKLOADS.iter().find(|workload| workload.name == name) else {
        eprintln!("no workload is called {name}");
        return ExitCode::from(2);
    };
    let start = Instant::now();
    let checksum = (workload.run)();
    let spent = start.elapsed();
    if checksum != workload.checksum {
        eprintln!("{name}: the checksum is {checksum}, not {}", workload.checksum);
        return ExitCode::FAILURE;
    }
    println!("{:.3}", spent.as_secs_f64() * 1e3);
    ExitCode::SUCCESS
}

#[cfg(any(feature = "mimalloc-v3", feature = "mimalloc-v2"))]
fn version() -> String {
    unsafe extern "C" {
        safe fn mi_version() -> std::ffi::c_int;
    }
    format!("mi_version {}", mi_version())
}

#[cfg(not(any(feature = "mimalloc-v3", feature = "mimalloc-v2")))]
fn version() -> String {
    String::new()
}
