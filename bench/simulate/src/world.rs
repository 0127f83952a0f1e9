//! What all nodes write into the bucket while the simulated time goes on.

use crate::requests::{Kind, Requests};
use crate::settings::Settings;

/// Milliseconds since the simulated time began. Clocks that are slow make some negative.
pub type Time = i32;

/// What an object is. The number is an index into what the [`World`] has of that sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    Recording(u32),
    Rows(u32),
    Tombstone(u32),
}

/// An object as a LIST shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The time in its name.
    pub at: Time,
    /// From when on it is listed: the PUT has ended.
    pub visible: Time,
    pub object: Object,
}

#[derive(Debug, Clone, Copy)]
pub struct Recording {
    pub node: u16,
    pub visible: Time,
    pub bytes: u32,
}

#[derive(Debug, Clone)]
pub struct Rows {
    pub node: u16,
    /// Where its recordings are in [`World::members`].
    pub first: u32,
    pub count: u32,
}

/// The bucket and who wrote what.
#[derive(Default)]
pub struct World {
    /// In the order of their times, as a LIST has them.
    pub keys: Vec<Key>,
    pub recordings: Vec<Recording>,
    pub rows: Vec<Rows>,
    pub members: Vec<u32>,
    /// The node of each tombstone, and how many ids it has.
    pub tombstones: Vec<(u16, u32)>,
    /// Recordings that no batch has in the end.
    pub unnamed: u64,
    /// Those whose upload took longer than the overlap.
    pub late: u64,
    /// What was written, by all nodes.
    pub requests: Requests,
}

impl World {
    /// The recordings of a batch.
    pub fn named_by(&self, rows: &Rows) -> &[u32] {
        let first = rows.first as usize;
        &self.members[first..first + rows.count as usize]
    }

    pub fn add_rows(&mut self, settings: &Settings, rows: Rows, at: Time, visible: Time) {
        let bytes = f64::from(rows.count) * f64::from(settings.row_bytes);
        self.requests.add(Kind::PutRows, 1.0, bytes, settings);
        let object = Object::Rows(self.rows.len() as u32);
        self.rows.push(rows);
        self.keys.push(Key {
            at,
            visible,
            object,
        });
    }

    pub fn add_tombstone(&mut self, settings: &Settings, node: u16, ids: u32, at: Time) {
        let bytes = f64::from(ids) * f64::from(ID_BYTES);
        self.requests.add(Kind::PutTombstone, 1.0, bytes, settings);
        let object = Object::Tombstone(self.tombstones.len() as u32);
        self.tombstones.push((node, ids));
        let visible = at.saturating_add(settings.put_ms as Time);
        self.keys.push(Key {
            at,
            visible,
            object,
        });
    }
}

/// Of an id in a tombstone.
pub const ID_BYTES: u32 = 25;
