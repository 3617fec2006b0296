//! Blocks handed between threads: contents checked by whoever frees them, with threads that come and go.
use oximalloc::internals::state::theap::Theap;
use oximalloc::raw;
use std::sync::mpsc::sync_channel;
use std::thread;

/// Watched by ThreadSanitizer a step takes ten times as long.
const SHARE: usize = if cfg!(tsan) { 8 } else { 1 };

struct Random(u64);
impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize
    }
    fn size(&mut self) -> usize {
        match self.next() % 100 {
            0..80 => 8 + self.next() % 500,
            80..97 => 500 + self.next() % 8000,
            97..99 => 8000 + self.next() % 60_000,
            _ => 60_000 + self.next() % 200_000,
        }
    }
}

/// A block that is filled with a function of its size.
struct Owned(usize, usize);
impl Owned {
    fn new(size: usize) -> Owned {
        let p = raw::malloc(size);
        assert!(!p.is_null());
        // SAFETY: a fresh block of `size` bytes.
        unsafe { p.write_bytes(size as u8 ^ 0x5a, size) };
        Owned(p as usize, size)
    }
}
impl Drop for Owned {
    fn drop(&mut self) {
        let p = self.0 as *mut u8;
        // SAFETY: our block.
        unsafe {
            assert!(std::slice::from_raw_parts(p, self.1).iter().all(|b| *b == self.1 as u8 ^ 0x5a));
            raw::free(p);
        }
    }
}

#[test]
fn stress_handing_over() {
    for round in 0..3 {
        let n = 4;
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..n).map(|_| sync_channel::<Owned>(2000)).unzip();
        let threads: Vec<_> = receivers
            .into_iter()
            .enumerate()
            .map(|(i, rx)| {
                let senders = senders.clone();
                thread::spawn(move || {
                    let mut random = Random(0x9e37_79b9 + i as u64 * 77 + round);
                    let mut mine: Vec<Owned> = Vec::new();
                    for step in 0..40_000 / SHARE {
                        let block = Owned::new(random.size());
                        match random.next() % 3 {
                            0 => drop(senders[random.next() % n].try_send(block)),
                            1 => drop(block),
                            _ => mine.push(block),
                        }
                        if mine.len() > 500 {
                            mine.swap_remove(random.next() % 500);
                        }
                        while let Ok(block) = rx.try_recv() {
                            if random.next().is_multiple_of(4) { mine.push(block) } else { drop(block) }
                        }
                        if step % 5000 == 0 {
                            Theap::current().validate();
                        }
                    }
                    drop(senders);
                    drop(mine);
                    Theap::current().validate();
                    rx
                })
            })
            .collect();
        drop(senders);
        let rest: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        drop(rest);
    }
}

#[test]
fn stress_thread_churn() {
    let mut kept: Vec<Owned> = Vec::new();
    let mut random = Random(7);
    for i in 0..(2000 / SHARE) as u64 {
        let blocks = thread::spawn(move || {
            let mut random = Random(i + 1);
            (0..50).map(|_| Owned::new(random.size() % 3000 + 1)).collect::<Vec<_>>()
        })
        .join()
        .unwrap();
        kept.extend(blocks);
        while kept.len() > 1000 {
            kept.swap_remove(random.next() % kept.len());
        }
    }
    Theap::current().validate();
}
