//! Threads for what may take seconds: as many as there is to do, up to a limit. They end when
//! nothing is left.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use parking_lot::Mutex;

type Job = Box<dyn FnOnce() + Send>;

/// Some threads, and what they are to do.
pub struct Workers {
    name: &'static str,
    max_threads: usize,
    state: Mutex<State>,
}

struct State {
    jobs: VecDeque<Job>,
    threads: usize,
}

/// They open and close directories, and give up what takes long to be given up.
pub static OPENING: Workers = Workers::new("replay-open", 8);

/// They read recordings from a bucket, which nobody waits for who only opens a directory.
pub static READING: Workers = Workers::new("replay-read", 16);

/// They search where recordings are read from a bucket: many, one after the other, and so for longer
/// than who reads one is to wait. As many as a VM has dirty schedulers for I/O, which search
/// otherwise.
pub static SEARCHING: Workers = Workers::new("replay-search", 10);

/// They wait until a bucket is as it is to be, and for other nodes: for as long as they are told to.
pub static WAITING: Workers = Workers::new("replay-wait", 16);

impl Workers {
    const fn new(name: &'static str, max_threads: usize) -> Workers {
        let state = State {
            jobs: VecDeque::new(),
            threads: 0,
        };
        Workers {
            name,
            max_threads,
            state: Mutex::new(state),
        }
    }

    /// Has a job done. It takes care of its panics itself.
    ///
    /// # Errors
    ///
    /// There is no thread, and none could be started: the job is dropped.
    pub fn run(&'static self, job: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut state = self.state.lock();
        state.jobs.push_back(Box::new(job));
        if state.threads == self.max_threads {
            return Ok(());
        }
        match thread::Builder::new()
            .name(self.name.into())
            .spawn(|| self.work())
        {
            Ok(_) => state.threads += 1,
            // The others get to it.
            Err(_) if state.threads > 0 => {}
            Err(error) => {
                state.jobs.pop_back();
                return Err(error);
            }
        }
        Ok(())
    }

    fn work(&self) {
        loop {
            let job = {
                let mut state = self.state.lock();
                match state.jobs.pop_front() {
                    Some(job) => job,
                    None => {
                        state.threads -= 1;
                        return;
                    }
                }
            };
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }
}
