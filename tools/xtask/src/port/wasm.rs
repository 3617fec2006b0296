//! WebAssembly: C and Rust programs under node and wasmtime, and by how much the allocator makes a small one longer.
//!
//! The C programs are those of `crates/oximalloc-c/tests/c` that need no threads, processes or signals. Each is linked
//! with `libmimalloc.a`, so the C library allocates there too. WASI's C library is unpacked from its Debian package, and
//! wasmtime comes as a wheel into an environment of its own, both below `target`. What cannot be had is skipped by name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::targets::{Target, USUAL};
use super::toolchain::Toolchain;
use crate::child::{self, End, Status};
use crate::contract::{Build, Contract};
use crate::cprograms;
use crate::install;
use crate::tally::Tally;
use crate::workers;
use crate::workspace;

/// What this machine is called.
pub const NAME: &str = "wasm";

/// With WASI.
const WASI: Target = target("wasm32-wasip1");
/// Without anything.
const ALONE: Target = target("wasm32-unknown-unknown");

const fn target(triple: &'static str) -> Target {
    Target { name: NAME, triple, os_pages: &[64 << 10], ..USUAL }
}

/// The C programs of `cargo xtask test`.
const CHOSEN: &[&str] = &[
    "calloc.c",
    "conf_arena_reserve.c",
    "conf_calloc_aligned.c",
    "conf_expand.c",
    "conf_good_size.c",
    "conf_heap_destroy.c",
    "conf_heap_realloc.c",
    "conf_malloc.c",
    "conf_malloc_aligned_at.c",
    "conf_new.c",
    "conf_options.c",
    "conf_realloc.c",
    "conf_rezalloc_tail.c",
    "conf_stats_get.c",
    "conf_theap_malloc.c",
    "conf_visit_areas.c",
    "good_options.c",
    "realloc.c",
    "sizes.c",
    "strings.c",
];

/// What a program must not use, and what is said of those that do.
const USES: &[(&str, &str)] = &[
    ("crew(", "there are no threads"),
    ("dlopen(", "there is no loader"),
    ("execl", "there are no processes"),
    ("execv", "there are no processes"),
    ("\"guarded.h\"", "there are no signals"),
    ("\"linear.h\"", "there are no processes"),
    ("\"misuse", "there are no signals"),
    ("fork(", "there are no processes"),
    ("mmap(", "there is no mmap"),
    ("popen(", "there are no processes"),
    ("pthread_", "there are no threads"),
    ("realpath(", "its C library has no realpath"),
    ("rss_kib(", "nobody tells what is resident"),
    ("setrlimit(", "there are no limits"),
    ("sigaction(", "there are no signals"),
    ("signal(", "there are no signals"),
    ("wait.h", "there are no processes"),
    ("waitpid(", "there are no processes"),
    ("/proc/", "there is no /proc"),
];

/// Programs that do not make sense there for other reasons.
const SKIPS: &[(&str, &str)] = &[
    ("aligned.c", WIDE),
    ("aligned_bad.c", WIDE),
    ("bad_pointers.c", "reads through addresses that are not in its memory"),
    ("bad_sizes.c", WIDE),
    ("conf_process_info.c", CLOCK),
    ("ends_empty_twice.c", "blocks of no bytes are ordinary ones"),
    ("guarded_calloc.c", GUARD),
    ("guarded_fork.c", GUARD),
    ("guarded_natural.c", GUARD),
    ("guarded_off.c", GUARD),
    ("malloc_free.c", WIDE),
    ("malloc_info.c", "its C library has no open_memstream of the same kind"),
    ("own_malloc.c", "one program cannot have two functions of that name"),
    ("preinit.c", "there is no .preinit_array"),
    ("realloc_steps.c", CLOCK),
    ("stats_guarded.c", GUARD),
];
const GUARD: &str = "no memory can be made inaccessible";
const WIDE: &str = "its sizes are those of 64-bit machines";
const CLOCK: &str = "there is no clock of processor time";

/// By how many bytes a small program may become longer, with WASI and without. Its allocator is dlmalloc otherwise. With
/// WASI that stays in the program, since the C library uses it.
const GROWTH: [(Target, u64); 2] = [(WASI, 40 << 10), (ALONE, 34 << 10)];

const LIMIT: Duration = Duration::from_secs(900);

/// What Rust's programs are built by.
const MANIFEST: &str = r#"
[package]
name = "NAME"
version = "0.1.0"
edition = "2024"
[dependencies]
oximalloc = { path = "PATH" }
[features]
ours = []
[profile.release]
opt-level = "s"
lto = true
panic = "abort"
codegen-units = 1
strip = true
[workspace]
"#;

/// Prints a line: for its size.
const HELLO: &str = r#"
#[cfg(feature = "ours")]
#[global_allocator]
static GLOBAL: oximalloc::Oximalloc = oximalloc::Oximalloc;
fn main() {
    println!("hello");
}
"#;

/// The same without WASI.
const LIBRARY: &str = r#"
#[cfg(feature = "ours")]
#[global_allocator]
static GLOBAL: oximalloc::Oximalloc = oximalloc::Oximalloc;
/// The bytes of the texts of `n` numbers.
#[unsafe(no_mangle)]
pub extern "C" fn lengths(n: usize) -> usize {
    let texts: Vec<String> = (0..n).map(|i| format!("{i}")).collect();
    texts.iter().map(String::len).sum()
}
"#;

/// Allocates, reallocates and frees blocks of many sizes, looks at their contents, and at how much memory that takes.
const BLOCKS: &str = r#"
#[cfg(feature = "ours")]
#[global_allocator]
static GLOBAL: oximalloc::Oximalloc = oximalloc::Oximalloc;

fn pages() -> usize {
    core::arch::wasm32::memory_size::<0>()
}

fn churn(next: &mut impl FnMut() -> usize) {
    let mut held: Vec<Vec<u8>> = Vec::new();
    let check = |v: &Vec<u8>| assert!(v.iter().all(|&byte| byte == v.len() as u8));
    for _ in 0..60_000 {
        match next() % 8 {
            0..3 if !held.is_empty() => check(&held.swap_remove(next() % held.len())),
            3 if !held.is_empty() => {
                let at = next() % held.len();
                let v = &mut held[at];
                check(v);
                let (old, new) = (v.len() as u8, v.len() * 2 % 300_000);
                v.resize(new, old);
                v.shrink_to_fit();
                assert!(v.iter().all(|&byte| byte == old));
                v.fill(new as u8);
            }
            _ if held.len() < 500 => {
                let size = next() & ((1 << (next() % 17)) - 1);
                assert!(vec![0u8; size].iter().all(|&byte| byte == 0));
                held.push(vec![size as u8; size]);
            }
            _ => held.truncate(100),
        }
    }
    held.iter().for_each(check);
}

fn main() {
    assert!(pages() < 40, "a program that has done nothing has {} pages", pages());
    let mut x = 1u32;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        x as usize
    };
    churn(&mut next);
    let first = pages();
    (0..3).for_each(|_| churn(&mut next));
    assert!(pages() < first * 2, "from {first} pages to {}", pages());
    // Large blocks come and go, and what they leave serves the next ones.
    let mut after = Vec::new();
    for _ in 0..4 {
        let mut grown = Vec::new();
        (0..1u64 << 19).for_each(|i| grown.push(i));
        assert!(grown.iter().enumerate().all(|(i, &value)| i as u64 == value));
        drop(grown);
        let mut large = vec![0u8; 40 << 20];
        assert!(large.iter().all(|&byte| byte == 0));
        large.fill(1);
        std::hint::black_box(&large);
        after.push(pages());
    }
    assert!(after.iter().all(|&pages| pages == after[0]), "{after:?} pages");
    println!("well");
}
"#;

/// Runs a program of WASI, or calls a function of a module, in node.
const NODE: &str = r#"
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";
const [file, ...args] = process.argv.slice(2);
const module = await WebAssembly.compile(await readFile(file));
if (args[0] === "--call") {
  const { exports } = await WebAssembly.instantiate(module);
  console.log(exports[args[1]](Number(args[2])));
} else {
  const wasi = new WASI({ version: "preview1", returnOnExit: true, args: [file, ...args], env: process.env });
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
  process.exitCode = wasi.start(instance);
}
"#;

/// The same in wasmtime.
const WASMTIME: &str = r#"
import os, sys
from wasmtime import Engine, ExitTrap, Linker, Module, Store, WasiConfig
engine = Engine()
store, linker = Store(engine), Linker(engine)
linker.define_wasi()
config = WasiConfig()
config.argv, config.env = sys.argv[1:], list(os.environ.items())
config.inherit_stdout()
config.inherit_stderr()
store.set_wasi(config)
exports = linker.instantiate(store, Module.from_file(engine, sys.argv[1])).exports(store)
if sys.argv[2:3] == ["--call"]:
    print(exports[sys.argv[3]](store, int(sys.argv[4])))
else:
    try:
        exports["_start"](store)
    except ExitTrap as end:
        sys.exit(end.code)
"#;

/// What runs WebAssembly.
struct Engine {
    name: &'static str,
    /// The command that is put before the program.
    words: Vec<PathBuf>,
}

impl Engine {
    fn run(&self, program: &Path, args: &[String], env: &[(String, String)], limit: Duration) -> Result<End> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).arg(program).args(args);
        workspace::clean_environment(&mut command);
        command.env("NODE_NO_WARNINGS", "1").envs(env.iter().map(|(name, value)| (name, value)));
        child::capture(&mut command, limit)
    }
}

/// The step of `cargo xtask test`.
pub fn check() -> Result<Tally> {
    let all = cprograms::programs(&[])?;
    let find = |name: &&str| {
        all.iter().find(|path| path.ends_with(name)).cloned().with_context(|| format!("no test is named {name}"))
    };
    let chosen = CHOSEN.iter().map(find).collect::<Result<Vec<PathBuf>>>()?;
    try_all(&chosen, true)
}

/// The command: the C programs that are named or `all` of them, and those of Rust if none is named.
pub fn run(names: &[String], all: bool) -> Result<Tally> {
    if !all && names.is_empty() {
        return check();
    }
    let c = cprograms::programs(names)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "c"));
    try_all(&c.collect::<Vec<PathBuf>>(), names.is_empty())
}

fn try_all(c: &[PathBuf], rust: bool) -> Result<Tally> {
    let folder = workspace::target_dir().join("port/wasm");
    fs::create_dir_all(&folder)?;
    let engines = engines(&folder)?;
    if engines.is_empty() {
        println!("   skipped: neither node nor wasmtime can be had");
        return Ok(Tally::SKIPPED);
    }
    let mut tally = if rust { rust_programs(&folder, &engines)? } else { Tally::default() };
    tally += c_programs(&folder, &engines, c)?;
    Ok(tally)
}

/// The engines that are here, or can be fetched.
fn engines(folder: &Path) -> Result<Vec<Engine>> {
    let mut engines = Vec::new();
    if install::missing_of(&[("node", "nodejs")]).is_empty() {
        let script = folder.join("run.mjs");
        fs::write(&script, NODE)?;
        // Node 20 now and then crashes at its end while other threads of its own still compile, whatever the allocator.
        engines.push(Engine { name: "node", words: vec!["node".into(), "--single-threaded".into(), script] });
    } else {
        println!("  skipped node: it is missing");
    }
    let (script, home) = (folder.join("run.py"), folder.join("python"));
    let python = home.join("bin/python");
    fs::write(&script, WASMTIME)?;
    let has = || child::done(Command::new(&python).args(["-c", "import wasmtime"])).is_ok();
    if !has() && install::is_allowed() {
        let make = || {
            child::done(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
            child::done(Command::new(&python).args(["-m", "pip", "install", "--quiet", "wasmtime"]))
        };
        if let Err(error) = make() {
            println!("  {error:#}");
        }
    }
    if has() {
        engines.push(Engine { name: "wasmtime", words: vec![python, script] });
    } else {
        println!("  skipped wasmtime: its wheel cannot be had");
    }
    Ok(engines)
}

/// Rust programs that have the allocator as their own, and the size of small ones.
fn rust_programs(folder: &Path, engines: &[Engine]) -> Result<Tally> {
    let mut tally = Tally::default();
    let has_std = |target: &Target| matches!(Toolchain::find(target), Ok(Toolchain::AtHand));
    for (target, most) in &GROWTH {
        if !has_std(target) {
            println!("  skipped Rust programs for {}: its standard library cannot be had", target.triple);
            tally += Tally::SKIPPED;
            continue;
        }
        let (name, text) = if target.triple == WASI.triple { ("hello", HELLO) } else { ("lengths", LIBRARY) };
        let theirs = fs::metadata(build(folder, target, name, text, false)?)?.len();
        let ours = build(folder, target, name, text, true)?;
        tally += held(&format!("growth of a program for {}: bytes", target.triple), &ours, theirs, *most)?;
        let args = ["--call", "lengths", "1000"].map(String::from);
        let (args, said) = if target.triple == WASI.triple { (&args[..0], "hello") } else { (&args[..], "2890") };
        tally += says(engines, &ours, args, said)?;
        if target.triple == WASI.triple {
            tally += says(engines, &build(folder, target, "blocks", BLOCKS, true)?, &[], "well")?;
        }
    }
    Ok(tally)
}

fn held(what: &str, file: &Path, before: u64, most: u64) -> Result<Tally> {
    let grown = fs::metadata(file)?.len().saturating_sub(before);
    println!("  {what}: {grown}, of {most} at most");
    let why = || format!("{} bytes too many", grown - most);
    Ok(if grown <= most { Tally::PASSED } else { Tally::failed(what, &why()) })
}

/// Runs a program that prints one line.
fn says(engines: &[Engine], program: &Path, args: &[String], line: &str) -> Result<Tally> {
    let mut tally = Tally::default();
    for engine in engines {
        let end = engine.run(program, args, &[], Duration::from_secs(120))?;
        let name = format!("{} ({})", program.file_name().unwrap_or_default().display(), engine.name);
        let why = || format!("{}\n{}\n{}", end.status, end.stdout, cprograms::shorten(&end.stderr));
        tally += if end.success() && end.stdout.trim_end() == line {
            println!("  ok      {name}");
            Tally::PASSED
        } else {
            Tally::failed(&name, &why())
        };
    }
    Ok(tally)
}

/// Builds a program, or a library for a target without programs. Returns the file.
fn build(folder: &Path, target: &Target, name: &str, text: &str, ours: bool) -> Result<PathBuf> {
    let package = folder.join("rust").join(name);
    let is_library = target.triple == ALONE.triple;
    fs::create_dir_all(package.join("src"))?;
    let crates = workspace::root().join("crates/oximalloc");
    let mut manifest = MANIFEST.replace("NAME", name).replace("PATH", &crates.display().to_string());
    if is_library {
        manifest += "[lib]\ncrate-type = [\"cdylib\"]\n";
    }
    fs::write(package.join("Cargo.toml"), manifest)?;
    fs::write(package.join(if is_library { "src/lib.rs" } else { "src/main.rs" }), text)?;
    // The versions that are here already.
    fs::copy(workspace::root().join("Cargo.lock"), package.join("Cargo.lock"))?;
    let output = folder.join("rust/target");
    let mut command = workspace::cargo();
    // Not in the workspace: its settings for the compiler are not those of users.
    command.current_dir(&package).args(["build", "--quiet", "--release", "--target", target.triple, "--target-dir"]);
    command.arg(&output);
    if ours {
        command.args(["--features", "ours"]);
    }
    let end = child::capture(&mut command, LIMIT)?;
    if !end.success() {
        bail!("{name} does not build for {}\n{}{}", target.triple, end.stdout, end.stderr);
    }
    let built = output.join(target.triple).join("release").join(name).with_extension("wasm");
    let kept = folder.join("rust").join(format!("{name}{}.wasm", if ours { "" } else { "-theirs" }));
    fs::copy(&built, &kept).with_context(|| built.display().to_string())?;
    Ok(kept)
}

/// Compiles C programs and runs them in each engine.
fn c_programs(folder: &Path, engines: &[Engine], sources: &[PathBuf]) -> Result<Tally> {
    let missing = install::missing_of(&[("clang", "clang")]);
    let toolchain = match Toolchain::find(&WASI) {
        Ok(toolchain) if missing.is_empty() => toolchain,
        Ok(_) => return Ok(skipped("clang is missing")),
        Err(why) => return Ok(skipped(&format!("no Rust for {}: {why:#}", WASI.triple))),
    };
    let system = folder.join("system");
    if !system.join(LIBC).exists()
        && let Err(why) =
            fs::create_dir_all(&system).map_err(Into::into).and_then(|()| install::unpack(&["wasi-libc"], &system))
    {
        return Ok(skipped(&format!("WASI's C library cannot be had: {why:#}")));
    }
    let Some(linker) = linker() else { return Ok(skipped("wasm-ld is missing")) };
    let archive = library(&toolchain)?;
    let setup = Setup { folder, system: &system, linker: &linker, archive: &archive, engines };
    Ok(workers::each(sources, |source| {
        let name = source.file_name().unwrap_or_default().display().to_string();
        setup.try_one(source, &name).unwrap_or_else(|error| Tally::failed(&name, &format!("{error:#}")))
    }))
}

/// Where the C library is in its package.
const LIBC: &str = "usr/lib/wasm32-wasi/libc.a";

fn skipped(why: &str) -> Tally {
    println!("  skipped C programs: {why}");
    Tally::SKIPPED
}

/// The linker of Rust, or one that is installed.
fn linker() -> Option<PathBuf> {
    let mut command = Command::new("rustc");
    command.current_dir(workspace::root()).args(["--print", "target-libdir"]);
    workspace::clean_environment(&mut command);
    let libraries = child::done(&mut command).ok()?;
    let own = Path::new(libraries.trim()).parent()?.join("bin/gcc-ld/wasm-ld");
    let installed = || {
        if install::missing_of(&[("wasm-ld", "lld")]).is_empty() { workspace::find_program("wasm-ld") } else { None }
    };
    if own.exists() { Some(own) } else { installed() }
}

/// Builds `libmimalloc.a`.
fn library(toolchain: &Toolchain) -> Result<PathBuf> {
    let output = workspace::target_dir().join("port/target");
    let mut command = workspace::cargo();
    command.args(["rustc", "--quiet", "--release", "--package", "oximalloc-c", "--crate-type", "staticlib"]);
    command.args(["--target", WASI.triple, "--target-dir"]).arg(&output);
    toolchain.apply(&mut command);
    let end = child::capture(&mut command, LIMIT)?;
    if !end.success() {
        bail!("libmimalloc does not build for {}\n{}{}", WASI.triple, end.stdout, end.stderr);
    }
    Ok(output.join(WASI.triple).join("release/libmimalloc.a"))
}

struct Setup<'a> {
    folder: &'a Path,
    system: &'a Path,
    linker: &'a Path,
    archive: &'a Path,
    engines: &'a [Engine],
}

impl Setup<'_> {
    fn try_one(&self, source: &Path, name: &str) -> Result<Tally> {
        let text = fs::read_to_string(source)?;
        let mut contract = Contract::parse(&text)?;
        // An engine ends with 1 if its program stops.
        if matches!(contract.end, Status::Signal(_)) {
            contract.end = Status::Exit(1);
        }
        if matches!(contract.build, Build::Shared | Build::Plugin) || !contract.is_for_level(0) {
            return Ok(Tally::default());
        }
        if let Some(why) = why_not(name, &text, &contract) {
            println!("  skipped {name}: {why}");
            return Ok(Tally::SKIPPED);
        }
        let folder = self.folder.join("c");
        fs::create_dir_all(&folder)?;
        let program = folder.join(name).with_extension("wasm");
        let end = child::capture(&mut self.compile(source, &contract, &program), Duration::from_secs(120))?;
        if !end.success() {
            return Ok(Tally::failed(name, &format!("does not compile\n{}{}", end.stdout, end.stderr)));
        }
        let mut tally = Tally::default();
        let args: Vec<String> =
            contract.args.iter().map(|arg| arg.replace("$OUT", &folder.to_string_lossy())).collect();
        for engine in self.engines {
            let end = engine.run(&program, &args, &contract.env, contract.timeout * SLOWER)?;
            let wrong = contract.judge(end.status, &end.stdout, &end.stderr);
            let name = format!("{name} ({})", engine.name);
            tally += if wrong.is_empty() {
                println!("  ok      {name} ({:.1} s)", end.wall.as_secs_f64());
                Tally::PASSED
            } else {
                Tally::failed(&name, &format!("{}\n{}", wrong.join("\n"), cprograms::shorten(&end.stderr)))
            };
        }
        Ok(tally)
    }

    fn compile(&self, source: &Path, contract: &Contract, program: &Path) -> Command {
        let crates = workspace::root().join("crates/oximalloc-c");
        let mut command = Command::new("clang");
        command.args(["--target=wasm32-wasi", "-O1", "-g", "-w", "-fno-builtin", "-std=gnu11", "-nostdlibinc"]);
        command.arg("--sysroot").arg(self.system.join("usr"));
        command.arg("-isystem").arg(crates.join("tests/c/wasi"));
        command.arg("-isystem").arg(self.system.join("usr/include/wasm32-wasi"));
        command.arg("-I").arg(crates.join("include")).args(&contract.cflags);
        command.args(["-D_WASI_EMULATED_MMAN", "-D_WASI_EMULATED_PROCESS_CLOCKS", "-Wl,-z,stack-size=1048576"]);
        command.arg(format!("-fuse-ld={}", self.linker.display()));
        command.arg("-o").arg(program).arg(source).arg(self.archive);
        command.args(["-nodefaultlibs", "-lwasi-emulated-mman", "-lwasi-emulated-process-clocks", "-lc"]);
        workspace::clean_environment(&mut command);
        command
    }
}

/// How much longer a program may take.
const SLOWER: u32 = 4;

/// Why a program cannot run there.
fn why_not(name: &str, text: &str, contract: &Contract) -> Option<String> {
    let listed = SKIPS.iter().find(|(skipped, _)| *skipped == name);
    let used = USES.iter().find(|(word, _)| text.contains(word));
    let needs = if contract.shared.is_empty() && matches!(contract.build, Build::Preload | Build::Link | Build::Static)
    {
        None
    } else {
        Some("there is no loader".to_string())
    };
    let wrapped = || contract.wrap.first().map(|tool| format!("{tool} would run the engine"));
    listed.or(used).map(|(_, why)| (*why).to_string()).or(needs).or_else(wrapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_or_skipped_exists_and_is_not_both() {
        let all = cprograms::programs(&[]).unwrap();
        for (name, _) in SKIPS {
            assert!(all.iter().any(|path| path.ends_with(name)), "{name}");
        }
        for name in CHOSEN {
            let path = all.iter().find(|path| path.ends_with(name)).unwrap_or_else(|| panic!("{name}"));
            let text = fs::read_to_string(path).unwrap();
            assert_eq!(why_not(name, &text, &Contract::parse(&text).unwrap()), None, "{name}");
        }
    }
}
