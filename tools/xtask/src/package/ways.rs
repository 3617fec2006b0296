//! Every way to link: programs are built with what `cargo xtask install` wrote, and ask whose memory they get.
//!
//! The installed tree is moved first, and searched for paths of the build tree.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::install;
use crate::abi;
use crate::child::{self, Status, done};
use crate::symbols;
use crate::tally::Tally;
use crate::workspace::{self, Flavour};

/// Where the tree is, and where programs are built.
struct Place {
    lib: PathBuf,
    include: PathBuf,
    work: PathBuf,
}

/// One way: its name, the programs it needs, and what builds and runs.
type Way = (&'static str, &'static [&'static str], fn(&Place) -> Result<()>);

const WAYS: [Way; 25] = [
    ("what is installed", &["readelf"], contents),
    ("shared, C", &["gcc"], |place| place.link("gcc", "program.c", &[], &["-lmimalloc"])),
    ("shared, C++", &["g++"], |place| place.link("g++", "program.cpp", &[], &["-lmimalloc"])),
    ("archive, C", &["gcc"], |place| place.link("gcc", "program.c", &[], &["-l:libmimalloc.a"])),
    ("archive, C++", &["g++"], |place| place.link("g++", "program.cpp", &[], &["-l:libmimalloc.a"])),
    ("archive, static C", &["gcc"], |place| place.link("gcc", "program.c", &["-static"], &["-lmimalloc"])),
    ("archive, static C++", &["g++"], |place| place.link("g++", "program.cpp", &["-static"], &["-lmimalloc"])),
    ("object, C", &["gcc"], |place| place.link("gcc", "program.c", &[&place.object()], &[])),
    ("object, C++", &["g++"], |place| place.link("g++", "program.cpp", &[&place.object()], &[])),
    ("object, static C", &["gcc"], |place| place.link("gcc", "program.c", &["-static", &place.object()], &[])),
    ("object, static C++", &["g++"], |place| place.link("g++", "program.cpp", &["-static", &place.object()], &[])),
    ("object, Rust", &["rustc"], rust),
    ("mimalloc-new-delete.h", &["g++", "objcopy"], |place| {
        place.link("g++", "new_delete.cpp", &[&place.names_of_ours_only()?], &[])
    }),
    ("mimalloc-override.h", &["gcc", "objcopy"], |place| {
        place.link("gcc", "override.c", &[&place.names_of_ours_only()?], &[])
    }),
    ("preload", &["gcc"], preload),
    ("debug flavour", &["gcc"], |place| place.link("gcc", "program.c", &["-DDEBUG_FLAVOUR"], &["-lmimalloc-debug"])),
    ("pkg-config", &["pkg-config", "gcc", "g++"], pkg_config),
    ("cmake", &["cmake", "gcc", "g++"], cmake),
    ("secure flavour, shared", &["gcc"], |place| place.link_secure(&[], &["-lmimalloc-secure"])),
    ("secure flavour, archive", &["gcc"], |place| place.link_secure(&[], &["-l:libmimalloc-secure.a"])),
    ("secure flavour, object, static", &["gcc"], |place| {
        place.link_secure(&["-static", &place.lib.join("mimalloc-secure.o").display().to_string()], &[])
    }),
    ("secure flavour, preload", &["gcc"], preload_secure),
    ("secure flavour, pkg-config", &["pkg-config", "gcc"], pkg_config_secure),
    ("secure flavour, cmake", &["cmake", "gcc"], cmake_secure),
    ("staging and replacing", &[], staging),
];

/// Installs into a folder, moves it, tries all ways; prints a line for each.
pub fn try_all() -> Result<Tally> {
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("moved");
    install(&folder.path().join("first"), &[Flavour::Checked, Flavour::Secure])?;
    fs::rename(folder.path().join("first"), &root)?;
    let place = Place { lib: root.join("lib"), include: root.join("include"), work: folder.path().join("work") };
    let mut tally = Tally::default();
    for (name, needs, way) in WAYS {
        if let Some(missing) = needs.iter().find(|program| workspace::find_program(program).is_none()) {
            println!("  skipped {name}: {missing} is missing");
            tally += Tally::SKIPPED;
            continue;
        }
        // A folder of its own, empty.
        let _ = fs::remove_dir_all(&place.work);
        fs::create_dir_all(&place.work)?;
        tally += match way(&place) {
            Ok(()) => {
                println!("  ok      {name}");
                Tally::PASSED
            }
            Err(error) => Tally::failed(name, &format!("{error:#}")),
        };
    }
    Ok(tally)
}

/// The folder of the programs.
fn sources() -> PathBuf {
    workspace::root().join("crates/oximalloc-c/tests/install")
}

impl Place {
    fn object(&self) -> String {
        self.lib.join("mimalloc.o").display().to_string()
    }

    /// A copy of the object file that has the `mi_` names only, so that the standard ones are the C library's.
    fn names_of_ours_only(&self) -> Result<String> {
        let (list, object) = (self.work.join("names"), self.work.join("plain.o"));
        let names: Vec<String> = symbols::global(&self.lib.join("mimalloc.o"))?.into_iter().collect();
        let names = names.iter().filter(|name| name.starts_with("mi_"));
        fs::write(&list, names.map(|name| format!("{name}\n")).collect::<String>())?;
        let keep = format!("--keep-global-symbols={}", list.display());
        done(Command::new("objcopy").arg(keep).arg(self.object()).arg(&object))?;
        Ok(object.display().to_string())
    }

    /// Builds a program, with words before its source and behind it, and runs it.
    fn link(&self, compiler: &str, source: &str, before: &[&str], behind: &[&str]) -> Result<()> {
        let mut command = self.compiler(compiler);
        command.args(before).arg(sources().join(source)).arg("-I").arg(&self.include);
        command.arg("-L").arg(&self.lib).arg(format!("-Wl,-rpath,{}", self.lib.display())).args(behind);
        self.build_and_run(&mut command)
    }

    /// As [`Place::link`], for programs of the secure flavour.
    fn link_secure(&self, before: &[&str], behind: &[&str]) -> Result<()> {
        self.link("gcc", "program.c", before, behind)?;
        let mut command = self.compiler("gcc");
        command.args(before).arg(sources().join("twice.c")).arg("-L").arg(&self.lib);
        done(command.arg(format!("-Wl,-rpath,{}", self.lib.display())).args(behind))?;
        is_protected(&self.program(), &[])
    }

    /// A compiler that will write the program.
    fn compiler(&self, compiler: &str) -> Command {
        let mut command = Command::new(compiler);
        command.args(["-O1", "-Wall", "-Wextra", "-pthread", "-fno-builtin"]);
        command.arg(if compiler == "g++" { "-std=gnu++17" } else { "-std=gnu11" });
        command.arg("-o").arg(self.program());
        command
    }

    fn program(&self) -> PathBuf {
        self.work.join("program")
    }

    fn build_and_run(&self, command: &mut Command) -> Result<()> {
        done(command)?;
        run(&self.program(), &[])
    }
}

/// Runs a program that must end well.
fn run(program: &Path, environment: &[(&str, &OsStr)]) -> Result<()> {
    let end = end(program, environment)?;
    if !end.success() {
        bail!("{}: {}\n{}{}", program.display(), end.status, end.stdout, end.stderr);
    }
    Ok(())
}

/// Runs a program to its end.
fn end(program: &Path, environment: &[(&str, &OsStr)]) -> Result<child::End> {
    let mut command = Command::new(program);
    workspace::clean_environment(&mut command);
    command.env_remove("MIMALLOC_SECURE").envs(environment.iter().copied());
    child::capture(&mut command, Duration::from_secs(60))
}

/// Runs `twice.c`, which level 2 of protection must end unless the environment says another level.
fn is_protected(program: &Path, environment: &[(&str, &OsStr)]) -> Result<()> {
    let end = end(program, &[environment, &[("MIMALLOC_VERBOSE", OsStr::new("1"))]].concat())?;
    let is_default = |line: &str| line.split_whitespace().eq(["option", "secure", "2", "level", "(default)"]);
    let ended = end.status == Status::Signal(libc::SIGABRT) && end.stderr.contains("free: double free: the block");
    if !ended || !end.stderr.lines().any(is_default) {
        bail!("{} is not protected: {}\n{}{}", program.display(), end.status, end.stdout, end.stderr);
    }
    run(program, &[environment, &[("MIMALLOC_SECURE", OsStr::new("0"))]].concat())
}

/// The files that are there, the names in the libraries, and that no file names the build tree.
fn contents(place: &Place) -> Result<()> {
    let root = place.lib.parent().context("lib is in the root")?;
    let mut files = Vec::new();
    walk(root, &mut files)?;
    let mut names: Vec<String> =
        files.iter().map(|file| file.strip_prefix(root).unwrap_or(file).display().to_string()).collect();
    names.retain(|name| !name.starts_with("include/"));
    names.sort();
    let shared = |name: &str| ["", ".3", ".3.4"].map(|version| format!("lib/lib{name}.so{version}"));
    let mut expected: Vec<String> =
        ["mimalloc", "mimalloc-debug", "mimalloc-secure"].iter().flat_map(|name| shared(name)).collect();
    for name in ["mimalloc", "mimalloc-secure"] {
        expected.extend(
            [format!("{name}.o"), format!("lib{name}.a"), format!("pkgconfig/{name}.pc")]
                .map(|file| format!("lib/{file}")),
        );
        expected.extend(
            ["config-version", "config", "targets"].map(|file| format!("lib/cmake/{name}/{name}-{file}.cmake")),
        );
    }
    expected.sort();
    ensure!(names == expected, "installed are {names:?}, expected {expected:?}");

    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let hidden: Vec<PathBuf> = [workspace::root(), workspace::target_dir()].into_iter().chain(home).collect();
    for file in &files {
        let bytes = fs::read(file)?;
        for path in &hidden {
            let path = path.to_string_lossy();
            let found = bytes.windows(path.len()).any(|window| window == path.as_bytes());
            ensure!(!found, "{} has `{path}` in it", file.display());
        }
    }

    let exported = symbols::exported(&place.lib.join("libmimalloc.so"))?;
    for (name, there) in [
        ("mimalloc.o", symbols::global(&place.lib.join("mimalloc.o"))?),
        ("libmimalloc.a", symbols::global(&place.lib.join("libmimalloc.a"))?),
        ("libmimalloc-debug.so", symbols::exported(&place.lib.join("libmimalloc-debug.so"))?),
        ("libmimalloc-secure.so", symbols::exported(&place.lib.join("libmimalloc-secure.so"))?),
        ("libmimalloc-secure.a", symbols::global(&place.lib.join("libmimalloc-secure.a"))?),
    ] {
        let complaints = abi::difference(&exported, &there);
        ensure!(complaints.is_empty(), "{name} and libmimalloc.so differ: {}", complaints.join("; "));
    }
    for name in ["libmimalloc.so", "libmimalloc-debug.so", "libmimalloc-secure.so"] {
        let dynamic = done(Command::new("readelf").args(["-W", "-d"]).arg(place.lib.join(name)))?;
        ensure!(dynamic.contains(&format!("[{name}.3]")), "{name} is not named {name}.3");
    }
    Ok(())
}

/// All files below a folder.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn rust(place: &Place) -> Result<()> {
    let mut command = Command::new("rustc");
    command.args(["--edition", "2024", "-O"]).arg("-C").arg(format!("link-arg={}", place.object()));
    place.build_and_run(command.arg("-o").arg(place.program()).arg(sources().join("program.rs")))
}

fn preload(place: &Place) -> Result<()> {
    done(place.compiler("gcc").arg(sources().join("preloaded.c")).arg("-ldl"))?;
    let library = place.lib.join("libmimalloc.so");
    run(&place.program(), &[("LD_PRELOAD", &workspace::preload_value(&library)?)])
}

fn preload_secure(place: &Place) -> Result<()> {
    done(place.compiler("gcc").arg(sources().join("twice.c")))?;
    let library = place.lib.join("libmimalloc-secure.so");
    is_protected(&place.program(), &[("LD_PRELOAD", &workspace::preload_value(&library)?)])
}

/// What pkg-config says is all that the compiler is told, for a shared and for a static program.
fn pkg_config(place: &Place) -> Result<()> {
    for (compiler, source) in [("gcc", "program.c"), ("g++", "program.cpp")] {
        for (kind, flags) in [(&[][..], &[][..]), (&["--static"][..], &["-static"][..])] {
            let mut ask = Command::new("pkg-config");
            ask.args(kind).args(["--cflags", "--libs", "mimalloc >= 3.4"]);
            let words = done(ask.env("PKG_CONFIG_PATH", place.lib.join("pkgconfig")))?;
            let mut command = place.compiler(compiler);
            command.args(flags).arg(sources().join(source)).args(words.split_whitespace());
            done(&mut command)?;
            run(&place.program(), &[("LD_LIBRARY_PATH", place.lib.as_os_str())])?;
        }
    }
    Ok(())
}

fn pkg_config_secure(place: &Place) -> Result<()> {
    for (kind, flags) in [(&[][..], &[][..]), (&["--static"][..], &["-static"][..])] {
        let mut ask = Command::new("pkg-config");
        ask.args(kind).args(["--cflags", "--libs", "mimalloc-secure >= 3.4"]);
        let words = done(ask.env("PKG_CONFIG_PATH", place.lib.join("pkgconfig")))?;
        let mut command = place.compiler("gcc");
        done(command.args(flags).arg(sources().join("twice.c")).args(words.split_whitespace()))?;
        is_protected(&place.program(), &[("LD_LIBRARY_PATH", place.lib.as_os_str())])?;
    }
    Ok(())
}

/// Builds the CMake project in a folder of the sources.
fn build_project(place: &Place, project: &str) -> Result<()> {
    let root = place.lib.parent().context("lib is in the root")?;
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", root.display());
    done(Command::new("cmake").arg("-S").arg(sources().join(project)).arg("-B").arg(&place.work).arg(prefix))?;
    done(Command::new("cmake").arg("--build").arg(&place.work)).map(drop)
}

fn cmake_secure(place: &Place) -> Result<()> {
    build_project(place, "cmake-secure")?;
    ["shared", "static", "object"].iter().try_for_each(|way| is_protected(&place.work.join(way), &[]))
}

fn cmake(place: &Place) -> Result<()> {
    build_project(place, "cmake")?;
    for way in ["mimalloc", "mimalloc-static", "all-static", "object"] {
        for language in ["c", "cpp"] {
            run(&place.work.join(format!("{way}-{language}")), &[])?;
        }
    }
    Ok(())
}

/// The command itself, below a staging folder, twice.
fn staging(place: &Place) -> Result<()> {
    let tool = std::env::current_exe()?;
    for _ in 0..2 {
        let mut command = Command::new(&tool);
        command.args(["install", "--prefix", "/usr/local"]).env("DESTDIR", &place.work);
        workspace::clean_environment(&mut command);
        let said = done(&mut command)?;
        let library = place.work.join("usr/local/lib/libmimalloc.so.3.4");
        ensure!(library.is_file() && said.contains(&format!("installed {}", library.display())), "{said}");
        for flavour in ["debug", "secure"] {
            let library = place.work.join(format!("usr/local/lib/libmimalloc-{flavour}.so"));
            ensure!(!library.exists(), "the {flavour} flavour was not asked for");
        }
    }
    Ok(())
}
