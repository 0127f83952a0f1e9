//! Recordings in flight, which others are to have the beginning of.

use std::sync::Arc;
use std::time::Duration;

use super::Tier;
use crate::active::Recording;
use crate::error::Error;
use crate::index::name;

impl Tier {
    /// The recordings in flight that are worth keeping.
    pub fn running(&self) -> Vec<Arc<Recording>> {
        let mut running = self.active.all();
        running.retain(|recording| recording.summary().has_user_events());
        running
    }

    /// How many recordings were recovered from earlier runs, and engines that are gone, so far: each
    /// is in flight here when it is counted.
    pub fn recovered(&self) -> u64 {
        self.files.observer.counters.read().0.recovered
    }

    /// When the recording of this id that is in flight here began.
    pub fn flight_began(&self, id: &[u8]) -> Option<i64> {
        let flight = self.active.get(id)?;
        Some(flight.summary().connected_at)
    }

    /// Whether a file of this id is here that the bucket has not.
    pub fn is_pending(&self, id: &[u8]) -> bool {
        let index = self.files.index.read();
        let mut claims = index.claims(id);
        claims.any(|entry| index.put_of(entry.file()).is_none())
    }

    /// Whether there is a file with this stem, here or in the bucket.
    pub fn is_known_stem(&self, stem: &[u8]) -> bool {
        let index = self.files.index.read();
        name::file_names(stem).any(|file| index.recording(&file).is_some())
    }

    /// Whether the bucket has a file with this stem.
    pub fn is_settled_stem(&self, stem: &[u8]) -> bool {
        let index = self.files.index.read();
        name::file_names(stem).any(|file| index.put_of(&file).is_some())
    }

    /// Waits until what has ended is saved, or `timeout` is over.
    pub fn drain(&self, timeout: Duration) {
        self.active.drain(timeout);
    }

    /// Takes in a recording that was in flight on a machine that is lost, by its
    /// [parts](Recording::part) in order, as one that a crash cut off: it is saved in the
    /// background. `is_deleted` tells whether one that began at a time is unwanted: then it is not,
    /// and the answer is false.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if nothing of it can be read; [`Error::Io`].
    pub fn take_in(
        &self,
        parts: &[Vec<u8>],
        is_deleted: impl FnOnce(i64) -> bool,
    ) -> Result<bool, Error> {
        self.active.take_in(parts, is_deleted)
    }
}
