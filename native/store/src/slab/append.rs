use super::chunk::{Chunk, FRAME_HEADER, Kind};
use super::error::AppendError;
use super::header::{self, Mark};
use super::segment::UNIT;
use super::settings::MAX_PAYLOAD;
use super::space::{Space, order_for};
use super::tail::Tail;
use super::wait::Wait;
use crate::disk::map::PAGE;
use crate::sync::{Arc, MutexGuard};

/// A chunk takes this part of what a recording has already, so that no more than it is unused.
const GROWTH: usize = 16;

/// Or as much as it has already, until that is this much: of a small one no more than a half is
/// unused, and one that grows soon has chunks worth their headers.
const SMALL: usize = PAGE;

/// No chunk is larger than this unless one frame needs it.
const MAX_CHUNK: usize = 256 << 10;

/// The room at the end of a chunk is left unused if it is less, so that an event's own beginning
/// is hardly ever split.
const MIN_PART: usize = 64;

/// Or if so many bytes would have to be moved for it.
const MAX_MOVE: usize = 32 << 10;

/// A frame that is being appended. Dropped before it is committed, it leaves no trace.
pub(crate) struct Append<'c> {
    tail: MutexGuard<'c, Tail>,
    wait: Wait,
}

impl<'c> Append<'c> {
    #[inline]
    pub(super) fn new(tail: MutexGuard<'c, Tail>, wait: Wait) -> Self {
        Append { tail, wait }
    }

    /// Where the payload goes, and how many bytes fit there; perhaps none.
    #[inline]
    pub(crate) fn space(&mut self) -> (*mut u8, usize) {
        match self.tail.chunks.last() {
            Some(last) => {
                let room = last.room(self.tail.at).min(last.space().settings.max_frame);
                (last.payload_at(self.tail.at), room)
            }
            None => (std::ptr::dangling_mut(), 0),
        }
    }

    /// Most bytes that the payload of a frame may have.
    pub(crate) fn max_frame(&self) -> usize {
        let last = self.tail.chunks.last();
        last.map_or(0, |last| last.space().settings.max_frame)
    }

    /// Moves the frame to where at least `more` bytes fit behind the `used` that were written.
    /// What it fails with changes nothing.
    pub(crate) fn grow(
        &mut self,
        used: usize,
        more: usize,
    ) -> Result<(*mut u8, usize), AppendError> {
        let tail = &mut *self.tail;
        let Some(last) = tail.chunks.last() else {
            return Err(AppendError::Ended);
        };
        let used = used.min(last.room(tail.at));
        let payload = used.saturating_add(more);
        let chunk = claim(last.space(), payload, usual(tail.bytes), self.wait)?;
        if last.is_lost() {
            // That may just have been found out.
            chunk.retire(self.wait);
            return self.move_on(used, more);
        }
        // Nothing was committed to it: an encoder that asks for little at a time leaves no trail
        // of chunks behind.
        let replaces = tail.at == header::LEN;
        if replaces {
            last.retire(self.wait);
        }
        // Before anything is in it: what a crash leaves has a header, and can be wiped. Fewer
        // than there are units in memory.
        chunk.publish(
            tail.serial,
            (tail.chunks.len() - usize::from(replaces)) as u32,
        );
        move_payload(last, tail.at, &chunk, used);
        if replaces {
            tail.bytes -= last.end();
            tail.chunks.pop();
        } else if tail.at < last.end() {
            last.commit(tail.at, Kind::Part, 0);
            tail.spare = Some(tail.at);
        }
        tail.bytes += chunk.end();
        tail.at = header::LEN;
        tail.chunks.push(Arc::new(chunk));
        Ok(self.space())
    }

    /// As [`Append::grow`], once what there is of the recording is where the next run finds it.
    #[cold]
    fn move_on(&mut self, used: usize, more: usize) -> Result<(*mut u8, usize), AppendError> {
        if self.wait == Wait::Never {
            return Err(AppendError::WouldBlock);
        }
        let written = self.written(used).to_vec();
        self.tail.move_on()?;
        if let Some(last) = self.tail.chunks.last() {
            fill_at(last, self.tail.at, &written);
        }
        self.grow(used, more)
    }

    /// The first `len` bytes of what has been written.
    #[inline]
    pub(crate) fn written(&self, len: usize) -> &[u8] {
        match self.tail.chunks.last() {
            // SAFETY: writing to them needs a pointer that the caller got from `space` or
            // `grow`, whose borrow of `self` has ended.
            Some(last) => unsafe { last.payload(self.tail.at, len.min(last.room(self.tail.at))) },
            None => &[],
        }
    }

    /// Notes something about the recording.
    pub(crate) fn mark(&self, mark: Mark) {
        self.tail.mark(mark);
    }

    /// Makes a frame of these bytes.
    pub(crate) fn put(&mut self, kind: Kind, payload: &[u8]) -> Result<(), AppendError> {
        let (mut to, room) = self.space();
        if room < payload.len() {
            (to, _) = self.grow(0, payload.len())?;
        }
        // SAFETY: there is room, and nobody else writes to it before it is committed.
        unsafe { to.copy_from_nonoverlapping(payload.as_ptr(), payload.len()) };
        self.commit(kind, payload.len())
    }

    /// Makes the first `len` bytes of what has been written a frame. From now on a crash does
    /// not lose it.
    #[inline]
    pub(crate) fn commit(&mut self, kind: Kind, len: usize) -> Result<(), AppendError> {
        let tail = &mut *self.tail;
        match tail.chunks.as_slice() {
            [earlier @ .., last] if tail.at < last.end() && len <= last.room(tail.at) => {
                let spare = tail.spare.take().zip(earlier.last());
                let rest = spare.map_or(len, |(at, chunk)| use_spare(chunk, at, last, len));
                tail.at = last.commit(tail.at, kind, rest);
                Ok(())
            }
            _ => Err(AppendError::TooLarge(len, self.space().1)),
        }
    }
}

/// The size of the next chunk of a recording that has so many bytes of them.
fn usual(bytes: usize) -> usize {
    (bytes / GROWTH).max(bytes.min(SMALL))
}

/// Claims a chunk for a frame of so many bytes, of the usual size if that is larger.
pub(super) fn claim(
    space: &Arc<Space>,
    payload: usize,
    usual: usize,
    wait: Wait,
) -> Result<Chunk, AppendError> {
    let max = space.settings.max_frame.min(MAX_PAYLOAD);
    if payload > max {
        return Err(AppendError::TooLarge(payload, max));
    }
    let usual = 1 << usual.clamp(UNIT, MAX_CHUNK).ilog2();
    let bytes = usual.max(header::LEN + FRAME_HEADER + payload);
    let (block, segment) = space.claim(order_for(bytes), wait)?;
    Ok(Chunk::new(space, segment, block))
}

/// Writes the payload of the first frame of an empty chunk.
pub(super) fn fill(chunk: &Chunk, payload: &[u8]) {
    fill_at(chunk, header::LEN, payload);
}

/// Writes the payload of the next frame of a chunk that nobody else knows of.
pub(super) fn fill_at(chunk: &Chunk, at: usize, payload: &[u8]) {
    assert!(payload.len() <= chunk.room(at), "no room");
    // SAFETY: there is room, and nobody else writes to the chunk.
    unsafe {
        let to = chunk.payload_at(at);
        to.copy_from_nonoverlapping(payload.as_ptr(), payload.len());
    }
}

/// Copies what was written of a frame at `at` to the start of an empty chunk.
fn move_payload(from: &Chunk, at: usize, to: &Chunk, len: usize) {
    // SAFETY: who appends is here, and not writing to it.
    fill(to, unsafe { from.payload(at, len) });
}

/// Moves the first bytes of the payload in an empty chunk to the end of the one before, if that
/// is worth it, and returns how many are left. Until these are committed too, what was moved
/// does not count.
fn use_spare(chunk: &Chunk, at: usize, next: &Chunk, len: usize) -> usize {
    let part = chunk.room(at).min(len);
    let rest = len - part;
    if part < MIN_PART || rest > MAX_MOVE {
        return len;
    }
    assert!(len <= next.room(header::LEN), "no room");
    let (from, to) = (next.payload_at(header::LEN), chunk.payload_at(at));
    // SAFETY: the payload is as long as it is said to be, and nobody else writes to it; the other
    // chunk has room for the part, behind a frame that was committed as empty.
    unsafe {
        to.copy_from_nonoverlapping(from, part);
        from.copy_from(from.add(part), rest);
    }
    chunk.commit(at, Kind::Part, part);
    rest
}
