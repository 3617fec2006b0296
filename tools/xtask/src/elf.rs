//! Can a library be preloaded into a program? What its file says.
//!
//! The dynamic loader is what reads `LD_PRELOAD`. A program that is not started by it (no `PT_INTERP`), or that runs
//! with more rights than its caller, never sees the library, and would run with another allocator without a word.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::program;

/// Why a library cannot be preloaded into a program.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The file that stands in the way: the program, or the interpreter of a script.
    pub file: PathBuf,
    /// What about it does.
    pub reason: &'static str,
    /// What to do instead.
    pub instead: &'static str,
}

const LINK: &str = "link the allocator into it instead: add target/release/libmimalloc.a to its link line, \
                    before other libraries; a Rust program can use it as its #[global_allocator]";
const RIGHTS: &str = "run a copy of it that has no extra rights, or link the allocator into it: add \
                      target/release/libmimalloc.a to its link line, before other libraries";

/// Says why a library cannot be preloaded into a program, if it cannot.
///
/// # Errors
/// When the file cannot be read.
pub fn refusal(program: &Path) -> std::io::Result<Option<Refusal>> {
    follow(program, 0)
}

fn follow(program: &Path, depth: u32) -> std::io::Result<Option<Refusal>> {
    let refuse = |reason, instead| Ok(Some(Refusal { file: program.to_path_buf(), reason, instead }));
    // A program that may be executed but not read still has its rights checked.
    let head = head(program).unwrap_or_default();
    if let Some(line) = head.strip_prefix(b"#!") {
        // The kernel follows a script to another script a few times.
        return if depth < 5 { interpreter(line, depth) } else { Ok(None) };
    }
    let mode = fs::metadata(program)?.permissions().mode();
    if mode & 0o4000 != 0 {
        return refuse("is setuid, and the loader ignores LD_PRELOAD where rights change", RIGHTS);
    }
    if mode & 0o2010 == 0o2010 {
        return refuse("is setgid, and the loader ignores LD_PRELOAD where rights change", RIGHTS);
    }
    if has_capabilities(program) {
        return refuse("has file capabilities, and the loader ignores LD_PRELOAD where rights change", RIGHTS);
    }
    match kind(&head) {
        Kind::Dynamic | Kind::NoElf => Ok(None),
        Kind::Static if is_loader(program) => Ok(None),
        Kind::Static => refuse("is statically linked: no loader is there to read LD_PRELOAD", LINK),
        Kind::Foreign => refuse("is for another kind of machine than the library", LINK),
    }
}

/// Follows the first line of a script, without its `#!`, to what will run it.
fn interpreter(line: &[u8], depth: u32) -> std::io::Result<Option<Refusal>> {
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    let Some(path) = words.next().map(Path::new) else { return Ok(None) };
    if !path.exists() {
        // Starting the script will fail, and say so.
        return Ok(None);
    }
    let refused = follow(path, depth + 1)?;
    if refused.is_some() || path.file_name().is_none_or(|name| name != "env") {
        return Ok(refused);
    }
    let named = words.find(|word| !word.starts_with('-') && !word.contains('='));
    match named.and_then(|name| program::resolve(name.as_ref()).ok()) {
        Some(program) => follow(&program, depth + 1),
        None => Ok(None),
    }
}

/// The loader run as a program has no loader, but reads `LD_PRELOAD`.
fn is_loader(program: &Path) -> bool {
    let real = fs::canonicalize(program).unwrap_or_else(|_| program.to_path_buf());
    real.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("ld-"))
}

/// The start of a file: the program headers are always there.
fn head(program: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(program)?.take(16 * 1024).read_to_end(&mut head)?;
    Ok(head)
}

/// Does the file give its process rights that its caller does not have?
fn has_capabilities(program: &Path) -> bool {
    let Ok(path) = CString::new(program.as_os_str().as_bytes()) else { return false };
    // SAFETY: both strings end in a zero byte and live through the call; a size of 0 asks for the length only, so
    // nothing is written through the null pointer.
    unsafe { libc::getxattr(path.as_ptr(), c"security.capability".as_ptr(), std::ptr::null_mut(), 0) > 0 }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// An ELF program that names a dynamic loader.
    Dynamic,
    /// An ELF program that names none.
    Static,
    /// An ELF program of another word size or byte order than this tool, and thus the library.
    Foreign,
    /// Something else; the kernel or the shell will deal with it.
    NoElf,
}

/// What sort of program a file is, from its start.
fn kind(head: &[u8]) -> Kind {
    const PT_INTERP: u64 = 3;
    if !head.starts_with(b"\x7fELF") {
        return Kind::NoElf;
    }
    let class = if cfg!(target_pointer_width = "64") { 2 } else { 1 };
    let order = if cfg!(target_endian = "little") { 1 } else { 2 };
    if head.get(4..6) != Some(&[class, order]) {
        return Kind::Foreign;
    }
    // The offsets of e_phoff, e_phentsize and e_phnum in the file header of this word size.
    let (word, offset_at, size_at, count_at) = if class == 2 { (8, 32, 54, 56) } else { (4, 28, 42, 44) };
    let headers = || -> Option<Vec<u64>> {
        let (offset, size) = (number(head, offset_at, word)?, number(head, size_at, 2)?);
        (0..number(head, count_at, 2)?).map(|index| number(head, offset.checked_add(index * size)?, 4)).collect()
    };
    match headers().is_some_and(|types| types.contains(&PT_INTERP)) {
        true => Kind::Dynamic,
        false => Kind::Static,
    }
}

/// Reads a number of `size` bytes in this machine's byte order.
fn number(bytes: &[u8], at: u64, size: usize) -> Option<u64> {
    let at = usize::try_from(at).ok()?;
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    Some(if cfg!(target_endian = "little") { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_dynamic_and_the_loader_is_allowed() {
        assert_eq!(refusal(Path::new("/bin/sh")).unwrap(), None);
    }

    #[test]
    fn short_and_damaged_files_do_not_panic() {
        let shell = head(Path::new("/bin/sh")).unwrap();
        for length in 0..200 {
            kind(&shell[..length]);
        }
        let mut wild = shell.clone();
        wild[32..64].fill(0xff);
        assert_eq!(kind(&wild), Kind::Static);
        assert_eq!(kind(b"plain text"), Kind::NoElf);
    }

    #[test]
    fn a_setuid_copy_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("sh");
        fs::copy("/bin/sh", &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o4755)).unwrap();
        assert!(refusal(&copy).unwrap().unwrap().reason.contains("setuid"));
        let script = folder.path().join("script");
        fs::write(&script, format!("#!/usr/bin/env {}\n", copy.display())).unwrap();
        assert_eq!(refusal(&script).unwrap().unwrap().file, copy);
    }
}
