use std::sync::atomic::Ordering::{Acquire, Relaxed};

use replay_etf::recording::offset_and_kind;

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
        let tally = &self.recording.tally;
        let limits = &self.recording.limits;
        let (offset_ms, kind) = offset_and_kind(self.append.written(len), limits)
            .map_err(|_| AppendError::NotAnEvent)?;
        if tally.bytes().saturating_add(LIST_BYTES + len) > limits.max_bytes {
            return Err(self.full());
        }
        self.append.commit(Kind::Event, len)?;
        tally.add(offset_ms, kind, len);
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
