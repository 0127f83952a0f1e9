use std::sync::Arc;

use super::chunk::{Chunk, Kind};
use super::header;

/// The frames of a recording up to some moment. They stay readable, whatever happens to the
/// recording, for as long as this exists.
pub(crate) struct Frames {
    chunks: Vec<Arc<Chunk>>,
    /// Where the frames of the last chunk end.
    end: usize,
}

impl Frames {
    pub(super) fn new(chunks: Vec<Arc<Chunk>>, end: usize) -> Self {
        Frames { chunks, end }
    }

    /// The frames in the order they were appended.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Kind, &[u8])> {
        let last = self.chunks.len().saturating_sub(1);
        self.chunks.iter().enumerate().flat_map(move |(i, chunk)| {
            let end = if i == last { self.end } else { chunk.end() };
            frames_of(chunk, end)
        })
    }
}

fn frames_of(chunk: &Chunk, end: usize) -> impl Iterator<Item = (Kind, &[u8])> {
    let mut at = header::LEN;
    std::iter::from_fn(move || {
        let frame = (at < end).then(|| chunk.frame(at))??;
        at = frame.next;
        (frame.kind != Kind::End).then_some((frame.kind, frame.payload))
    })
}
