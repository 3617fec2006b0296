//! Where things are.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder `bench`.
pub fn bench() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).filter(|dir| dir.ends_with("bench/driver"));
    let driver = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    driver.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// What is built and measured goes here.
pub fn target() -> PathBuf {
    bench().join("target")
}

/// No other run measures meanwhile, as long as the file lives: two would disturb each other, and share folders.
pub fn alone() -> Result<File> {
    let file = File::create(target().join("lock"))?;
    file.try_lock().context(
        "another run measures now, which this one would disturb: wait for its end, or end it (`pkill oximalloc-bench`)",
    )?;
    Ok(file)
}

/// The sources of the programs that are measured.
pub fn programs() -> PathBuf {
    bench().join("programs")
}

/// The same, compiled.
pub fn binaries() -> PathBuf {
    target().join("programs")
}

/// Finds a program in `PATH`.
pub fn find_program(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(name)).find(|path| path.is_file())
}
