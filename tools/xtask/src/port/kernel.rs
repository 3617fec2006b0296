//! Programs for another machine on a real kernel of it, in an emulated machine (qemu-system).
//!
//! qemu-user translates system calls, so it cannot show what the kernel itself does: resident memory, forks among
//! threads, programs that start others. Here each program has a machine of its own. It boots Debian's kernel with OS
//! pages of 16 KiB, runs the program from an initial RAM disk that has all files at the paths that they have here,
//! and powers off. What the program wrote comes over the console.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use super::archive::Archive;
use super::targets::Target;
use crate::install;
use crate::workspace;

/// The name of the tool's command that boots a machine for one program.
pub const COMMAND: &str = "in-machine";

/// What must be there to boot it, and the Debian packages that have it.
pub const PROGRAMS: [(&str, &str); 1] = [("qemu-system-aarch64", "qemu-system-arm")];

/// The kernel's package begins and ends so. The version is between.
const KERNEL: (&str, &str) = ("linux-image-", "+deb12-arm64-16k-unsigned");
/// A shell and the programs that scripts call.
const SHELL: &str = "busybox-static";

/// The libraries that a program may need. They lie in the folder of the cross compiler.
const LIBRARIES: [&str; 9] = [
    "ld-linux-aarch64.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
    "libstdc++.so.6",
    "libutil.so.1",
];

/// Fetches the kernel, if it may be fetched here. An error says why there is none.
pub fn fetch(target: &Target) -> Result<()> {
    if kernel().is_ok() && shell().exists() {
        return Ok(());
    }
    // What was left by a run that was interrupted is incomplete.
    if folder().exists() {
        fs::remove_dir_all(folder())?;
    }
    fs::create_dir_all(folder())?;
    install::unpack_foreign(
        target.name,
        |names| {
            let newest = names.iter().filter(|name| name.starts_with(KERNEL.0) && name.ends_with(KERNEL.1)).max();
            Ok(vec![newest.context("Debian has no kernel with OS pages of 16 KiB")?.clone(), SHELL.into()])
        },
        &folder(),
    )?;
    kernel().map(|_| ())
}

fn folder() -> PathBuf {
    workspace::target_dir().join("port/kernel")
}

fn shell() -> PathBuf {
    folder().join("bin/busybox")
}

fn kernel() -> Result<PathBuf> {
    for entry in fs::read_dir(folder().join("boot"))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.as_bytes().starts_with(b"vmlinuz-")) {
            return Ok(path);
        }
    }
    bail!("the kernel's package has no kernel")
}

/// The words before a program's path that run it so. They take `-E NAME=VALUE` as qemu-user does.
pub fn emulator(libraries: &Path) -> Result<Vec<String>> {
    let tool = env::current_exe()?;
    Ok(vec![tool.display().to_string(), COMMAND.into(), libraries.display().to_string()])
}

/// Boots a machine for one program: `LIBRARIES [-E NAME=VALUE]... PROGRAM ARGS...`. Ends as the program does.
pub fn run(words: &[OsString]) -> Result<ExitCode> {
    let (libraries, mut rest) = words.split_first().context("a folder of libraries is missing")?;
    let mut variables: Vec<(OsString, OsString)> =
        env::vars_os().filter(|(name, _)| !HERE.iter().any(|here| name == here)).collect();
    while let [option, setting, after @ ..] = rest
        && option == "-E"
    {
        let setting = setting.to_str().context("a variable is no text")?;
        let (name, value) = setting.split_once('=').context("a variable has no value")?;
        variables.push((name.into(), value.into()));
        rest = after;
    }
    let (program, args) = rest.split_first().context("a program is missing")?;
    let disk = tempfile::NamedTempFile::new()?;
    fs::write(disk.path(), disk_of(Path::new(libraries), Path::new(program), args, &variables)?)?;
    let mut machine = Command::new("qemu-system-aarch64");
    machine.args([
        "-M",
        "virt",
        "-cpu",
        "max,pauth-impdef=on",
        "-accel",
        "tcg,thread=multi",
        "-smp",
        "2",
        "-m",
        "1024",
    ]);
    machine.args(["-nic", "none", "-nographic", "-no-reboot", "-append", "console=ttyAMA0 quiet panic=-1", "-kernel"]);
    machine.arg(kernel()?).arg("-initrd").arg(disk.path()).stdin(Stdio::null());
    let console = machine.output().context("starting qemu-system-aarch64")?.stdout;
    report(&String::from_utf8_lossy(&console))
}

/// Variables of this machine.
const HERE: [&str; 4] = ["PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"];

/// The initial RAM disk.
fn disk_of(libraries: &Path, program: &Path, args: &[OsString], variables: &[(OsString, OsString)]) -> Result<Vec<u8>> {
    let mut disk = Archive::default();
    let mut file = |to: &Path, from: &Path, executable: bool| -> Result<()> {
        let contents = fs::read(from).with_context(|| format!("reading {}", from.display()))?;
        disk.file(to, &contents, executable);
        Ok(())
    };
    file(Path::new("/bin/busybox"), &shell(), true)?;
    for name in LIBRARIES {
        file(&Path::new("/lib").join(name), &Path::new("/usr/aarch64-linux-gnu/lib").join(name), true)?;
    }
    for name in ["libmimalloc.so", "libmimalloc.so.3"] {
        file(&libraries.join(name), &libraries.join(name), true)?;
    }
    let folder = program.parent().context("the program has no folder")?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            file(&path, &path, true)?;
        }
    }
    let mut words = vec!["env".to_string(), "-i".into(), "PATH=/bin".into(), "HOME=/".into()];
    for (name, value) in variables {
        words.push(quoted(&format!("{}={}", name.to_string_lossy(), value.to_string_lossy())));
    }
    words.push(quoted(&program.to_string_lossy()));
    words.extend(args.iter().map(|arg| quoted(&arg.to_string_lossy())));
    let script = format!(
        "#!/bin/busybox sh\n\
         /bin/busybox mkdir -p /proc /sys /dev /tmp /etc\n\
         /bin/busybox --install -s /bin\n\
         mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp\n\
         cd {folder}\n\
         {program} > /tmp/{OUT} 2> /tmp/{ERR} < /dev/null\n\
         end=$?\n\
         for name in {OUT} {ERR}; do xxd -p /tmp/$name | sed \"s/^/{MARK}$name /\"; done\n\
         echo \"{MARK}{END} $end.\"\n\
         sleep 1\n\
         poweroff -f\n",
        folder = quoted(&folder.to_string_lossy()),
        program = words.join(" "),
    );
    disk.file(Path::new("/init"), script.as_bytes(), true);
    Ok(disk.finish())
}

/// What begins each line of the console that is for us, and what follows it.
const MARK: &str = "@@";
const OUT: &str = "stdout";
const ERR: &str = "stderr";
const END: &str = "end";

/// A word of a shell script.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Writes what the program wrote, and ends as it did.
fn report(console: &str) -> Result<ExitCode> {
    let lines = |name: &str| -> Vec<&str> {
        let begin = format!("{MARK}{name} ");
        console.lines().filter_map(|line| line.strip_prefix(&begin)).map(str::trim).collect()
    };
    io::stdout().write_all(&decoded(&lines(OUT).concat())?)?;
    io::stderr().write_all(&decoded(&lines(ERR).concat())?)?;
    // The machine may go off before the line is whole.
    let end = lines(END).first().and_then(|text| text.split_once('.')?.0.parse::<u8>().ok());
    let Some(end) = end else { bail!("the machine ended before the program did:\n{console}") };
    if let Some(signal) = end.checked_sub(128).filter(|signal| *signal > 0) {
        // SAFETY: no memory is passed. The signal ends this process, as it ended the program.
        unsafe {
            libc::signal(libc::c_int::from(signal), libc::SIG_DFL);
            libc::raise(libc::c_int::from(signal));
        }
    }
    Ok(ExitCode::from(end))
}

/// Reads bytes of two hexadecimal digits each.
fn decoded(text: &str) -> Result<Vec<u8>> {
    let bytes = text.as_bytes().chunks(2).map(|pair| {
        let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2);
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).context("the console's text is damaged")
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs_of_digits() {
        assert_eq!(decoded("").unwrap(), b"");
        assert_eq!(decoded("610aff").unwrap(), b"a\n\xff");
        assert!(decoded("616").is_err() && decoded("6x").is_err());
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("a b'c"), "'a b'\\''c'");
    }
}
