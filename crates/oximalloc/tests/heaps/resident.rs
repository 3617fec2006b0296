//! A thread that does what it is told and else sleeps, with free blocks in its stacks and chains.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

type Job = Box<dyn FnOnce() -> Vec<usize> + Send>;

pub struct Resident {
    jobs: Option<Sender<Job>>,
    done: Receiver<Vec<usize>>,
    thread: Option<JoinHandle<()>>,
}

impl Resident {
    pub fn start() -> Resident {
        let (jobs, todo) = channel::<Job>();
        let (tell, done) = channel();
        let thread = std::thread::spawn(move || todo.into_iter().for_each(|job| tell.send(job()).unwrap()));
        Resident { jobs: Some(jobs), done, thread: Some(thread) }
    }

    /// Have it do something, and wait for that.
    pub fn run(&self, job: impl FnOnce() -> Vec<usize> + Send + 'static) -> Vec<usize> {
        self.jobs.as_ref().unwrap().send(Box::new(job)).unwrap();
        self.done.recv().expect("the resident thread panicked")
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        drop(self.jobs.take());
        let _ = self.thread.take().unwrap().join();
    }
}
