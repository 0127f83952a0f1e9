//! Which erasures are to be confirmed, and which others have not confirmed yet.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::key::{Key, Tag};

#[derive(Default)]
pub(super) struct Confirming {
    /// Those that are carried out here.
    carried_out: Mutex<Vec<Tag>>,
    /// Those of this directory whose tombstones have a filter.
    open: Mutex<HashMap<Tag, Key>>,
}

impl Confirming {
    /// It is carried out here.
    pub(super) fn carried_out(&self, tag: Tag) {
        let mut tags = self.carried_out.lock();
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }

    /// Those that are to be confirmed.
    pub(super) fn to_confirm(&self) -> Vec<Tag> {
        self.carried_out.lock().clone()
    }

    /// It is confirmed.
    pub(super) fn confirmed(&self, tag: Tag) {
        self.carried_out.lock().retain(|it| *it != tag);
    }

    /// A tombstone of this directory has a filter in it.
    pub(super) fn open(&self, key: &Key) {
        if let Key::Gone { tag, .. } = key {
            self.open.lock().insert(*tag, key.clone());
        }
    }

    /// Its filter is taken away.
    pub(super) fn close(&self, tag: Tag) {
        self.open.lock().remove(&tag);
    }

    /// Those that have one.
    pub(super) fn all_open(&self) -> Vec<(Tag, Key)> {
        let open = self.open.lock();
        open.iter().map(|(tag, key)| (*tag, key.clone())).collect()
    }
}
