//! What a C or C++ test program asks of its driver, in the comment at its start.
//!
//! One `// key: value` a line; then prose, from the first line that has no known key. A known key after prose is an
//! error, so that a misspelt key cannot hide the expectations that follow it.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::child::{Status, signal_number};
use crate::workspace::Flavour;

/// How a test program gets the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// Compiled alone, run with the library preloaded.
    Preload,
    /// Linked with `libmimalloc.so`.
    Link,
    /// Linked with `libmimalloc.a`.
    Static,
    /// Compiled alone; opens the library itself.
    Dlopen,
    /// Compiled alone and run without the library.
    Raw,
    /// No program, but a library for other tests.
    Shared,
    /// The same, with the static library inside, for itself alone.
    Plugin,
}

/// A test program's expectations.
#[derive(Debug, PartialEq, Eq)]
pub struct Contract {
    /// How it gets the library.
    pub build: Build,
    /// Sources of libraries that it needs beside it.
    pub shared: Vec<String>,
    /// Is it linked with those, or does it load them itself?
    pub shared_load: bool,
    /// Under memcheck it is run too.
    pub memcheck: bool,
    /// More arguments for the compiler.
    pub cflags: Vec<String>,
    /// The program's arguments.
    pub args: Vec<String>,
    /// Additions to its environment.
    pub env: Vec<(String, String)>,
    /// How it should end.
    pub end: Status,
    /// Each of these is somewhere in its standard error.
    pub stderr: Vec<String>,
    /// None of these is in its standard error.
    pub no_stderr: Vec<String>,
    /// Each of these is somewhere in its standard output.
    pub stdout: Vec<String>,
    /// How long it may run.
    pub timeout: Duration,
    /// The builds of the library that it is for.
    pub flavours: Vec<Flavour>,
    /// The levels of protection that it is for: all, if there are none.
    pub secure: Vec<u32>,
    /// A command that runs it: it is put before the program.
    pub wrap: Vec<String>,
    /// The functions of the C interface that it tests.
    pub tests: Vec<String>,
}

/// The keys that [`Contract::set`] knows.
const KEYS: [&str; 17] = [
    "build",
    "shared",
    "shared-load",
    "memcheck",
    "cflags",
    "args",
    "env",
    "exit",
    "signal",
    "stderr",
    "no-stderr",
    "stdout",
    "timeout",
    "flavours",
    "secure",
    "wrap",
    "tests",
];

impl Contract {
    /// Reads the comment at the start of a test program.
    pub fn parse(source: &str) -> Result<Contract> {
        let mut contract = Contract {
            build: Build::Preload,
            shared: Vec::new(),
            shared_load: true,
            memcheck: true,
            cflags: Vec::new(),
            args: Vec::new(),
            env: Vec::new(),
            end: Status::Exit(0),
            stderr: Vec::new(),
            no_stderr: Vec::new(),
            stdout: Vec::new(),
            timeout: Duration::from_secs(60),
            flavours: Flavour::ALL.to_vec(),
            secure: Vec::new(),
            wrap: Vec::new(),
            tests: Vec::new(),
        };
        let mut prose = false;
        for line in source.lines().map_while(|line| line.strip_prefix("//")) {
            let known = line.split_once(':').map(|(key, value)| (key.trim(), value.trim()));
            let Some((key, value)) = known.filter(|(key, _)| KEYS.contains(key)) else {
                prose = true;
                continue;
            };
            if prose {
                bail!("`//{line}` comes after a line that has no known key");
            }
            contract.set(key, value).with_context(|| format!("in `//{line}`"))?;
        }
        Ok(contract)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let words = || value.split_whitespace().map(String::from);
        match key {
            "build" => {
                self.build = match value {
                    "preload" => Build::Preload,
                    "link" => Build::Link,
                    "static" => Build::Static,
                    "dlopen" => Build::Dlopen,
                    "raw" => Build::Raw,
                    "shared" => Build::Shared,
                    "plugin" => Build::Plugin,
                    _ => bail!("no such build"),
                }
            }
            "shared" => self.shared.extend(words()),
            "shared-load" => self.shared_load = value != "no",
            "memcheck" => self.memcheck = value != "no",
            "cflags" => self.cflags.extend(words()),
            "args" => self.args.extend(words()),
            "env" => {
                for word in words() {
                    let (name, value) = word.split_once('=').context("an environment variable needs a `=`")?;
                    self.env.push((name.into(), value.into()));
                }
            }
            "exit" => {
                self.end = match value.parse().context("not an exit code")? {
                    code @ 0.. => Status::Exit(code),
                    signal => Status::Signal(-signal),
                }
            }
            "signal" => self.end = Status::Signal(signal_number(value).context("no such signal")?),
            "stderr" => self.stderr.push(value.into()),
            "no-stderr" => self.no_stderr.push(value.into()),
            "stdout" => self.stdout.push(value.into()),
            "timeout" => self.timeout = Duration::from_secs(value.parse().context("not a number of seconds")?),
            "flavours" => {
                let named = |name: &str| Flavour::ALL.into_iter().find(|flavour| flavour.to_string() == name);
                let flavours = value.split(',').map(|name| named(name.trim()).context("no such flavour"));
                self.flavours = flavours.collect::<Result<_>>()?;
            }
            "secure" => {
                let levels = value.split_whitespace().map(|level| level.parse().context("not a level"));
                self.secure = levels.collect::<Result<_>>()?;
            }
            "wrap" => self.wrap.extend(words()),
            "tests" => self.tests.extend(words()),
            _ => bail!("a key without a meaning"),
        }
        Ok(())
    }

    /// Whether it is for a level of protection.
    pub fn is_for_level(&self, level: u32) -> bool {
        self.secure.is_empty() || self.secure.contains(&level)
    }

    /// Compares a run with the expectations; says what differs.
    pub fn judge(&self, end: Status, stdout: &str, stderr: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        if end != self.end {
            wrong.push(format!("{end}, expected {}", self.end));
        }
        for (name, text, expected) in [("stderr", stderr, &self.stderr), ("stdout", stdout, &self.stdout)] {
            let missing = expected.iter().filter(|part| !text.contains(part.as_str()));
            wrong.extend(missing.map(|part| format!("{name} lacks `{part}`")));
        }
        let unwanted = self.no_stderr.iter().filter(|part| stderr.contains(part.as_str()));
        wrong.extend(unwanted.map(|part| format!("stderr has `{part}`")));
        if stderr.contains("cannot be preloaded") {
            wrong.push("the library was not preloaded".into());
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_key() {
        let contract = Contract::parse(
            "// build: link\n// shared: a.c b.cpp\n// shared-load: no\n// memcheck: no\n// cflags: -O2\n// args: one two\n// env: A=1 B=x=y\n// signal: SIGABRT\n\
             // stderr: double free: of a block\n// stderr: second\n// no-stderr: assertion\n// stdout: done\n\
             // timeout: 5\n// flavours: checked\n// secure: 0 3\n// wrap: prlimit -v 200000\n\
             // tests: mi_free mi_new\n// tests: mi_malloc\n\
             // calloc: prose may hold colons: here.\n#include <stdlib.h>\n// exit: 9\n",
        )
        .unwrap();
        assert_eq!(contract.build, Build::Link);
        assert_eq!((contract.shared.len(), contract.shared_load, contract.memcheck), (2, false, false));
        assert_eq!(contract.args, ["one", "two"]);
        assert_eq!(contract.env, [("A".into(), "1".into()), ("B".into(), "x=y".into())]);
        assert_eq!(contract.end, Status::Signal(libc::SIGABRT));
        assert_eq!(contract.stderr, ["double free: of a block", "second"]);
        assert_eq!(contract.flavours, [Flavour::Checked]);
        assert!(contract.is_for_level(3) && !contract.is_for_level(1));
        assert_eq!(contract.timeout, Duration::from_secs(5));
        assert_eq!(contract.wrap, ["prlimit", "-v", "200000"]);
        assert_eq!(contract.tests, ["mi_free", "mi_new", "mi_malloc"]);
    }

    #[test]
    fn misspelt_expectations_are_errors() {
        for line in [
            "// sdterr: x\n// exit: 0",
            "// build: preloaded",
            "// exit: one",
            "// signal: ABORT",
            "// flavours: debug",
            "// env: A",
            "// secure: high",
        ] {
            assert!(Contract::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn judges_a_run() {
        assert_eq!(Contract::parse("// exit: -6").unwrap().end, Status::Signal(libc::SIGABRT));
        let contract = Contract::parse("// exit: 2\n// stderr: bad\n// no-stderr: worse\n// stdout: out").unwrap();
        assert_eq!(contract.judge(Status::Exit(2), "output", "too bad"), [""; 0]);
        assert_eq!(contract.judge(Status::Exit(0), "", "worse").len(), 4);
    }
}
