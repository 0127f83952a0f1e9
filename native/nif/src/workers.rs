//! Threads that open and close directories, which may take seconds: as many as there is to do,
//! up to a limit. They end when nothing is left.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use parking_lot::Mutex;

const MAX_THREADS: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

struct Workers {
    jobs: VecDeque<Job>,
    threads: usize,
}

static WORKERS: Mutex<Workers> = Mutex::new(Workers {
    jobs: VecDeque::new(),
    threads: 0,
});

/// Has a job done. It takes care of its panics itself.
///
/// # Errors
///
/// There is no thread, and none could be started: the job is dropped.
pub fn run(job: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let mut workers = WORKERS.lock();
    workers.jobs.push_back(Box::new(job));
    if workers.threads == MAX_THREADS {
        return Ok(());
    }
    match thread::Builder::new()
        .name("replay-open".into())
        .spawn(work)
    {
        Ok(_) => workers.threads += 1,
        // The others get to it.
        Err(_) if workers.threads > 0 => {}
        Err(error) => {
            workers.jobs.pop_back();
            return Err(error);
        }
    }
    Ok(())
}

fn work() {
    loop {
        let job = {
            let mut workers = WORKERS.lock();
            match workers.jobs.pop_front() {
                Some(job) => job,
                None => {
                    workers.threads -= 1;
                    return;
                }
            }
        };
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}
