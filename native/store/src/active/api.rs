use std::sync::Arc;
use std::time::Duration;

use replay_etf::{ErrorKind, Field};

use super::queue::{Drained, Job, Task};
use super::recording::Recording;
use super::round::Round;
use crate::error::Error;
use crate::notice::Notice;
use crate::slab::{AppendError, Slab, Usage, Wait};
use crate::store::Store;

/// Recordings that are not in their files yet.
impl Store {
    /// Starts a recording. `head` is the recording as an external term with its version byte;
    /// the events it has already come first. At most `max_events` can be appended.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyActive`]; [`Error::Recording`] and [`Error::TooLarge`] if `head` is no
    /// recording of this id; [`Error::WouldBlock`]; [`Error::Io`].
    pub fn start(
        &self,
        id: &[u8],
        head: &[u8],
        max_events: u32,
        wait: Wait,
    ) -> Result<Arc<Recording>, Error> {
        let shared = &self.active.shared;
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
        let chain = self
            .active
            .slab(wait)?
            .chain(head, wait)
            .map_err(not_started)?;
        let recording = Recording::new(shared, summary, head.len(), max_events, chain);
        let recording = Arc::new(recording);
        if shared.table.insert(&recording) {
            // Whoever moves all of them on may not have seen this one.
            let _ = recording.chain.move_on();
            Ok(recording)
        } else {
            recording.let_go(shared, wait);
            Err(Error::AlreadyActive)
        }
    }

    /// The recording of this id that is not in its file yet, if there is one. At the moment when
    /// it gets there it is found here, with [`Store::read`], or with both.
    pub fn active(&self, id: &[u8]) -> Option<Arc<Recording>> {
        self.active.shared.table.get(id)
    }

    /// All recordings that are not in their files yet, in no order.
    pub fn actives(&self) -> Vec<Arc<Recording>> {
        self.active.shared.table.all()
    }

    /// Waits until every recording that has ended is in its file, or `timeout` is over. What
    /// failed before is tried once more at once. The answer counts what happened since the last
    /// call.
    pub fn drain(&self, timeout: Duration) -> Drained {
        self.active.shared.queue.drain(timeout)
    }

    /// Saves every recording that is still running as it is now, without ending it, and waits for
    /// that for at most `timeout`. When it is saved again later, that replaces the file.
    pub fn checkpoint(&self, timeout: Duration) -> Drained {
        let mut running = self.actives();
        running.retain(|recording| !recording.has_ended());
        let round = Arc::new(Round::new(running.len()));
        for recording in running {
            let task = Task::Checkpoint(Arc::clone(&round));
            self.active.shared.queue.push(Job {
                recording,
                task,
                attempts: 0,
            });
        }
        round.wait(timeout)
    }

    /// How many recordings are running or on their way into a file. One that has failed for good,
    /// and is kept for the next run, is not among them.
    pub fn unfinished(&self) -> usize {
        let actives = self.actives();
        let running = actives.iter().filter(|active| !active.has_ended());
        running.count() + self.queue_length()
    }

    /// How many jobs the threads have that save recordings, with those to be tried again later.
    pub(crate) fn queue_length(&self) -> usize {
        self.active.shared.queue.len()
    }

    /// How much disk and memory the recordings take that are not in their files yet.
    pub fn usage(&self) -> Usage {
        self.active.slab.get().map(Slab::usage).unwrap_or_default()
    }

    /// Gives back disk and memory that has not been used for `idle`, but for a small reserve.
    /// This also happens by itself, after some seconds.
    pub fn trim(&self, idle: Duration) {
        if let Some(slab) = self.active.slab.get() {
            slab.trim(idle);
        }
    }

    /// Has `observer` told what happens in the background, also what has happened so far. It is
    /// called on the threads of the store and must not keep them for long.
    pub fn observe(&self, observer: Box<dyn Fn(Notice) + Send + Sync>) {
        self.active.shared.files.observer.set(observer);
    }
}

/// The first frame of a recording could not be written.
fn not_started(error: AppendError) -> Error {
    match error {
        AppendError::WouldBlock => Error::WouldBlock,
        AppendError::TooLarge(bytes, max) => Error::TooLarge { bytes, max },
        AppendError::Io(source) => Error::io("grow the slab")(source),
        // These are about recordings that exist.
        AppendError::Ended | AppendError::Lost | AppendError::Full | AppendError::NotAnEvent => {
            Error::NotFound
        }
    }
}
