//! Runs one workload in this process with the allocator that this binary was built with, and prints how long it took.
//!
//! `rust-workloads WORKLOAD THREADS AMOUNT [ARGUMENT...]`, `rust-workloads list`, `rust-workloads version` (the
//! allocator). A wrong result ends the process with a message and exit code 1, so that it never counts as a time.

mod allocator;
mod blocks;
mod expressions;
mod maps;
mod numbers;
mod outcome;
mod pair;
mod shared;
mod strings;
mod text;
mod threads;
mod trees;
mod vecs;
mod workloads;

use std::process::ExitCode;

use outcome::Task;
use workloads::WORKLOADS;

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
            println!("{}", allocator::NAME);
            ExitCode::SUCCESS
        }
        [name, threads, amount, ref rest @ ..] => match (threads.parse(), amount.parse()) {
            (Ok(threads @ 1..), Ok(amount @ 1..)) => {
                let arguments = rest.iter().map(|&word| word.to_owned()).collect();
                run(name, &Task { threads, amount, arguments })
            }
            _ => usage("THREADS and AMOUNT are positive numbers"),
        },
        _ => usage("what is to be run?"),
    }
}

fn usage(problem: &str) -> ExitCode {
    eprintln!("rust-workloads: {problem}");
    eprintln!("usage: rust-workloads WORKLOAD THREADS AMOUNT [ARGUMENT...] | list | version");
    ExitCode::from(2)
}

fn run(name: &str, task: &Task) -> ExitCode {
    let Some(workload) = WORKLOADS.iter().find(|workload| workload.name == name) else {
        return usage(&format!("no workload is called {name}"));
    };
    if task.threads > 1 && !workload.threaded {
        return usage(&format!("{name} works in one thread"));
    }
    let outcome = (workload.run)(task);
    println!("operations {}", outcome.operations);
    println!("seconds {:.9}", outcome.seconds);
    println!("checked {:016x}", outcome.checksum);
    ExitCode::SUCCESS
}
