//! Recordings in flight as parts: what was appended since the part before, for others to go on with
//! if this machine is lost.
//!
//! | part | bytes | |
//! | --- | --- | --- |
//! | magic | 8 | `PRPART` and two zeros |
//! | version | 4 | 1 |
//! | frames | | of what was appended: its kind, one byte, and its payload |
//!
//! Integers are little-endian. The first frame of the first part is the recording's head.

use super::Active;
use super::recording::Recording;
use crate::disk::framed;
use crate::error::Error;
use crate::slab::{AppendError, Kind, Wait};

const MAGIC: [u8; 8] = *b"PRPART\0\0";

const VERSION: u32 = 1;

/// A part ends behind the frame that makes it larger.
const PART_BYTES: usize = 4 << 20;

/// No frame is larger.
const MAX_FRAME: usize = 1 << 28;

impl Recording {
    /// What was appended behind so many frames, and how many there are with that; `None` if there is
    /// nothing new.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if it was discarded or is in its file now; [`Error::Io`].
    pub fn part(&self, from: usize) -> Result<Option<(Vec<u8>, usize)>, Error> {
        if self.is_discarded() {
            return Err(Error::NotFound);
        }
        let frames = (self.chain.frames())
            .map_err(Error::io("read a recording in flight"))?
            .ok_or(Error::NotFound)?;
        let mut part = [&MAGIC[..], &VERSION.to_le_bytes()].concat();
        let (empty, mut count) = (part.len(), from);
        for (kind, payload) in frames.iter().skip(from) {
            framed::push(&mut part, MAX_FRAME, |out| {
                out.push(kind as u8);
                payload
                    .pieces()
                    .iter()
                    .for_each(|it| out.extend_from_slice(it));
            });
            count += 1;
            if part.len() > PART_BYTES {
                break;
            }
        }
        Ok((part.len() > empty).then_some((part, count)))
    }
}

impl Active {
    /// Takes in a recording of a machine that was lost, by its parts in order, as one that a crash
    /// cut off. What is behind a flaw is left out. `is_deleted` tells whether one that began at a
    /// time is unwanted: then it is not, and the answer is false.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if nothing of it can be read; [`Error::Io`].
    pub(crate) fn take_in(
        &self,
        parts: &[Vec<u8>],
        is_deleted: impl FnOnce(i64) -> bool,
    ) -> Result<bool, Error> {
        // What has changed refers to what came before: nothing behind a flaw is of use.
        let frames = parts.iter().flat_map(|part| frames_of(part));
        let mut frames = frames.map_while(|frame| frame);
        let damaged = || Error::Damaged {
            file: String::new(),
            reason: "it does not begin as a recording in flight does".to_owned(),
        };
        let (kind, head) = frames.next().ok_or_else(damaged)?;
        let limits = &self.shared.files.loader.limits;
        let summary = replay_etf::summarize(head, limits).map_err(|_| damaged())?;
        if kind != Kind::Head {
            return Err(damaged());
        }
        if is_deleted(summary.connected_at) {
            return Ok(false);
        }
        let refused = |error: AppendError| match error {
            AppendError::Io(source) => Error::io("grow the slab")(source),
            _ => damaged(),
        };
        let chain = self
            .slab(Wait::Yes)?
            .chain(head, Wait::Yes)
            .map_err(refused)?;
        for (kind, payload) in frames {
            let put = || chain.append(Wait::Yes)?.put(kind, payload);
            if let Err(error) = put() {
                chain.release(Wait::Yes);
                return Err(refused(error));
            }
        }
        match self.shared.take_in(chain) {
            true => Ok(true),
            false => Err(damaged()),
        }
    }
}

/// The frames of a part; `None` for the first flaw.
fn frames_of(part: &[u8]) -> impl Iterator<Item = Option<(Kind, &[u8])>> {
    let rest = part
        .strip_prefix(&MAGIC)
        .and_then(|rest| rest.split_first_chunk());
    let mut rest = match rest {
        Some((version, rest)) if u32::from_le_bytes(*version) == VERSION => Some(rest),
        _ => None,
    };
    std::iter::from_fn(move || {
        let Some(frames) = &mut rest else {
            return Some(None);
        };
        let frame = framed::next(frames, MAX_FRAME)?;
        let read = frame.ok().and_then(<[u8]>::split_first);
        let read = read.and_then(|(kind, payload)| Some((kind_of(*kind)?, payload)));
        if read.is_none() {
            rest = None;
        }
        Some(read)
    })
}

fn kind_of(byte: u8) -> Option<Kind> {
    let kinds = [Kind::Head, Kind::Event, Kind::Subject, Kind::Changes];
    kinds.into_iter().find(|kind| *kind as u8 == byte)
}
