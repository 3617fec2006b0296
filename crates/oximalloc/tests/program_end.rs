//! What happens when a Rust program ends, and when a library with the crate inside is unloaded.
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output};
use std::sync::Barrier;
use std::{env, thread};

#[global_allocator]
static A: oximalloc::Oximalloc = oximalloc::Oximalloc;

/// Run a test alone, as a program.
fn run(test: &str, variable: &str) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(variable, "1");
    command.output().unwrap()
}

/// Prints a line, and ends while a thread lives.
#[test]
fn program() {
    let ready = &*Box::leak(Box::new(Barrier::new(2)));
    thread::spawn(|| {
        drop(vec![1u8; 100_000]);
        ready.wait();
        loop {
            thread::park();
        }
    });
    ready.wait();
    println!("a line of {} bytes", "text".repeat(100).len());
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[test]
fn statistics_are_printed_at_the_end_when_asked_for() {
    let without = run("program", "NOTHING");
    assert!(without.status.success() && without.stderr.is_empty(), "{without:?}");
    let with = run("program", "MIMALLOC_SHOW_STATS");
    assert!(with.status.success() && text(&with.stdout).contains("a line of 400 bytes"), "{with:?}");
    let table = text(&with.stderr);
    let threads = table.lines().find(|line| line.trim_start().starts_with("threads")).unwrap_or_default();
    let words: Vec<&str> = threads.split_whitespace().collect();
    assert!(words.len() > 4 && words[2].parse().is_ok_and(|peak: usize| peak >= 2), "no threads in\n{table}");
    assert_eq!(table.matches("heap stats").count(), 1);
}

const SAMPLE: &str = "MIMALLOC_GUARDED_SAMPLE_RATE";

/// If it samples, uses freed memory.
#[test]
fn misuse() {
    if env::var_os(SAMPLE).is_some() {
        let freed = Box::into_raw(Box::new([1u64; 5]));
        // SAFETY: the last access is not right, and ends the process.
        unsafe {
            drop(Box::from_raw(freed));
            std::hint::black_box(freed.cast::<u8>()).write_volatile(1);
        }
    }
}

#[test]
fn a_misuse_is_reported_when_blocks_are_sampled() {
    use std::os::unix::process::ExitStatusExt;
    let end = run("misuse", SAMPLE);
    assert_eq!(end.status.signal(), Some(libc::SIGSEGV), "{end:?}");
    for expected in ["use after free: byte 1 of a freed block of 48 bytes", "allocated by", "freed by", "    #3 "] {
        assert!(text(&end.stderr).contains(expected), "{end:?}");
    }
    let end = run("a_library_is_unloaded_while_threads_live_that_used_it", SAMPLE);
    assert!(end.status.success(), "{end:?}");
}

const DESTROY: &str = "MIMALLOC_DESTROY_ON_EXIT";

#[test]
fn memory_is_given_back_at_the_end_when_asked_for() {
    let output = run("program", DESTROY);
    assert!(output.status.success() && text(&output.stdout).contains("a line of 400 bytes"), "{output:?}");
    // Of libraries it is seen.
    let output = run("a_library_is_unloaded_while_threads_live_that_used_it", DESTROY);
    assert!(output.status.success(), "{output:?}");
}

/// GiB of address space that the process has.
fn mapped() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().next().unwrap().parse::<usize>().unwrap() >> 18
}

#[test]
fn a_library_is_unloaded_while_threads_live_that_used_it() {
    let cargo =
        Command::new(env!("CARGO")).args(["build", "--quiet", "--package=oximalloc", "--example=plugin"]).status();
    assert!(cargo.unwrap().success());
    let target = env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let plugin = CString::new(target.join("debug/examples/libplugin.so").as_os_str().as_bytes()).unwrap();
    let before = mapped();
    for round in 1..=5 {
        // SAFETY: the library has no constructors that ask for anything.
        let library = unsafe { libc::dlopen(plugin.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!library.is_null(), "{plugin:?} is not loaded");
        // SAFETY: the library is loaded, and has a function of that type by that name.
        let used = unsafe {
            let symbol = libc::dlsym(library, c"plugin_use".as_ptr());
            assert!(!symbol.is_null());
            std::mem::transmute::<*mut libc::c_void, extern "C" fn(usize) -> usize>(symbol)
        };
        let (begun, unloaded) = (&Barrier::new(5), &Barrier::new(5));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    assert_eq!(used(300), 300 * 299 / 2 * 37 + 300);
                    begun.wait();
                    unloaded.wait();
                });
            }
            begun.wait();
            // SAFETY: nobody calls into the library any more.
            assert_eq!(unsafe { libc::dlclose(library) }, 0);
            // SAFETY: only asks.
            let still = unsafe { libc::dlopen(plugin.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD) };
            assert!(still.is_null(), "the library is still there, so this tests nothing");
            unloaded.wait();
        });
        // An arena is a GiB.
        assert_eq!(mapped() >= before + round, env::var_os(DESTROY).is_none(), "round {round}");
        let mut status = -1;
        // SAFETY: the child does nothing but end.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                libc::_exit(0);
            }
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
        }
        assert_eq!(status, 0);
    }
}
