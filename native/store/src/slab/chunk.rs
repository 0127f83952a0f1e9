use std::io;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::header::{self, Header, Mark};
use super::left::Fate;
use super::segment::{Segment, unit_at};
use super::segments::Block;
use super::settings::{KIND_SHIFT, MAX_PAYLOAD};
use super::space::Space;
use super::unwiped::Unwiped;
use super::wait::Wait;
use crate::disk::crc32c::crc32c_append;
use crate::sync::Arc;

/// Length, kind and checksum, before a frame's payload.
pub(super) const FRAME_HEADER: usize = 8;

/// What a frame holds. Its number is part of the format; 0 is that of no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What a recording starts with.
    Head = 1,
    /// An event.
    Event = 2,
    /// What fits at the end of a chunk, perhaps nothing, of the payload that the first frame of
    /// the next chunk goes on with.
    Part = 3,
    /// Whom the recording belongs to.
    Subject = 4,
    /// An event that is written as what changed: see [`replay_etf::recording::changes`].
    Changes = 5,
}

/// A block that belongs to one recording: a header, then frames one after the other, each at a
/// multiple of eight.
///
/// A frame is one word, then its payload. The word holds the payload's length and kind and a
/// checksum of all; it is stored last and makes the frame exist. The word after the last frame
/// is 0. Checksums start from the chunk's generation and its segment's salt, so that what an
/// earlier owner of the block left is never taken for a frame.
pub(super) struct Chunk {
    space: Arc<Space>,
    segment: Arc<Segment>,
    block: Block,
    /// Where the block begins in the segment.
    base: usize,
    /// How much of the block there is: not all if a part of it can't be read.
    len: usize,
    /// What checksums of frames start from.
    seed: u32,
    generation: u64,
    /// Set once the block is to be wiped and given back when this is dropped: whether whoever
    /// drops it may wait for that.
    retired: OnceLock<Wait>,
}

/// A committed frame.
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    pub(super) payload: &'a [u8],
    /// Where the next one begins.
    pub(super) next: usize,
    checksum: u32,
}

impl Chunk {
    /// Makes a claimed block a chunk. It does not count before [`Chunk::publish`].
    pub(super) fn new(space: &Arc<Space>, segment: Arc<Segment>, block: Block) -> Self {
        let generation = space.next_generation();
        Chunk::of(space, segment, block, generation)
    }

    /// Opens the chunk of an earlier run, if one begins at this unit.
    pub(super) fn open(
        space: &Arc<Space>,
        segment: &Arc<Segment>,
        slot: usize,
        unit: usize,
    ) -> Option<(Header, Self)> {
        let base = unit_at(unit);
        if segment.readable(base, header::LEN) < header::LEN {
            return None;
        }
        let header = Header::read(segment.map(), base, segment.salt())?;
        let order = header.order.checked_add(segment.least())?;
        let units = 1usize.checked_shl(u32::from(order))?;
        if units > segment.units() - unit || !unit.is_multiple_of(units) {
            return None;
        }
        let block = Block::new(slot, unit, order);
        space.adopt(block);
        let mut chunk = Chunk::of(space, Arc::clone(segment), block, header.generation);
        chunk.len = segment.readable(base, block.bytes());
        Some((header, chunk))
    }

    fn of(space: &Arc<Space>, segment: Arc<Segment>, block: Block, generation: u64) -> Self {
        Chunk {
            base: unit_at(block.unit),
            len: block.bytes(),
            seed: header::frame_seed(segment.salt(), generation),
            generation,
            retired: OnceLock::new(),
            space: Arc::clone(space),
            segment,
            block,
        }
    }

    /// Makes the chunk, still empty, part of a recording.
    pub(super) fn publish(&self, serial: u64, index: u32) {
        let order = self.block.order;
        let header = Header {
            generation: self.generation,
            serial,
            index,
            order,
        };
        self.segment
            .map()
            .word(self.base + header::LEN)
            .store(0, Relaxed);
        header.write(self.segment.map(), self.base, self.segment.salt());
    }

    /// Makes it part of no recording any more. The block is wiped and given back when the last
    /// who still reads it has dropped it, on another thread if that must not take time.
    ///
    /// A crash before that finds the mark, and the next run does it: until it is wiped, a block
    /// keeps its header.
    pub(super) fn retire(&self, wait: Wait) {
        // Where that fails the wiping does, too, and is tried again.
        let _ = self.mark(Mark::Released);
        // Whoever retired it first has said the same.
        let _ = self.retired.set(wait);
    }

    /// Leaves the block to another time: its segment's file is not deleted.
    pub(super) fn keep(self, fate: Fate) {
        self.segment.keep(fate);
        self.space.give_back(self.block);
    }

    /// # Errors
    ///
    /// None for a chunk of this run.
    pub(super) fn mark(&self, mark: Mark) -> io::Result<()> {
        if mark == Mark::Released && self.is_lost() {
            // What is left of it is not seen by the next run, or is somebody else's.
            return Ok(());
        }
        self.segment.mark(self.base, mark)
    }

    /// Makes sure that it can be read.
    ///
    /// # Errors
    ///
    /// None for a chunk of this run.
    pub(super) fn load(&self) -> io::Result<()> {
        self.segment.load(self.base, self.len)
    }

    /// Whether a part of it can't be read.
    pub(super) fn is_cut(&self) -> bool {
        self.len < self.block.bytes()
    }

    pub(super) fn has_mark(&self, mark: Mark) -> bool {
        header::has_mark(self.segment.map(), self.base, mark)
    }

    /// Whether nobody would find it after a crash, or somebody else has it.
    #[inline]
    pub(super) fn is_lost(&self) -> bool {
        self.segment.is_lost()
    }

    pub(super) fn space(&self) -> &Arc<Space> {
        &self.space
    }

    /// Where the chunk ends; its frames begin at [`header::LEN`].
    pub(super) fn end(&self) -> usize {
        self.len
    }

    pub(super) fn units(&self) -> usize {
        1 << self.block.order
    }

    pub(super) fn order(&self) -> u8 {
        self.block.order
    }

    /// Most bytes of payload that fit in a frame at `at`.
    pub(super) fn room(&self, at: usize) -> usize {
        self.end().saturating_sub(at + FRAME_HEADER)
    }

    /// Where the payload of a frame at `at` goes, [`Chunk::room`] bytes at most. Only the one
    /// who appends may write there, and only as long as the frame is not committed.
    pub(super) fn payload_at(&self, at: usize) -> *mut u8 {
        self.segment.map().at(self.base + self.payload_begin(at))
    }

    /// The first `len` bytes of what was written to [`Chunk::payload_at`].
    ///
    /// # Safety
    ///
    /// Nobody writes to them for as long as the slice is used.
    pub(super) unsafe fn payload(&self, at: usize, len: usize) -> &[u8] {
        // SAFETY: the caller's promise.
        unsafe {
            self.segment
                .map()
                .slice(self.base + self.payload_begin(at), len)
        }
    }

    /// A frame at the chunk's end has no room, and no payload beyond it.
    fn payload_begin(&self, at: usize) -> usize {
        (at + FRAME_HEADER).min(self.end())
    }

    /// Makes the `len` bytes at [`Chunk::payload_at`] a frame, and returns where the next one
    /// begins. There must be room for them, and only the one who appends may do it.
    #[inline]
    pub(super) fn commit(&self, at: usize, kind: Kind, len: usize) -> usize {
        debug_assert!(len <= self.room(at));
        // SAFETY: who appends is here, and not writing to it.
        let checksum = unsafe { self.checksum(kind, self.payload(at, len)) };
        let next = next_frame(at, len);
        let map = self.segment.map();
        if next < self.end() {
            map.word(self.base + next).store(0, Relaxed);
        }
        let word = u64::from(checksum) << 32 | u64::from(descriptor(kind, len));
        map.word(self.base + at).store(word, Release);
        next
    }

    /// The frame at `at`, if there is one.
    pub(super) fn frame(&self, at: usize) -> Option<Frame<'_>> {
        if at + FRAME_HEADER > self.end() {
            return None;
        }
        let word = self.segment.map().word(self.base + at).load(Acquire);
        let (descriptor, checksum) = (word as u32, (word >> 32) as u32);
        let kind = match descriptor >> KIND_SHIFT {
            1 => Kind::Head,
            2 => Kind::Event,
            3 => Kind::Part,
            4 => Kind::Subject,
            5 => Kind::Changes,
            _ => return None,
        };
        let len = descriptor as usize & MAX_PAYLOAD;
        if len > self.room(at) {
            return None;
        }
        // SAFETY: a committed frame is not written to, and its block stays ours.
        let payload = unsafe { self.payload(at, len) };
        Some(Frame {
            kind,
            payload,
            next: next_frame(at, len),
            checksum,
        })
    }

    /// The frame at `at`, if there is one and its checksum is right.
    pub(super) fn sound_frame(&self, at: usize) -> Option<Frame<'_>> {
        self.frame(at)
            .filter(|frame| self.checksum(frame.kind, frame.payload) == frame.checksum)
    }

    fn checksum(&self, kind: Kind, payload: &[u8]) -> u32 {
        // Starting from another value is what prepending four bytes would do.
        crc32c_append(self.seed ^ descriptor(kind, payload.len()), payload)
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let Some(wait) = self.retired.get() else {
            return;
        };
        let unwiped = Unwiped {
            segment: Arc::clone(&self.segment),
            block: self.block,
        };
        let wiped = match wait {
            Wait::Yes => unwiped.wipe().ok(),
            Wait::Never => None,
        };
        match wiped {
            Some(block) => self.space.give_back(block),
            None => self.space.wipe_later(unwiped),
        }
    }
}

fn descriptor(kind: Kind, len: usize) -> u32 {
    (kind as u32) << KIND_SHIFT | len as u32
}

fn next_frame(at: usize, len: usize) -> usize {
    at + FRAME_HEADER + len.next_multiple_of(8)
}
