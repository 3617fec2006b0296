//! Compares the bitmap with a list of booleans. Under loom, two threads claim overlapping runs.

use super::*;

#[cfg(not(loom))]
mod model {
    use super::runs::{Runs, room};
    use super::*;
    use proptest::prelude::*;

    fn words(n: usize) -> Vec<AtomicU64> {
        (0..n).map(|_| AtomicU64::new(0)).collect()
    }

    #[derive(Clone, Debug)]
    enum Op {
        Run(usize, u32, usize, usize),
        At(usize, usize),
        Free(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            (1usize..150, 0u32..6, 0usize..64, 0usize..5).prop_map(|(n, a, p, h)| Op::Run(n, a, p, h)),
            (1usize..3, 0u32..1, 0usize..1, 0usize..5).prop_map(|(n, a, p, h)| Op::Run(n, a, p, h)),
            (0usize..256, 1usize..100).prop_map(|(i, n)| Op::At(i, n)),
            any::<usize>().prop_map(Op::Free),
            any::<usize>().prop_map(Op::Free),
        ]
    }

    fn lowest(free: &[bool], n: usize, align: usize, phase: usize, from: usize) -> Option<usize> {
        (from..(free.len() + 1).saturating_sub(n))
            .find(|&i| i % align == phase % align && free[i..i + n].iter().all(|&f| f))
    }

    proptest! {
        #[test]
        fn it_does_what_a_list_of_booleans_does(ops in proptest::collection::vec(op(), 1..80)) {
            let (memory, lacks) = (words(10), words(room(4)));
            let map: Bitmap<3> = Bitmap::new(&memory);
            let runs = Runs::new(map, &lacks);
            prop_assert!(runs.claim_at(250, 6));
            let mut free: Vec<bool> = (0..256).map(|i| i < 250).collect();
            let mut held: Vec<(usize, usize)> = Vec::new();
            for op in ops {
                match op {
                    Op::Run(n, a, phase, hint) => {
                        let align = 1 << a;
                        let expected = lowest(&free, n, align, phase, hint * 64)
                            .or_else(|| lowest(&free, n, align, phase, 0));
                        let got = runs.claim(n, align, phase, hint);
                        prop_assert_eq!(got, expected);
                        if let Some(i) = got {
                            free[i..i + n].fill(false);
                            held.push((i, n));
                        }
                    }
                    Op::At(i, n) => {
                        let expected = i + n <= 256 && free[i..i + n].iter().all(|&f| f);
                        prop_assert_eq!(runs.claim_at(i, n), expected);
                        if expected {
                            free[i..i + n].fill(false);
                            held.push((i, n));
                        }
                    }
                    Op::Free(k) if !held.is_empty() => {
                        let (i, n) = held.swap_remove(k % held.len());
                        prop_assert!(map.all_set(i, n));
                        runs.release(i, n);
                        prop_assert!(map.none_set(i, n));
                        free[i..i + n].fill(true);
                    }
                    Op::Free(_) => {}
                }
                prop_assert_eq!(map.count(), free.iter().filter(|&&f| !f).count());
                prop_assert!(memory.iter().enumerate().all(|(i, word)| i % 3 == 0 || word.load(Ordering::Relaxed) == 0));
            }
        }
    }

    #[test]
    fn flags_say_how_many_changed() {
        let memory = words(3);
        let map: Bitmap<1> = Bitmap::new(&memory);
        assert_eq!(map.set(60, 10), 10);
        assert_eq!(map.set(50, 100), 90);
        assert_eq!(map.clear(0, 64), 14);
        assert_eq!(map.clear_mask(1, 3), 3);
        assert_eq!(map.clear_mask(1, 7), 4);
        assert_eq!(map.claim_mask(1, 15), 7);
        assert_eq!(map.claim_mask(1, 15), 0);
        assert_eq!([map.claim_mask(3, 1), map.clear_mask(3, 1)], [0, 0], "there is no such word");
        assert!(!map.claim_at(190, 3));
        assert!(!map.claim_at(usize::MAX, 3));
    }

    #[test]
    fn threads_share_without_overlap() {
        let memory = words(2);
        let lacks = words(room(2));
        let map: Bitmap<1> = Bitmap::new(&memory);
        let runs = Runs::new(map, &lacks);
        let owners: Vec<AtomicU64> = words(128);
        std::thread::scope(|s| {
            for t in 1..=4usize {
                let owners = &owners;
                s.spawn(move || {
                    for round in 0..20_000 {
                        let n = 1 + (round * t) % 70;
                        if let Some(i) = runs.claim(n, 1, 0, round % 3) {
                            for o in &owners[i..i + n] {
                                assert_eq!(o.swap(t as u64, Ordering::Relaxed), 0);
                            }
                            for o in &owners[i..i + n] {
                                assert_eq!(o.swap(0, Ordering::Relaxed), t as u64);
                            }
                            runs.release(i, n);
                        }
                    }
                });
            }
        });
        assert_eq!(map.count(), 0);
        assert_eq!(runs.claim(128, 1, 0, 0), Some(0), "it is known that all is free");
    }
}

#[cfg(loom)]
mod loom_tests {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicUsize;
    use loom::thread;

    /// Two threads want runs that share bits in both words. No bit has two owners, and in the end all bits are free.
    #[test]
    fn loom_no_bit_is_claimed_twice() {
        loom::model(|| {
            let memory = Arc::new([AtomicU64::new(u64::MAX >> 1), AtomicU64::new(!3)]);
            let owned = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)]);
            let claim = |first: usize, memory: &[AtomicU64; 2], owned: &[AtomicUsize; 3]| {
                let map: Bitmap<1> = Bitmap::new(&memory[..]);
                if map.claim_at(63 + first, 2) {
                    for o in &owned[first..first + 2] {
                        assert_eq!(o.fetch_add(1, Ordering::Relaxed), 0);
                    }
                    for o in &owned[first..first + 2] {
                        o.fetch_sub(1, Ordering::Relaxed);
                    }
                    map.release(63 + first, 2);
                }
            };
            let other = {
                let (memory, owned) = (memory.clone(), owned.clone());
                thread::spawn(move || claim(0, &memory, &owned))
            };
            claim(1, &memory, &owned);
            other.join().unwrap();
            assert_eq!(Bitmap::<1>::new(&memory[..]).count(), 125);
        });
    }
}
