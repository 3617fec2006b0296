//! Faults: the handlers of SIGSEGV and SIGBUS. An access to memory that is mapped and inaccessible is the first on most of
//! these systems, and the second on macOS.
//!
//! A handler tells of the fault. Then it does what would have happened without it. If the program had a handler before,
//! that is called. Otherwise the default is restored, and the instruction faults again, so that the program ends by the
//! signal. Nothing is held while the program's handler runs, so it may jump out.
//!
//! Invariant: what is in [`BEFORE`] is written before our handler is installed, and never after.

use super::{Unix, errno};
use crate::base::sync::{AtomicBool, AtomicPtr, Ordering};
use crate::prim::contract::{Fault, Faults, Module};
use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::mem::{MaybeUninit, transmute};
use core::ptr::{self, null_mut};

type Action = libc::sigaction;
type Handler = unsafe extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

const SIGNALS: [c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// A `fn(&Fault)`, or null.
static TELL: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// What the program had asked for before, for each of the signals.
static BEFORE: [Before; SIGNALS.len()] = [const { Before(UnsafeCell::new(MaybeUninit::zeroed())) }; SIGNALS.len()];

/// The program's handler was for one signal only, and has had it.
static SPENT: [AtomicBool; SIGNALS.len()] = [const { AtomicBool::new(false) }; SIGNALS.len()];

struct Before(UnsafeCell<MaybeUninit<Action>>);

// SAFETY: it is written once, by the thread that is the first to store in `TELL`, before others read it.
unsafe impl Sync for Before {}

impl Before {
    /// Call it only when the handler is installed.
    fn get(&self) -> &Action {
        // SAFETY: by the file's invariant it is complete. Zeros are an action too.
        unsafe { (*self.0.get()).assume_init_ref() }
    }
}

impl Faults for Unix {
    fn begin_stacks() {}

    fn stack(_skip: usize, _calls: &mut [usize]) -> usize {
        0
    }

    fn module_at(_address: usize, _name: &mut [u8]) -> Option<Module> {
        None
    }

    fn at_fault(tell: fn(&Fault)) {
        begin(tell);
    }

    fn nothing_at_fault() {
        end();
    }
}

/// Install the handlers.
#[cold]
fn begin(tell: fn(&Fault)) {
    // Relaxed: it is a function's address, which publishes nothing else.
    if TELL.compare_exchange(null_mut(), tell as *mut (), Ordering::Relaxed, Ordering::Relaxed).is_err() {
        return;
    }
    errno::keep(|| {
        for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
            let place = before.0.get().cast::<Action>();
            // SAFETY: the place is ours until the handler is installed. The call fills it in. An action of the right form
            // is installed, and the handler lives as long as this library, or until `end`.
            unsafe {
                if libc::sigaction(signal, ptr::null(), place) == 0 {
                    let mut ours = place.read();
                    ours.sa_sigaction = handler as Handler as usize;
                    // A thread that has a stack for signals uses it: its own stack may be what it has overrun.
                    let kept = ours.sa_flags & (libc::SA_NODEFER | libc::SA_RESTART);
                    ours.sa_flags = kept | libc::SA_SIGINFO | libc::SA_ONSTACK;
                    libc::sigaction(signal, &ours, null_mut());
                }
            }
        }
    });
}

/// Take the handlers away, unless the program has others by now.
#[cold]
fn end() {
    if TELL.swap(null_mut(), Ordering::Relaxed).is_null() {
        return;
    }
    errno::keep(|| {
        for (signal, before) in SIGNALS.into_iter().zip(&BEFORE) {
            let mut now = MaybeUninit::<Action>::zeroed();
            // SAFETY: the call fills in a live action; what is installed was the program's.
            unsafe {
                if libc::sigaction(signal, ptr::null(), now.as_mut_ptr()) == 0
                    && now.assume_init().sa_sigaction == handler as Handler as usize
                {
                    libc::sigaction(signal, before.get(), null_mut());
                }
            }
        }
    });
}

/// # Safety
/// - the system calls it, with what belongs to a signal.
unsafe extern "C" fn handler(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: by the contract.
    unsafe {
        // The codes of faults are small. That of a signal that somebody sent is 0 or less, or large.
        let is_sent = !(1..=0xff).contains(&(*info).si_code);
        let tell = TELL.load(Ordering::Relaxed);
        if !is_sent && !tell.is_null() {
            let fault = Fault { address: (*info).si_addr().addr(), write: None, instruction: 0 };
            errno::keep(|| transmute::<*mut (), fn(&Fault)>(tell)(&fault));
        }
        pass_on(signal, info, context, is_sent);
    }
}

/// Do what the program had asked for.
///
/// # Safety
/// - as for [`handler`].
unsafe fn pass_on(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void, is_sent: bool) {
    let which = usize::from(signal != SIGNALS[0]);
    let before = BEFORE[which].get();
    let spent = before.sa_flags & libc::SA_RESETHAND != 0 && SPENT[which].swap(true, Ordering::Relaxed);
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
                // The default action is all zeros. The instruction then faults again. A signal that was sent has to be
                // sent again.
                libc::sigaction(signal, MaybeUninit::zeroed().as_ptr(), null_mut());
                if is_sent {
                    libc::raise(signal);
                }
            }
        }
    }
}
