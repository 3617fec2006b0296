//! A processor's own instructions do what plain Rust does.

use super::*;
use crate::base::config::power;
use crate::base::sync::AtomicUsize;

#[test]
fn words_are_as_in_plain_rust() {
    for (base, len) in [(0, 0), (power(45), 1), (power(45), 100), (usize::MAX & !0xffff, 7)] {
        let window = Window { base: AtomicUsize::new(base), len: AtomicUsize::new(len) };
        for p in [0, 1, base, base.wrapping_add((len << 16).wrapping_sub(1)), base.wrapping_add(len << 16), usize::MAX]
        {
            // SAFETY: a window.
            let (here, plain) = unsafe { (slice_in(&window, p), plain::slice_in(&window, p)) };
            assert_eq!(here, plain, "{base:#x} {len} {p:#x}");
        }
    }
    let words: [u16; 8] = [9, 1, 0xffff, 0x8000, 3, 0, 77, 5];
    let numbers: [u32; 8] = [1, 0, u32::MAX, 7, 0xcccc_cccd, 0x3333_3334, 3, u32::MAX];
    for i in 0..7 {
        let base = words.as_ptr().cast();
        // SAFETY: a number of the array.
        assert_eq!(unsafe { load_16::<2>(base, i) }, unsafe { plain::load_16::<2>(base, i) });
    }
    for at in (0..24).step_by(4) {
        let base = numbers.as_ptr().cast();
        for p in [0, 1, 2, 5, 10, 0xfffe, 0xffff, 0x1_0000, 0x1_0005, usize::MAX] {
            // SAFETY: two numbers of the array.
            let (here, plain) = unsafe { (divides::<4>(base, at, p), plain::divides::<4>(base, at, p)) };
            assert_eq!(here, plain, "{at} {p}");
        }
    }
    let mut word = 40usize;
    let base = (&raw mut word).cast_const().cast::<u8>();
    // SAFETY: the word is ours.
    unsafe {
        advance::<8>(base, 0);
        advance::<-16>(base, 0);
        assert_eq!(base.cast::<usize>().read_volatile(), 32);
        plain::advance::<8>(base, 0);
        assert_eq!(base.cast::<usize>().read_volatile(), 40);
    }
    prefetch(core::ptr::null());
    prefetch_to_read(core::ptr::without_provenance(usize::MAX));
}
