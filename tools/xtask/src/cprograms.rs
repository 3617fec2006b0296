//! The C and C++ test programs in `crates/oximalloc-c/tests/c`: compiled and run as each one's [`Contract`] says.
//!
//! What is compiled once is run in every step that can use it: a program that is not linked with the library with both
//! flavours of it, and under memcheck the same that ran without.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::child;
use crate::contract::{Build, Contract};
use crate::tally::Tally;
use crate::workers;
use crate::workspace::{self, Flavour};

/// What came of one program, with the lines that tell about it.
enum Outcome {
    Passed(Duration),
    Failed(String),
    Skipped(String),
    /// It is not for this flavour.
    Elsewhere,
}

/// The source of a library for a program, and what it asks for.
type Library = (PathBuf, Contract);

/// The tool that sees reads and writes of what is nobody's, and decisions on what nobody wrote; all is as the library
/// makes it, and no function of ours is replaced.
const MEMCHECK: [&str; 5] =
    ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=no", "--soname-synonyms=somalloc=nouserintercepts"];
/// How much longer a program may take under it.
const MEMCHECK_SLOWER: u32 = 5;

/// What becomes of a program for another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A program of an ELF system, which is linked as its contract says.
    Elf,
    /// A program for Windows with the library as a DLL. Only those that are linked with the library run there.
    Dll,
    /// A program for Windows with the static library inside.
    WindowsStatic,
}

/// Another machine or C library that programs are compiled for, and the emulator that runs them, if one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Its name, for the folder of its programs.
    pub name: &'static str,
    /// What its compilers' names begin with.
    pub prefix: &'static str,
    /// What the compilers are told besides.
    pub flags: Vec<String>,
    /// Programs have everything in them, the library too, and no loader starts them.
    pub is_static: bool,
    /// Where the libraries for it are.
    pub libraries: PathBuf,
    /// What programs become.
    pub form: Form,
    /// The emulator and its arguments. None: the kernel here runs such programs.
    pub emulator: Vec<String>,
    /// What the linker is told about each program.
    pub links: &'static [&'static str],
    /// Additions to its environment.
    pub env: Vec<(&'static str, OsString)>,
    /// How much longer a program may take there.
    pub slower: u32,
    /// Programs that the emulator cannot run as the machine would, and why.
    pub skips: Vec<(&'static str, &'static str)>,
}

impl Foreign {
    /// Why it cannot run a program, if it cannot.
    fn skips(&self, source: &Path, contract: &Contract) -> Option<String> {
        let listed = self.skips.iter().find(|(name, _)| source.ends_with(name)).map(|(_, why)| (*why).to_string());
        if self.form != Form::Elf && contract.build != Build::Link {
            return Some("it needs the standard names, which the library does not have there".to_string());
        }
        let wrapped = || contract.wrap.first().map(|tool| format!("{tool} would run the emulator"));
        listed.or_else(|| if self.emulator.is_empty() { None } else { wrapped() })
    }

    /// Whether a program makes sense there.
    fn is_for_it(&self, contract: &Contract) -> bool {
        let needs_loader = !contract.shared.is_empty() || matches!(contract.build, Build::Dlopen | Build::Raw);
        !(self.is_static && needs_loader)
    }
}

/// Compiles and runs the programs whose name contains one of `filters`, or all; prints a line for each.
pub fn run(flavour: Flavour, filters: &[String]) -> Result<Tally> {
    run_under(flavour, filters, Under::Nothing)
}

/// The same at a level of protection.
pub fn run_secured(flavour: Flavour, filters: &[String], level: u32) -> Result<Tally> {
    run_under(flavour, filters, Under::Protection(level))
}

/// The conformance tests under valgrind's memcheck.
pub fn memcheck() -> Result<Tally> {
    run_under(Flavour::Release, &["conf_".to_string()], Under::Memcheck)
}

/// What the programs run under.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Under<'a> {
    Nothing,
    Memcheck,
    Protection(u32),
    Emulator(&'a Foreign),
}

/// The libraries that programs are built and run with, and the machine.
#[derive(Clone, Copy)]
struct Setup<'a> {
    flavour: Flavour,
    foreign: Option<&'a Foreign>,
}

impl Setup<'_> {
    /// Where the libraries are.
    fn libraries(self) -> PathBuf {
        self.foreign.map_or_else(|| self.flavour.folder(), |foreign| foreign.libraries.clone())
    }

    fn archive(self) -> PathBuf {
        self.libraries().join("libmimalloc.a")
    }

    fn shared(self) -> PathBuf {
        self.libraries().join("libmimalloc.so")
    }

    fn form(self) -> Form {
        self.foreign.map_or(Form::Elf, |foreign| foreign.form)
    }

    /// The name of a program's file.
    fn program(self) -> &'static str {
        if self.form() == Form::Elf { "program" } else { "program.exe" }
    }

    /// The name of the compiler for a source.
    fn compiler(self, source: &Path) -> String {
        format!("{}{}", self.foreign.map_or("", |foreign| foreign.prefix), compiler(source))
    }
}

fn run_under(flavour: Flavour, filters: &[String], under: Under) -> Result<Tally> {
    flavour.build()?;
    Ok(each(&programs(filters)?, flavour, under))
}

/// Compiles some programs for another machine and runs them there. The library has been built.
pub fn run_foreign(sources: &[PathBuf], foreign: &Foreign) -> Tally {
    each(sources, Flavour::Release, Under::Emulator(foreign))
}

fn each(sources: &[PathBuf], flavour: Flavour, under: Under) -> Tally {
    workers::each(sources, |source| {
        let outcome = try_one(source, flavour, under).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        let name = source.file_name().unwrap_or_default().display();
        match outcome {
            Outcome::Passed(time) => {
                println!("  ok      {name} ({:.1} s)", time.as_secs_f64());
                Tally::PASSED
            }
            Outcome::Failed(why) => Tally::failed(&name.to_string(), &why),
            Outcome::Skipped(why) => {
                println!("  skipped {name}: {why}");
                Tally::SKIPPED
            }
            Outcome::Elsewhere => Tally::default(),
        }
    })
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

/// The test programs of these names.
pub fn named(names: &[&str]) -> Result<Vec<PathBuf>> {
    let all = programs(&[])?;
    let find = |name: &&str| {
        all.iter().find(|path| path.ends_with(name)).cloned().with_context(|| format!("no test is named {name}"))
    };
    names.iter().map(find).collect()
}

fn try_one(source: &Path, flavour: Flavour, under: Under) -> Result<Outcome> {
    let mut contract = Contract::parse(&fs::read_to_string(source)?)?;
    let is_program = !matches!(contract.build, Build::Shared | Build::Plugin);
    let level = if let Under::Protection(level) = under { level } else { 0 };
    let is_for_it = contract.flavours.contains(&flavour) && contract.is_for_level(level);
    if !is_program || !is_for_it || (under == Under::Memcheck && !contract.memcheck) {
        return Ok(Outcome::Elsewhere);
    }
    // First, so that a program may say otherwise.
    if level != 0 {
        contract.env.insert(0, ("MIMALLOC_SECURE".into(), level.to_string()));
    }
    if under == Under::Memcheck {
        contract.wrap = MEMCHECK.map(String::from).into();
        contract.timeout *= MEMCHECK_SLOWER;
    }
    let setup = Setup { flavour, foreign: if let Under::Emulator(foreign) = under { Some(foreign) } else { None } };
    if let Some(foreign) = setup.foreign {
        if !foreign.is_for_it(&contract) {
            return Ok(Outcome::Elsewhere);
        }
        if let Some(why) = foreign.skips(source, &contract) {
            return Ok(Outcome::Skipped(why));
        }
        contract.timeout *= foreign.slower;
    }
    let library = |name: &String| {
        let path = source.with_file_name(name);
        let contract = Contract::parse(&fs::read_to_string(&path)?)?;
        Ok((path, contract))
    };
    let libraries = contract.shared.iter().map(library).collect::<Result<Vec<Library>>>()?;
    let sources = libraries.iter().map(|(path, _)| path.as_path()).chain([source]);
    let mut tools: Vec<String> = sources.map(|path| setup.compiler(path)).collect();
    tools.extend(contract.wrap.first().cloned());
    if let Some(tool) = tools.into_iter().find(|tool| workspace::find_program(tool).is_none()) {
        return Ok(Outcome::Skipped(format!("{tool} is missing")));
    }
    let folder = folder(source, &contract, &libraries, setup)?;
    if let Some(outcome) = compile_all(source, &contract, &libraries, setup, &folder)? {
        return Ok(outcome);
    }
    let end = child::capture(&mut command(&contract, setup, &folder)?, contract.timeout)?;
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

/// Where a program is compiled and runs: a folder of its own, since others may build the same library at the same time.
fn folder(source: &Path, contract: &Contract, libraries: &[Library], setup: Setup) -> Result<PathBuf> {
    let plugin = libraries.iter().any(|(_, contract)| contract.build == Build::Plugin);
    let linked = plugin || matches!(contract.build, Build::Link | Build::Static);
    let kind = match setup.foreign {
        Some(foreign) => foreign.name.to_string(),
        None if linked => setup.flavour.to_string(),
        None => "any".to_string(),
    };
    let folder = workspace::target_dir().join("c-programs").join(kind);
    let folder = folder.join(source.file_name().context("a source has a name")?);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Compiles a program and the libraries that it needs, once in a run of this tool; says so if that fails.
fn compile_all(
    source: &Path,
    contract: &Contract,
    libraries: &[Library],
    setup: Setup,
    folder: &Path,
) -> Result<Option<Outcome>> {
    static COMPILED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);
    let compiled = || COMPILED.lock().expect("no thread panics with the lock");
    if compiled().get_or_insert_default().contains(folder) {
        return Ok(None);
    }
    for (library, contract) in libraries {
        let mut compile = compile(library, contract, setup);
        compile.args(["-shared", "-fPIC", "-o"]).arg(folder.join(library_name(library))).arg(library);
        if contract.build == Build::Plugin {
            compile.arg(setup.archive()).args(["-Wl,-Bsymbolic,--exclude-libs,ALL", "-lpthread", "-ldl", "-lm"]);
        }
        if let Some(outcome) = failed_compile(&mut compile)? {
            return Ok(Some(outcome));
        }
    }
    let mut compile = compile(source, contract, setup);
    compile.arg("-o").arg(folder.join(setup.program())).arg(source);
    link(&mut compile, contract, setup, folder);
    let failed = failed_compile(&mut compile)?;
    if failed.is_none() {
        compiled().get_or_insert_default().insert(folder.to_path_buf());
    }
    Ok(failed)
}

fn compiler(source: &Path) -> &'static str {
    if source.extension().is_some_and(|end| end == "cpp") { "g++" } else { "gcc" }
}

/// The name of the library that a source for other tests becomes.
fn library_name(source: &Path) -> String {
    format!("lib{}.so", source.file_stem().unwrap_or_default().display())
}

/// The compiler's command line, without what it compiles and links.
fn compile(source: &Path, contract: &Contract, setup: Setup) -> Command {
    let mut command = Command::new(setup.compiler(source));
    // Without -fno-builtin the compiler removes pairs of malloc and free.
    command.args(["-O1", "-g", "-pthread", "-fno-builtin"]);
    command.arg(if compiler(source) == "g++" { "-std=gnu++17" } else { "-std=gnu11" });
    command.arg("-I").arg(workspace::root().join("crates/oximalloc-c/include"));
    command.args(setup.foreign.iter().flat_map(|foreign| &foreign.flags)).args(&contract.cflags);
    if setup.form() != Form::Elf {
        command.arg("-I").arg(workspace::root().join("crates/oximalloc-c/tests/c/windows"));
    }
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
fn link(command: &mut Command, contract: &Contract, setup: Setup, folder: &Path) {
    match setup.form() {
        Form::Elf => {}
        // All else is static, so that the programs need no other file.
        Form::Dll => {
            command.arg("-static").arg("-L").arg(setup.libraries());
            command.args(["-Wl,-Bdynamic", "-lmimalloc.dll", "-Wl,-Bstatic", "-lpthread"]);
            // The compiler's libraries for its usual C runtime would come last. Here is the newer runtime instead.
            if contract.cflags.iter().any(|flag| flag == "-nodefaultlibs") {
                command.args(["-lmingw32", "-lgcc", "-lmingwex", "-lucrt", "-lkernel32", "-lucrt"]);
            }
            return;
        }
        Form::WindowsStatic => {
            command.arg("-static").arg(setup.archive()).arg("-lpthread");
            return;
        }
    }
    if setup.foreign.is_some_and(|foreign| foreign.is_static) {
        command.arg("-static").arg(setup.archive());
        return;
    }
    if contract.build == Build::Static {
        command.arg(setup.archive());
    }
    if contract.shared_load {
        command.args(contract.shared.iter().map(|name| folder.join(library_name(Path::new(name)))));
        command.arg(format!("-Wl,-rpath,{}", folder.display()));
    }
    if contract.build == Build::Link {
        let library = setup.libraries();
        command.arg("-L").arg(&library).arg(format!("-Wl,-rpath,{}", library.display())).arg("-lmimalloc");
    }
    command.args(["-lpthread", "-ldl", "-lm"]);
    command.args(setup.foreign.map_or(&[][..], |foreign| foreign.links));
}

/// The command line that runs the compiled program.
fn command(contract: &Contract, setup: Setup, folder: &Path) -> Result<Command> {
    let is_static = setup.foreign.is_some_and(|foreign| foreign.is_static);
    let preloaded = contract.build == Build::Preload && !is_static;
    let mut preload = if preloaded { Some(workspace::preload_value(&setup.shared())?) } else { None };
    let mut words: Vec<OsString> = contract.wrap.iter().map(Into::into).collect();
    if let Some(foreign) = setup.foreign.filter(|foreign| !foreign.emulator.is_empty()) {
        words.extend(foreign.emulator.iter().map(Into::into));
        // The emulator is a program of this machine. It gives the variable to the program that it runs.
        if let Some(value) = preload.take() {
            let mut variable = OsString::from("LD_PRELOAD=");
            variable.push(value);
            words.extend(["-E".into(), variable]);
        }
    }
    let mut words = words.into_iter().chain([folder.join(setup.program()).into_os_string()]);
    let mut command = Command::new(words.next().expect("the program is at least one word"));
    let args = contract.args.iter().map(|arg| arg.replace("$OUT", &folder.to_string_lossy()));
    command.args(words).args(args).env_remove("LD_PRELOAD");
    workspace::clean_environment(&mut command);
    command.env("LIBRARY_UNDER_TEST", setup.shared()).env("LIBMIMALLOC", setup.shared());
    if let Some(value) = preload {
        command.env("LD_PRELOAD", value);
    }
    command.envs(setup.foreign.iter().flat_map(|foreign| foreign.env.iter().map(|(name, value)| (name, value))));
    command.envs(contract.env.iter().map(|(name, value)| (name, value)));
    Ok(command)
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
