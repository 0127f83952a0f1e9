//! One node as it writes: uploads, batches of rows, tombstones, its presence.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::load::Load;
use crate::random::Random;
use crate::requests::Kind;
use crate::settings::Settings;
use crate::sizes;
use crate::world::{Key, Object, Recording, Rows, Time, World};

/// What the streams of random numbers of a node are for.
const ENDS: u64 = 1;
const UPLOADS: u64 = 2;
const ROWS: u64 = 3;
const DELETES: u64 = 4;
const CLOCK: u64 = 5;
const PHASE: u64 = 6;

/// Paused before the first further attempt.
const PAUSE_MS: f64 = 100.0;

/// The random numbers of a node for a purpose.
pub fn random(settings: &Settings, node: u16, purpose: u64) -> Random {
    Random::new(settings.seed.into(), u64::from(node) << 8 | purpose)
}

/// When in its period a node polls, in milliseconds.
pub fn phase(settings: &Settings, node: u16) -> f64 {
    random(settings, node, PHASE).unit() * settings.poll * 1000.0
}

/// Everything the node writes goes to `world`.
pub fn run(settings: &Settings, load: &Load, node: u16, world: &mut World) {
    let skew = ((random(settings, node, CLOCK).unit() - 0.5) * settings.skew_ms) as Time;
    let first = world.recordings.len() as u32;
    upload(settings, load, node, skew, world);
    if settings.gather == 0.0 {
        Batches::new(settings, node, skew).write(first, world);
    }
    delete(settings, load, node, skew, world);
    if node == 0 {
        expire(settings, load, world);
    }
    let beats = (settings.seconds / settings.presence).ceil();
    world
        .requests
        .add(Kind::PutPresence, beats, 100.0 * beats, settings);
    let pages = (settings.nodes.div_ceil(settings.page_keys)).max(1);
    let listed = f64::from(settings.nodes) * f64::from(settings.listed_bytes);
    let lists = beats * f64::from(pages);
    world
        .requests
        .add(Kind::ListNodes, lists, beats * listed, settings);
}

/// Calls `act` at the times of events that come `rate` times a second on average, as the day goes.
pub fn events(
    settings: &Settings,
    load: &Load,
    rate: f64,
    mut random: Random,
    mut act: impl FnMut(f64),
) {
    if rate <= 0.0 {
        return;
    }
    let end = settings.seconds * 1000.0;
    let highest = rate / 1000.0 * load.peak;
    let mut now = 0.0;
    loop {
        now += random.wait(highest);
        if now >= end {
            return;
        }
        if random.happens(load.factor(settings.from * 1000.0 + now) / load.peak) {
            act(now);
        }
    }
}

/// Recordings a second, on one node.
pub fn rate(settings: &Settings) -> f64 {
    settings.per_day / 86_400.0 / f64::from(settings.nodes)
}

/// Sessions end, and are put into the bucket, so many at once.
fn upload(settings: &Settings, load: &Load, node: u16, skew: Time, world: &mut World) {
    let mut random = random(settings, node, UPLOADS);
    let mut free: BinaryHeap<Reverse<u64>> =
        (0..settings.uploads_at_once).map(|_| Reverse(0)).collect();
    let mut last = Time::MIN;
    let ends = self::random(settings, node, ENDS);
    events(settings, load, rate(settings), ends, |ended| {
        let slot = free.pop().map_or(0, |Reverse(at)| at);
        let mut start = ended.max(slot as f64);
        let bytes = sizes::draw(&mut random);
        let mut pause = PAUSE_MS;
        while random.happens(settings.failures) {
            let body = f64::from(bytes);
            world.requests.add(Kind::PutRecording, 1.0, body, settings);
            start += settings.put_ms + pause * (0.5 + random.unit());
            pause *= 2.0;
        }
        let takes = match random.happens(settings.stalls) {
            true => 5_000.0 + 55_000.0 * random.unit(),
            false => random.lognormal(settings.put_ms, settings.latency_sigma),
        };
        free.push(Reverse((start + takes) as u64));
        let at = (start as Time + skew).max(last.saturating_add(1));
        last = at;
        let visible = (start + takes) as Time;
        world.late += u64::from(takes > settings.overlap * 1000.0);
        world
            .requests
            .add(Kind::PutRecording, 1.0, f64::from(bytes), settings);
        let object = Object::Recording(world.recordings.len() as u32);
        world.keys.push(Key {
            at,
            visible,
            object,
        });
        world.recordings.push(Recording {
            node,
            visible,
            bytes,
        });
    });
}

/// The rows that a node has and no batch.
struct Batches<'a> {
    settings: &'a Settings,
    node: u16,
    skew: Time,
    random: Random,
    phase: f64,
    waiting: Vec<u32>,
    /// When the first of them was uploaded.
    oldest: f64,
    /// How many batches may be written.
    budget: f64,
}

/// What the budget of a quiet time adds up to, at most.
const MOST_SAVED_UP: f64 = 10.0;

impl<'a> Batches<'a> {
    fn new(settings: &'a Settings, node: u16, skew: Time) -> Self {
        Batches {
            settings,
            node,
            skew,
            random: random(settings, node, ROWS),
            phase: phase(settings, node),
            waiting: Vec::new(),
            oldest: 0.0,
            budget: 0.0,
        }
    }

    /// Those of the recordings from `first` on.
    fn write(mut self, first: u32, world: &mut World) {
        let mut order: Vec<u32> = (first..world.recordings.len() as u32).collect();
        order.sort_unstable_by_key(|id| world.recordings[*id as usize].visible);
        let mut due = f64::INFINITY;
        for id in order {
            let uploaded = f64::from(world.recordings[id as usize].visible);
            if due < uploaded {
                self.flush(due, world);
            }
            if self.waiting.is_empty() {
                self.oldest = uploaded;
                due = f64::INFINITY;
            }
            self.waiting.push(id);
            self.budget = (self.budget + self.settings.rows_budget).min(MOST_SAVED_UP);
            due = due.min(self.due(uploaded));
        }
        if due < self.settings.seconds * 1000.0 {
            self.flush(due, world);
        }
        world.unnamed += self.waiting.len() as u64;
    }

    /// The poll at which what waits is written, as far as is known `now`.
    fn due(&self, now: f64) -> f64 {
        let quiet = self.oldest + self.settings.rows_quiet * 1000.0;
        match self.waiting.len() >= self.settings.rows_batch as usize {
            _ if self.budget < 1.0 => f64::INFINITY,
            true => self.poll_after(now),
            false if self.waiting.len() < self.settings.rows_least as usize => f64::INFINITY,
            false => self.poll_after(quiet.max(now)),
        }
    }

    fn poll_after(&self, time: f64) -> f64 {
        let poll = self.settings.poll * 1000.0;
        self.phase + ((time - self.phase) / poll).ceil() * poll
    }

    fn flush(&mut self, now: f64, world: &mut World) {
        self.budget -= 1.0;
        let settings = self.settings;
        let rows = Rows {
            node: self.node,
            first: world.members.len() as u32,
            count: self.waiting.len() as u32,
        };
        world.members.append(&mut self.waiting);
        let takes = self
            .random
            .lognormal(settings.put_ms, settings.latency_sigma);
        world.add_rows(
            settings,
            rows,
            now as Time + self.skew,
            (now + takes) as Time,
        );
    }
}

/// Somebody deletes a recording: a tombstone, and the object goes.
fn delete(settings: &Settings, load: &Load, node: u16, skew: Time, world: &mut World) {
    let random = random(settings, node, DELETES);
    events(
        settings,
        load,
        rate(settings) * settings.deletes,
        random,
        |now| {
            world.add_tombstone(settings, node, 1, now as Time + skew);
            world.requests.add(Kind::Delete, 1.0, 0.0, settings);
        },
    );
}

/// The node with the lease removes what is as old as may be: as much as is new.
fn expire(settings: &Settings, load: &Load, world: &mut World) {
    let mut now = 0.0;
    while now + settings.evict_every <= settings.seconds {
        now += settings.evict_every;
        let factor = load.factor((settings.from + now) * 1000.0);
        let expired = settings.per_day / 86_400.0 * settings.evict_every * factor;
        let mut left = expired as u32;
        while left > 0 {
            let ids = left.min(settings.tombstone_ids);
            world.add_tombstone(settings, 0, ids, (now * 1000.0) as Time);
            world
                .requests
                .add(Kind::Delete, f64::from(ids), 0.0, settings);
            left -= ids;
        }
    }
}

#[cfg(test)]
mod tests;
