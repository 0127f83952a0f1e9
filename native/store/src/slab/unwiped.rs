use std::io;

use super::segment::{Segment, unit_at};
use super::segments::Block;
use crate::sync::Arc;

/// The block of a chunk that is no more, with what was written to it.
pub(super) struct Unwiped {
    pub(super) segment: Arc<Segment>,
    pub(super) block: Block,
}

impl Unwiped {
    /// Puts zeros where a recording's bytes may be, and returns the block to be given back.
    ///
    /// In all of it, and not only in its frames: an event that was not committed, or that moved
    /// on to a larger chunk, left its bytes behind the last of them. What was lost is left alone:
    /// no next run sees it, or it is somebody else's.
    ///
    /// # Errors
    ///
    /// None for a block of this run.
    pub(super) fn wipe(&self) -> io::Result<Block> {
        if self.segment.is_lost() {
            return Ok(self.block);
        }
        let (base, len) = (unit_at(self.block.unit), self.block.bytes());
        // SAFETY: the last who knew of the block was the chunk that this was made of.
        unsafe { self.segment.wipe(base, len)? };
        Ok(self.block)
    }
}
