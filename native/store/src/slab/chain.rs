use std::io;
use std::time::Duration;

use super::append::{self, Append};
use super::chunk::{Chunk, Kind};
use super::error::AppendError;
use super::frames::Frames;
use super::header::{self, Mark};
use super::space::Space;
use super::tail::{Given, Tail};
use super::wait::Wait;
use crate::sync::{Arc, Mutex};

/// How long one who may not wait does wait for another's append.
const MAX_TURN: Duration = Duration::from_micros(100);

/// The frames of one recording, in chunks. One at a time appends; who reads does not keep others
/// from appending.
pub(crate) struct Chain {
    tail: Mutex<Tail>,
}

impl Chain {
    /// Starts a recording with its first frame.
    pub(super) fn start(
        space: &Arc<Space>,
        serial: u64,
        head: &[u8],
        wait: Wait,
    ) -> Result<Chain, AppendError> {
        let chunk = append::claim(space, head.len(), 0, wait)?;
        // Before anything is in it: what a crash leaves has a header, and can be wiped.
        chunk.publish(serial, 0);
        append::fill(&chunk, head);
        let at = chunk.commit(header::LEN, Kind::Head, head.len());
        Ok(Chain::found(serial, vec![Arc::new(chunk)], at))
    }

    /// A recording whose frames in the last chunk end at `at`.
    pub(super) fn found(serial: u64, chunks: Vec<Arc<Chunk>>, at: usize) -> Self {
        let bytes = chunks.iter().map(|chunk| chunk.end()).sum();
        let tail = Tail {
            serial,
            chunks,
            at,
            spare: None,
            bytes,
        };
        Chain {
            tail: Mutex::new(tail),
        }
    }

    /// Begins to append a frame. Nobody else can until it is committed or dropped.
    #[inline]
    pub(crate) fn append(&self, wait: Wait) -> Result<Append<'_>, AppendError> {
        let mut tail = match wait {
            Wait::Yes => self.tail.lock(),
            // Appends that may not wait are short, and one of them can be waited for.
            Wait::Never => (self.tail.try_lock_for(MAX_TURN)).ok_or(AppendError::WouldBlock)?,
        };
        match tail.chunks.last() {
            None => return Err(AppendError::Ended),
            // That takes as long as the recording is large.
            Some(last) if last.is_lost() && wait == Wait::Never => {
                return Err(AppendError::WouldBlock);
            }
            Some(last) if last.is_lost() => tail.move_on()?,
            Some(_) => {}
        }
        Ok(Append::new(tail, wait))
    }

    /// What has been committed; waits for an append that is under way. `None` once released.
    ///
    /// # Errors
    ///
    /// Of a recording that an earlier run left: the disk will not read it.
    pub(crate) fn frames(&self) -> io::Result<Option<Frames>> {
        let (chunks, at) = {
            let tail = self.tail.lock();
            (tail.chunks.clone(), tail.at)
        };
        chunks.iter().try_for_each(|chunk| chunk.load())?;
        Ok((!chunks.is_empty()).then(|| Frames::new(chunks, at)))
    }

    /// Has the recording where the next run finds it, if that was lost. Returns whether it was.
    ///
    /// # Errors
    ///
    /// [`AppendError::Lost`] if nothing is left of it here, or not all; others may pass.
    pub(crate) fn move_on(&self) -> Result<bool, AppendError> {
        let mut tail = self.tail.lock();
        let lost = tail.chunks.iter().any(|chunk| chunk.is_lost());
        if lost {
            tail.move_on()?;
        }
        Ok(lost)
    }

    /// Notes something about the recording; waits for an append that is under way.
    pub(crate) fn mark(&self, mark: Mark) {
        self.tail.lock().mark(mark);
    }

    /// As [`Chain::mark`], but does nothing if it would have to wait.
    pub(crate) fn try_mark(&self, mark: Mark) {
        if let Some(tail) = self.tail.try_lock() {
            tail.mark(mark);
        }
    }

    /// Whether it was released, or left.
    pub(crate) fn is_gone(&self) -> bool {
        self.tail.lock().chunks.is_empty()
    }

    pub(crate) fn has_mark(&self, mark: Mark) -> bool {
        self.tail
            .lock()
            .chunks
            .first()
            .is_some_and(|first| first.has_mark(mark))
    }

    /// Gives up the recording: it is safe elsewhere, or unwanted. What it takes to wipe its space
    /// is done here if that may take time.
    pub(crate) fn release(&self, wait: Wait) {
        let chunks = self.detach();
        let Some(first) = chunks.first() else { return };
        let space = Arc::clone(first.space());
        let mut given = Given(chunks);
        if given.give(wait).is_err() {
            space.release_later(Box::new(given));
        }
    }

    /// Leaves the recording to the next run, which will find it.
    pub(crate) fn leave(&self) {
        self.detach();
    }

    fn detach(&self) -> Vec<Arc<Chunk>> {
        std::mem::take(&mut self.tail.lock().chunks)
    }
}
