//! Running sessions are uploaded as they are, in parts.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use replay_store::file_stem;

use super::away::Access;
use super::lost::take_in_lost;
use super::parts::Parts;
use super::shared::Shared;
use super::take_in::remove;
use crate::fault::Fault;
use crate::key::{Key, Name};

/// Parts that are uploaded at once.
const AT_ONCE: usize = 8;

/// Uploads parts, and takes in those of others.
#[derive(Default)]
pub(super) struct Running {
    uploaded_at: Option<Instant>,
    look_at: Option<Instant>,
    /// Whether sessions were taken in to which erasures are still to be applied.
    unsifted: bool,
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
        if !shared.has_right() {
            return Ok(());
        }
        // While nothing may be deleted, all else goes on.
        let removed = match shared.away.pause(&[Access::Delete]).is_zero() {
            true => remove_finished(shared),
            false => Ok(()),
        };
        let is_due = |every| self.uploaded_at.is_none_or(|at| at.elapsed() >= every);
        if shared.settings.checkpoint.is_some_and(is_due) {
            self.uploaded_at = Some(Instant::now());
            self.upload(shared)?;
        }
        // Also without parts of its own: others may have left some.
        if self.look_at.is_none_or(|at| at <= Instant::now()) {
            let parts = shared.parts.lock();
            let stems: HashSet<Name> = parts.values().map(|it| it.stem.clone()).collect();
            drop(parts);
            let is_running = |stem: &Name| stems.contains(stem);
            let taken_in = take_in_lost(shared, is_running, &mut self.unsifted);
            // What waits to be uploaded soon is.
            let rarely = shared.settings.lost_after / 3;
            let pause = match taken_in {
                Ok(true) => rarely,
                Ok(false) | Err(_) => rarely.min(shared.settings.poll * 10),
            };
            self.look_at = Some(Instant::now() + pause);
            taken_in?;
        }
        removed
    }

    /// Uploads what is new of each session. What can't be uploaded now is at the next time.
    fn upload(&self, shared: &Shared) -> Result<(), Fault> {
        // Whoever removes some waits for those that are being put there.
        let mut uploaded = shared.parts.lock();
        let mut under_way = HashMap::new();
        let mut parts = Vec::new();
        for recording in shared.tier.running() {
            let (id, connected_at) = (recording.id(), recording.summary().connected_at);
            let Some(stem) = Name::new(file_stem(id).into_owned()) else {
                continue;
            };
            let known = uploaded.entry((**id).into()).or_insert(Parts {
                connected_at,
                stem,
                count: 0,
                parts: 0,
            });
            if known.connected_at != connected_at {
                // What is left of another one goes first, at the next step.
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
            // One that is not taken is in nobody's way.
            let put = match put {
                Err(fault) if fault.is_refusal() => return,
                put => shared.heard_of(Access::Put, put),
            };
            match (put, under_way.remove(&key)) {
                (Ok(()), Some((id, count))) => {
                    if let Some(known) = uploaded.get_mut(&id) {
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
}

/// Removes the parts of what is in the bucket as a whole, or nowhere any more.
///
/// # Errors
///
/// Why some may be left.
pub(super) fn remove_finished(shared: &Shared) -> Result<(), Fault> {
    let mut parts = shared.parts.lock();
    let is_over = |id: &[u8], known: &Parts| {
        let flight = shared.tier.flight_began(id);
        flight != Some(known.connected_at) && !shared.tier.is_pending(id)
    };
    let over = parts.iter().filter(|(id, known)| is_over(id, known));
    let over: Vec<Box<[u8]>> = over.map(|(id, _)| id.clone()).collect();
    for id in over {
        if let Some(known) = parts.get(&id) {
            let keys = (0..known.parts).map(|number| key_of(shared, &known.stem, number));
            remove(shared, keys.collect())?;
        }
        parts.remove(&id);
    }
    Ok(())
}

fn key_of(shared: &Shared, stem: &Name, number: u64) -> Key {
    Key::Part {
        node: shared.node.clone(),
        stem: stem.clone(),
        number,
    }
}
