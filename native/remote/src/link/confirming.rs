//! Which erasures are to be confirmed, and which others have not confirmed yet.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::names::directory_of;
use crate::gone::Gone;
use crate::key::{Key, Tag};

#[derive(Default)]
pub(super) struct Confirming {
    /// Those that are carried out here.
    carried_out: Mutex<Vec<Tag>>,
    /// Those whose tombstones have a filter.
    open: Mutex<HashMap<Tag, Open>>,
}

/// An erasure whose filter is not taken away yet.
#[derive(Clone)]
pub(super) struct Open {
    /// Its tombstone.
    pub key: Key,
    /// Where it was asked for.
    pub directory: Option<u64>,
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

    /// A tombstone has a filter in it.
    pub(super) fn open(&self, key: &Key, gone: &Gone) {
        if let (Key::Gone { tag, .. }, Some(_)) = (key, &gone.filter) {
            let open = Open {
                key: key.clone(),
                directory: directory_of(&gone.origin),
            };
            self.open.lock().insert(*tag, open);
        }
    }

    /// Its filter is taken away.
    pub(super) fn close(&self, tag: Tag) {
        self.open.lock().remove(&tag);
    }

    /// Those that have one, but for those that were told before a time.
    pub(super) fn all_open(&self, since_ms: u64) -> Vec<(Tag, Open)> {
        let mut open = self.open.lock();
        open.retain(|_, it| it.key.time().is_some_and(|at| at.ms() >= since_ms));
        open.iter().map(|(tag, it)| (*tag, it.clone())).collect()
    }
}
