//! The blocks of the one segment: given out in order, and again when they were given back.

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::error::AppendError;
use super::header::{self, Header};
use super::segment::{Segment, UNIT, unit_at};
use super::segments::Block;
use super::settings::Settings;
use super::unwiped::Unwiped;
use super::wait::Wait;
use crate::disk::map::PAGE;
use crate::sync::{Arc, Mutex};

const UNITS: usize = 8;

pub(super) fn order_for(bytes: usize) -> u8 {
    bytes.div_ceil(UNIT).next_power_of_two().trailing_zeros() as u8
}

pub(super) trait Release: Send {
    fn release(&mut self) -> io::Result<()>;
}

pub(super) struct Space {
    pub(super) settings: Settings,
    pub(super) serials: AtomicU64,
    generations: AtomicU64,
    segment: Arc<Segment>,
    blocks: Mutex<Blocks>,
    unwiped: Mutex<Vec<Unwiped>>,
}

#[derive(Default)]
struct Blocks {
    next: usize,
    free: Vec<Block>,
}

impl Space {
    pub(super) fn new() -> Self {
        Space {
            settings: Settings {
                segment_bytes: UNITS * UNIT,
                max_frame: 4 * UNIT,
                threads: 1,
                ..Settings::default()
            },
            serials: AtomicU64::new(0),
            generations: AtomicU64::new(1),
            segment: Arc::new(Segment::new(UNITS)),
            blocks: Mutex::default(),
            unwiped: Mutex::default(),
        }
    }

    pub(super) fn next_generation(&self) -> u64 {
        self.generations.fetch_add(1, Relaxed)
    }

    pub(super) fn claim(&self, order: u8, _: Wait) -> Result<(Block, Arc<Segment>), AppendError> {
        let mut blocks = self.blocks.lock();
        let known = blocks.free.iter().position(|block| block.order == order);
        let block = match known {
            Some(at) => blocks.free.swap_remove(at),
            None => {
                let block = Block::new(0, blocks.next, order);
                blocks.next += 1 << order;
                assert!(blocks.next <= UNITS, "the model takes more than it has");
                block
            }
        };
        Ok((block, Arc::clone(&self.segment)))
    }

    pub(super) fn adopt(&self, _: Block) {}

    pub(super) fn give_back(&self, block: Block) {
        self.blocks.lock().free.push(block);
    }

    pub(super) fn wipe_later(&self, unwiped: Unwiped) {
        self.unwiped.lock().push(unwiped);
    }

    pub(super) fn release_later(&self, _: Box<dyn Release>) {
        unreachable!("a chunk of this run can be marked");
    }

    /// What the keeper does.
    pub(super) fn wipe_all(&self) {
        for unwiped in std::mem::take(&mut *self.unwiped.lock()) {
            let block = unwiped.wipe().unwrap();
            self.give_back(block);
        }
    }

    /// Whether all that was claimed was given back, without a header, and with nothing in it.
    pub(super) fn is_clean(&self) -> bool {
        let blocks = self.blocks.lock();
        let free: usize = blocks.free.iter().map(|block| 1 << block.order).sum();
        let (map, salt) = (self.segment.map(), self.segment.salt());
        let clean = |block: &Block| {
            let (base, len) = (unit_at(block.unit), block.bytes());
            Header::read(map, base, salt).is_none()
                && map.is_wiped(base + header::LEN, len - header::LEN)
        };
        free == blocks.next && blocks.free.iter().all(clean)
    }
}

const _: () = assert!(UNIT == PAGE);
