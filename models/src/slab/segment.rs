//! The one segment.

use std::io;

use super::header::{self, Mark};
use super::left::Fate;
use crate::disk::map::{Mapping, PAGE};

pub(super) const UNIT: usize = 256;

pub(super) struct Segment {
    map: Mapping,
    units: usize,
}

impl Segment {
    pub(super) fn new(units: usize) -> Self {
        Segment {
            map: Mapping::new(unit_at(units)),
            units,
        }
    }

    pub(super) fn map(&self) -> &Mapping {
        &self.map
    }

    pub(super) fn salt(&self) -> u64 {
        0x5A17
    }

    pub(super) fn units(&self) -> usize {
        self.units
    }

    pub(super) fn least(&self) -> u8 {
        0
    }

    pub(super) fn readable(&self, _: usize, len: usize) -> usize {
        len
    }

    pub(super) fn load(&self, _: usize, _: usize) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn keep(&self, _: Fate) {}

    pub(super) fn is_lost(&self) -> bool {
        false
    }

    pub(super) fn mark(&self, base: usize, mark: Mark) -> io::Result<()> {
        header::mark(&self.map, base, mark);
        Ok(())
    }

    /// As the engine's, in the same order.
    ///
    /// # Safety
    ///
    /// Nobody else uses the block.
    pub(super) unsafe fn wipe(&self, base: usize, len: usize) -> io::Result<()> {
        self.map.wipe(base + header::LEN, len - header::LEN);
        header::erase(&self.map, base);
        Ok(())
    }
}

pub(super) fn unit_at(unit: usize) -> usize {
    PAGE + unit * UNIT
}
