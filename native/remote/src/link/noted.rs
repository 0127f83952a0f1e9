//! Notes of deletions that this run wrote: what they are about is gone here.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;

use crate::gone::Gone;
use crate::key::{Key, Time};

/// Those that are not done in the bucket, and what became of those that somebody waits for.
#[derive(Default)]
pub(super) struct Noted {
    /// With each, whether it is there already.
    own: Mutex<HashMap<Box<[u8]>, bool>>,
    awaited: Mutex<HashMap<Box<[u8]>, Awaited>>,
}

/// An erasure, and its tombstone.
struct Awaited {
    effective: Time,
    key: Option<Key>,
}

impl Noted {
    /// One is about to be there.
    pub(super) fn add(&self, note: &[u8]) {
        self.own.lock().insert(note.into(), false);
    }

    /// It is there, or could not be written.
    pub(super) fn is_there(&self, note: &[u8], written: bool) {
        let mut own = self.own.lock();
        if !written {
            own.remove(note);
        } else if let Some(is_there) = own.get_mut(note) {
            // It may be done by now.
            *is_there = true;
        }
    }

    /// Somebody wants to know its tombstone.
    pub(super) fn wait_for(&self, note: &[u8], effective: Time) {
        let awaited = Awaited {
            effective,
            key: None,
        };
        self.awaited.lock().insert(note.into(), awaited);
    }

    /// Nobody waits for it any more.
    pub(super) fn forget(&self, note: &[u8]) {
        self.awaited.lock().remove(note);
    }

    /// Whether this run wrote it.
    pub(super) fn is_own(&self, note: &[u8]) -> bool {
        self.own.lock().contains_key(note)
    }

    /// Those that are not done.
    pub(super) fn left(&self) -> HashSet<Box<[u8]>> {
        self.own.lock().keys().cloned().collect()
    }

    /// Whether one of these is not done.
    pub(super) fn is_left(&self, notes: &HashSet<Box<[u8]>>) -> bool {
        self.own.lock().keys().any(|note| notes.contains(note))
    }

    /// It is done, and this is its tombstone.
    pub(super) fn told(&self, note: &[u8], key: &Key) {
        if let Some(awaited) = self.awaited.lock().get_mut(note) {
            awaited.key = Some(key.clone());
        }
        self.own.lock().remove(note);
    }

    /// A tombstone was read. Another engine of this directory may have made it of a note of this one.
    pub(super) fn heard(&self, key: &Key, gone: &Gone) {
        let mut awaited = self.awaited.lock();
        let mut of_it = awaited.values_mut();
        let of_it = of_it.find(|it| it.key.is_none() && it.effective == gone.effective);
        if let Some(of_it) = of_it.filter(|_| gone.filter.is_some()) {
            of_it.key = Some(key.clone());
        }
    }

    /// The tombstone of a note that somebody waits for.
    pub(super) fn key_of(&self, note: &[u8]) -> Option<Key> {
        self.awaited.lock().get(note)?.key.clone()
    }

    /// Looks which notes there are: what is not there any more is done. Returns how many.
    pub(super) fn look(&self, names: impl FnOnce() -> Option<Vec<Box<[u8]>>>) -> usize {
        let mut own = self.own.lock();
        let Some(names) = names() else {
            return own.len();
        };
        let there: HashSet<_> = names.iter().collect();
        own.retain(|note, is_there| !*is_there || there.contains(note));
        names.len()
    }
}
