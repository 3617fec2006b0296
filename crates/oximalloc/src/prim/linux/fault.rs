//! Faults: the handler of SIGSEGV, the signal of an access to memory that is mapped and inaccessible. (SIGBUS is for
//! what lies behind a file's end, which is never ours.)
//!
//! The handler tells of the fault. Then it does what would have happened without it. If the program had a handler
//! before, that is called. Otherwise the default is restored, and the instruction faults again, so that the program
//! ends by the signal, with a core file as before. Nothing is held while the program's handler runs, so it may jump
//! out.
//!
//! Invariant: [`BEFORE`] is written before the handler is installed, and never after.

use super::errno;
use crate::base::sync::{AtomicBool, AtomicPtr, Ordering};
use crate::prim::contract::Fault;
use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::mem::{MaybeUninit, transmute};
use core::ptr::{self, null_mut};

type Action = libc::sigaction;
type Handler = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// A `fn(&Fault)`, or null.
static TELL: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// What the program had asked for before.
static BEFORE: Before = Before(UnsafeCell::new(MaybeUninit::zeroed()));

/// The program's handler was for one signal only, and has had it.
static SPENT: AtomicBool = AtomicBool::new(false);

struct Before(UnsafeCell<MaybeUninit<Action>>);

// SAFETY: it is written once, by the thread that is the first to store in `TELL`, before others read it.
unsafe impl Sync for Before {}

/// What the program had asked for. Call it only when the handler is installed.
fn before() -> &'static Action {
    // SAFETY: by the file's invariant it is complete. Zeros are an action too.
    unsafe { (*BEFORE.0.get()).assume_init_ref() }
}

/// Install the handler.
#[cold]
pub fn begin(tell: fn(&Fault)) {
    // Relaxed: it is a function's address, which publishes nothing else.
    if TELL.compare_exchange(null_mut(), tell as *mut (), Ordering::Relaxed, Ordering::Relaxed).is_err() {
        return;
    }
    errno::keep(|| {
        let place = BEFORE.0.get().cast::<Action>();
        // SAFETY: the place is ours until the handler is installed. The call fills it in. An action of the right form
        // is installed, and the handler lives as long as this library, or until `end`.
        unsafe {
            if libc::sigaction(libc::SIGSEGV, ptr::null(), place) != 0 {
                return;
            }
            let mut ours = place.read();
            ours.sa_sigaction = handler as Handler as usize;
            // A thread that has a stack for signals uses it: its own stack may be what it has overrun.
            ours.sa_flags = ours.sa_flags & (libc::SA_NODEFER | libc::SA_RESTART) | libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigaction(libc::SIGSEGV, &ours, null_mut());
        }
    });
}

/// Take the handler away, unless the program has another one by now.
#[cold]
pub fn end() {
    if TELL.swap(null_mut(), Ordering::Relaxed).is_null() {
        return;
    }
    errno::keep(|| {
        let mut now = MaybeUninit::<Action>::zeroed();
        // SAFETY: the call fills in a live action; what is installed was the program's.
        unsafe {
            if libc::sigaction(libc::SIGSEGV, ptr::null(), now.as_mut_ptr()) == 0
                && now.assume_init().sa_sigaction == handler as Handler as usize
            {
                libc::sigaction(libc::SIGSEGV, before(), null_mut());
            }
        }
    });
}

/// # Safety
/// - the system calls it, with what belongs to a signal.
unsafe extern "C" fn handler(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: by the contract.
    unsafe {
        // A signal that somebody sent has a code of 0 or less, and says nothing of memory.
        let is_sent = (*info).si_code <= 0;
        let tell = TELL.load(Ordering::Relaxed);
        if !is_sent && !tell.is_null() {
            errno::keep(|| transmute::<*mut (), fn(&Fault)>(tell)(&fault(info, context.cast())));
        }
        pass_on(signal, info, context, is_sent);
    }
}

/// # Safety
/// - as for [`handler`].
unsafe fn fault(info: *mut libc::siginfo_t, context: *mut libc::ucontext_t) -> Fault {
    // SAFETY: by the contract.
    unsafe {
        let address = (*info).si_addr().addr();
        let machine = &raw const (*context).uc_mcontext;
        #[cfg(target_arch = "x86_64")]
        {
            let register = |number: c_int| (&raw const (*machine).gregs).cast::<i64>().add(number as usize).read();
            let write = Some(register(libc::REG_ERR) & 2 != 0);
            Fault { address, write, instruction: register(libc::REG_RIP) as usize }
        }
        #[cfg(target_arch = "x86")]
        {
            let register = |number: c_int| (*machine).gregs[number as usize];
            let write = Some(register(libc::REG_ERR) & 2 != 0);
            Fault { address, write, instruction: register(libc::REG_EIP) as usize }
        }
        #[cfg(target_arch = "aarch64")]
        {
            Fault { address, write: None, instruction: (*machine).pc as usize }
        }
        #[cfg(target_arch = "arm")]
        {
            let write = Some((*machine).error_code & 1 << 11 != 0);
            Fault { address, write, instruction: (*machine).arm_pc as usize }
        }
        #[cfg(target_arch = "s390x")]
        {
            // Of the address of a fault, the lowest 12 bits are not told.
            Fault { address, write: None, instruction: (*machine).psw.addr as usize }
        }
    }
}

/// Do what the program had asked for.
///
/// # Safety
/// - as for [`handler`].
unsafe fn pass_on(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void, is_sent: bool) {
    let before = before();
    let spent = before.sa_flags & libc::SA_RESETHAND != 0 && SPENT.swap(true, Ordering::Relaxed);
    // SAFETY: by the contract; a handler has the type that its flags tell.
    unsafe {
        match before.sa_sigaction {
            libc::SIG_IGN if is_sent => {}
            handler if handler != libc::SIG_DFL && handler != libc::SIG_IGN && !spent => {
                if before.sa_flags & libc::SA_SIGINFO != 0 {
                    transmute::<usize, Handler>(handler)(signal, info, context);
                } else {
                    transmute::<usize, unsafe extern "C" fn(c_int)>(handler)(signal);
                }
            }
            _ => {
                // The default action is all zeros. The instruction then faults again. A signal that was sent has to be sent again.
                libc::sigaction(signal, MaybeUninit::zeroed().as_ptr(), null_mut());
                if is_sent {
                    libc::syscall(libc::SYS_tgkill, libc::getpid(), libc::syscall(libc::SYS_gettid), signal);
                }
            }
        }
    }
}
