//! `cargo xtask install`: libraries, headers, and what lets CMake and pkg-config find them.
//!
//! Nothing that is installed names the build tree or the place where it was installed: the tree may be moved. The one
//! object file has only the names of the interface as global symbols, so it clashes with nothing it is linked to.

mod object;
pub mod ways;

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use crate::abi;
use crate::child::done;
use crate::workspace::Flavour;

/// Arguments of `cargo xtask install`.
#[derive(clap::Args)]
pub struct Args {
    /// Where the folders `lib` and `include` are, or will be
    #[arg(long)]
    prefix: PathBuf,
    /// Install the library with debug assertions too, as libmimalloc-debug.so
    #[arg(long, alias = "debug")]
    debug_flavour: bool,
}

/// The files for CMake and pkg-config: where they go, and the templates.
const TEMPLATES: [(&str, &str); 4] = [
    ("lib/cmake/mimalloc/mimalloc-config.cmake", include_str!("mimalloc-config.cmake")),
    ("lib/cmake/mimalloc/mimalloc-config-version.cmake", include_str!("mimalloc-config-version.cmake")),
    ("lib/cmake/mimalloc/mimalloc-targets.cmake", include_str!("mimalloc-targets.cmake")),
    ("lib/pkgconfig/mimalloc.pc", include_str!("mimalloc.pc")),
];

/// Installs below `$DESTDIR`, if that is set, and the prefix.
pub fn command(args: &Args) -> Result<ExitCode> {
    let prefix = std::path::absolute(&args.prefix)?;
    let root = match env::var_os("DESTDIR").filter(|staging| !staging.is_empty()) {
        // An absolute path would take the place of the other when they are joined.
        Some(staging) => std::path::absolute(staging)?.join(prefix.strip_prefix("/")?),
        None => prefix,
    };
    for path in install(&root, args.debug_flavour)? {
        println!("installed {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Installs into `root`; returns what was written.
pub fn install(root: &Path, debug_flavour: bool) -> Result<Vec<PathBuf>> {
    let version = version()?;
    let (soname, file) = (format!(".so.{}", version[0]), format!(".so.{}.{}", version[0], version[1]));
    let mut written = Vec::new();
    let mut place = |name: &str| -> Result<PathBuf> {
        let path = root.join(name);
        let folder = path.parent().context("a file is in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        // A library in use must not change under its users: the new one is a new file.
        if fs::symlink_metadata(&path).is_ok() {
            fs::remove_file(&path).with_context(|| format!("replacing {}", path.display()))?;
        }
        written.push(path.clone());
        Ok(path)
    };
    let work = tempfile::tempdir()?;

    Flavour::Release.build()?;
    let object = object::make(&Flavour::Release.archive(), work.path())?;
    fs::copy(&object, place("lib/mimalloc.o")?)?;
    let mut archive = Command::new("ar");
    // `D`: no dates, owners or modes of this machine.
    done(archive.arg("rcsD").arg(place("lib/libmimalloc.a")?).arg(&object))?;
    let mut strip = Command::new("strip");
    done(
        strip
            .arg("--strip-debug")
            .arg("-o")
            .arg(place(&format!("lib/libmimalloc{file}"))?)
            .arg(Flavour::Release.shared()),
    )?;
    let mut names = vec!["libmimalloc"];
    if debug_flavour {
        Flavour::Checked.build()?;
        let object = object::make(&Flavour::Checked.archive(), work.path())?;
        object::shared(
            &object,
            &format!("libmimalloc-debug{soname}"),
            &place(&format!("lib/libmimalloc-debug{file}"))?,
        )?;
        names.push("libmimalloc-debug");
    }
    for name in names {
        symlink(format!("{name}{file}"), place(&format!("lib/{name}{soname}"))?)?;
        symlink(format!("{name}{soname}"), place(&format!("lib/{name}.so"))?)?;
    }
    for header in abi::header_names()? {
        fs::copy(abi::include().join(&header), place(&format!("include/{header}"))?)?;
    }
    for (name, template) in TEMPLATES {
        let text = template.replace("@VERSION@", &version.map(|part| part.to_string()).join("."));
        let text =
            text.replace("@SONAME@", &format!("libmimalloc{soname}")).replace("@FILE@", &format!("libmimalloc{file}"));
        ensure!(!text.contains('@'), "{name} has a placeholder without a value");
        fs::write(place(name)?, text)?;
    }
    Ok(written)
}

/// Major, minor and patch, as the header has them.
fn version() -> Result<[u32; 3]> {
    let header = fs::read_to_string(abi::include().join("mimalloc.h"))?;
    let number = header.lines().find_map(|line| line.strip_prefix("#define MI_MALLOC_VERSION ")?.trim().parse().ok());
    let number: u32 = number.context("mimalloc.h has no version")?;
    Ok([number / 10000, number / 100 % 100, number % 100])
}
