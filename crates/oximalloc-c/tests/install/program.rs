//! A Rust program with mimalloc.o linked in: no symbol of it clashes with Rust's own, and malloc is the library's.

unsafe extern "C" {
    safe fn mi_is_in_heap_region(p: *const std::ffi::c_void) -> bool;
}

fn main() {
    let text = format!("a text of {} bytes", std::hint::black_box(24));
    let ours = |text: &String| mi_is_in_heap_region(text.as_ptr().cast());
    assert!(ours(&text));
    assert!(std::thread::spawn(move || ours(&text.clone())).join().unwrap());
    let caught = std::panic::catch_unwind(|| std::hint::black_box([1, 2])[std::hint::black_box(2)]);
    assert!(caught.is_err());
}
