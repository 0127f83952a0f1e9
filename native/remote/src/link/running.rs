//! Running sessions are uploaded as they are, in parts, and those of nodes that are lost are taken in.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use replay_store::file_stem;

use super::presence;
use super::shared::Shared;
use crate::bucket::Cursor;
use crate::fault::{Fault, FaultKind};
use crate::key::{Key, Name};

/// No part is larger than this and its last event.
const MAX_PART_BYTES: u64 = 512 << 20;

const AT_ONCE: usize = 8;

/// What of a running session is in the bucket.
struct Uploaded {
    /// When it was started: another one may have its id.
    connected_at: i64,
    stem: Name,
    /// Frames.
    count: usize,
    /// Parts.
    parts: u64,
}

/// Uploads parts, and takes in those of others.
#[derive(Default)]
pub(super) struct Running {
    uploaded: HashMap<Box<[u8]>, Uploaded>,
    uploaded_at: Option<Instant>,
    looked_at: Option<Instant>,
}

impl Running {
    /// When it is to be called next, if at all.
    pub(super) fn due_in(&self, shared: &Shared) -> Option<Duration> {
        let every = shared.settings.checkpoint?;
        let since = self.uploaded_at.map(|at| at.elapsed());
        Some(since.map_or(every, |since| every.saturating_sub(since)))
    }

    /// Does what is due.
    pub(super) fn step(&mut self, shared: &Shared) -> Result<(), Fault> {
        let Some(every) = shared.settings.checkpoint else {
            return Ok(());
        };
        if !shared.has_right() {
            return Ok(());
        }
        if self.uploaded_at.is_none_or(|at| at.elapsed() >= every) {
            self.uploaded_at = Some(Instant::now());
            self.remove_finished(shared)?;
            self.upload(shared)?;
        }
        if self
            .looked_at
            .is_none_or(|at| at.elapsed() >= shared.settings.lost_after / 3)
        {
            self.take_in_lost(shared)?;
            self.looked_at = Some(Instant::now());
        }
        Ok(())
    }

    /// Uploads what is new of each session. What can't be uploaded now is at the next time.
    fn upload(&mut self, shared: &Shared) -> Result<(), Fault> {
        let mut under_way = HashMap::new();
        let mut parts = Vec::new();
        for recording in shared.tier.running() {
            let (id, connected_at) = (recording.id(), recording.summary().connected_at);
            let Some(stem) = Name::new(file_stem(id).into_owned()) else {
                continue;
            };
            let known = self.uploaded.entry((**id).into()).or_insert(Uploaded {
                connected_at,
                stem,
                count: 0,
                parts: 0,
            });
            if known.connected_at != connected_at {
                // What is left of another one has to go first.
                continue;
            }
            if let Ok(Some((part, count))) = recording.part(known.count) {
                let key = key_of(shared, &known.stem, known.parts);
                under_way.insert(key.clone(), (Box::from(&**id), count));
                parts.push((key, Bytes::from(part)));
            }
        }
        let mut result = Ok(());
        shared.bucket.put_many(parts, AT_ONCE, |key, put| {
            match (shared.heard(put), under_way.remove(&key)) {
                (Ok(()), Some((id, count))) => {
                    if let Some(known) = self.uploaded.get_mut(&id) {
                        known.count = count;
                        known.parts += 1;
                    }
                }
                (Err(fault), _) => result = Err(fault),
                (Ok(()), None) => {}
            }
        });
        result
    }

    /// Removes the parts of what is in the bucket as a whole, or nowhere any more.
    fn remove_finished(&mut self, shared: &Shared) -> Result<(), Fault> {
        let is_over = |(id, known): (&Box<[u8]>, &Uploaded)| {
            let flight = shared.tier.flight_began(id);
            flight != Some(known.connected_at) && !shared.tier.is_pending(id)
        };
        let over = self.uploaded.iter().filter(|it| is_over(*it));
        let over: Vec<Box<[u8]>> = over.map(|(id, _)| id.clone()).collect();
        for id in over {
            if let Some(known) = self.uploaded.get(&id) {
                let keys = (0..known.parts).map(|number| key_of(shared, &known.stem, number));
                remove(shared, keys.collect())?;
            }
            self.uploaded.remove(&id);
        }
        Ok(())
    }
}

fn key_of(shared: &Shared, stem: &Name, number: u64) -> Key {
    Key::Part {
        node: shared.node.clone(),
        stem: stem.clone(),
        number,
    }
}

fn remove(shared: &Shared, keys: Vec<Key>) -> Result<(), Fault> {
    let mut result = Ok(());
    shared.bucket.delete_many(keys, AT_ONCE, |_, deleted| {
        if let Err(fault) = shared.heard(deleted) {
            result = Err(fault);
        }
    });
    result
}

impl Running {
    /// Takes in the sessions of nodes that are no longer there, and of earlier runs of this one.
    /// Several may do so at once: it comes to the same.
    fn take_in_lost(&self, shared: &Shared) -> Result<(), Fault> {
        let mut sessions: HashMap<(Name, Name), Vec<u64>> = HashMap::new();
        let mut cursor = Cursor::folder(&Key::running(None));
        loop {
            let page = shared.heard(shared.bucket.list(&cursor))?;
            for key in page.objects.into_iter().filter_map(|it| it.key) {
                if let Key::Part { node, stem, number } = key
                    && (node != shared.node || !self.uploaded.values().any(|it| it.stem == stem))
                {
                    sessions.entry((node, stem)).or_default().push(number);
                }
            }
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        if sessions.is_empty() {
            return Ok(());
        }
        let there: HashSet<Name> = presence::others(shared)?.into_iter().collect();
        let lost = sessions
            .into_iter()
            .filter(|((node, _), _)| !there.contains(node));
        let mut taken_in = false;
        for ((node, stem), mut numbers) in lost {
            numbers.sort_unstable();
            let key = |number| Key::Part {
                node: node.clone(),
                stem: stem.clone(),
                number,
            };
            if shared.tier.is_settled_stem(stem.as_bytes()) {
                // It is in the bucket as a whole, or was taken in before.
                remove(shared, numbers.into_iter().map(key).collect())?;
            } else if !shared.tier.is_known_stem(stem.as_bytes()) {
                taken_in |= take_in(shared, &stem, &numbers, key)?;
            }
        }
        if taken_in {
            shared.tier.drain(shared.settings.timeout);
            for filter in shared.erasures.all() {
                let refused =
                    |_| Fault::new(FaultKind::Invalid, "an erasure could not be repeated");
                shared.tier.erase_where(&filter).map_err(refused)?;
            }
        }
        Ok(())
    }
}

/// Takes in one session, unless it was deleted. Returns whether it did.
fn take_in(
    shared: &Shared,
    stem: &Name,
    numbers: &[u64],
    key: impl Fn(u64) -> Key,
) -> Result<bool, Fault> {
    let mut parts = Vec::new();
    // What comes behind a gap belongs to something that is not there.
    let in_order = (0_u64..)
        .zip(numbers)
        .take_while(|(at, number)| at == *number);
    for (number, _) in in_order {
        match shared.heard(shared.bucket.get(&key(number), MAX_PART_BYTES)) {
            Ok(part) => parts.push(part.to_vec()),
            // Another node was faster.
            Err(fault) if fault.kind() == FaultKind::NotFound => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
    let until = shared.graves.until(stem.as_bytes()).unwrap_or(i64::MIN);
    let is_deleted = |began: i64| began <= until.saturating_sub(shared.clock.ahead_ms());
    match shared.tier.take_in(&parts, is_deleted) {
        Ok(true) => Ok(true),
        // Deleted, or of no use to anybody.
        Ok(false) | Err(replay_store::Error::Damaged { .. }) => {
            remove(shared, numbers.iter().copied().map(key).collect())?;
            Ok(false)
        }
        Err(_) => Err(Fault::new(
            FaultKind::Invalid,
            "a session could not be taken in",
        )),
    }
}
