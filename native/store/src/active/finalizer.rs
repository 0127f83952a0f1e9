use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use super::Shared;
use super::drained::Drained;
use super::job::{Job, Task};
use super::recording::Recording;
use crate::crew::{self, Chore, Next};
use crate::error::Error;
use crate::notice::Notice;
use crate::slab::{AppendError, Wait};

/// Before a recording that could not be saved is tried again for the first time. Doubled each
/// time.
const FIRST_DELAY: Duration = Duration::from_millis(100);

const MAX_DELAY: Duration = Duration::from_secs(30);

/// Has recordings saved until it is dropped.
pub(super) struct Finalizer {
    shared: Arc<Shared>,
}

impl Finalizer {
    pub(super) fn start(shared: &Arc<Shared>) -> io::Result<Self> {
        crew::enlist()?;
        Ok(Finalizer {
            shared: Arc::clone(shared),
        })
    }
}

impl Drop for Finalizer {
    fn drop(&mut self) {
        self.shared.queue.close();
        // The rest is found by the next run; and what is kept for it is not dropped on the thread
        // that closes the store.
        let table = &self.shared.table;
        let leave = || table.all().iter().for_each(|recording| recording.leave());
        thread::scope(|scope| {
            let closing = thread::Builder::new().name("replay-close".into());
            if closing.spawn_scoped(scope, leave).is_err() {
                leave();
            }
        });
        // A thread that has just done its last job may hold on to the rest for a moment.
        self.shared.left.leave();
    }
}

impl Chore for Shared {
    fn run(self: Arc<Self>, scratch: &mut Vec<u8>) -> Next {
        match self.queue.take() {
            Some(job) => {
                let result = catch_unwind(AssertUnwindSafe(|| self.work(&job, scratch)));
                self.conclude(job, result)
            }
            None => Next::Done,
        }
    }
}

impl Shared {
    fn work(&self, job: &Job, buffer: &mut Vec<u8>) -> Result<Drained, Error> {
        let recording = &job.recording;
        // Nobody else saves or deletes a file of this id meanwhile.
        let _turn = self.table.turn(recording.id());
        match recording.chain.move_on() {
            Ok(true) => self.tell_moved(1, 0),
            Err(AppendError::Lost) => {
                self.give_up(recording);
                self.tell_moved(0, 1);
                return Ok(Drained::default());
            }
            // It is tried again at the next beat, if it is still there then.
            Ok(false) | Err(_) => {}
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
                self.files.sync_found()?;
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
            .save_known(buffer, summary, recording.format(), recording.beside())?;
        Ok(SAVED)
    }

    fn conclude(&self, mut job: Job, result: thread::Result<Result<Drained, Error>>) -> Next {
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
                self.queue.done(outcome)
            }
            (Task::Checkpoint(round), _) => {
                let next = self.queue.done(Drained::default());
                round.done(outcome);
                next
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
