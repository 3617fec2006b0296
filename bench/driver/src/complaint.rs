//! What a program said of its failure, in one line.

use crate::folders;

/// The last line of a program's complaints, of a bearable length, with the paths as seen from `bench`.
pub fn last_line(text: &str) -> String {
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let here = format!("{}/", folders::bench().display());
    line.trim().replace(&here, "").chars().take(200).collect()
}
