//! The operating system as a test wants it: the real one, which may refuse, put ranges where nobody expects them, leave
//! dirt where no zeros were promised, and lack what a system may lack. It also holds the allocator to its side of the
//! contract.
//!
//! Until [`set`] is called it only watches. What is set holds for the whole process, so a test that sets something runs
//! [`alone`]. The size of OS pages must be set before anything is allocated.

mod memory;
mod ranges;

use super::contract::{
    Capabilities, Destructor, Environment, Errno, ErrorNumbers, Fault, Faults, Key, Memory, Module, Numa, Process,
    ProcessInfo, System, Threads,
};
use ranges::Ranges;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Range;
use std::process::Command;
use std::sync::{Mutex, MutexGuard};

/// The mock in front of a real system.
pub struct Mock<S>(PhantomData<S>);

impl<S: System> System for Mock<S> {}

/// Functions of the contract that can be made to fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// `reserve`.
    Reserve,
    /// `reserve_at`.
    ReserveAt,
    /// `unmap`.
    Unmap,
    /// `commit`.
    Commit,
    /// `protect`.
    Protect,
    /// `decommit`.
    Decommit,
    /// `reset`.
    Reset,
    /// `remap`.
    Remap,
    /// `remap_in_place`.
    RemapInPlace,
    /// `key_create`.
    KeyCreate,
}

impl Call {
    /// All of them.
    pub const ALL: [Call; 10] = [
        Call::Reserve,
        Call::ReserveAt,
        Call::Unmap,
        Call::Commit,
        Call::Protect,
        Call::Decommit,
        Call::Reset,
        Call::Remap,
        Call::RemapInPlace,
        Call::KeyCreate,
    ];
}

/// Which calls of a function fail, counted from 1 since it was set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fail {
    /// None.
    Never,
    /// That one.
    Nth(usize),
    /// That one and all after it.
    From(usize),
    /// Those whose number is a multiple of this.
    Every(usize),
    /// Those whose number is not a multiple of this.
    AllBut(usize),
}

/// Where ranges are put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Where the real system puts them, and at the hint if it is free.
    AsReal,
    /// At the lowest addresses that are free, above 16 MiB; hints are ignored.
    Low,
    /// At the highest addresses that are free; hints are ignored.
    High,
    /// Far from each other, all over the address space; hints are ignored.
    Apart,
}

/// What the mock does.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Bytes of an OS page, a multiple of the real one's.
    pub page_size: Option<usize>,
    /// Where ranges are put.
    pub place: Place,
    /// Contents that are undefined are changed.
    pub dirty: bool,
    /// What the system can do.
    pub capabilities: Option<Capabilities>,
    /// The answer of `overcommits`.
    pub overcommits: Option<bool>,
    /// The answer of `limit`.
    pub limit: Option<usize>,
    /// Which calls fail: see [`Setup::failing`].
    pub fail: [Fail; Call::ALL.len()],
}

impl Setup {
    /// Like the real system.
    pub const REAL: Setup = Setup {
        page_size: None,
        place: Place::AsReal,
        dirty: false,
        capabilities: None,
        overcommits: None,
        limit: None,
        fail: [Fail::Never; Call::ALL.len()],
    };

    /// The same with failures.
    pub fn failing(mut self, call: Call, fail: Fail) -> Setup {
        self.fail[call as usize] = fail;
        self
    }
}

/// The value of undefined bytes that the mock makes dirty.
pub const DIRT: u8 = 0xd5;

struct State {
    setup: Setup,
    /// Calls since the setup.
    calls: [usize; Call::ALL.len()],
    /// How many of these failed.
    failures: usize,
    /// What each call reserved: maps the start to the end.
    reserved: BTreeMap<usize, usize>,
    /// The parts of that which may be read and written.
    committed: Ranges,
    /// Addresses that were tried for [`Place::Apart`] so far.
    placed: usize,
}

static STATE: Mutex<State> = Mutex::new(State {
    setup: Setup::REAL,
    calls: [0; Call::ALL.len()],
    failures: 0,
    reserved: BTreeMap::new(),
    committed: Ranges::new(),
    placed: 0,
});

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// From now on the mock does what `setup` says. Returns how many calls failed under the setup before.
pub fn set(setup: Setup) -> usize {
    let mut state = state();
    state.setup = setup;
    state.calls = [0; Call::ALL.len()];
    std::mem::take(&mut state.failures)
}

/// How often a function was called since [`set`].
pub fn calls(call: Call) -> usize {
    state().calls[call as usize]
}

impl State {
    /// Count a call. Returns whether it is one that fails.
    fn fails(&mut self, call: Call) -> bool {
        let count = &mut self.calls[call as usize];
        *count += 1;
        let fails = match self.setup.fail[call as usize] {
            Fail::Never => false,
            Fail::Nth(n) => *count == n,
            Fail::From(n) => *count >= n,
            Fail::Every(n) => count.is_multiple_of(n),
            Fail::AllBut(n) => !count.is_multiple_of(n),
        };
        self.failures += usize::from(fails);
        fails
    }

    fn note(&mut self, range: &Range<usize>, committed: bool) {
        self.forget(range);
        self.reserved.insert(range.start, range.end);
        if committed {
            self.committed.insert(range);
        }
    }

    fn forget(&mut self, range: &Range<usize>) {
        self.committed.remove(range);
        let hit = |(&start, &end): (&usize, &usize)| (start < range.end && range.start < end).then_some((start, end));
        let cut: Vec<_> = self.reserved.range(..range.end).filter_map(hit).collect();
        for (start, end) in cut {
            self.reserved.remove(&start);
            if start < range.start {
                self.reserved.insert(start, range.start);
            }
            if range.end < end {
                self.reserved.insert(range.end, end);
            }
        }
    }

    /// Whether one call reserved exactly that.
    fn is_one(&self, range: &Range<usize>) -> bool {
        self.reserved.get(&range.start) == Some(&range.end)
    }

    /// The contents of a range are undefined now, except for zeros.
    ///
    /// # Safety
    /// - nobody uses them.
    unsafe fn soil(&self, range: &Range<usize>) {
        if self.setup.dirty {
            for part in self.committed.parts(range) {
                let start = core::ptr::with_exposed_provenance_mut::<u64>(part.start);
                for at in 0..part.len() / size_of::<u64>() {
                    // SAFETY: committed, and by the contract nobody uses the contents.
                    unsafe {
                        if start.add(at).read() != 0 {
                            start.add(at).write(u64::from_ne_bytes([DIRT; 8]));
                        }
                    }
                }
            }
        }
    }
}

impl<S: System> Numa for Mock<S> {
    fn nodes() -> usize {
        S::nodes()
    }
    fn current_node() -> usize {
        S::current_node()
    }
    unsafe fn prefer_node(p: *mut u8, size: usize, node: usize) -> bool {
        // SAFETY: by the contract.
        unsafe { S::prefer_node(p, size, node) }
    }
}

impl<S: System> Process for Mock<S> {
    fn info() -> ProcessInfo {
        S::info()
    }
    fn now_ms() -> u64 {
        S::now_ms()
    }
    fn at_end(run: fn()) {
        S::at_end(run);
    }
    fn nothing_at_end() {
        S::nothing_at_end();
    }
    fn keep_stderr() {
        S::keep_stderr();
    }
    fn write_stderr(bytes: &[u8]) {
        S::write_stderr(bytes);
    }
    fn errno() -> Errno {
        S::errno()
    }
    fn set_errno(code: Errno) {
        S::set_errno(code);
    }
    fn abort() -> ! {
        S::abort()
    }
}

impl<S: System> Environment for Mock<S> {
    fn visit_environment(f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
        S::visit_environment(f)
    }
    fn is_secure() -> bool {
        S::is_secure()
    }
}

impl<S: System> Threads for Mock<S> {
    fn key_create(destructor: Destructor) -> Option<Key> {
        let fails = state().fails(Call::KeyCreate);
        if fails || !Self::capabilities().thread_end { None } else { S::key_create(destructor) }
    }
    fn key_delete(key: Key) {
        S::key_delete(key);
    }
    fn key_set(key: Key, value: *mut u8) -> bool {
        S::key_set(key, value)
    }
    fn thread_id() -> usize {
        S::thread_id()
    }
    fn is_first_thread() -> bool {
        S::is_first_thread()
    }
    fn yield_now() {
        S::yield_now();
    }
    fn at_fork(prepare: unsafe extern "C" fn(), parent: unsafe extern "C" fn(), child: unsafe extern "C" fn()) -> bool {
        assert!(Self::capabilities().fork, "a system without fork was asked for its handlers");
        S::at_fork(prepare, parent, child)
    }
    fn random_seed() -> u64 {
        S::random_seed()
    }
    fn random(words: &mut [u64]) -> bool {
        S::random(words)
    }
}

impl<S: System> Faults for Mock<S> {
    fn begin_stacks() {
        S::begin_stacks();
    }
    fn stack(skip: usize, calls: &mut [usize]) -> usize {
        S::stack(skip, calls)
    }
    fn module_at(address: usize, name: &mut [u8]) -> Option<Module> {
        S::module_at(address, name)
    }
    fn at_fault(tell: fn(&Fault)) {
        S::at_fault(tell);
    }
    fn nothing_at_fault() {
        S::nothing_at_fault();
    }
}

impl<S: System> ErrorNumbers for Mock<S> {
    const EAGAIN: i32 = S::EAGAIN;
    const EFAULT: i32 = S::EFAULT;
    const EINVAL: i32 = S::EINVAL;
    const ENOMEM: i32 = S::ENOMEM;
    const EOVERFLOW: i32 = S::EOVERFLOW;
    const ETIMEDOUT: i32 = S::ETIMEDOUT;
}

/// Run `body` in a process of its own. The test `name` of `module` (`module_path!()`) consists of a call to this.
pub fn alone(module: &str, name: &str, body: impl FnOnce()) {
    alone_in_turn(module, name, "the only one", body);
}

/// The same for a test that consists of several cases, each in a process of its own.
pub fn alone_in_turn(module: &str, name: &str, case: &str, body: impl FnOnce()) {
    const ALONE: &str = "OXIMALLOC_TEST_ALONE";
    if let Ok(turn) = std::env::var(ALONE) {
        if turn == case {
            body();
        }
        return;
    }
    let name = format!("{}::{name}", module.split_once("::").expect("the crate's name is in front").1);
    let mut program = Command::new(std::env::current_exe().expect("this program has a file"));
    let end = program.args(["--exact", &name, "--nocapture"]).env(ALONE, case).output().expect("it can be started");
    let said = [&end.stdout, &end.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    let passed = end.status.success() && said[0].contains("1 passed");
    assert!(passed, "{name} alone ({case}): {}\n{}\n{}", end.status, said[0], said[1]);
}
