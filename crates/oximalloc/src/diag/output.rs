//! Where messages go: to the registered function, otherwise to standard error. Each message is one write.
//!
//! Invariant: a message is built in a fixed buffer on the stack and passed on whole, as a C string. If the registered
//! function itself causes messages, there is no recursion: those go to standard error.
use super::hook::Hook;
use crate::prim::{Os, Process, keep_errno};
use core::ffi::{CStr, c_char, c_void};
use core::fmt::{self, Write};
use core::ptr::null_mut;

/// A function that takes messages: the text, terminated by a NUL, and the argument registered with it.
pub type OutputFun = extern "C" fn(*const c_char, *mut c_void);

static OUTPUT: Hook = Hook::new();

/// Send messages to `fun` with `arg` from now on. `None`: to standard error.
pub fn register(fun: Option<OutputFun>, arg: *mut c_void) {
    OUTPUT.register(fun.map_or(null_mut(), |fun| fun as *mut ()), arg);
}

/// Send one message, unchanged, to the registered function, or to standard error if there is none. Leaves `errno`
/// alone.
pub fn print(args: fmt::Arguments) {
    keep_errno(|| {
        let line = Line::<LINE_MAX>::of(args);
        match OUTPUT.enter() {
            Some(entered) => {
                // SAFETY: `register` is the only one to store in this hook, and it stores an `OutputFun`.
                let fun = unsafe { core::mem::transmute::<*mut (), OutputFun>(entered.fun) };
                fun(line.as_ptr(), entered.arg);
            }
            None => Os::write_stderr(line.as_bytes()),
        }
    });
}

/// Where a whole table goes: to a given function, or to where messages go.
#[derive(Clone, Copy, Debug)]
pub struct Sink {
    fun: Option<OutputFun>,
    arg: *mut c_void,
}

impl Sink {
    /// To where messages go.
    pub const REGISTERED: Sink = Sink::new(None, null_mut());

    /// To standard error, whatever is registered. A signal handler may use it.
    pub const STDERR: Sink = Sink::new(Some(to_stderr), null_mut());

    /// To `fun` with `arg`. `None`: to where messages go.
    pub const fn new(fun: Option<OutputFun>, arg: *mut c_void) -> Sink {
        Sink { fun, arg }
    }

    /// Pass on one piece of text, unchanged. Leaves `errno` alone.
    pub fn print(&self, args: fmt::Arguments) {
        let Some(fun) = self.fun else { return print(args) };
        keep_errno(|| {
            // Not by `of`, which takes twice the stack in a build without optimisation.
            let mut line = Line::<LINE_MAX>::new();
            let _ = line.write_fmt(args);
            fun(line.as_ptr(), self.arg);
        });
    }
}

extern "C" fn to_stderr(text: *const c_char, _arg: *mut c_void) {
    // SAFETY: an output function is given a C string.
    Os::write_stderr(unsafe { CStr::from_ptr(text) }.to_bytes());
}

/// The longest message in bytes, including the NUL at its end.
const LINE_MAX: usize = 512;

/// A text of fewer than `N` bytes, on the stack. What does not fit is cut off; the text then ends in a newline.
///
/// # Invariants
///
/// `len < N`, and all bytes from `len` on are 0. So it is a C string too.
pub struct Line<const N: usize = LINE_MAX> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Line<N> {
    /// An empty text.
    pub const fn new() -> Self {
        const { assert!(N > 1, "room for a newline and the NUL") };
        // INVARIANT: the length is 0 and all bytes are 0.
        Line { bytes: [0; N], len: 0 }
    }

    /// The text of `args`.
    pub fn of(args: fmt::Arguments) -> Self {
        let mut line = Self::new();
        // Only a value's own Display can fail. What it wrote before that is still worth printing.
        let _ = line.write_fmt(args);
        line
    }

    /// The text without the NUL.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The text. If it was cut in the middle of a character, it ends before that character.
    pub fn as_str(&self) -> &str {
        self.as_bytes().utf8_chunks().next().map_or("", |chunk| chunk.valid())
    }

    /// The text as a C string.
    pub fn as_ptr(&self) -> *const c_char {
        self.bytes.as_ptr().cast()
    }
}

impl<const N: usize> Default for Line<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Write for Line<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = N - 1 - self.len;
        let space = self.bytes.get_mut(self.len..).unwrap_or_default();
        // INVARIANT: at most `room` bytes are added, so `len < N` and the last byte stays 0.
        space.iter_mut().take(room).zip(text.as_bytes()).for_each(|(to, from)| *to = *from);
        self.len += text.len().min(room);
        if text.len() > room
            && let Some(last) = self.bytes.get_mut(N - 2)
        {
            *last = b'\n';
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::prim::Errno;
    use std::ffi::CStr;

    /// Appends each message to the `String` behind `arg`.
    pub(crate) extern "C" fn collect(text: *const c_char, arg: *mut c_void) {
        // SAFETY: the text is a C string, and `arg` is a `String` that only the test uses.
        let (text, all) = unsafe { (CStr::from_ptr(text), &mut *arg.cast::<String>()) };
        all.push_str(&text.to_string_lossy());
    }

    /// Everything that `f` prints to the sink.
    pub(crate) fn captured(f: impl FnOnce(&Sink)) -> String {
        let mut all = String::new();
        f(&Sink::new(Some(collect), (&raw mut all).cast()));
        all
    }

    #[test]
    fn a_line_is_cut_to_its_buffer() {
        assert_eq!(Line::<8>::of(format_args!("{}-{}", "ab", 12)).as_bytes(), b"ab-12");
        assert_eq!(Line::<8>::of(format_args!("1234567")).as_bytes(), b"1234567");
        let cut = Line::<8>::of(format_args!("12345678 and more, {}", 9));
        assert_eq!(cut.as_bytes(), b"123456\n");
        assert_eq!(cut.bytes.last(), Some(&0));
        assert_eq!(Line::<3>::of(format_args!("aé")).as_str(), "a\n");
        assert_eq!(Line::<8>::default().as_str(), "");
    }

    #[test]
    fn a_sink_takes_pieces_in_order_and_leaves_errno() {
        Os::set_errno(Errno(5));
        let text = captured(|sink| {
            sink.print(format_args!("a {}\n", 1));
            sink.print(format_args!("b\n"));
        });
        assert_eq!(text, "a 1\nb\n");
        assert_eq!(Os::errno(), Errno(5));
    }
}
