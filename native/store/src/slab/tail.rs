use std::io;

use super::chunk::Chunk;
use super::header::Mark;
use super::space::Release;
use super::wait::Wait;
use crate::sync::Arc;

/// Where frames are appended.
pub(super) struct Tail {
    pub(super) serial: u64,
    /// In order. Empty once the recording was released.
    pub(super) chunks: Vec<Arc<Chunk>>,
    /// Where the next frame begins in the last chunk.
    pub(super) at: usize,
    /// Where in the last chunk but one there is room for a part of the next frame. Not once the
    /// last chunk has frames.
    pub(super) spare: Option<usize>,
    /// Bytes of all chunks.
    pub(super) bytes: usize,
}

impl Tail {
    pub(super) fn mark(&self, mark: Mark) {
        if let Some(first) = self.chunks.first() {
            // What fails is a mark on what an earlier run left, which will be found as it is.
            let _ = first.mark(mark);
        }
    }
}

/// What a recording has to give back.
pub(super) struct Given(pub(super) Vec<Arc<Chunk>>);

impl Given {
    /// Gives up the chunks, in order.
    ///
    /// The first one first: without it a crash halfway leaves nothing of the recording, and with
    /// it, but without a later one, it would leave a part. So where the first can't be marked,
    /// none is, until it can.
    pub(super) fn give(&mut self, wait: Wait) -> io::Result<()> {
        if let Some(first) = self.0.first() {
            first.mark(Mark::Released)?;
        }
        self.0.drain(..).for_each(|chunk| chunk.retire(wait));
        Ok(())
    }
}

impl Release for Given {
    fn release(&mut self) -> io::Result<()> {
        self.give(Wait::Never)
    }
}
