//! Counting what passed, and the one line that says it.

use std::fmt;
use std::ops::AddAssign;
use std::sync::Mutex;

/// What failed so far. Shown again at the end, because a long log is often cut in its middle.
static FAILURES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Counts of results. Prints as `N passed, N failed, N skipped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Did what was expected.
    pub passed: usize,
    /// Did not.
    pub failed: usize,
    /// Could not be tried here.
    pub skipped: usize,
}

impl Tally {
    /// One that passed.
    pub const PASSED: Tally = Tally { passed: 1, failed: 0, skipped: 0 };
    /// One that failed.
    pub const FAILED: Tally = Tally { passed: 0, failed: 1, skipped: 0 };
    /// One that was skipped.
    pub const SKIPPED: Tally = Tally { passed: 0, failed: 0, skipped: 1 };

    /// Prints that `what` failed and why, and keeps it for the summary.
    pub fn failed(what: &str, why: &str) -> Tally {
        let text = format!("  FAILED  {what}\n{}", indent(why));
        println!("{text}");
        FAILURES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(text);
        Tally::FAILED
    }

    /// What [`failed`](Tally::failed) kept, in its order. It starts anew.
    pub fn take_failures() -> Vec<String> {
        std::mem::take(&mut *FAILURES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// Reads what a tally prints.
    pub fn of_line(line: &str) -> Option<Tally> {
        let mut counts = line.split(", ").zip(["passed", "failed", "skipped"]);
        let mut count = || {
            let (part, what) = counts.next()?;
            part.strip_suffix(what)?.trim_end().parse().ok()
        };
        Some(Tally { passed: count()?, failed: count()?, skipped: count()? })
    }

    /// The sum of what the test binaries that cargo ran said at their ends.
    pub fn of_cargo_test(output: &str) -> Tally {
        let mut sum = Tally::default();
        for line in output.lines().filter(|line| line.starts_with("test result:")) {
            let count = |what: &str| {
                let before = line.split(what).next().filter(|before| before.len() < line.len());
                before.and_then(|before| before.split_whitespace().last()?.parse().ok()).unwrap_or(0)
            };
            sum += Tally { passed: count(" passed;"), failed: count(" failed;"), skipped: count(" ignored;") };
        }
        sum
    }
}

/// Moves text a few columns to the right.
pub fn indent(text: &str) -> String {
    text.lines().map(|line| format!("          {line}\n")).collect::<String>().trim_end().to_string()
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_what_cargo_says() {
        let output = "running 3 tests\n\
                      test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 9 filtered out; finished in 0.01s\n\
                      test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";
        let sum = Tally::of_cargo_test(output);
        assert_eq!(sum, Tally { passed: 13, failed: 1, skipped: 2 });
        assert_eq!(sum.to_string(), "13 passed, 1 failed, 2 skipped");
        assert_eq!(Tally::of_line(&sum.to_string()), Some(sum));
        assert_eq!(Tally::of_line("larson FAILED: 1 passed, 2 failed"), None);
    }
}
