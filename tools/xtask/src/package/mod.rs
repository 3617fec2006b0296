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
    /// Install libraries whose default is level 2 of protection too: the package mimalloc-secure
    #[arg(long, alias = "secure")]
    secure_flavour: bool,
}

/// The files for CMake and pkg-config: where they go, and the templates. `@NAME@` is the package's name.
const TEMPLATES: [(&str, &str); 4] = [
    ("lib/cmake/@NAME@/@NAME@-config.cmake", include_str!("mimalloc-config.cmake")),
    ("lib/cmake/@NAME@/@NAME@-config-version.cmake", include_str!("mimalloc-config-version.cmake")),
    ("lib/cmake/@NAME@/@NAME@-targets.cmake", include_str!("mimalloc-targets.cmake")),
    ("lib/pkgconfig/@NAME@.pc", include_str!("mimalloc.pc")),
];

/// Installs below `$DESTDIR`, if that is set, and the prefix.
pub fn command(args: &Args) -> Result<ExitCode> {
    let prefix = std::path::absolute(&args.prefix)?;
    let root = match env::var_os("DESTDIR").filter(|staging| !staging.is_empty()) {
        // An absolute path would take the place of the other when they are joined.
        Some(staging) => std::path::absolute(staging)?.join(prefix.strip_prefix("/")?),
        None => prefix,
    };
    let wanted = [(Flavour::Checked, args.debug_flavour), (Flavour::Secure, args.secure_flavour)];
    let more: Vec<Flavour> = wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(flavour, _)| flavour).collect();
    for path in install(&root, &more)? {
        println!("installed {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The name that a flavour has where it is installed.
fn name(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Release => "mimalloc",
        Flavour::Checked => "mimalloc-debug",
        Flavour::Secure => "mimalloc-secure",
    }
}

/// Installs into `root` the release, and `more` flavours. Returns what was written.
pub fn install(root: &Path, more: &[Flavour]) -> Result<Vec<PathBuf>> {
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

    for flavour in [Flavour::Release].iter().chain(more).copied() {
        let name = name(flavour);
        flavour.build()?;
        let object = object::make(&flavour.archive(), work.path())?;
        let shared = place(&format!("lib/lib{name}{file}"))?;
        symlink(format!("lib{name}{file}"), place(&format!("lib/lib{name}{soname}"))?)?;
        symlink(format!("lib{name}{soname}"), place(&format!("lib/lib{name}.so"))?)?;
        if flavour == Flavour::Checked {
            object::shared(&object, &format!("lib{name}{soname}"), &shared)?;
            continue;
        }
        done(Command::new("strip").arg("--strip-debug").arg("-o").arg(&shared).arg(flavour.shared()))?;
        fs::copy(&object, place(&format!("lib/{name}.o"))?)?;
        // `D`: no dates, owners or modes of this machine.
        done(Command::new("ar").arg("rcsD").arg(place(&format!("lib/lib{name}.a"))?).arg(&object))?;
        for (path, template) in TEMPLATES {
            let text = template.replace("@NAME@", name).replace("@VARIABLE@", &name.to_uppercase().replace('-', "_"));
            let text = text.replace("@VERSION@", &version.map(|part| part.to_string()).join("."));
            let text =
                text.replace("@SONAME@", &format!("lib{name}{soname}")).replace("@FILE@", &format!("lib{name}{file}"));
            ensure!(!text.contains('@'), "{path} has a placeholder without a value");
            fs::write(place(&path.replace("@NAME@", name))?, text)?;
        }
    }
    for header in abi::header_names()? {
        fs::copy(abi::include().join(&header), place(&format!("include/{header}"))?)?;
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
