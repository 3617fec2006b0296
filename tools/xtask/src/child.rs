//! Running a program to its end: what it printed, how it ended, how long it took, how much memory it had.
//!
//! Invariants: nothing that was started in the program's process group outlives [`capture`], and the group is only
//! signalled while its leader has not been reaped, so that its number still belongs to it.

use std::fs::File;
use std::io::{Read, Seek};
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::watch::Meter;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// With this exit code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// It had its time, as [`Meter`] counts it.
    TimedOut,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match *self {
            Status::Exit(code) => write!(f, "exit code {code}"),
            Status::Signal(number) => match SIGNALS.iter().find(|(_, known)| *known == number) {
                Some((name, _)) => write!(f, "signal {name}"),
                None => write!(f, "signal {number}"),
            },
            Status::TimedOut => f.write_str("time ran out"),
        }
    }
}

/// The signals that a test may expect, by name.
const SIGNALS: [(&str, i32); 10] = [
    ("ABRT", libc::SIGABRT),
    ("BUS", libc::SIGBUS),
    ("FPE", libc::SIGFPE),
    ("HUP", libc::SIGHUP),
    ("ILL", libc::SIGILL),
    ("INT", libc::SIGINT),
    ("KILL", libc::SIGKILL),
    ("SEGV", libc::SIGSEGV),
    ("TERM", libc::SIGTERM),
    ("TRAP", libc::SIGTRAP),
];

/// The number of a signal: `ABRT` or `SIGABRT`.
pub fn signal_number(name: &str) -> Option<i32> {
    let short = name.strip_prefix("SIG").unwrap_or(name);
    SIGNALS.iter().find(|(known, _)| *known == short).map(|(_, number)| *number)
}

/// A program's end.
pub struct End {
    /// How it ended.
    pub status: Status,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// From start to end.
    pub wall: Duration,
    /// The largest resident set of the program or of one of its waited-for descendants, in KiB.
    pub peak_kib: u64,
}

impl End {
    /// Did it exit with code 0?
    pub fn success(&self) -> bool {
        self.status == Status::Exit(0)
    }
}

/// Runs a command without input until it ends or has had its time, and keeps what it prints.
///
/// `limit` is how long it may take on a machine that has nothing else to do: see [`Meter`] for others.
/// The output goes through files rather than pipes: a forgotten background process cannot hold us up.
pub fn capture(command: &mut Command, limit: Duration) -> Result<End> {
    let mut stdout = tempfile::tempfile()?;
    let mut stderr = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?).process_group(0);
    // SAFETY: the closure runs between fork and exec and only makes one system call, which allocates nothing.
    unsafe {
        command.pre_exec(|| {
            // The program must not outlive this tool when that is interrupted.
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let pid = child.id() as libc::pid_t;
    let (ended, wait_for_end) = mpsc::channel::<()>();
    let mut meter = Meter::new(pid, limit);
    let watchdog = thread::spawn(move || {
        while wait_for_end.recv_timeout(meter.left().clamp(POLL_LEAST, POLL_MOST)) == Err(RecvTimeoutError::Timeout) {
            if meter.is_over() {
                kill_group(pid);
                return true;
            }
        }
        false
    });
    wait_for(pid)?;
    let wall = start.elapsed();
    drop(ended);
    let late = watchdog.join().expect("the watchdog does not panic");
    kill_group(pid);
    let (status, peak_kib) = reap(pid)?;
    Ok(End {
        status: if late { Status::TimedOut } else { status },
        stdout: read(&mut stdout)?,
        stderr: read(&mut stderr)?,
        wall,
        peak_kib,
    })
}

/// Between two looks at a program: what it does in between is taken together.
const POLL_LEAST: Duration = Duration::from_millis(20);
const POLL_MOST: Duration = Duration::from_secs(1);

/// Runs a tool that must work; gives what it printed.
pub fn done(command: &mut Command) -> Result<String> {
    let end = capture(command, Duration::from_secs(300))?;
    if !end.success() {
        bail!("{command:?}: {}\n{}{}", end.status, end.stdout, end.stderr);
    }
    Ok(end.stdout)
}

/// Reads a whole file from its start; what is no UTF-8 is replaced.
fn read(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Ends what is left of the process group of a child that has not been reaped.
fn kill_group(pid: libc::pid_t) {
    // SAFETY: a system call without pointers. The group's leader has not been reaped, so the number is not reused.
    unsafe { libc::kill(-pid, libc::SIGKILL) };
}

/// Waits until a child has ended, without reaping it.
fn wait_for(pid: libc::pid_t) -> Result<()> {
    loop {
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: `info` is a place for one `siginfo_t`, which lives until the call is over.
        let answer =
            unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, info.as_mut_ptr(), libc::WEXITED | libc::WNOWAIT) };
        if answer == 0 {
            return Ok(());
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error).context("waiting for a child");
        }
    }
}

/// Reaps a child that has ended: its status and its peak memory in KiB.
fn reap(pid: libc::pid_t) -> Result<(Status, u64)> {
    let mut raw = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: `raw` and `usage` are places for one value each, which live until the call is over.
    let answer = unsafe { libc::wait4(pid, &mut raw, 0, usage.as_mut_ptr()) };
    if answer != pid {
        return Err(std::io::Error::last_os_error()).context("reaping a child");
    }
    // SAFETY: it was zeroed, which is a valid `rusage`, and the kernel filled it.
    let usage = unsafe { usage.assume_init() };
    let status =
        if libc::WIFSIGNALED(raw) { Status::Signal(libc::WTERMSIG(raw)) } else { Status::Exit(libc::WEXITSTATUS(raw)) };
    Ok((status, usage.ru_maxrss as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> End {
        capture(Command::new("/bin/sh").args(["-c", script]), limit).unwrap()
    }

    #[test]
    fn keeps_output_and_exit_code() {
        let end = shell("echo out; echo err >&2; exit 7", Duration::from_secs(10));
        assert_eq!((end.stdout.as_str(), end.stderr.as_str(), end.status), ("out\n", "err\n", Status::Exit(7)));
        assert!(end.peak_kib > 0);
    }

    #[test]
    fn tells_signals_from_exit_codes() {
        let end = shell("kill -ABRT $$", Duration::from_secs(10));
        assert_eq!(end.status, Status::Signal(signal_number("SIGABRT").unwrap()));
        assert_eq!(end.status.to_string(), "signal ABRT");
    }

    #[test]
    fn a_late_program_is_ended_with_its_children() {
        let end = shell("sleep 600 & sleep 600", Duration::from_millis(100));
        assert_eq!(end.status, Status::TimedOut);
        assert!(end.wall >= Duration::from_millis(100));
    }

    #[test]
    fn a_loop_is_ended_in_whichever_process_of_the_group_it_is() {
        for script in ["while :; do :; done", "(while :; do :; done) & wait", "while :; do sleep 0.01; done"] {
            assert_eq!(shell(script, Duration::from_millis(100)).status, Status::TimedOut, "{script}");
        }
    }

    #[test]
    fn a_forgotten_background_process_does_not_hold_us_up() {
        let end = shell("sleep 6000 & exit 0", Duration::from_secs(3000));
        assert_eq!(end.status, Status::Exit(0));
    }
}
