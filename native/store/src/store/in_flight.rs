use std::sync::Arc;
use std::time::Duration;

use super::Store;
use crate::active::{Drained, Recording};
use crate::codec::Subject;
use crate::error::Error;
use crate::notice::Notice;
use crate::slab::{Usage, Wait};

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
        self.start_for(id, head, max_events, None, wait)
    }

    /// As [`Store::start`], a recording that belongs to somebody, who may also be named later, by
    /// [`Recording::set_subject`].
    ///
    /// # Errors
    ///
    /// Those of [`Store::start`].
    pub fn start_for(
        &self,
        id: &[u8],
        head: &[u8],
        max_events: u32,
        subject: Option<Subject>,
        wait: Wait,
    ) -> Result<Arc<Recording>, Error> {
        self.active.start(id, head, max_events, subject, wait)
    }

    /// The recording of this id that is not in its file yet, if there is one. At the moment when
    /// it gets there it is found here, with [`Store::read`], or with both.
    pub fn active(&self, id: &[u8]) -> Option<Arc<Recording>> {
        self.active.get(id)
    }

    /// All recordings that are not in their files yet, in no order.
    pub fn actives(&self) -> Vec<Arc<Recording>> {
        self.active.all()
    }

    /// Waits until every recording that has ended is in its file, or `timeout` is over. What
    /// failed before is tried once more at once. The answer counts what happened since the last
    /// call.
    pub fn drain(&self, timeout: Duration) -> Drained {
        self.active.drain(timeout)
    }

    /// Saves every recording that is still running as it is now, without ending it, and waits for
    /// that for at most `timeout`. When it is saved again later, that replaces the file.
    pub fn checkpoint(&self, timeout: Duration) -> Drained {
        self.active.checkpoint(timeout)
    }

    /// How many recordings are running or on their way into a file. One that has failed for good,
    /// and is kept for the next run, is not among them.
    pub fn unfinished(&self) -> usize {
        self.active.unfinished()
    }

    /// How many jobs the threads have that save recordings, with those to be tried again later.
    pub(crate) fn queue_length(&self) -> usize {
        self.active.queue_length()
    }

    /// How much disk and memory the recordings take that are not in their files yet.
    pub fn usage(&self) -> Usage {
        self.active.usage()
    }

    /// Gives back disk and memory that has not been used for `idle`, but for a small reserve.
    /// This also happens by itself, after some seconds.
    pub fn trim(&self, idle: Duration) {
        self.active.trim(idle);
    }

    /// Has `observer` told what happens in the background, also what has happened so far. It is
    /// called on the threads of the store and must not keep them for long.
    pub fn observe(&self, observer: Box<dyn Fn(Notice) + Send + Sync>) {
        self.files.observer.set(observer);
    }
}
