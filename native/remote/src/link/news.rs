//! What others have put into the bucket, learnt from a listing of it.

use std::collections::{HashMap, HashSet};
use std::iter::Peekable;
use std::sync::atomic::Ordering::Relaxed;

use replay_store::{Error, Listed, Notice, Object};

use super::carry::carry_out;
use super::is_late;
use super::rows::MAX_ROWS_BYTES;
use super::shared::{Shared, key_of, object_of};
use crate::bucket;
use crate::fault::{Fault, FaultKind};
use crate::gone::{Gone, MAX_GONE_BYTES};
use crate::key::{Key, Time};

/// Objects that are read at once. They are small, and most of the time is waited for.
const AT_ONCE: usize = 64;

/// Recordings that are read at once have no more together.
const MAX_BYTES: u64 = 64 << 20;

/// More objects that can't be read are not remembered, and tried again.
const MAX_UNREADABLE: usize = 10_000;

/// So many recordings that were read one by one are worth a batch of rows, for those who come next.
const MANY_BODIES: usize = 100;

/// What was heard of before.
#[derive(Default)]
pub(super) struct News {
    /// Tombstones that were carried out and rows that were read.
    seen: HashSet<Key>,
    /// Those that took the place of files which could not be removed: it was told.
    refused: HashSet<Object>,
    unreadable: HashSet<Object>,
}

impl News {
    /// What was listed before this is not listed again by those who ask for news.
    pub(super) fn forget_before(&mut self, time: Time) {
        self.seen
            .retain(|key| key.time().is_some_and(|at| at >= time));
    }

    /// Finds out what of a listing is here already, and carries out what it says is deleted.
    ///
    /// # Errors
    ///
    /// Why a tombstone could not be read.
    pub(super) fn recognize(
        &mut self,
        shared: &Shared,
        listed: &[bucket::Listed],
    ) -> Result<(), Fault> {
        let keys = listed.iter().filter_map(|it| it.key.as_ref());
        let gone = keys.filter(|key| matches!(key, Key::Gone { .. })).cloned();
        self.bury(shared, gone.collect())?;
        for bucket::Listed { key, size, .. } in listed {
            if let Some(object) = key.as_ref().and_then(object_of) {
                shared.tier.recognize(&Listed { object, len: *size });
            }
        }
        Ok(())
    }

    /// Adds to a listing what its end is past: uploads that took long, as rows about them tell.
    ///
    /// # Errors
    ///
    /// Why that could not be read.
    pub(super) fn hear_of_late(
        &self,
        shared: &Shared,
        listed: &mut Vec<bucket::Listed>,
    ) -> Result<(), Fault> {
        let keys = listed.iter().filter_map(|it| it.key.as_ref());
        let late = keys.filter(|key| matches!(key, Key::Rows { tag, .. } if is_late(*tag)));
        let late: Vec<_> = late
            .filter(|key| !self.seen.contains(*key))
            .cloned()
            .collect();
        for rows in late {
            let rows = match shared.heard(shared.bucket.get(&rows, MAX_ROWS_BYTES)) {
                Ok(rows) => rows,
                Err(fault) if fault.is_about_object() => continue,
                Err(fault) => return Err(fault),
            };
            for object in shared.tier.named_in(&rows) {
                let is_known = shared.tier.is_known(&object);
                let Some(key) = key_of(&object).filter(|_| !is_known) else {
                    continue;
                };
                match shared.heard(shared.bucket.head(&key)) {
                    Ok(meta) => listed.push(bucket::Listed {
                        text: key.to_string(),
                        key: Some(key),
                        size: meta.size,
                        modified_ms: meta.modified_ms,
                    }),
                    Err(fault) if fault.is_about_object() => {}
                    Err(fault) => return Err(fault),
                }
            }
        }
        Ok(())
    }

    /// Learns what a part of the bucket's listing says.
    ///
    /// # Errors
    ///
    /// Why some of it could not be read: it is listed again.
    pub(super) fn learn(
        &mut self,
        shared: &Shared,
        listed: Vec<bucket::Listed>,
    ) -> Result<(), Fault> {
        let (mut gone, mut rows, mut new) = (Vec::new(), Vec::new(), HashMap::new());
        for bucket::Listed { key, size, .. } in listed {
            let Some(key) = key else { continue };
            match &key {
                Key::Gone { .. } if !self.seen.contains(&key) => gone.push(key),
                Key::Rows { .. } if !self.seen.contains(&key) => rows.push(key),
                Key::Recording { .. } => {
                    if let Some(object) = object_of(&key) {
                        new.insert(object, size);
                    }
                }
                _ => {}
            }
        }
        self.bury(shared, gone)?;
        new.retain(|object, len| self.is_unknown(shared, object, *len));
        self.learn_rows(shared, rows, &mut new)?;
        self.learn_bodies(shared, new)
    }

    /// Carries out what others have deleted: first what they name, then what they describe, of
    /// which that may be all.
    fn bury(&mut self, shared: &Shared, mut keys: Vec<Key>) -> Result<(), Fault> {
        // What was deleted here is done here.
        let own = shared.own_tombstones.lock();
        let told: Vec<Key> = keys.extract_if(.., |key| own.contains(key)).collect();
        drop(own);
        self.seen.extend(told);
        let wanted = keys.into_iter().map(|key| (key, MAX_GONE_BYTES as u64));
        let (mut found, mut result) = (Vec::new(), Ok(()));
        shared.bucket.get_many(wanted, AT_ONCE, |key, read| {
            match shared.heard(read).and_then(|bytes| Gone::decode(&bytes)) {
                Ok(gone) => found.push((key, gone)),
                // A tombstone that can't be understood, or is gone, is no reason to stop.
                Err(fault) if fault.is_about_object() => {}
                Err(fault) => result = Err(fault),
            }
        });
        found.sort_by_key(|(_, gone)| gone.filter.is_some());
        for (key, gone) in found {
            if shared.is_of_this_directory(&gone.origin) {
                shared.noted.heard(&key, &gone);
            }
            shared.confirming.open(&key, &gone);
            carry_out(shared, &key, &gone);
            self.seen.insert(key);
        }
        result
    }

    /// Whether a recording is to be learnt.
    fn is_unknown(&self, shared: &Shared, object: &Object, len: u64) -> bool {
        if shared.graves.has(object) {
            // Whoever deleted it may not have known of it.
            bury(shared, object);
            return false;
        }
        let listed = Listed {
            object: object.clone(),
            len,
        };
        !shared.tier.recognize(&listed) && !self.unreadable.contains(object)
    }

    fn learn_rows(
        &mut self,
        shared: &Shared,
        keys: Vec<Key>,
        new: &mut HashMap<Object, u64>,
    ) -> Result<(), Fault> {
        let mut result = Ok(());
        if new.is_empty() {
            self.seen.extend(keys);
            return result;
        }
        let wanted = keys.into_iter().map(|key| (key, MAX_ROWS_BYTES));
        shared
            .bucket
            .get_many(wanted, AT_ONCE, |key, read| match shared.heard(read) {
                Ok(bytes) => {
                    let learnt = shared.tier.learn(&bytes, |object| new.get(object).copied());
                    for object in learnt.unwrap_or_default() {
                        new.remove(&object);
                        bury_if_gone(shared, &object);
                    }
                    self.seen.insert(key);
                }
                Err(fault) if fault.is_about_object() => drop(self.seen.insert(key)),
                Err(fault) => result = Err(fault),
            });
        result
    }

    /// Reads what no rows tell of, the latest first.
    fn learn_bodies(&mut self, shared: &Shared, new: HashMap<Object, u64>) -> Result<(), Fault> {
        let (mut result, mut read_here) = (Ok(()), Vec::new());
        let mut new: Vec<_> = new.into_iter().collect();
        new.sort_unstable_by(|a, b| b.0.cmp(&a.0));
        let wanted = new.iter();
        let wanted = wanted.filter_map(|(object, len)| Some((key_of(object)?, *len)));
        let mut wanted = wanted.peekable();
        while result.is_ok() && wanted.peek().is_some() {
            let some = as_many_as_fit(&mut wanted);
            shared.bucket.get_many(some, AT_ONCE, |key, read| {
                let Some(object) = object_of(&key) else {
                    return;
                };
                match shared.heard(read) {
                    Ok(bytes) => match shared.tier.learn_body(&object, bytes.to_vec()) {
                        Ok(()) => {
                            bury_if_gone(shared, &object);
                            read_here.push(object);
                        }
                        Err(Error::Damaged { .. }) => self.is_unreadable(shared, object),
                        // It is in nobody's way, and read again with the next walk.
                        Err(error) => self.is_refused(shared, object, error),
                    },
                    Err(fault) if fault.kind() == FaultKind::NotFound => {}
                    Err(fault) if fault.is_about_object() => self.is_unreadable(shared, object),
                    Err(fault) => result = Err(fault),
                }
            });
        }
        if read_here.len() >= MANY_BODIES {
            // Without it the next one reads them, too.
            super::batches::put_rows(shared, &read_here, super::random_tag());
        }
        result
    }

    fn is_refused(&mut self, shared: &Shared, object: Object, error: Error) {
        if self.refused.len() < MAX_UNREADABLE && self.refused.insert(object) {
            shared.tier.tell(Notice::NotErased { error });
        }
    }

    fn is_unreadable(&mut self, shared: &Shared, object: Object) {
        if self.unreadable.len() < MAX_UNREADABLE {
            self.unreadable.insert(object);
        }
        shared.unreadable.store(self.unreadable.len(), Relaxed);
    }
}

/// What was deleted while it was read is not listed.
fn bury_if_gone(shared: &Shared, object: &Object) {
    if shared.graves.has(object) {
        bury(shared, object);
    }
}

/// Has an object deleted.
fn bury(shared: &Shared, object: &Object) {
    if shared.tier.is_known(object) {
        // If it can't be forgotten now, it is when it is listed again.
        let _ = shared.tier.forget(object);
    } else {
        shared.tier.orphan(object);
    }
}

/// The next that fit into memory together, but one at least.
fn as_many_as_fit(wanted: &mut Peekable<impl Iterator<Item = (Key, u64)>>) -> Vec<(Key, u64)> {
    let mut some: Vec<_> = wanted.next().into_iter().collect();
    let mut bytes: u64 = some.iter().map(|(_, len)| len).sum();
    while let Some((key, len)) = wanted.next_if(|(_, len)| bytes + len <= MAX_BYTES) {
        bytes += len;
        some.push((key, len));
    }
    some
}
