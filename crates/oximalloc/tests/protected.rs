//! A Rust program whose allocator asks for level 2 of protection. The level is in force from the first allocation on,
//! also before `main`. The environment and a call may choose another one.
//!
//! Each misuse runs in a child process, which a variable tells what to do.
use oximalloc::Oximalloc;
use oximalloc::options::{self, Opt};
use oximalloc::stats;
use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::ffi::CStr;
use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::{env, thread};

#[global_allocator]
static A: Oximalloc = Oximalloc::new().secure(2);

/// What a child is to do, and when.
const VARIABLE: &CStr = c"MISUSE";

/// The child's words; empty in the parent. This allocates nothing.
fn told() -> &'static str {
    // SAFETY: the name ends with a zero, and nobody changes the environment.
    let text = unsafe { libc::getenv(VARIABLE.as_ptr()) };
    // SAFETY: a text of the environment, which ends with a zero and stays.
    if text.is_null() { "" } else { unsafe { CStr::from_ptr(text) }.to_str().unwrap() }
}

/// Misuse memory, and end at once if nobody minds.
fn misuse(what: &str) -> ! {
    let layout = Layout::new::<[u64; 8]>();
    let aligned = Layout::from_size_align(64, 64).unwrap();
    // SAFETY: none but that the process ends: this is misuse.
    unsafe {
        let p = black_box(alloc(layout));
        p.write_bytes(7, layout.size());
        match what {
            "twice" => {
                dealloc(p, layout);
                dealloc(black_box(p), layout);
            }
            "over" => {
                let behind = p.add(layout.size());
                behind.write_volatile(!behind.read_volatile());
                dealloc(p, layout);
            }
            "far" => (0..1 << 17).for_each(|i| p.add(i).write_volatile(1)),
            // As the first allocation of the process.
            "zeroed" => {
                let p = black_box(alloc_zeroed(layout));
                dealloc(p, layout);
                dealloc(black_box(p), layout);
            }
            "aligned" => {
                let p = black_box(alloc(aligned));
                dealloc(p, aligned);
                dealloc(black_box(p), aligned);
            }
            _ => panic!("{what}"),
        }
        libc::_exit(0)
    }
}

/// What a child does before `main`, and before Rust's runtime allocates anything.
extern "C" fn early() {
    match told().split_once(' ') {
        Some(("early", what)) => misuse(what),
        Some(("chosen", what)) => {
            options::set(Opt::Secure, 0);
            misuse(what)
        }
        _ => {}
    }
}

// SAFETY: the section holds functions of this type, which the loader calls once.
#[used]
#[unsafe(link_section = ".init_array")]
static EARLY: extern "C" fn() = early;

/// Does in a child what it is told to; in the parent nothing.
#[test]
fn child() {
    match told().split_once(' ') {
        Some(("main", what)) => misuse(what),
        Some(("thread", what)) => thread::spawn(|| misuse(what)).join().unwrap(),
        _ => {}
    }
}

/// Runs a child at the level that the environment says, or the allocator.
fn run(told: &str, level: Option<u32>) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env(VARIABLE.to_str().unwrap(), told);
    match level {
        Some(level) => command.env("MIMALLOC_SECURE", level.to_string()),
        None => command.env_remove("MIMALLOC_SECURE"),
    };
    command.output().unwrap()
}

fn ends(told: &str, level: Option<u32>, signal: i32, message: &str) {
    let output = run(told, level);
    let said = String::from_utf8_lossy(&output.stderr);
    let right = output.status.signal() == Some(signal) && said.contains(message);
    assert!(right, "{told}, {level:?}: {output:?}");
}

fn goes_on(told: &str, level: Option<u32>) {
    let output = run(told, level);
    assert!(output.status.success() && output.stderr.is_empty(), "{told}, {level:?}: {output:?}");
}

#[test]
fn the_level_is_the_allocators() {
    assert_eq!(options::get(Opt::Secure), env::var("MIMALLOC_SECURE").map_or(2, |level| level.parse().unwrap()));
    for when in ["early", "main", "thread"] {
        ends(&format!("{when} twice"), None, libc::SIGABRT, "double free: the block");
        ends(&format!("{when} over"), None, libc::SIGABRT, "has 64 bytes, and byte 65 was written");
        // Level 1 has no walls.
        ends(&format!("{when} far"), None, libc::SIGSEGV, "");
    }
}

#[test]
fn any_function_may_be_the_first() {
    ends("early zeroed", None, libc::SIGABRT, "double free: the block");
    ends("early aligned", None, libc::SIGABRT, "double free: the block");
}

#[test]
fn the_environment_and_a_call_take_precedence() {
    for when in ["early", "main", "thread"] {
        goes_on(&format!("{when} twice"), Some(0));
        goes_on(&format!("{when} over"), Some(0));
        ends(&format!("{when} twice"), Some(1), libc::SIGABRT, "double free: the block");
    }
    goes_on("chosen twice", None);
    goes_on("chosen twice", Some(3));
}

/// A thread that ends leaves its theap to the next one, with the blocks in its stacks.
#[test]
fn threads_one_after_another_lose_no_block() {
    // Rust copies a thread's name first of all in the thread, so the first block is of that size.
    let turn = || {
        let blocks = || drop((0..3000).map(|_| Box::<str>::from("worker")).collect::<Vec<_>>());
        thread::Builder::new().name("worker".into()).spawn(blocks).unwrap().join().unwrap();
        stats::process().blocks_in_use()
    };
    let before = (0..5).map(|_| turn()).max().unwrap();
    let after = (0..50).map(|_| turn()).max().unwrap();
    assert!(after < before + 500, "{before} blocks in use, and {after} after 50 more threads");
}
