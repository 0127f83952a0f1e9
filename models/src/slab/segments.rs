//! Which blocks there are.

use super::segment::UNIT;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) unit: usize,
    pub(super) order: u8,
}

impl Block {
    pub(super) fn new(_slot: usize, unit: usize, order: u8) -> Self {
        Block { unit, order }
    }

    pub(super) fn bytes(self) -> usize {
        UNIT << self.order
    }
}
