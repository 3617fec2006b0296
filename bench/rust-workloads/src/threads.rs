//! Several threads: each with memory of its own, or each freeing what another allocated.

use std::hint::black_box;
use std::process;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::numbers::scatter;
use crate::outcome::{Outcome, Task, check, sum_below, wrong};

const STEPS: u64 = 60_000;
const HELD: usize = 1024;
const MESSAGES: u64 = 6_000;
const WAITING: usize = 1024;
/// What fills a text, copied: pushed one by one, half of the time of a run depended on where the linker put that loop.
const DOTS: &str = match str::from_utf8(&[b'.'; 1000]) {
    Ok(dots) => dots,
    Err(_) => "",
};

/// Something that a thread holds for a while; each kind owns its memory in another way.
enum Thing {
    Block(Box<[u64; 6]>),
    Words(Vec<u64>),
    Text(String),
}

impl Thing {
    fn new(number: u64) -> Self {
        let scattered = scatter(number) >> 24;
        match scattered % 4 {
            0 | 1 => Thing::Block(Box::new([number; 6])),
            2 => Thing::Words(vec![number; 1 + (scattered >> 8) as usize % 64]),
            _ => Thing::Text(format!("this is number {number}")),
        }
    }

    /// The number that it was made with.
    fn number(self) -> u64 {
        match self {
            Thing::Block(block) => same(block[0], block[5]),
            Thing::Words(words) => same(words[0], words[words.len() - 1]),
            Thing::Text(text) => {
                text.strip_prefix("this is number ").and_then(|digits| digits.parse().ok()).unwrap_or_else(overwritten)
            }
        }
    }
}

#[inline(always)]
fn same(first: u64, last: u64) -> u64 {
    check(first == last, "a block was overwritten");
    first
}

fn overwritten() -> u64 {
    wrong("a text was overwritten")
}

/// Each thread replaces things in a ring of its own.
pub fn threads(task: &Task) -> Outcome {
    let steps = task.amount * STEPS;
    Outcome::of_threads(steps, task.threads, |thread| {
        let mut held: Vec<Option<Thing>> = (0..HELD).map(|_| None).collect();
        let mut sum = 0;
        for number in task.share(steps, thread) {
            let slot = &mut held[(scatter(number) >> 40) as usize % HELD];
            if let Some(old) = slot.replace(black_box(Thing::new(number))) {
                sum += old.number();
            }
        }
        sum + held.into_iter().flatten().map(Thing::number).sum::<u64>()
    })
    .expecting(sum_below(steps))
}

enum Message {
    Bytes(Box<[u8]>),
    Text(String),
}

impl Message {
    /// Of 16 to 1015 bytes; it begins with its number.
    fn new(number: u64) -> Self {
        let length = 16 + (scatter(number) >> 40) as usize % 1000;
        if number.is_multiple_of(2) {
            let mut bytes = vec![number as u8; length].into_boxed_slice();
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            Message::Bytes(bytes)
        } else {
            let mut text = format!("{number:>16}");
            text.push_str(&DOTS[..length - 16]);
            Message::Text(text)
        }
    }

    fn number(self) -> u64 {
        match self {
            Message::Bytes(bytes) => {
                let number = bytes.first_chunk().map_or_else(overwritten, |&first| u64::from_le_bytes(first));
                check(bytes[bytes.len() - 1] == number as u8, "a message was overwritten");
                number
            }
            Message::Text(text) => {
                check(text.len() == 16 || text.ends_with('.'), "a message was overwritten");
                text.get(..16).and_then(|digits| digits.trim_start().parse().ok()).unwrap_or_else(overwritten)
            }
        }
    }
}

/// What a thread does with the channels: it sends to each receiver in turn, or it receives until no sender is left.
enum Part {
    Sends(Vec<SyncSender<Message>>),
    Receives(Receiver<Message>),
}

/// Half of the threads send, half receive and free; a channel holds at most 1024 messages.
pub fn channels(task: &Task) -> Outcome {
    if task.threads < 2 || task.threads % 2 == 1 {
        eprintln!("rust-workloads: channels needs an even number of threads");
        process::exit(2);
    }
    let messages = task.amount * MESSAGES;
    let pairs = task.threads / 2;
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..pairs).map(|_| sync_channel(WAITING)).unzip();
    let sending = (0..pairs).map(|_| Part::Sends(senders.clone()));
    let receiving = receivers.into_iter().map(Part::Receives);
    let parts: Vec<Mutex<Option<Part>>> = sending.chain(receiving).map(|part| Mutex::new(Some(part))).collect();
    drop(senders);
    let sharing = Task { threads: pairs, amount: task.amount, arguments: Vec::new() };
    Outcome::of_threads(messages, task.threads, |thread| {
        match parts[thread].lock().ok().and_then(|mut part| part.take()) {
            Some(Part::Sends(senders)) => {
                for number in sharing.share(messages, thread) {
                    if senders[number as usize % pairs].send(black_box(Message::new(number))).is_err() {
                        wrong("a receiver is gone");
                    }
                }
                0
            }
            Some(Part::Receives(receiver)) => receiver.into_iter().map(Message::number).sum(),
            None => wrong("a thread has no part"),
        }
    })
    .expecting(sum_below(messages))
}
