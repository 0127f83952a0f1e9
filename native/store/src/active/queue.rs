use std::collections::{BTreeMap, VecDeque};
use std::sync::Weak;
use std::time::{Duration, Instant};

use super::drained::Drained;
use super::job::Job;
use crate::crew::{self, Chore, Next};
use crate::sync::thread::{self, ThreadId};
use crate::sync::{Condvar, Mutex};

/// The jobs that wait for a thread. Those that failed wait apart, so that no other is delayed.
pub(super) struct Queue {
    jobs: Mutex<Jobs>,
    /// Signalled when there may be nothing left, and when a job is no longer under way.
    idle: Condvar,
    /// Does the jobs.
    worker: Weak<dyn Chore>,
    /// So many at once.
    hands: usize,
}

#[derive(Default)]
struct Jobs {
    ready: VecDeque<Job>,
    /// By when they are due, and a number for those due at the same time.
    delayed: BTreeMap<(Instant, u64), Job>,
    next: u64,
    /// Who has taken jobs and not finished.
    taken: Vec<ThreadId>,
    /// Whether a thread has been asked to take a job and has not come yet.
    called: bool,
    /// What has been done since somebody asked.
    done: Drained,
    closed: bool,
}

impl Queue {
    /// A queue whose jobs `worker` does, `hands` at once.
    pub(super) fn new(worker: Weak<dyn Chore>, hands: usize) -> Self {
        Queue {
            jobs: Mutex::default(),
            idle: Condvar::new(),
            worker,
            hands,
        }
    }

    /// Adds a job. Never waits for more than a moment.
    pub(super) fn push(&self, job: Job) {
        let mut jobs = self.jobs.lock();
        jobs.ready.push_back(job);
        self.call(&mut jobs);
    }

    /// Has a thread come if there is something to do for one more.
    fn call(&self, jobs: &mut Jobs) {
        if jobs.taken.len() < self.hands && jobs.wants_hand() {
            jobs.called = true;
            crew::soon(Weak::clone(&self.worker));
        }
    }

    /// Takes a job, if there is one that is due and not too many are under way.
    pub(super) fn take(&self) -> Option<Job> {
        let mut jobs = self.jobs.lock();
        jobs.called = false;
        if jobs.closed || jobs.taken.len() >= self.hands {
            return None;
        }
        let job = jobs.next_due(Instant::now())?;
        jobs.taken.push(thread::current().id());
        self.call(&mut jobs);
        Some(job)
    }

    /// A job that was taken is done. Says when to take the next one.
    pub(super) fn done(&self, outcome: Drained) -> Next {
        let mut jobs = self.jobs.lock();
        jobs.done.saved += outcome.saved;
        jobs.done.dropped += outcome.dropped;
        self.put_down(&mut jobs)
    }

    /// A job that was taken is to be tried again later. Says when to take the next one.
    pub(super) fn delay(&self, job: Job, delay: Duration) -> Next {
        let mut jobs = self.jobs.lock();
        jobs.next += 1;
        let due = Instant::now() + delay;
        let key = (due, jobs.next);
        jobs.delayed.insert(key, job);
        crew::at(due, Weak::clone(&self.worker));
        self.put_down(&mut jobs)
    }

    fn put_down(&self, jobs: &mut Jobs) -> Next {
        let this = thread::current().id();
        if let Some(at) = jobs.taken.iter().position(|thread| *thread == this) {
            jobs.taken.swap_remove(at);
        }
        self.idle.notify_all();
        if jobs.wants_hand() {
            jobs.called = true;
            Next::Again
        } else {
            Next::Done
        }
    }

    /// Waits until there is nothing left to do, and tells what was done since the last time.
    /// What was to be tried later is tried now.
    pub(super) fn drain(&self, timeout: Duration) -> Drained {
        let deadline = Instant::now().checked_add(timeout);
        let mut jobs = self.jobs.lock();
        let delayed = std::mem::take(&mut jobs.delayed);
        jobs.ready.extend(delayed.into_values());
        self.call(&mut jobs);
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

    /// Gives out no more jobs, and waits for those that others have taken. Those that are left are
    /// dropped with the queue.
    pub(super) fn close(&self) {
        let mut jobs = self.jobs.lock();
        jobs.closed = true;
        self.idle.notify_all();
        // What a recording keeps may be the last that keeps the store.
        let this = thread::current().id();
        while jobs.taken.iter().any(|thread| *thread != this) {
            self.idle.wait(&mut jobs);
        }
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

    /// Whether somebody is to be called who takes a job.
    fn wants_hand(&self) -> bool {
        // What became due while nobody was free waits here too.
        let due = self.delayed.first_key_value();
        let has_due = || due.is_some_and(|(&(due, _), _)| due <= Instant::now());
        !self.closed && !self.called && (!self.ready.is_empty() || has_due())
    }

    fn left(&self) -> usize {
        self.ready.len() + self.delayed.len() + self.taken.len()
    }
}
