//! One node as it reads: it polls, and reads what the poll has shown.

use std::collections::VecDeque;

use crate::bits::Bits;
use crate::histogram::Histogram;
use crate::random::Random;
use crate::requests::{Kind, Requests};
use crate::settings::Settings;
use crate::slots::Slots;
use crate::world::{ID_BYTES, Object, Time, World};
use crate::writer;

/// How far a clock may be ahead: a poll looks for keys that are younger than itself.
const AHEAD_MS: Time = 5_000;
/// From another node to this one, by a message.
const MESSAGE_MS: u64 = 5;
const LATENCIES: u64 = 7;

/// What became of it.
#[derive(Default)]
pub struct Outcome {
    pub requests: Requests,
    /// From when it was in the bucket to when it was listed here, in milliseconds.
    pub staleness: Histogram,
    /// Recordings that no poll will show: left to the slow walk.
    pub missed: u64,
    pub polls: u64,
    /// Keys that LISTs have shown, and among them those that were new.
    pub keys: u64,
    pub new_keys: u64,
    /// Polls that took longer than until the next.
    pub overrun: u64,
    /// Of the simulated time, how much polls took.
    pub busy_ms: u64,
}

impl Outcome {
    pub fn merge(&mut self, other: &Outcome) {
        self.requests.add_times(&other.requests, 1.0);
        self.staleness.merge(&other.staleness);
        self.missed += other.missed;
        self.polls += other.polls;
        self.keys += other.keys;
        self.new_keys += other.new_keys;
        self.overrun += other.overrun;
        self.busy_ms += other.busy_ms;
    }
}

struct Reader<'a> {
    settings: &'a Settings,
    world: &'a World,
    node: u16,
    random: Random,
    /// Keys that were listed.
    seen: Bits,
    /// Recordings that the index has.
    known: Bits,
    /// Recordings that no batch has named yet, and when they were listed.
    waiting: VecDeque<(u32, u64)>,
    /// The first key a poll goes back to.
    from: usize,
    greatest: Time,
    outcome: Outcome,
}

/// Lets a node read until the simulated time is over.
pub fn run(settings: &Settings, world: &World, node: u16) -> Outcome {
    let mut reader = Reader {
        settings,
        world,
        node,
        random: writer::random(settings, node, LATENCIES),
        seen: Bits::new(world.keys.len()),
        known: Bits::new(world.recordings.len()),
        waiting: VecDeque::new(),
        from: 0,
        greatest: 0,
        outcome: Outcome::default(),
    };
    let end = (settings.seconds * 1000.0) as u64;
    let poll = settings.poll * 1000.0;
    let mut next = writer::phase(settings, node);
    while (next as u64) < end {
        let done = reader.poll(next as u64);
        reader.outcome.busy_ms += done - next as u64;
        next += poll;
        if done as f64 > next {
            reader.outcome.overrun += 1;
            next = done as f64;
        }
    }
    reader.finish(end)
}

impl Reader<'_> {
    /// One poll at a time; when it has ended.
    fn poll(&mut self, now: u64) -> u64 {
        let (rows, tombstones, listed_at) = self.list(now);
        let mut slots = Slots::new(self.settings.gets_at_once, listed_at);
        for index in rows {
            self.read_rows(index, &mut slots);
        }
        for ids in tombstones {
            let bytes = f64::from(ids) * f64::from(ID_BYTES);
            self.get(Kind::GetTombstone, bytes, &mut slots);
        }
        let world = self.world;
        let grace = (self.settings.grace * 1000.0) as u64;
        let mut free = self.settings.bodies_free;
        while let Some((id, seen)) = self.waiting.front().copied() {
            let waits = !self.known.has(id as usize) && seen + grace > listed_at;
            if waits && free == 0 {
                break;
            }
            free -= u32::from(waits);
            self.waiting.pop_front();
            if !self.known.has(id as usize) {
                let bytes = f64::from(world.recordings[id as usize].bytes);
                let at = self.get(Kind::GetBody, bytes, &mut slots);
                self.learn(id, at);
            }
        }
        slots.end
    }

    /// A LIST, page by page: the batches that are new, the tombstones, and when it ended.
    fn list(&mut self, now: u64) -> (Vec<u32>, Vec<u32>, u64) {
        let world = self.world;
        let overlap = (self.overlap() * 1000.0) as Time;
        let back = self.greatest.saturating_sub(overlap);
        // What lies behind the deepest overlap is not looked at again.
        let deepest = self.greatest - (self.settings.overlap * 1000.0) as Time;
        while self.from < world.keys.len() && world.keys[self.from].at < deepest {
            self.from += 1;
        }
        let (mut rows, mut tombstones, mut listed) = (Vec::new(), Vec::new(), 0u64);
        let mut unnamed = Vec::new();
        let keys = world.keys[self.from..].iter().enumerate();
        for (offset, key) in keys.skip_while(|(_, key)| key.at < back) {
            if i64::from(key.at) > now as i64 + i64::from(AHEAD_MS) {
                break;
            }
            let hidden = self.settings.gather > 0.0 && matches!(key.object, Object::Recording(_));
            if i64::from(key.visible) > now as i64 || hidden {
                continue;
            }
            listed += 1;
            self.greatest = self.greatest.max(key.at);
            if !self.seen.set(self.from + offset) {
                continue;
            }
            self.outcome.new_keys += 1;
            match key.object {
                Object::Recording(id) => unnamed.push(id),
                Object::Rows(index) => rows.push(index),
                Object::Tombstone(index) => {
                    let (node, ids) = world.tombstones[index as usize];
                    tombstones.extend((node != self.node).then_some(ids));
                }
            }
        }
        let pages = listed.div_ceil(u64::from(self.settings.page_keys)).max(1);
        let bytes = listed as f64 * f64::from(self.settings.listed_bytes);
        let requests = &mut self.outcome.requests;
        requests.add(Kind::ListPoll, pages as f64, bytes, self.settings);
        self.outcome.polls += 1;
        self.outcome.keys += listed;
        let (median, sigma) = (self.settings.list_ms, self.settings.latency_sigma);
        let takes: f64 = (0..pages)
            .map(|_| self.random.lognormal(median, sigma))
            .sum();
        let listed_at = now + takes as u64;
        for id in unnamed {
            self.see(id, listed_at);
        }
        (rows, tombstones, listed_at)
    }

    fn overlap(&self) -> f64 {
        let every = u64::from(self.settings.deep_every);
        match every == 0 || self.outcome.polls.is_multiple_of(every) {
            true => self.settings.overlap,
            false => self.settings.short_overlap,
        }
    }

    /// A recording was listed.
    fn see(&mut self, id: u32, at: u64) {
        let recording = self.world.recordings[id as usize];
        if recording.node == self.node {
            self.known.set(id as usize);
        } else if self.settings.told {
            // The message was there long before, unless the poll came within the moment.
            self.learn(id, (recording.visible as u64 + MESSAGE_MS).min(at));
        } else if !self.known.has(id as usize) {
            self.waiting.push_back((id, at));
        }
    }

    fn read_rows(&mut self, index: u32, slots: &mut Slots) {
        let world = self.world;
        let rows = &world.rows[index as usize];
        if rows.node == self.node || self.settings.told {
            return;
        }
        let bytes = f64::from(rows.count) * f64::from(self.settings.row_bytes);
        let at = self.get(Kind::GetRows, bytes, slots);
        for id in world.named_by(rows) {
            self.learn(*id, at);
        }
    }

    fn get(&mut self, kind: Kind, bytes: f64, slots: &mut Slots) -> u64 {
        self.outcome.requests.add(kind, 1.0, bytes, self.settings);
        let (median, sigma) = (self.settings.get_ms, self.settings.latency_sigma);
        slots.run(self.random.lognormal(median, sigma))
    }

    fn learn(&mut self, id: u32, at: u64) {
        let recording = self.world.recordings[id as usize];
        if self.known.set(id as usize) && recording.node != self.node {
            let since = at.saturating_sub(recording.visible.max(0) as u64);
            self.outcome.staleness.add(since);
        }
    }

    /// Counts what was missed, and what goes on beside the polls.
    fn finish(mut self, end: u64) -> Outcome {
        let settings = self.settings;
        // Who gathers goes back far enough, and messages do not depend on polls.
        let left_to_polls = settings.gather == 0.0 && !settings.told;
        let last = self.greatest - (settings.overlap * 1000.0) as Time;
        for (index, key) in self.world.keys.iter().enumerate() {
            let Object::Recording(id) = key.object else {
                continue;
            };
            let passed = key.at < last && (key.visible.max(0) as u64) < end;
            let known = self.seen.has(index) || self.known.has(id as usize);
            if passed && !known && left_to_polls {
                self.outcome.missed += 1;
            }
        }
        let walks = settings.seconds / settings.walk;
        let page = f64::from(settings.page_keys) * f64::from(settings.listed_bytes);
        let requests = &mut self.outcome.requests;
        requests.add(Kind::ListWalk, walks, walks * page, settings);
        self.outcome
    }
}

#[cfg(test)]
mod tests;
