//! The contract with the operating system: every function that the allocator asks of it, and what each one promises.
//!
//! A port is one folder beside this file that implements the traits below for a type of its own, and lines in `mod.rs`
//! that choose it. The compiler names what is missing and what has the wrong type. `tests.rs` holds an implementation
//! to its promises. What depends on the processor alone is in `processor`.
//!
//! The thread-local pointer is not a function of a trait, because every fast path reads it. The macro `by_system!`
//! defines it (`define.rs`), and the folder has a module `tls` for it, with three functions. `load` returns the calling
//! thread's word, `store` changes it, and `tag` returns a number that is never 0 and that no other living thread has.
//! Each should be a few instructions, without a call. The constant `STARTS_NULL` says whether the word is null at first,
//! and not what the macro's user wants.
//!
//! These hold for every function, unless it says otherwise:
//! - Any thread may call it at any time: before the C library's constructors have run, while the process ends, inside
//!   the allocator, and several threads at once. A signal handler may not.
//! - It does not allocate from the allocator, does not panic or unwind, and does not wait for another thread of the
//!   program. So it is not a cancellation point either.
//! - It leaves [`errno`](Process::errno) as it was. So an allocation that fails in one way and succeeds in another
//!   shows no error.
//! - The result reports a failure (false, null, None). Then nothing has changed, and a later call may succeed.
//! - Sizes are in bytes. A range of memory consists of whole OS pages.

use core::ffi::c_void;

/// All that an implementation has to supply.
pub trait System: Memory + Numa + Process + Environment + Threads + Faults + ErrorNumbers {}

/// What a system can do, as far as this is known when the allocator is compiled. Functions tell what only the running
/// system knows: [`Memory::page_size`] and [`Memory::overcommits`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// Addresses can be reserved that no memory lies behind. Otherwise each reservation takes memory at once and the
    /// system never gets it back, so arenas reserve what they are about to use, and grow.
    pub sparse: bool,
    /// A process can have more than one thread.
    pub threads: bool,
    /// There is an environment, or a standard error. If not, programs are not linked with the code that reads options
    /// and writes messages.
    pub reports: bool,
    /// [`Memory::unmap`] takes any reserved range. Otherwise it takes exactly what one call reserved, or fails.
    pub unmap_part: bool,
    /// [`Memory::decommit`] and [`Memory::reset`] take a part of what a call reserved. Otherwise they take all of it,
    /// or fail.
    pub decommit_part: bool,
    /// [`Memory::remap`] and [`Memory::remap_in_place`] can succeed.
    pub remap: bool,
    /// Advice can give large OS pages to a range ([`Memory::advise_huge`]).
    pub advise_huge: bool,
    /// [`Memory::protect`] can succeed.
    pub protect: bool,
    /// Memory can be locked, so that it is never written to a disk.
    pub lock: bool,
    /// A process can be copied ([`Threads::at_fork`]).
    pub fork: bool,
    /// The system reports a thread's end ([`Threads::key_create`]).
    pub thread_end: bool,
    /// Bits of an address. No address of a mapping has a higher bit set.
    pub address_bits: usize,
    /// Where arenas should lie. As a rule, nothing else is mapped at this address and behind it.
    pub arenas_at: usize,
    /// How far behind `arenas_at` the first arena may lie: a power of two.
    pub arenas_spread: usize,
    /// Reservations begin at a multiple of this; a power of two, and no more than a slice (64 KiB).
    pub granularity: usize,
    /// Log2 of the size of a large OS page.
    pub large_page_shift: u32,
    /// Log2 of the size of a huge OS page. Equal to `large_page_shift` if there is only one such size.
    pub huge_page_shift: u32,
}

/// What became of a request for certain addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// They are mapped, and ours.
    Mapped,
    /// The system gives no more address space, or memory.
    Refused,
    /// Something else is mapped there.
    Occupied,
}

/// Address space and memory.
///
/// Memory is *reserved* (addresses that nobody else gets), *committed* (it may be read and written; it becomes resident
/// when it is touched) and given back: *decommitted* (the addresses stay ours) or *unmapped* (they do not).
pub trait Memory {
    /// What the system can do.
    const CAPABILITIES: Capabilities;
    /// The most OS pages that [`Memory::resident`] looks at.
    const RESIDENT_MAX: usize;

    /// What the system can do, for code that decides what to ask for. This is the constant, except in the mock.
    #[inline(always)]
    fn capabilities() -> Capabilities {
        Self::CAPABILITIES
    }

    /// Bytes of an OS page: a power of two, at most a slice (64 KiB), and the same for the life of the process. Cheap
    /// after the first call.
    fn page_size() -> usize;

    /// Whether memory that is committed and not touched costs nothing. False where the system counts it against a
    /// limit, so that committing what is not used takes it from others. Always the same answer, and cheap after the
    /// first call.
    fn overcommits() -> bool;

    /// How many bytes the process may have mapped (`address_space`), or else committed. None: no limit. The system is
    /// asked each time.
    fn limit(address_space: bool) -> Option<usize>;

    /// Have the system's tools tell what is reserved from now on by that number. Systems without such numbers do nothing,
    /// and do not ask for it.
    fn set_tag(tag: impl FnOnce() -> u8) {
        let _ = tag;
    }

    /// Reserve `size` bytes, at `hint` if that is free (0: anywhere). The system need not follow the hint. With
    /// `commit` the bytes are committed too, and zero; otherwise they are inaccessible. The result is a multiple of an
    /// OS page and of the granularity. Null if the system refuses.
    fn reserve(hint: usize, size: usize, commit: bool) -> *mut u8;

    /// Reserve `size` bytes at `p` and nowhere else, otherwise as [`Memory::reserve`]. What is mapped there stays as it
    /// is.
    fn reserve_at(p: *mut u8, size: usize, commit: bool) -> At;

    /// Reserve `size` bytes of OS pages of `1 << page_shift` bytes, at `hint` if that is free (0: anywhere). They are
    /// committed, zero, aligned to such a page, and resident at once, so that no touch can fail later. They are never
    /// decommitted or protected, and are unmapped in whole pages of that size. Null if the system has none to spare.
    fn reserve_large(hint: usize, size: usize, page_shift: u32) -> *mut u8;

    /// Give a range back, including its addresses. False: the range is as it was.
    ///
    /// # Safety
    /// - the range is reserved, and nobody uses it any more.
    unsafe fn unmap(p: *mut u8, size: usize) -> bool;

    /// Make a reserved range readable and writable. What was never committed before is zero, and so is what was
    /// decommitted since. Everything else keeps its contents. Harmless for what is committed already. False: the
    /// accessible parts of the range still are accessible, and some of the others may be.
    ///
    /// # Safety
    /// - the range was reserved, or belongs to the program, which lets us use it.
    unsafe fn commit(p: *mut u8, size: usize) -> bool;

    /// Take access to a range away. [`Memory::commit`] gives it back, and the contents are then as they were. False if
    /// the system refuses; a part may be inaccessible then.
    ///
    /// # Safety
    /// - as for [`Memory::commit`], and nobody uses the range meanwhile.
    unsafe fn protect(p: *mut u8, size: usize) -> bool;

    /// Give the memory of a range back, and keep the addresses. A range that was reserved reads as zero from then on:
    /// at once, or after a [`Memory::commit`] if `strict`. `strict` also takes access away, so that the memory counts
    /// against no limit. (A range of the program may read as its file.) False: the range is as accessible as it was.
    /// Bytes that were zero are still zero; all others are undefined.
    ///
    /// # Safety
    /// - as for [`Memory::commit`], and nobody uses the contents;
    /// - if `strict`, the range was reserved.
    unsafe fn decommit(p: *mut u8, size: usize, strict: bool) -> bool;

    /// Let the system take the memory of a range when memory is short. The range stays committed. From then on, even if
    /// this fails, bytes that were zero are zero and all others are undefined, until they are written to.
    ///
    /// # Safety
    /// - as for [`Memory::commit`], and nobody uses the contents.
    unsafe fn reset(p: *mut u8, size: usize) -> bool;

    /// Advise for (`on`) or against the use of large OS pages in a range. Contents and access stay.
    ///
    /// # Safety
    /// - as for [`Memory::commit`].
    unsafe fn advise_huge(p: *mut u8, size: usize, on: bool) -> bool;

    /// Make the pages of a range resident now, if the system can. The contents stay.
    ///
    /// # Safety
    /// - the range is committed.
    unsafe fn populate(p: *mut u8, size: usize);

    /// How many of the first [`Memory::RESIDENT_MAX`] OS pages of a range are resident. 0 if the system does not tell,
    /// or if a part is not mapped.
    fn resident(p: *const u8, size: usize) -> usize;

    /// Move a mapping of `old` bytes, with its contents, to `new` bytes at `to` (null: wherever the system likes), and
    /// give the old place back. What was mapped at `to` is replaced. New bytes are zero. Null if refused: the old
    /// mapping is as it was, but what was mapped at `to` may be gone, and somebody else may have its addresses.
    ///
    /// # Safety
    /// - `p` and `old` are a mapping that [`Memory::reserve`] or this function gave; it is committed, and the caller's
    ///   alone;
    /// - `to` is null, or the caller reserved `new` bytes there, and they do not overlap the old ones.
    unsafe fn remap(p: *mut u8, old: usize, new: usize, to: *mut u8) -> *mut u8;

    /// Resize a mapping from `old` to `new` bytes where it is. New bytes are zero. False: it is as it was.
    ///
    /// # Safety
    /// - `p` and `old` are as for [`Memory::remap`], and nobody uses bytes from `new` on any more.
    unsafe fn remap_in_place(p: *mut u8, old: usize, new: usize) -> bool;
}

/// NUMA nodes. A system without them has one, of number 0.
pub trait Numa {
    /// One more than the largest number of a node that has memory or processors; at least 1. Cheap after the first
    /// call.
    fn nodes() -> usize;

    /// The node that the calling thread runs on at the moment; below [`Numa::nodes`].
    fn current_node() -> usize;

    /// Have the memory of a range come from `node` as long as that has some. What is resident stays where it is.
    ///
    /// # Safety
    /// - the range is the caller's.
    unsafe fn prefer_node(p: *mut u8, size: usize, node: usize) -> bool;
}

/// Time and memory used by the process so far. A figure that the system does not tell is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Milliseconds since the process started, to a hundredth of a second.
    pub elapsed_ms: u64,
    /// Milliseconds of processor time in user mode, over all threads.
    pub user_ms: u64,
    /// Milliseconds of processor time in the kernel, over all threads.
    pub system_ms: u64,
    /// Bytes of memory resident now.
    pub current_rss: usize,
    /// The most bytes of memory that were ever resident.
    pub peak_rss: usize,
    /// Page faults that read from a device.
    pub page_faults: u64,
    /// Page faults that did not read from a device.
    pub page_reclaims: u64,
}

/// The process: its figures, its end, standard error, and `errno`.
pub trait Process {
    /// Time and memory used by the process so far.
    fn info() -> ProcessInfo;

    /// Milliseconds of a clock that never goes back. Cheap (no system call), and coarse: it may stand still for some
    /// milliseconds.
    fn now_ms() -> u64;

    /// Have `run` called when the process ends, after `main` and what was registered with `atexit`, or when the library
    /// that contains the allocator is unmapped. Only the first call has an effect.
    fn at_end(run: fn());

    /// Have nothing called then, whether [`Process::at_end`] comes before or after this.
    fn nothing_at_end();

    /// Keep a way to standard error, in case the program closes it before it ends.
    fn keep_stderr();

    /// Write all of `bytes` to standard error, in one piece if the system takes them whole. What cannot be written is
    /// dropped.
    fn write_stderr(bytes: &[u8]);

    /// The calling thread's `errno`.
    fn errno() -> Errno;

    /// Set the calling thread's `errno`. No other function here changes it.
    fn set_errno(code: Errno);

    /// End the process at once and tell the system that it failed. Nothing that was registered for the end is called.
    fn abort() -> !;
}

/// The environment.
pub trait Environment {
    /// Call `f(name, value)` for each variable, in order, until it returns false. False if there is no environment yet;
    /// a later call may find it. As with `getenv`, the program must not change its environment meanwhile.
    fn visit_environment(f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool;

    /// Whether the program runs with rights that its caller lacks (setuid and the like), so that the environment must
    /// not be trusted.
    fn is_secure() -> bool;
}

/// A key for a value that each thread has of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key(pub u32);

/// A function that is called at a thread's end, with the thread's value.
pub type Destructor = unsafe extern "C" fn(*mut c_void);

/// Threads.
pub trait Threads {
    /// Make a key. `destructor` runs at the end of each thread whose value is not null, as late as the system allows.
    /// The thread may still allocate and free then. None if the system does not report a thread's end, or has no more
    /// keys. Also None if the process cannot have further threads yet. Then it is asked again when there is one.
    fn key_create(destructor: Destructor) -> Option<Key>;

    /// Delete a key. From now on no destructor begins for it. The key was made by [`Threads::key_create`] and is not
    /// used again.
    fn key_delete(key: Key);

    /// Set the calling thread's value for a key that was made. The first call in a thread may allocate from the
    /// allocator.
    fn key_set(key: Key, value: *mut u8) -> bool;

    /// A number that no other live thread has; never 0.
    fn thread_id() -> usize;

    /// Whether the calling thread is the one that the process began with. False if nobody knows.
    fn is_first_thread() -> bool;

    /// Let another thread run.
    fn yield_now();

    /// Have functions run around each fork: before it, and after it in the parent and in the child. This call may
    /// allocate from the allocator. False if the system has no fork.
    fn at_fork(prepare: unsafe extern "C" fn(), parent: unsafe extern "C" fn(), child: unsafe extern "C" fn()) -> bool;

    /// A number that an attacker cannot guess, as far as the system can give one without waiting.
    fn random_seed() -> u64;

    /// Fill `words` from the system's source of random numbers, for keys. It never waits. Returns false, and may have
    /// filled some, if the source is not ready or does not exist.
    fn random(words: &mut [u64]) -> bool;
}

/// An access to memory that the thread may not access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The address that was accessed.
    pub address: usize,
    /// Whether the access was to write. None if the system does not tell.
    pub write: Option<bool>,
    /// The address of the instruction. 0 if the system does not tell.
    pub instruction: usize,
}

/// A range of addresses that is a part of a module: of the program, or of a library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Module {
    /// The first address.
    pub start: usize,
    /// The address behind the last one.
    pub end: usize,
    /// What an address is to be reduced by, so that it is the address in the module's file that debuggers use.
    pub base: usize,
    /// Bytes of the module's name.
    pub name: usize,
}

/// Stacks of calls, and faults. All of it is for reports, and a system may have none of it.
pub trait Faults {
    /// Make ready for [`Faults::stack`]: now, or as soon as the C library allows it. This call may allocate from the
    /// allocator, and wait for the loader. Any number of calls is fine.
    fn begin_stacks();

    /// Fill `calls` with return addresses on the calling thread's stack, the innermost first. The first `skip` are left
    /// out, and so are those at the beginning that lie in the library that contains the allocator, if that is a library
    /// of its own. Returns how many there are; 0 before [`Faults::begin_stacks`], and where the system has no way to
    /// find them. The call may allocate from the allocator.
    fn stack(skip: usize, calls: &mut [usize]) -> usize;

    /// The module that has an address, and its name, cut off at the end of `name`. None if no module has it. A signal
    /// handler may call this.
    fn module_at(address: usize, name: &mut [u8]) -> Option<Module>;

    /// Have `tell` called for each fault, in a signal handler of the thread that causes it. After that, what the
    /// program had asked for before happens: its own handler is called, or the program ends as it would have ended
    /// without this. A handler that the program installs later takes the place of this one. Only the first call has an
    /// effect.
    fn at_fault(tell: fn(&Fault));

    /// Have nothing called from now on, and leave no reference to the library that contains the allocator.
    fn nothing_at_fault();
}

/// An error number of the system's C library. Programs find it in `errno`, and it is passed to the error function that
/// they registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Errno(pub i32);

/// The values of the error numbers.
pub trait ErrorNumbers {
    /// See [`Errno::EAGAIN`].
    const EAGAIN: i32;
    /// See [`Errno::EFAULT`].
    const EFAULT: i32;
    /// See [`Errno::EINVAL`].
    const EINVAL: i32;
    /// See [`Errno::ENOMEM`].
    const ENOMEM: i32;
    /// See [`Errno::EOVERFLOW`].
    const EOVERFLOW: i32;
    /// See [`Errno::ETIMEDOUT`].
    const ETIMEDOUT: i32;
}
