use std::sync::Arc;

use super::recording::Recording;
use super::round::Round;

/// Something to do for a recording.
pub(super) struct Job {
    pub(super) recording: Arc<Recording>,
    pub(super) task: Task,
    /// How often it was tried before.
    pub(super) attempts: u32,
}

#[derive(Clone)]
pub(super) enum Task {
    /// It has ended: save it, and then let go of it.
    Finish,
    /// It goes on: save it as it is, as a part of this round.
    Checkpoint(Arc<Round>),
}
