//! Rust tests, each in a process of its own, so that none sees what another does to the allocator's process-wide state,
//! each has its own limit, and one that crashes takes no other with it.
//!
//! Cargo builds the test programs and names them; a program names its tests. What a test prints is shown if it fails.
//! (`cargo nextest` does this too, but it has to be built on each fresh machine, which takes longer than all tests together,
//! and its limits go by the clock.)

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::child::{self, End};
use crate::cprograms::shorten;
use crate::tally::Tally;
use crate::workers;
use crate::workspace;

/// How long cargo may build.
const BUILD_LIMIT: Duration = Duration::from_secs(15 * 60);
/// How long a test may run.
const TEST_LIMIT: Duration = Duration::from_secs(5 * 60);

/// A test program, and the folder that its tests expect to be in.
struct Program {
    file: PathBuf,
    folder: PathBuf,
}

struct Test<'a> {
    program: &'a Program,
    name: String,
}

/// Builds what `cargo test` with these arguments would, and runs the tests whose name contains `filter`.
pub fn run(cargo: &mut Command, filter: &str) -> Result<Tally> {
    let end = child::capture(cargo.args(["--no-run", "--message-format=json-render-diagnostics"]), BUILD_LIMIT)?;
    if !end.success() {
        bail!("{cargo:?}: {}\n{}", end.status, shorten(&end.stderr));
    }
    let programs = programs(&end.stdout);
    let (mut tests, mut sum) = (Vec::new(), Tally::default());
    for program in &programs {
        let ignored = names(program, &["--ignored", filter])?;
        sum.skipped += ignored.len();
        let all = names(program, &[filter])?.into_iter().filter(|name| !ignored.contains(name));
        tests.extend(all.map(|name| Test { program, name }));
    }
    sum += workers::each(&tests, |test| match test.run() {
        Ok(None) => Tally::PASSED,
        Ok(Some(why)) => test.failed(&why),
        Err(error) => test.failed(&format!("{error:#}")),
    });
    Ok(sum)
}

/// The test programs in cargo's messages, one of which is a line.
fn programs(messages: &str) -> Vec<Program> {
    let built = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let tests = built.filter(|artifact| artifact["profile"]["test"] == true);
    let program = |artifact: Value| {
        let folder = Path::new(artifact["manifest_path"].as_str()?).parent()?;
        Some(Program { file: artifact["executable"].as_str()?.into(), folder: folder.into() })
    };
    tests.filter_map(program).collect()
}

/// The tests that a program names when it is asked with these arguments.
fn names(program: &Program, args: &[&str]) -> Result<Vec<String>> {
    let end = program.run(&[&["--list", "--format", "terse"], args].concat())?;
    if !end.success() {
        bail!("{} does not list its tests: {}\n{}", program.file.display(), end.status, shorten(&end.stderr));
    }
    Ok(end.stdout.lines().filter_map(|line| line.strip_suffix(": test")).map(String::from).collect())
}

impl Program {
    fn run(&self, args: &[&str]) -> Result<End> {
        let mut command = Command::new(&self.file);
        workspace::clean_environment(&mut command);
        child::capture(command.args(args).current_dir(&self.folder), TEST_LIMIT)
            .with_context(|| format!("running {}", self.file.display()))
    }
}

impl Test<'_> {
    /// Runs it; says what was wrong.
    fn run(&self) -> Result<Option<String>> {
        let end = self.program.run(&["--exact", &self.name])?;
        // That it ended well is not enough: it must also have been found.
        if end.success() && Tally::of_cargo_test(&end.stdout) == Tally::PASSED {
            return Ok(None);
        }
        let seconds = end.wall.as_secs_f64();
        Ok(Some(format!("{} ({seconds:.1} s)\n{}\n{}", end.status, shorten(&end.stdout), shorten(&end.stderr))))
    }

    fn failed(&self, why: &str) -> Tally {
        let program = self.program.file.file_name().unwrap_or_default().display();
        Tally::failed(&format!("{} of {program}", self.name), why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn this() -> Program {
        Program { file: std::env::current_exe().unwrap(), folder: workspace::root() }
    }

    fn test(program: &Program, name: &str) -> Option<String> {
        Test { program, name: name.into() }.run().unwrap()
    }

    #[test]
    fn passes() {}

    #[test]
    fn a_test_passes_alone() {
        assert_eq!(test(&this(), "rusttests::tests::passes"), None);
        assert!(test(&this(), "there_is_no_such_test").unwrap().contains("0 passed"));
    }

    #[test]
    fn a_test_that_fails_or_crashes_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("program");
        let script = "[ $2 = fails ] && echo 'what it said' && exit 101\n[ $2 = crashes ] && kill -ABRT $$\n\
                      echo 'test result: ok. 1 passed; 0 failed; 0 ignored;'";
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let program = Program { file, folder: folder.path().into() };
        assert_eq!(test(&program, "passes"), None);
        let why = test(&program, "fails").unwrap();
        assert!(why.contains("exit code 101") && why.contains("what it said"), "{why}");
        assert!(test(&program, "crashes").unwrap().contains("signal ABRT"));
    }

    #[test]
    fn a_program_names_its_tests() {
        let filter = "rusttests::tests::";
        let all = names(&this(), &[filter]).unwrap();
        assert!(all.contains(&format!("{filter}passes")), "{all:?}");
        assert!(all.iter().all(|name| name.starts_with(filter)), "{all:?}");
        assert_eq!(names(&this(), &["--ignored", filter]).unwrap(), [""; 0]);
    }

    #[test]
    fn programs_are_found_in_what_cargo_says() {
        let test = r#"{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","profile":{"test":true},"executable":"/t/a b\"c"}"#;
        let library = r#"{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","profile":{"test":true},"executable":null}"#;
        let program = test.replace("true", "false");
        let end = r#"{"reason":"build-finished","success":true}"#;
        let found = programs(&[library, test, &program, end, "no message"].join("\n"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].file.as_path(), found[0].folder.as_path()), (Path::new("/t/a b\"c"), Path::new("/a")));
    }
}
