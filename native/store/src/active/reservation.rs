use std::sync::atomic::Ordering::{Acquire, Relaxed};

use replay_etf::EventKind;
use replay_etf::recording::{changes, offset_and_kind};

use super::recording::Recording;
use crate::slab::{Append, AppendError, Kind, Mark, Wait};

/// What a list of events takes beside them, when there are some.
const LIST_BYTES: usize = 5;

/// An event that is being appended. Dropped before it is committed, it leaves no trace.
pub struct Reservation<'r> {
    recording: &'r Recording,
    append: Append<'r>,
}

impl<'r> Reservation<'r> {
    #[inline]
    pub(super) fn new(recording: &'r Recording, append: Append<'r>) -> Self {
        Reservation { recording, append }
    }

    /// Where the event's bytes go, and how many fit there; perhaps none. The pointer is good
    /// until the next call of a method.
    #[inline]
    pub fn space(&mut self) -> (*mut u8, usize) {
        self.append.space()
    }

    /// Moves the event to where at least `more` bytes fit behind the `used` that were written.
    ///
    /// # Errors
    ///
    /// [`AppendError::TooLarge`], [`AppendError::WouldBlock`] or [`AppendError::Io`]. The space
    /// there was before is still good then.
    pub fn grow(&mut self, used: usize, more: usize) -> Result<(*mut u8, usize), AppendError> {
        self.append.grow(used, more)
    }

    /// Appends the event: the first `len` bytes of the space, a term without a version byte. When
    /// this returns, the event survives the end of the process, however it comes.
    ///
    /// # Errors
    ///
    /// [`AppendError::NotAnEvent`]; [`AppendError::Full`] if the recording would become larger
    /// than can be read back; [`AppendError::TooLarge`] if more is committed than there is room
    /// for.
    #[inline]
    pub fn commit(mut self, len: usize) -> Result<(), AppendError> {
        let (offset_ms, kind) = self.head(self.append.written(len))?;
        self.has_room_for(len)?;
        self.append.commit(Kind::Event, len)?;
        self.recording.tally.add(offset_ms, kind, len);
        Ok(())
    }

    /// Which of the events that were appended as changes was the last: what it referred to and
    /// held, the next one may refer to.
    pub fn changes(&self) -> u64 {
        self.recording.changes.load(Relaxed)
    }

    /// As [`commit`](Self::commit), of an event that is
    /// [written as what changed](replay_etf::recording::changes).
    ///
    /// # Errors
    ///
    /// As there. The limits are those of the event in full.
    pub fn commit_changes(mut self, len: usize) -> Result<(), AppendError> {
        let (whole, event) =
            changes::parts(self.append.written(len)).map_err(|_| AppendError::NotAnEvent)?;
        let (offset_ms, kind) = self.head(event)?;
        if kind != EventKind::Assigns {
            return Err(AppendError::NotAnEvent);
        }
        let max = self.append.max_frame();
        if whole > max {
            return Err(AppendError::TooLarge(whole, max));
        }
        self.has_room_for(whole)?;
        self.append.commit(Kind::Changes, len)?;
        self.recording.tally.add(offset_ms, kind, whole);
        // Only who appends is here.
        self.recording.changes.store(self.changes() + 1, Relaxed);
        Ok(())
    }

    #[inline]
    fn head(&self, event: &[u8]) -> Result<(i64, EventKind), AppendError> {
        offset_and_kind(event, &self.recording.limits).map_err(|_| AppendError::NotAnEvent)
    }

    /// Whether the recording can still be read with so many bytes more.
    #[inline]
    fn has_room_for(&self, len: usize) -> Result<(), AppendError> {
        let Recording { tally, limits, .. } = self.recording;
        if tally.bytes().saturating_add(LIST_BYTES + len) > limits.max_bytes {
            return Err(self.full());
        }
        Ok(())
    }

    /// Notes that an event was refused.
    #[cold]
    pub(super) fn full(&self) -> AppendError {
        if !self.recording.truncated.swap(true, Relaxed) {
            self.append.mark(Mark::Truncated);
        }
        AppendError::Full
    }
}

impl Recording {
    /// Begins to append an event. Others wait until the reservation is committed or dropped.
    ///
    /// # Errors
    ///
    /// [`AppendError::Ended`] and [`AppendError::Full`].
    #[inline]
    pub fn reserve(&self, wait: Wait) -> Result<Reservation<'_>, AppendError> {
        if self.ended.load(Acquire) {
            return Err(AppendError::Ended);
        }
        let append = self.chain.append(wait)?;
        // Whoever ended it meanwhile does not wait for this append, whoever saves it does.
        if self.ended.load(Acquire) {
            return Err(AppendError::Ended);
        }
        if self.tally.appended() >= self.max_events {
            return Err(Reservation::new(self, append).full());
        }
        Ok(Reservation::new(self, append))
    }
}
