//! Where the results of a run go.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::args::Args;
use crate::folders;
use crate::interrupt::interrupted;

/// Makes the folder for results. Those of a part must not replace the recorded ones of a full run.
pub fn results(args: &Args) -> Result<PathBuf> {
    let whole = args.is_full() && !interrupted();
    let usual = if whole { folders::bench() } else { folders::target() };
    let folder = args.out.clone().unwrap_or(usual.join("results"));
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}
