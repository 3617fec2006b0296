//! The C and C++ test programs in `crates/oximalloc-c/tests/c`: compiled and run as each one's [`Contract`] says.
//!
//! Two run at a time, so that a slow one does not hold up the rest and none is starved of time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::child;
use crate::contract::{Build, Contract};
use crate::tally::Tally;
use crate::workspace::{self, Flavour};

/// What came of one program, with the lines that tell about it.
enum Outcome {
    Passed(Duration),
    Failed(String),
    Skipped(String),
    /// It is not for this flavour.
    Elsewhere,
}

/// The tool that sees reads and writes of what is nobody's, and decisions on what nobody wrote; all is as the library
/// makes it, and no function of ours is replaced.
const MEMCHECK: [&str; 5] =
    ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=no", "--soname-synonyms=somalloc=nouserintercepts"];
/// How much longer a program may take under it.
const MEMCHECK_SLOWER: u32 = 5;

/// Compiles and runs the programs whose name contains one of `filters`, or all; prints a line for each.
pub fn run(flavour: Flavour, filters: &[String]) -> Result<Tally> {
    run_under(flavour, filters, false)
}

/// The conformance tests under valgrind's memcheck.
pub fn memcheck() -> Result<Tally> {
    run_under(Flavour::Release, &["conf_".to_string()], true)
}

fn run_under(flavour: Flavour, filters: &[String], memcheck: bool) -> Result<Tally> {
    flavour.build()?;
    let programs = programs(filters)?;
    let kind = if memcheck { "memcheck".to_string() } else { flavour.to_string() };
    let folder = workspace::target_dir().join("c-programs").join(kind);
    fs::create_dir_all(&folder)?;
    let next = AtomicUsize::new(0);
    let sum = Mutex::new(Tally::default());
    let work = || {
        // The counter only hands out numbers; nothing else is published through it.
        while let Some(source) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = try_one(source, flavour, &folder, memcheck)
                .unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
            let name = source.file_name().unwrap_or_default().display();
            let mut sum = sum.lock().expect("no thread panics with the lock");
            match outcome {
                Outcome::Passed(time) => {
                    *sum += Tally::PASSED;
                    println!("  ok      {name} ({:.1} s)", time.as_secs_f64());
                }
                Outcome::Failed(why) => {
                    *sum += Tally::FAILED;
                    println!("  FAILED  {name}\n{}", indent(&why));
                }
                Outcome::Skipped(why) => {
                    *sum += Tally::SKIPPED;
                    println!("  skipped {name}: {why}");
                }
                Outcome::Elsewhere => {}
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    Ok(sum.into_inner().expect("no thread panics with the lock"))
}

/// The test programs, sorted by name.
pub fn programs(filters: &[String]) -> Result<Vec<PathBuf>> {
    let folder = workspace::root().join("crates/oximalloc-c/tests/c");
    let mut programs = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let source = path.extension().is_some_and(|end| end == "c" || end == "cpp");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if source && (filters.is_empty() || filters.iter().any(|filter| name.contains(filter))) {
            programs.push(path);
        }
    }
    programs.sort();
    Ok(programs)
}

fn try_one(source: &Path, flavour: Flavour, folder: &Path, memcheck: bool) -> Result<Outcome> {
    let mut contract = Contract::parse(&fs::read_to_string(source)?)?;
    let is_program = !matches!(contract.build, Build::Shared | Build::Plugin);
    if !is_program || !contract.flavours.contains(&flavour) || (memcheck && !contract.memcheck) {
        return Ok(Outcome::Elsewhere);
    }
    if memcheck {
        contract.wrap = MEMCHECK.map(String::from).into();
        contract.timeout *= MEMCHECK_SLOWER;
    }
    let libraries: Vec<PathBuf> = contract.shared.iter().map(|name| source.with_file_name(name)).collect();
    let mut tools: Vec<&str> = libraries.iter().map(|path| compiler(path)).chain([compiler(source)]).collect();
    tools.extend(contract.wrap.first().map(String::as_str));
    if let Some(tool) = tools.into_iter().find(|tool| workspace::find_program(tool).is_none()) {
        return Ok(Outcome::Skipped(format!("{tool} is missing")));
    }
    // A folder of its own: others may build the same library at the same time.
    let folder = folder.join(source.file_name().context("a source has a name")?);
    fs::create_dir_all(&folder)?;
    for library in &libraries {
        let contract = Contract::parse(&fs::read_to_string(library)?)?;
        let mut compile = compile(library, &contract);
        compile.args(["-shared", "-fPIC", "-o"]).arg(folder.join(library_name(library))).arg(library);
        if contract.build == Build::Plugin {
            compile.arg(flavour.archive()).args(["-Wl,-Bsymbolic,--exclude-libs,ALL", "-lpthread", "-ldl", "-lm"]);
        }
        if let Some(outcome) = failed_compile(&mut compile)? {
            return Ok(outcome);
        }
    }
    let mut compile = compile(source, &contract);
    compile.arg("-o").arg(folder.join("program")).arg(source);
    link(&mut compile, &contract, flavour, &folder);
    if let Some(outcome) = failed_compile(&mut compile)? {
        return Ok(outcome);
    }
    let end = child::capture(&mut command(&contract, flavour, &folder)?, contract.timeout)?;
    let wrong = contract.judge(end.status, &end.stdout, &end.stderr);
    if wrong.is_empty() {
        return Ok(Outcome::Passed(end.wall));
    }
    let mut why = format!("{} ({flavour}, {:.1} s)\n", wrong.join("\n"), end.wall.as_secs_f64());
    for (name, text) in [("stdout", &end.stdout), ("stderr", &end.stderr)] {
        if !text.is_empty() {
            why += &format!("--- {name}\n{}\n", shorten(text));
        }
    }
    Ok(Outcome::Failed(why))
}

fn compiler(source: &Path) -> &'static str {
    if source.extension().is_some_and(|end| end == "cpp") { "g++" } else { "gcc" }
}

/// The name of the library that a source for other tests becomes.
fn library_name(source: &Path) -> String {
    format!("lib{}.so", source.file_stem().unwrap_or_default().display())
}

/// The compiler's command line, without what it compiles and links.
fn compile(source: &Path, contract: &Contract) -> Command {
    let compiler = compiler(source);
    let mut command = Command::new(compiler);
    // Without -fno-builtin the compiler removes pairs of malloc and free.
    command.args(["-O1", "-g", "-pthread", "-fno-builtin"]);
    command.arg(if compiler == "g++" { "-std=gnu++17" } else { "-std=gnu11" });
    command.arg("-I").arg(workspace::root().join("crates/oximalloc-c/include")).args(&contract.cflags);
    workspace::clean_environment(&mut command);
    command
}

/// Runs a compiler; says so if it fails.
fn failed_compile(compile: &mut Command) -> Result<Option<Outcome>> {
    let end = child::capture(compile, Duration::from_secs(120))?;
    let why = || Outcome::Failed(format!("does not compile: {compile:?}\n{}{}", end.stdout, end.stderr));
    Ok((!end.success()).then(why))
}

/// Adds the libraries to a compiler's command line.
fn link(command: &mut Command, contract: &Contract, flavour: Flavour, folder: &Path) {
    if contract.build == Build::Static {
        command.arg(flavour.archive());
    }
    if contract.shared_load {
        command.args(contract.shared.iter().map(|name| folder.join(library_name(Path::new(name)))));
        command.arg(format!("-Wl,-rpath,{}", folder.display()));
    }
    if contract.build == Build::Link {
        let library = flavour.folder();
        command.arg("-L").arg(&library).arg(format!("-Wl,-rpath,{}", library.display())).arg("-lmimalloc");
    }
    command.args(["-lpthread", "-ldl", "-lm"]);
}

/// The command line that runs the compiled program.
fn command(contract: &Contract, flavour: Flavour, folder: &Path) -> Result<Command> {
    let mut words = contract.wrap.iter().map(Into::into).chain([folder.join("program").into_os_string()]);
    let mut command = Command::new(words.next().expect("the program is at least one word"));
    let args = contract.args.iter().map(|arg| arg.replace("$OUT", &folder.to_string_lossy()));
    command.args(words).args(args).env_remove("LD_PRELOAD");
    workspace::clean_environment(&mut command);
    command.env("LIBRARY_UNDER_TEST", flavour.shared()).env("LIBMIMALLOC", flavour.shared());
    if contract.build == Build::Preload {
        command.env("LD_PRELOAD", workspace::preload_value(&flavour.shared())?);
    }
    command.envs(contract.env.iter().map(|(name, value)| (name, value)));
    Ok(command)
}

/// Moves text a few columns to the right.
pub fn indent(text: &str) -> String {
    text.lines().map(|line| format!("          {line}\n")).collect::<String>().trim_end().to_string()
}

/// The start and the end of a long text.
pub fn shorten(text: &str) -> String {
    const KEPT: usize = 40;
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= 2 * KEPT {
        return lines.join("\n");
    }
    let (start, end) = (&lines[..KEPT], &lines[lines.len() - KEPT..]);
    format!("{}\n... {} lines ...\n{}", start.join("\n"), lines.len() - 2 * KEPT, end.join("\n"))
}
