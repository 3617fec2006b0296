//! A broken rule, and where it is broken.

use std::fmt;
use std::path::PathBuf;

/// A broken rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// Relative to the root of the workspace.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// What is wrong there.
    pub rule: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.rule)
    }
}
