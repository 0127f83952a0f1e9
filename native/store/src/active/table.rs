use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard, RwLock};

use super::recording::Recording;

const SHARDS: usize = 16;
const TURNS: usize = 64;

/// The recordings that are not on the disk yet, by id.
#[derive(Default)]
pub(super) struct Table {
    hasher: RandomState,
    shards: [RwLock<Shard>; SHARDS],
    turns: Turns,
}

type Shard = HashMap<Arc<[u8]>, Arc<Recording>>;

struct Turns([Mutex<()>; TURNS]);

impl Default for Turns {
    fn default() -> Self {
        Turns(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Table {
    pub(super) fn get(&self, id: &[u8]) -> Option<Arc<Recording>> {
        self.shard(id)?.read().get(id).map(Arc::clone)
    }

    /// Whether there was no other recording with the id.
    pub(super) fn insert(&self, recording: &Arc<Recording>) -> bool {
        let Some(shard) = self.shard(recording.id()) else {
            return false;
        };
        match shard.write().entry(Arc::clone(recording.id())) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacancy) => {
                vacancy.insert(Arc::clone(recording));
                true
            }
        }
    }

    /// Removes this recording, but not another one with its id.
    pub(super) fn remove(&self, recording: &Arc<Recording>) {
        let Some(shard) = self.shard(recording.id()) else {
            return;
        };
        let mut shard = shard.write();
        if shard
            .get(recording.id())
            .is_some_and(|found| Arc::ptr_eq(found, recording))
        {
            shard.remove(recording.id());
        }
    }

    /// All of them, in no order.
    pub(super) fn all(&self) -> Vec<Arc<Recording>> {
        let shards = self.shards.iter();
        shards
            .flat_map(|shard| shard.read().values().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Waits until nobody else works on the files of this id.
    pub(super) fn turn(&self, id: &[u8]) -> Option<MutexGuard<'_, ()>> {
        let Turns(turns) = &self.turns;
        turns.get(self.hash(id) % TURNS).map(Mutex::lock)
    }

    fn shard(&self, id: &[u8]) -> Option<&RwLock<Shard>> {
        self.shards.get(self.hash(id) % SHARDS)
    }

    fn hash(&self, id: &[u8]) -> usize {
        self.hasher.hash_one(id) as usize
    }
}
