//! A recording whose files were removed, or taken over, while it was running.
//!
//! Its memory is still there, but no next run would find it. So it is written once more, to
//! where this run has its place now, before anything else is added to it.

use std::sync::atomic::Ordering;

use super::append;
use super::chunk::{Chunk, Kind};
use super::error::AppendError;
use super::header::{self, Mark};
use super::tail::{Given, Tail};
use super::wait::Wait;
use crate::sync::Arc;

impl Tail {
    /// Copies all chunks, frame by frame. What it fails with changes nothing.
    pub(super) fn move_on(&mut self) -> Result<(), AppendError> {
        let Some(first) = self.chunks.first() else {
            return Err(AppendError::Ended);
        };
        let space = Arc::clone(first.space());
        let serial = space.serials.fetch_add(1, Ordering::Relaxed);
        let mut moved: Vec<Arc<Chunk>> = Vec::new();
        for (index, chunk) in self.chunks.iter().enumerate() {
            let is_last = index + 1 == self.chunks.len();
            let end = is_last.then_some(self.at);
            match copy(chunk, serial, index as u32, end) {
                Ok(copy) => moved.push(Arc::new(copy)),
                Err(error) => {
                    moved.iter().for_each(|chunk| chunk.retire(Wait::Yes));
                    return Err(error);
                }
            }
        }
        if let Some(copy) = moved.first() {
            for mark in [Mark::Ended, Mark::Truncated] {
                if first.has_mark(mark) {
                    copy.mark(mark)?;
                }
            }
        }
        self.serial = serial;
        let mut left = Given(std::mem::replace(&mut self.chunks, moved));
        if left.give(Wait::Yes).is_err() {
            space.release_later(Box::new(left));
        }
        Ok(())
    }
}

/// Copies the frames of a chunk to one of the same size, each to the same place. `end` is where
/// they end, unless the chunk is full.
///
/// Whoever took over may have wiped it: frames that are not as they were written are gone.
fn copy(chunk: &Chunk, serial: u64, index: u32, end: Option<usize>) -> Result<Chunk, AppendError> {
    chunk.load()?;
    let space = chunk.space();
    let (block, segment) = space.claim(chunk.order(), Wait::Yes)?;
    let copy = Chunk::new(space, segment, block);
    copy.publish(serial, index);
    let mut at = header::LEN;
    let mut goes_on = false;
    while !goes_on && end.is_none_or(|end| at < end) {
        let Some(frame) = chunk.sound_frame(at) else {
            break;
        };
        append::fill_at(&copy, at, frame.payload);
        copy.commit(at, frame.kind, frame.payload.len());
        goes_on = frame.kind == Kind::Part;
        at = frame.next;
    }
    let whole = match end {
        Some(end) => at == end,
        None => goes_on || at == chunk.end(),
    };
    if !whole {
        copy.retire(Wait::Yes);
        return Err(AppendError::Lost);
    }
    Ok(copy)
}
