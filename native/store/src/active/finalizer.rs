use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Shared;
use super::queue::{Drained, Job, Task};
use super::recording::Recording;
use crate::slab::{AppendError, Wait};
use crate::{Error, Notice};

/// Before a recording that could not be saved is tried again for the first time. Doubled each
/// time.
const FIRST_DELAY: Duration = Duration::from_millis(100);

const MAX_DELAY: Duration = Duration::from_secs(30);

/// A worker that assembled a recording larger than this gives the memory back.
const MAX_KEPT_BYTES: usize = 4 << 20;

/// Threads that save recordings. They stop when this is dropped.
pub(super) struct Finalizer {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Finalizer {
    pub(super) fn start(shared: &Arc<Shared>, threads: usize) -> io::Result<Self> {
        let mut finalizer = Finalizer {
            shared: Arc::clone(shared),
            threads: Vec::new(),
        };
        for n in 0..threads {
            let shared = Arc::clone(shared);
            let thread = thread::Builder::new()
                .name(format!("replay-save-{n}"))
                .spawn(move || work(&shared))?;
            finalizer.threads.push(thread);
        }
        Ok(finalizer)
    }
}

impl Drop for Finalizer {
    fn drop(&mut self) {
        self.shared.queue.close();
        for thread in self.threads.drain(..) {
            // What a recording keeps may be the last that keeps the store.
            if thread.thread().id() != thread::current().id() {
                // A panic outside of a job has been reported already.
                let _ = thread.join();
            }
        }
    }
}

fn work(shared: &Shared) {
    let mut buffer = Vec::new();
    while let Some(job) = shared.queue.take() {
        let result = catch_unwind(AssertUnwindSafe(|| shared.run(&job, &mut buffer)));
        shared.conclude(job, result);
        if buffer.capacity() > MAX_KEPT_BYTES {
            buffer = Vec::new();
        }
    }
    // The rest is found by the next run; and what is kept for it is dropped here, not on the
    // thread that closes the store.
    shared
        .table
        .all()
        .iter()
        .for_each(|recording| recording.leave());
}

impl Shared {
    fn run(&self, job: &Job, buffer: &mut Vec<u8>) -> Result<Drained, Error> {
        let recording = &job.recording;
        // Nobody else saves or deletes a file of this id meanwhile.
        let _turn = self.table.turn(recording.id());
        if let Err(AppendError::Lost) = recording.chain.move_on() {
            self.give_up(recording);
            return Ok(Drained::default());
        }
        match job.task {
            Task::Finish => self.finish(recording, buffer),
            Task::Checkpoint(_) if recording.has_ended() => Ok(Drained::default()),
            Task::Checkpoint(_) if !recording.has_user_events() => Ok(DROPPED),
            Task::Checkpoint(_) => self.save(recording, buffer),
        }
    }

    /// Saves a recording that has ended and lets go of it.
    fn finish(&self, recording: &Arc<Recording>, buffer: &mut Vec<u8>) -> Result<Drained, Error> {
        let mut outcome = Drained::default();
        if !recording.is_discarded() && !recording.is_gone() {
            recording.close();
            outcome = if !recording.has_user_events() {
                self.files.observer.tell(Notice::Dropped {
                    id: Arc::clone(recording.id()),
                });
                DROPPED
            } else if self.has_file_of(recording, buffer)? {
                Drained::default()
            } else {
                self.save(recording, buffer)?
            };
        }
        if recording.is_discarded() && recording.placed.load(Relaxed) {
            self.files.delete(recording.id())?;
            outcome = Drained::default();
        }
        recording.let_go(self, Wait::Yes);
        Ok(outcome)
    }

    fn save(&self, recording: &Recording, buffer: &mut Vec<u8>) -> Result<Drained, Error> {
        let frames = recording.assemble(buffer)?;
        let summary = recording.summarize(&frames)?;
        recording.placed.store(true, Relaxed);
        self.files
            .save_known(buffer, summary, recording.format(), recording.flags())?;
        Ok(SAVED)
    }

    fn conclude(&self, mut job: Job, result: thread::Result<Result<Drained, Error>>) {
        let id = Arc::clone(job.recording.id());
        job.attempts = job.attempts.saturating_add(1);
        let attempt = job.attempts;
        let retry_in = match (&job.task, &result) {
            // It stays where it is, and is tried again by the next run, whose limits may be
            // others.
            (Task::Finish, Ok(Err(error))) if error.is_final() => {
                job.recording.unsavable.store(true, Relaxed);
                None
            }
            (Task::Finish, _) => Some(delay(attempt)),
            (Task::Checkpoint(_), _) => None,
        };
        let outcome = match result {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => {
                self.files.observer.tell(Notice::Failed {
                    id,
                    error,
                    attempt,
                    retry_in,
                });
                LEFT
            }
            Err(_) => {
                self.files.observer.tell(Notice::Panicked {
                    id,
                    attempt,
                    retry_in,
                });
                LEFT
            }
        };
        match (&job.task, retry_in) {
            (Task::Finish, Some(delay)) if outcome == LEFT => self.queue.delay(job, delay),
            (Task::Finish, _) => {
                job.recording.drop_guards();
                self.queue.done(outcome);
            }
            (Task::Checkpoint(round), _) => {
                self.queue.done(Drained::default());
                round.done(outcome);
            }
        }
    }
}

const SAVED: Drained = Drained {
    saved: 1,
    dropped: 0,
    left: 0,
};
const DROPPED: Drained = Drained {
    saved: 0,
    dropped: 1,
    left: 0,
};
const LEFT: Drained = Drained {
    saved: 0,
    dropped: 0,
    left: 1,
};

fn delay(attempt: u32) -> Duration {
    let factor = 1u32
        .checked_shl(attempt.saturating_sub(1))
        .unwrap_or(u32::MAX);
    FIRST_DELAY.saturating_mul(factor).min(MAX_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_limit() {
        let delays: Vec<u128> = (1..=12).map(|attempt| delay(attempt).as_millis()).collect();
        let expected = [
            100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000,
        ];
        assert_eq!(delays, expected);
        assert_eq!(delay(u32::MAX), MAX_DELAY);
    }
}
