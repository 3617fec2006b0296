//! How far it is and how long it will take: a bar on a terminal, else a line now and then.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Counts the seconds of what was run, by kind of job, and says how long the rest will take.
pub struct Progress {
    bar: Option<ProgressBar>,
    /// How many jobs of a kind wait.
    waiting: BTreeMap<String, u32>,
    /// Jobs of a kind that are done, and their seconds.
    done: BTreeMap<String, (u32, f64)>,
    said: (u64, Instant),
}

impl Progress {
    pub fn new() -> Progress {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:30.cyan} {pos}/{len} {msg}");
            bar.set_style(style.expect("the template is right"));
            bar
        });
        Progress { bar, waiting: BTreeMap::new(), done: BTreeMap::new(), said: (0, Instant::now()) }
    }

    /// Adds jobs of these kinds.
    pub fn expect(&mut self, kinds: Vec<String>) {
        kinds.into_iter().for_each(|kind| *self.waiting.entry(kind).or_default() += 1);
        if let Some(bar) = &self.bar {
            bar.set_length(u64::from(self.all()));
        }
    }

    /// A job begins.
    pub fn starts(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{} left  {what}", clock(self.seconds_left())));
        }
    }

    /// A job of this kind is done.
    pub fn ends(&mut self, kind: &str, took: Duration) {
        if let Some(left) = self.waiting.get_mut(kind) {
            *left = left.saturating_sub(1);
        }
        let (count, seconds) = self.done.entry(kind.to_string()).or_default();
        (*count, *seconds) = (*count + 1, *seconds + took.as_secs_f64());
        match &self.bar {
            Some(bar) => bar.inc(1),
            None => self.say(),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn count_done(&self) -> u32 {
        self.done.values().map(|(count, _)| count).sum()
    }

    fn all(&self) -> u32 {
        self.count_done() + self.waiting.values().sum::<u32>()
    }

    /// Each kind takes what it took; one that was not seen yet, what the others took.
    fn seconds_left(&self) -> f64 {
        let (count, seconds) = self.done.values().fold((0, 0.0), |sum, kind| (sum.0 + kind.0, sum.1 + kind.1));
        let usual = if count == 0 { 0.5 } else { seconds / f64::from(count) };
        let mean = |kind| self.done.get(kind).map_or(usual, |&(count, seconds)| seconds / f64::from(count));
        self.waiting.iter().map(|(kind, left)| f64::from(*left) * mean(kind)).sum()
    }

    /// A line each tenth of the work, or each half minute.
    fn say(&mut self) {
        let tenth = u64::from(self.count_done() * 10 / self.all().max(1));
        if tenth > self.said.0 || self.said.1.elapsed() > Duration::from_secs(30) {
            self.said = (tenth, Instant::now());
            let left = clock(self.seconds_left());
            eprintln!(
                "{} % ({} of {}), {left} left",
                self.count_done() * 100 / self.all(),
                self.count_done(),
                self.all()
            );
        }
    }
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
