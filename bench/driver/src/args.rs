//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Measures oximalloc and its rivals: time, memory, latency.
#[derive(Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
pub struct Args {
    /// One run of each workload with less work and at most two numbers of threads: a first impression in minutes
    #[arg(long, conflicts_with_all = ["smoke", "instructions", "scale"])]
    pub quick: bool,
    /// Run every workload once with the least work, on our library and the C library's: does it work?
    #[arg(long, conflicts_with_all = ["instructions", "scale", "rivals", "runs"])]
    pub smoke: bool,
    /// Only these rows (`larson-8`), those whose names begin so (`larson`), or these groups (`threads`)
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub only: Vec<String>,
    /// Only these rivals; ours always takes part
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub rivals: Vec<String>,
    /// Runs of each row (5; with --quick and --scale 1)
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub runs: Option<u64>,
    /// Work of each run, in percent of what the workload's file says
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub amount: u64,
    /// Count instructions with callgrind instead of measuring time
    #[arg(long, conflicts_with = "scale")]
    pub instructions: bool,
    /// Measure time and memory against live memory and threads
    #[arg(long)]
    pub scale: bool,
    /// Folder for the report (bench/results for a full run, else bench/target/results)
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Measure this library as ours
    #[arg(long, value_name = "FILE", overrides_with = "library")]
    pub library: Option<PathBuf>,
    /// Measure our library at a level of protection (1 to 4) against itself without; Rust rows are skipped
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=4))]
    #[arg(conflicts_with_all = ["smoke", "rivals"])]
    pub secure: Option<u8>,
    /// Install no Debian packages: what needs a missing program is skipped
    #[arg(long)]
    pub no_install: bool,
}

impl Args {
    /// Is this a run whose results may stand for the whole?
    pub fn is_full(&self) -> bool {
        let all = self.only.is_empty() && self.rivals.is_empty() && self.secure.is_none();
        all && !self.quick && self.runs.is_none_or(|runs| runs >= 3) && self.amount >= 50 && self.library_is_ours()
    }

    fn library_is_ours(&self) -> bool {
        self.library.as_ref().is_none_or(|path| path.ends_with("release/libmimalloc.so"))
    }

    /// Runs of each row.
    pub fn runs(&self) -> usize {
        self.runs.map_or(if self.quick || self.smoke || self.scale { 1 } else { 5 }, |runs| runs as usize)
    }
}
