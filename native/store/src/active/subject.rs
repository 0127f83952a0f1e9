use std::sync::Arc;
use std::sync::atomic::Ordering::Acquire;

use super::recording::Recording;
use crate::codec::Subject;
use crate::slab::{AppendError, Frames, Kind, Wait};

impl Recording {
    /// Whom the recording belongs to, if that has been said.
    pub fn subject(&self) -> Option<&Arc<Subject>> {
        self.subject.get()
    }

    /// Says whom the recording belongs to, once and for all. When this returns, it survives the
    /// end of the process as events do.
    ///
    /// # Errors
    ///
    /// [`AppendError::HasSubject`] if something else was said before; and those of appending an
    /// event, but for [`AppendError::Full`].
    pub fn set_subject(&self, subject: Subject, wait: Wait) -> Result<(), AppendError> {
        let mut append = self.chain.append(wait)?;
        // Whoever saves it waits for this append, and then sees the subject.
        if self.ended.load(Acquire) {
            return Err(AppendError::Ended);
        }
        match self.subject.get() {
            Some(known) if **known == subject => Ok(()),
            Some(_) => Err(AppendError::HasSubject),
            None => {
                append.put(Kind::Subject, &subject.encode())?;
                // Nobody else can set it meanwhile.
                self.subject.get_or_init(|| Arc::new(subject));
                Ok(())
            }
        }
    }
}

/// The subject among the frames of a recording.
pub(super) fn subject_in(frames: &Frames) -> Option<Subject> {
    let payload = frames.find(Kind::Subject)?;
    Subject::decode(&payload.pieces().concat())
}
