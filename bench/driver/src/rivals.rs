//! The rivals, as `rivals.toml` describes them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// The name of our own allocator.
pub const OURS: &str = "oximalloc";

/// The name of the one that needs no library.
pub const SYSTEM: &str = "glibc";

/// The name of ours without protection, when it is measured with it.
pub const UNPROTECTED: &str = "unprotected";

/// One allocator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rival {
    /// Short: for tables, the command line and the folder of the build.
    pub name: String,
    /// As it is written in a text.
    pub title: String,
    /// Where its code comes from.
    pub source: String,
    /// What it is written in.
    pub language: String,
    /// The script that builds `lib.so`, relative to `bench`.
    pub build: Option<String>,
    /// Can it replace the C library's by preloading?
    #[serde(default = "yes")]
    pub preload: bool,
    /// Why not.
    #[serde(default)]
    pub no_preload: String,
    /// Is it a global allocator of `rust-workloads`?
    #[serde(default)]
    pub rust: bool,
    /// Why not.
    #[serde(default)]
    pub no_rust: String,
    /// The cargo features that choose it there; its name if none are given.
    pub rust_features: Option<Vec<String>>,
    /// Environment of that build.
    #[serde(default)]
    pub rust_env: BTreeMap<String, String>,
    /// Environment of what is measured with it.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rival: Vec<Rival>,
}

/// Reads the file and takes ours and those with the names in `only` (all, if that is empty).
pub fn load(path: &Path, only: &[String]) -> Result<Vec<Rival>> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let all = parse(&text).with_context(|| path.display().to_string())?;
    if let Some(name) = only.iter().find(|name| !all.iter().any(|rival| rival.name == **name)) {
        let names: Vec<&str> = all.iter().map(|rival| rival.name.as_str()).collect();
        bail!("no rival is called `{name}`; there are {}", names.join(", "));
    }
    let wanted = |rival: &Rival| only.is_empty() || rival.name == OURS || only.contains(&rival.name);
    Ok(all.into_iter().filter(wanted).collect())
}

/// Ours at a level of protection, and ours without as its only rival.
pub fn protected(ours: Rival, level: u8) -> Vec<Rival> {
    let none = "levels are measured with the C library";
    let ours = Rival { rust: false, no_rust: none.into(), ..ours };
    let unprotected = Rival { name: UNPROTECTED.into(), title: format!("{}, unprotected", ours.title), ..ours.clone() };
    let mut protected = Rival { title: format!("{}, level {level}", ours.title), ..ours };
    protected.env.insert("MIMALLOC_SECURE".into(), level.to_string());
    vec![protected, unprotected]
}

fn parse(text: &str) -> Result<Vec<Rival>> {
    let rivals = toml::from_str::<File>(text)?.rival;
    for (at, rival) in rivals.iter().enumerate() {
        ensure!(rivals[..at].iter().all(|other| other.name != rival.name), "two rivals are called `{}`", rival.name);
        let builtin = rival.name == OURS || rival.name == SYSTEM;
        ensure!(builtin || !rival.preload || rival.build.is_some(), "`{}` has no `build`", rival.name);
    }
    for name in [OURS, SYSTEM] {
        ensure!(rivals.iter().any(|rival| rival.name == name), "`{name}` is missing");
    }
    Ok(rivals)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str = "[[rival]]\nname = 'oximalloc'\ntitle = 'o'\nsource = ''\nlanguage = 'Rust'\n\
                        [[rival]]\nname = 'glibc'\ntitle = 'g'\nsource = ''\nlanguage = 'C'\n";

    #[test]
    fn rivals_are_read() {
        let rivals = parse(BOTH).unwrap();
        assert_eq!(rivals.len(), 2);
        assert!(rivals[0].preload && !rivals[0].rust);
    }

    #[test]
    fn a_level_is_measured_against_none() {
        let rivals = protected(parse(BOTH).unwrap().remove(0), 2);
        assert_eq!(rivals.iter().map(|rival| &*rival.name).collect::<Vec<_>>(), [OURS, UNPROTECTED]);
        assert_eq!(rivals[0].env.get("MIMALLOC_SECURE").map(|level| &**level), Some("2"));
        assert!(rivals[1].env.is_empty() && rivals.iter().all(|rival| !rival.rust));
    }

    #[test]
    fn mistakes_are_named() {
        let error = parse(&format!("{BOTH}colour = 'red'\n")).unwrap_err();
        assert!(format!("{error:#}").contains("colour"), "{error:#}");
        assert!(parse("rival = []").unwrap_err().to_string().contains("oximalloc"));
        assert!(parse(&format!("{BOTH}{BOTH}")).unwrap_err().to_string().contains("two rivals"));
    }
}
