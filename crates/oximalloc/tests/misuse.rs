//! What each level of protection notices of a misuse in a Rust program: by its global allocator, and by a heap of its own. Each
//! misuse is done by a child, this program with the name of a row in its environment.
//!
//! The C programs `misuse_*` have all kinds. Here are those that take another way in Rust: sizes are rounded up to those of
//! the size classes, and a `dealloc` trusts its pointer more than C's `free`.

use core::alloc::{GlobalAlloc, Layout};
use oximalloc::{Heap, Oximalloc, raw};
use std::mem::ManuallyDrop;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

#[global_allocator]
static A: Oximalloc = Oximalloc;

const HUGE: usize = 40 << 20;
/// With these sizes, the block that a row misuses lies between others.
const MANY: usize = 200;
const ROW: &str = "MISUSE_ROW";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// The byte behind what the block is said to hold is written.
    Over,
    /// The byte behind what was asked for is written.
    OverLayout,
    Twice,
    /// A freed block's ninth byte is written.
    WriteFreed,
    Inside,
    ReallocFreed,
}
use Kind::*;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum By {
    Global,
    /// `Heap::alloc` and `Heap::free`.
    Own,
}
use By::*;

/// What comes of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Nothing,
    /// SIGABRT and the row's message.
    Message,
    /// SIGSEGV and no message.
    Fault,
}

struct Row {
    kind: Kind,
    by: By,
    size: usize,
    /// What comes of it at level 0 to 4: `-`, `m` or `s`.
    levels: &'static str,
    /// The parts of the message between what differs from run to run.
    says: &'static [&'static str],
}

const OVER: &[&str] = &["free: overflow: the block 0x", " has ", " bytes, and byte ", " was written (thread 0x"];
const TWICE: &[&str] = &["free: double free: the block 0x", " was freed before (thread 0x"];
const WRITTEN: &[&str] = &["malloc: write after free: byte 9 of the free block 0x", " was written (thread 0x"];
const INVALID: &[&str] = &["free: invalid pointer 0x", ": it points into "];
const INVALID_REALLOC: &[&str] = &["realloc: invalid pointer 0x", ": it points into "];

const fn row(kind: Kind, by: By, size: usize, levels: &'static str, says: &'static [&'static str]) -> Row {
    Row { kind, by, size, levels, says }
}

const ROWS: &[Row] = &[
    row(Over, Global, 24, "-mmmm", OVER),
    row(Over, Global, 200, "-mmmm", OVER),
    row(Over, Global, 5000, "-mmmm", OVER),
    row(Over, Global, 100_000, "-msss", OVER),
    row(Over, Global, HUGE, "-msss", OVER),
    row(Over, Own, 24, "-mmmm", OVER),
    row(Over, Own, 200, "-mmmm", OVER),
    row(Over, Own, 5000, "-mmmm", OVER),
    row(Over, Own, 100_000, "-msss", OVER),
    row(Over, Own, HUGE, "-msss", OVER),
    // The size is rounded up to 32.
    row(OverLayout, Global, 20, "-----", OVER),
    row(OverLayout, Global, 32, "-mmmm", OVER),
    row(OverLayout, Own, 20, "-mmmm", OVER),
    row(Twice, Global, 24, "-mmmm", TWICE),
    row(Twice, Global, 200, "-mmmm", TWICE),
    row(Twice, Global, 5000, "-mmmm", TWICE),
    row(Twice, Global, 100_000, "mmmmm", INVALID),
    row(Twice, Global, HUGE, "mmmmm", INVALID),
    row(Twice, Own, 24, "-mmmm", TWICE),
    row(Twice, Own, 200, "-mmmm", TWICE),
    row(Twice, Own, 5000, "-mmmm", TWICE),
    row(Twice, Own, 100_000, "mmmmm", INVALID),
    row(Twice, Own, HUGE, "mmmmm", INVALID),
    row(WriteFreed, Global, 24, "-mmmm", WRITTEN),
    row(WriteFreed, Global, 200, "-mmmm", WRITTEN),
    row(WriteFreed, Global, 5000, "-mmmm", WRITTEN),
    row(WriteFreed, Global, 100_000, "----s", WRITTEN),
    row(WriteFreed, Global, HUGE, "-ssss", WRITTEN),
    row(WriteFreed, Own, 24, "-mmmm", WRITTEN),
    row(WriteFreed, Own, 5000, "-mmmm", WRITTEN),
    row(Inside, Global, 24, "-mmmm", INVALID),
    row(Inside, Global, 200, "-mmmm", INVALID),
    row(Inside, Global, 5000, "-mmmm", INVALID),
    row(Inside, Global, 100_000, "mmmmm", INVALID),
    row(Inside, Global, HUGE, "mmmmm", INVALID),
    row(Inside, Own, 24, "mmmmm", INVALID),
    row(Inside, Own, 200, "mmmmm", INVALID),
    row(Inside, Own, 5000, "mmmmm", INVALID),
    row(Inside, Own, 100_000, "mmmmm", INVALID),
    // It trusts the layout, allocates, copies, and frees.
    row(ReallocFreed, Global, 24, "-mmmm", TWICE),
    row(ReallocFreed, Global, 5000, "-mmmm", TWICE),
    row(ReallocFreed, Global, HUGE, "mmmmm", INVALID_REALLOC),
];

impl Row {
    fn layout(&self) -> Layout {
        Layout::from_size_align(self.size, 8).unwrap()
    }

    fn take(&self, heap: &Heap) -> *mut u8 {
        // SAFETY: the size is not 0.
        let p = if self.by == Global { unsafe { A.alloc(self.layout()) } } else { heap.alloc(self.layout()) };
        assert!(!p.is_null());
        p
    }

    /// # Safety
    /// - the process ends before anybody relies on what the allocator does.
    unsafe fn free(&self, p: *mut u8) {
        // SAFETY: the process ends soon.
        unsafe { if self.by == Global { A.dealloc(p, self.layout()) } else { Heap::free(p) } }
    }

    /// Misuse a block.
    fn run(&self) {
        // It never ends, or its end might notice what was done.
        let heap = ManuallyDrop::new(Heap::new().unwrap());
        let many = if self.size > 1 << 20 { 3 } else { MANY };
        let mut all: Vec<*mut u8> = (0..many).map(|_| self.take(&heap)).collect();
        all.sort();
        let p = all[many / 2];
        // SAFETY: none of this is right. The process ends with it.
        unsafe {
            // Never the value that is there.
            let change = |at: *mut u8| at.write_volatile(!at.read_volatile());
            match self.kind {
                Over => {
                    change(p.add(raw::usable_size(p)));
                    self.free(p);
                }
                OverLayout => {
                    change(p.add(self.size));
                    self.free(p);
                }
                Twice => {
                    self.free(p);
                    self.free(p);
                }
                WriteFreed => {
                    self.free(p);
                    change(p.add(8));
                    // It changes places with one of at most eight at each free, and slow paths draw new random numbers.
                    for i in 0..(if self.size > 32 << 10 { 10 } else { 800 }) {
                        let q = self.take(&heap);
                        if i % 20 == 19 {
                            all.extend((0..20).map(|_| self.take(&heap)));
                        }
                        self.free(q);
                    }
                }
                Inside => self.free(p.add(8)),
                ReallocFreed => {
                    self.free(p);
                    assert!(!A.realloc(p, self.layout(), self.size * 2).is_null());
                }
            }
        }
    }
}

/// The child's work. Without a row in the environment there is nothing to do.
#[test]
fn child() {
    let Ok(row) = std::env::var(ROW) else { return };
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the arguments are right: no file of the memory is to be written.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &none) };
    ROWS[row.parse::<usize>().unwrap()].run();
    // SAFETY: no destructor is to run over what was misused.
    unsafe { libc::_exit(0) };
}

/// How a child ends and what it says.
fn outcome(row: usize, level: usize) -> (Option<End>, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture"]).env(ROW, row.to_string());
    let output = command.env("MIMALLOC_SECURE", level.to_string()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let end = match (output.status.signal(), output.status.code()) {
        (None, Some(0)) if text.is_empty() => Some(End::Nothing),
        (Some(libc::SIGSEGV), _) if text.is_empty() => Some(End::Fault),
        (Some(libc::SIGABRT), _) if says(&text, ROWS[row].says) => Some(End::Message),
        _ => None,
    };
    (end, format!("{}\n{text}", output.status))
}

/// Whether a text is one line that has these parts, in this order; in a debug build the stack of the call follows.
fn says(text: &str, parts: &[&str]) -> bool {
    let Some(mut rest) = text.strip_prefix("mimalloc: error: ").filter(|rest| rest.starts_with(parts[0])) else {
        return false;
    };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    let mut lines = text.lines();
    lines.next().is_some_and(|line| line.ends_with("; the program ends here"))
        && lines.all(|line| cfg!(debug_assertions) && line.starts_with("    #"))
}

#[test]
fn each_level_notices_what_it_should() {
    let mut wrong = String::new();
    for (i, row) in ROWS.iter().enumerate() {
        assert_eq!(row.levels.len(), 5);
        for (level, expected) in row.levels.chars().enumerate() {
            let expected = match expected {
                '-' => End::Nothing,
                'm' => End::Message,
                _ => End::Fault,
            };
            let (end, text) = outcome(i, level);
            if end != Some(expected) {
                wrong += &format!(
                    "{:?} of {} bytes by {:?} at level {level}: not {expected:?} but {text}\n",
                    row.kind, row.size, row.by
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
