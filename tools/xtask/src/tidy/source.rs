//! A Rust file of the workspace, parsed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::complaint::Complaint;
use super::facts::Facts;
use super::reader;

/// A Rust file, and what it says.
#[derive(Debug)]
pub struct Source {
    /// Relative to the root of the workspace.
    pub path: PathBuf,
    /// The file as it is.
    pub text: String,
    /// What it says.
    pub facts: Facts,
}

impl Source {
    /// Parses a file. Files and folders named `tests` are compiled for tests only.
    pub fn parse(path: impl Into<PathBuf>, text: impl Into<String>) -> Result<Source> {
        let (path, text) = (path.into(), text.into());
        let test = path.iter().any(|part| part == "tests" || part == "tests.rs");
        let facts = reader::read(&text, test).with_context(|| format!("parsing {}", path.display()))?;
        Ok(Source { path, text, facts })
    }

    /// Is it in that folder, or below?
    pub fn is_below(&self, folder: impl AsRef<Path>) -> bool {
        self.path.starts_with(folder)
    }

    /// A complaint about a line.
    pub fn complain(&self, line: usize, rule: impl Into<String>) -> Complaint {
        Complaint { file: self.path.clone(), line, rule: rule.into() }
    }
}

/// Files for a test.
#[cfg(test)]
pub fn sources(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(path, text)| Source::parse(path, *text).unwrap()).collect()
}
