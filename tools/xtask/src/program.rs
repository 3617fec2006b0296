//! The file that a command's name stands for.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Why a program cannot be started.
#[derive(Debug, PartialEq, Eq)]
pub enum Missing {
    /// No such file, or none in `PATH`.
    NotFound,
    /// The file is there, but may not be executed.
    NotExecutable(PathBuf),
    /// It is a folder.
    Folder(PathBuf),
}

/// Finds the file that a command name stands for, as the shell does.
pub fn resolve(name: &OsStr) -> Result<PathBuf, Missing> {
    if name.is_empty() {
        return Err(Missing::NotFound);
    }
    if name.as_encoded_bytes().contains(&b'/') {
        return examine(Path::new(name));
    }
    let mut why = Missing::NotFound;
    for folder in env::split_paths(&env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into())) {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        match examine(&folder.join(name)) {
            Ok(path) => return Ok(path),
            Err(not_executable @ Missing::NotExecutable(_)) if why == Missing::NotFound => why = not_executable,
            Err(_) => {}
        }
    }
    Err(why)
}

fn examine(path: &Path) -> Result<PathBuf, Missing> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Missing::NotExecutable(path.to_path_buf())),
        Err(_) => Err(Missing::NotFound),
        Ok(file) if file.is_dir() => Err(Missing::Folder(path.to_path_buf())),
        Ok(file) if file.permissions().mode() & 0o111 == 0 => Err(Missing::NotExecutable(path.to_path_buf())),
        Ok(_) => Ok(path.to_path_buf()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_as_the_shell_finds_them() {
        assert!(resolve("sh".as_ref()).unwrap().ends_with("sh"));
        assert_eq!(resolve("no-such-program".as_ref()), Err(Missing::NotFound));
        assert_eq!(resolve("/no/such/program".as_ref()), Err(Missing::NotFound));
        assert_eq!(resolve("/etc".as_ref()), Err(Missing::Folder("/etc".into())));
        assert_eq!(resolve("/etc/passwd".as_ref()), Err(Missing::NotExecutable("/etc/passwd".into())));
    }
}
