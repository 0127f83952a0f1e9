use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::recording::Recording;
use super::round::Round;

/// Something to do for a recording.
pub(super) struct Job {
    pub(super) recording: Arc<Recording>,
    pub(super) task: Task,
    /// How often it was tried before.
    pub(super) attempts: u32,
}

#[derive(Clone)]
pub(super) enum Task {
    /// It has ended: save it, and then let go of it.
    Finish,
    /// It goes on: save it as it is, as a part of this round.
    Checkpoint(Arc<Round>),
}

/// What became of the recordings that were waiting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// So many were saved.
    pub saved: usize,
    /// So many were not worth keeping.
    pub dropped: usize,
    /// So many are still waiting. Nothing of them is lost: they are saved when the reason is
    /// gone, or after the next start.
    pub left: usize,
}

/// The jobs that wait for a worker. Those that failed wait apart, so that no other is delayed.
#[derive(Default)]
pub(super) struct Queue {
    jobs: Mutex<Jobs>,
    /// Signalled when there may be something to do.
    work: Condvar,
    /// Signalled when there may be nothing left.
    idle: Condvar,
}

#[derive(Default)]
struct Jobs {
    ready: VecDeque<Job>,
    /// By when they are due, and a number for those due at the same time.
    delayed: BTreeMap<(Instant, u64), Job>,
    next: u64,
    /// Jobs that workers have taken and not finished.
    taken: usize,
    /// What has been done since somebody asked.
    done: Drained,
    closed: bool,
}

impl Queue {
    /// Adds a job. Never waits for more than a moment.
    pub(super) fn push(&self, job: Job) {
        self.jobs.lock().ready.push_back(job);
        self.work.notify_one();
    }

    /// Takes a job, waiting until there is one. `None` once closed.
    pub(super) fn take(&self) -> Option<Job> {
        let mut jobs = self.jobs.lock();
        loop {
            if jobs.closed {
                return None;
            }
            let now = Instant::now();
            if let Some(job) = jobs.next_due(now) {
                jobs.taken += 1;
                return Some(job);
            }
            match jobs.delayed.first_key_value() {
                Some((&(due, _), _)) => {
                    self.work.wait_until(&mut jobs, due);
                }
                None => self.work.wait(&mut jobs),
            }
        }
    }

    /// A job that was taken is done.
    pub(super) fn done(&self, outcome: Drained) {
        let mut jobs = self.jobs.lock();
        jobs.taken -= 1;
        jobs.done.saved += outcome.saved;
        jobs.done.dropped += outcome.dropped;
        self.idle.notify_all();
    }

    /// A job that was taken is to be tried again later.
    pub(super) fn delay(&self, job: Job, delay: Duration) {
        let mut jobs = self.jobs.lock();
        jobs.taken -= 1;
        jobs.next += 1;
        let key = (Instant::now() + delay, jobs.next);
        jobs.delayed.insert(key, job);
        drop(jobs);
        // Whoever waits until later must wait for this one.
        self.work.notify_one();
    }

    /// Waits until there is nothing left to do, and tells what was done since the last time.
    /// What was to be tried later is tried now.
    pub(super) fn drain(&self, timeout: Duration) -> Drained {
        let deadline = Instant::now().checked_add(timeout);
        let mut jobs = self.jobs.lock();
        let delayed = std::mem::take(&mut jobs.delayed);
        jobs.ready.extend(delayed.into_values());
        self.work.notify_all();
        while jobs.left() > 0 && !jobs.closed {
            match deadline {
                Some(deadline) => {
                    if self.idle.wait_until(&mut jobs, deadline).timed_out() {
                        break;
                    }
                }
                None => self.idle.wait(&mut jobs),
            }
        }
        Drained {
            left: jobs.left(),
            ..std::mem::take(&mut jobs.done)
        }
    }

    /// How many jobs are not done yet.
    pub(super) fn len(&self) -> usize {
        self.jobs.lock().left()
    }

    /// Gives out no more jobs. Those that are left are dropped with the queue.
    pub(super) fn close(&self) {
        self.jobs.lock().closed = true;
        self.work.notify_all();
        self.idle.notify_all();
    }
}

impl Jobs {
    fn next_due(&mut self, now: Instant) -> Option<Job> {
        // New ones first: they have not had their chance.
        if let Some(job) = self.ready.pop_front() {
            return Some(job);
        }
        let entry = self.delayed.first_entry()?;
        let (due, _) = *entry.key();
        (due <= now).then(|| entry.remove())
    }

    fn left(&self) -> usize {
        self.ready.len() + self.delayed.len() + self.taken
    }
}
