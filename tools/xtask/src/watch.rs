//! When a program has had its time. The clock alone does not tell: it goes on while other programs have the processors.
//!
//! A program is charged in full for the time in which it uses the processors, and for the rest a part of it, since
//! it may have been waiting for them. So one that hangs in a loop, one that sleeps for ever, and one that wakes up now and
//! then to sleep again are all found, and the one that waits for its turn has longer.
//!
//! Invariant: what is charged is at most what passed by the clock and at least [`WAITING`] of it, so a program ends
//! between its limit and 1 / [`WAITING`] of its limit.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::pace;

/// What part of the time is charged in which a program does not use the processors.
const WAITING: f64 = 0.2;

/// How a process group stands: what the kernel tells of its processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Standing {
    /// Processor time of all, and of those among their children that have ended, in clock ticks.
    ticks: u64,
    /// Threads that live.
    threads: usize,
}

/// Watches one process group.
pub struct Meter {
    group: libc::pid_t,
    limit: Duration,
    /// Is the limit stretched already?
    stretched: bool,
    charged: Duration,
    /// When it was looked at last, and how it stood.
    at: Instant,
    was: Standing,
}

impl Meter {
    /// For a group that begins now and may be charged with `limit`, on a machine that does nothing else.
    pub fn new(group: libc::pid_t, limit: Duration) -> Meter {
        Meter { group, limit, stretched: false, charged: Duration::ZERO, at: Instant::now(), was: Standing::default() }
    }

    /// It can't have had its time before this has passed.
    pub fn left(&self) -> Duration {
        self.limit.saturating_sub(self.charged)
    }

    /// Looks at the group: has it had its time?
    pub fn is_over(&mut self) -> bool {
        let (at, standing) = (Instant::now(), standing(self.group));
        self.charged += charge(at - self.at, self.was, standing);
        (self.at, self.was) = (at, standing.unwrap_or(self.was));
        if self.charged >= self.limit && !self.stretched {
            self.stretched = true;
            self.limit = self.limit.mul_f64(pace::stretch());
        }
        self.charged >= self.limit
    }
}

/// What a group is charged for `passed`. Where the system does not tell how it stands the clock has to do.
fn charge(passed: Duration, was: Standing, now: Option<Standing>) -> Duration {
    let Some(now) = now else { return passed };
    // As many processors as it has threads for, it could have had.
    let width = now.threads.clamp(1, pace::cores()) as u32;
    // A child that ended and was not waited for takes its time with it.
    let used = seconds(now.ticks.saturating_sub(was.ticks)) / width;
    let used = used.min(passed);
    used + (passed - used).mul_f64(WAITING)
}

fn seconds(ticks: u64) -> Duration {
    // SAFETY: a system call without pointers.
    let in_a_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    Duration::from_secs_f64(ticks as f64 / in_a_second.max(1) as f64)
}

/// Adds up the processes of a group; `None` where there is no Linux `/proc`.
fn standing(group: libc::pid_t) -> Option<Standing> {
    let mut sum = None::<Standing>;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let is_process = entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
        if let Some((_, one)) = is_process.then(|| of_process(&entry.path())).flatten().filter(|(of, _)| *of == group) {
            let sum = sum.get_or_insert_default();
            sum.ticks += one.ticks;
            sum.threads += one.threads;
        }
    }
    sum
}

/// A process's group, and how it stands, unless it is gone by now.
fn of_process(folder: &Path) -> Option<(libc::pid_t, Standing)> {
    parse(&fs::read_to_string(folder.join("stat")).ok()?)
}

/// Reads the line in `/proc/PID/stat`: after the name, which may hold anything, numbers, of which the third is the group.
fn parse(stat: &str) -> Option<(libc::pid_t, Standing)> {
    let words: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| words.get(at)?.parse::<u64>().ok();
    // User and system time, each of the process and of its children that it waited for.
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some((words.get(2)?.parse().ok()?, Standing { ticks, threads: number(17)? as usize }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn after(ticks: u64, threads: usize) -> Option<Standing> {
        Some(Standing { ticks, threads })
    }

    fn ticks_of(time: Duration) -> u64 {
        let tick = seconds(1);
        time.div_duration_f64(tick) as u64
    }

    #[test]
    fn a_program_that_computes_is_charged_in_full() {
        assert_eq!(charge(SECOND, Standing::default(), after(ticks_of(SECOND), 1)), SECOND);
        // It had all processors: no more than what passed.
        let threads = 3 * pace::cores();
        let all = ticks_of(SECOND) * pace::cores() as u64;
        assert_eq!(charge(SECOND, Standing::default(), after(all, threads)), SECOND);
        assert_eq!(charge(SECOND, Standing::default(), after(5 * all, 1)), SECOND);
    }

    #[test]
    fn a_program_that_does_not_run_is_charged_a_part() {
        let asleep = SECOND.mul_f64(WAITING);
        assert_eq!(charge(SECOND, Standing { ticks: 7, threads: 1 }, after(7, 1)), asleep);
        // A child took its time with it.
        assert_eq!(charge(SECOND, Standing { ticks: 7, threads: 2 }, after(3, 1)), asleep);
        let half = charge(SECOND, Standing::default(), after(ticks_of(SECOND / 2), 1));
        assert_eq!(half, SECOND / 2 + asleep / 2);
    }

    #[test]
    fn without_figures_the_clock_counts() {
        assert_eq!(charge(SECOND, Standing::default(), None), SECOND);
    }

    #[test]
    fn names_with_spaces_and_parentheses_do_not_confuse() {
        let line = "77 (a ) R (b) S 1 42 42 0 -1 4194304 9 0 0 0 3 4 50 600 20 0 8 0 123 0 0";
        assert_eq!(parse(line), Some((42, Standing { ticks: 657, threads: 8 })));
        assert_eq!(parse("77 (name) Z 1 42"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn this_process_is_found_with_its_threads_and_its_time() {
        // SAFETY: a system call without arguments.
        let group = unsafe { libc::getpgrp() };
        let before = standing(group).expect("this process is in its group");
        assert!(before.threads >= 1);
        let mut now = before;
        // However busy the machine is, some time of our own comes.
        let mut x = 0_u64;
        while now.ticks <= before.ticks {
            (0..1_000_000).for_each(|i| x = std::hint::black_box(x + i));
            now = standing(group).expect("it is still there");
        }
        assert!(std::process::Command::new("true").status().is_ok());
        assert_eq!(standing(libc::pid_t::MAX), None);
    }
}
