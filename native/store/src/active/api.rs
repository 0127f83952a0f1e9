use std::sync::Arc;
use std::time::Duration;

use replay_etf::{ErrorKind, Field};

use super::Active;
use super::drained::Drained;
use super::job::{Job, Task};
use super::recording::Recording;
use super::round::Round;
use crate::codec::Subject;
use crate::error::Error;
use crate::slab::{AppendError, Slab, Usage, Wait};

impl Active {
    /// See [`Store::start_for`](crate::Store::start_for).
    pub(crate) fn start(
        &self,
        id: &[u8],
        head: &[u8],
        max_events: u32,
        subject: Option<Subject>,
        wait: Wait,
    ) -> Result<Arc<Recording>, Error> {
        let shared = &self.shared;
        let limits = &shared.files.loader.limits;
        shared.files.check_size(head)?;
        let summary = replay_etf::summarize(head, limits).map_err(Error::Recording)?;
        if *summary.id != *id {
            let kind = ErrorKind::NotARecording(Field::Id);
            return Err(Error::Recording(replay_etf::Error { offset: 0, kind }));
        }
        if shared.table.get(id).is_some() {
            return Err(Error::AlreadyActive);
        }
        let chain = self.slab(wait)?.chain(head, wait).map_err(not_started)?;
        let recording = Recording::new(shared, summary, head.len(), max_events, chain);
        let recording = Arc::new(recording);
        // Before anybody else knows of it: it is there with its subject, or not at all.
        if let Some(subject) = subject
            && let Err(error) = recording.set_subject(subject, wait)
        {
            recording.chain.release(wait);
            return Err(not_started(error));
        }
        if shared.table.insert(&recording) {
            // Whoever moves all of them on may not have seen this one.
            let _ = recording.chain.move_on();
            Ok(recording)
        } else {
            recording.let_go(shared, wait);
            Err(Error::AlreadyActive)
        }
    }

    /// See [`Store::active`](crate::Store::active).
    pub(crate) fn get(&self, id: &[u8]) -> Option<Arc<Recording>> {
        self.shared.table.get(id)
    }

    /// See [`Store::actives`](crate::Store::actives).
    pub(crate) fn all(&self) -> Vec<Arc<Recording>> {
        self.shared.table.all()
    }

    /// See [`Store::drain`](crate::Store::drain).
    pub(crate) fn drain(&self, timeout: Duration) -> Drained {
        self.shared.queue.drain(timeout)
    }

    /// See [`Store::checkpoint`](crate::Store::checkpoint).
    pub(crate) fn checkpoint(&self, timeout: Duration) -> Drained {
        let mut running = self.all();
        running.retain(|recording| !recording.has_ended());
        let round = Arc::new(Round::new(running.len()));
        for recording in running {
            let task = Task::Checkpoint(Arc::clone(&round));
            self.shared.queue.push(Job {
                recording,
                task,
                attempts: 0,
            });
        }
        round.wait(timeout)
    }

    /// See [`Store::unfinished`](crate::Store::unfinished).
    pub(crate) fn unfinished(&self) -> usize {
        let actives = self.all();
        let running = actives.iter().filter(|active| !active.has_ended());
        running.count() + self.queue_length()
    }

    /// How many jobs there are.
    pub(crate) fn queue_length(&self) -> usize {
        self.shared.queue.len()
    }

    /// See [`Store::usage`](crate::Store::usage).
    pub(crate) fn usage(&self) -> Usage {
        self.slab.get().map(Slab::usage).unwrap_or_default()
    }

    /// See [`Store::trim`](crate::Store::trim).
    pub(crate) fn trim(&self, idle: Duration) {
        if let Some(slab) = self.slab.get() {
            slab.trim(idle);
        }
    }
}

/// The first frame of a recording could not be written.
fn not_started(error: AppendError) -> Error {
    match error {
        AppendError::WouldBlock => Error::WouldBlock,
        AppendError::TooLarge(bytes, max) => Error::TooLarge { bytes, max },
        AppendError::Io(source) => Error::io("grow the slab")(source),
        // These are about recordings that exist.
        AppendError::Ended
        | AppendError::Lost
        | AppendError::Full
        | AppendError::HasSubject
        | AppendError::NotAnEvent => Error::NotFound,
    }
}
