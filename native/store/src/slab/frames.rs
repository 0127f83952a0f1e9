use std::borrow::Cow;
use std::mem;

use super::chunk::{Chunk, Frame, Kind};
use super::header;
use crate::sync::Arc;

/// The frames of a recording up to some moment. They stay readable, whatever happens to the
/// recording, for as long as this exists.
pub(crate) struct Frames {
    chunks: Vec<Arc<Chunk>>,
    /// Where the frames of the last chunk end.
    end: usize,
}

/// The payload of a frame, which may go over from one chunk to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payload<'a> {
    /// What is in the first of two chunks.
    pub(crate) part: &'a [u8],
    /// The rest, or all of it.
    pub(crate) rest: &'a [u8],
}

impl Frames {
    pub(super) fn new(chunks: Vec<Arc<Chunk>>, end: usize) -> Self {
        Frames { chunks, end }
    }

    /// The frames in the order they were appended.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Kind, Payload<'_>)> {
        let (mut n, mut at, mut part) = (0, header::LEN, &[][..]);
        std::iter::from_fn(move || {
            loop {
                let chunk = self.chunks.get(n)?;
                let is_last = n + 1 == self.chunks.len();
                let end = if is_last { self.end } else { chunk.end() };
                match (at < end).then(|| chunk.frame(at)).flatten() {
                    Some(Frame {
                        kind: Kind::Part,
                        payload,
                        ..
                    }) => {
                        part = payload;
                        (n, at) = (n + 1, header::LEN);
                    }
                    Some(Frame {
                        kind,
                        payload: rest,
                        next,
                        ..
                    }) => {
                        at = next;
                        return Some((
                            kind,
                            Payload {
                                part: mem::take(&mut part),
                                rest,
                            },
                        ));
                    }
                    None => (n, at) = (n + 1, header::LEN),
                }
            }
        })
    }

    /// Those that the recording is made of: its head, then its events.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Kind, Payload<'_>)> {
        self.iter().filter(|(kind, _)| *kind != Kind::Subject)
    }

    /// The payload of the first frame of a kind.
    pub(crate) fn find(&self, wanted: Kind) -> Option<Payload<'_>> {
        let mut frames = self.iter().filter(|(kind, _)| *kind == wanted);
        frames.next().map(|(_, payload)| payload)
    }
}

impl<'a> Payload<'a> {
    pub(crate) fn len(self) -> usize {
        self.part.len() + self.rest.len()
    }

    /// The payload in one piece.
    pub(crate) fn joined(self) -> Cow<'a, [u8]> {
        match self.part {
            [] => Cow::Borrowed(self.rest),
            _ => Cow::Owned(self.pieces().concat()),
        }
    }

    /// What makes the payload when put together.
    pub(crate) fn pieces(self) -> [&'a [u8]; 2] {
        [self.part, self.rest]
    }
}
