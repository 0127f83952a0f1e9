//! Users look at recordings: from the local cache, or by a GET.

use std::collections::HashMap;

use crate::load::Load;
use crate::random::Zipf;
use crate::requests::{Kind, Requests};
use crate::settings::Settings;
use crate::world::World;
use crate::writer;

const READS: u64 = 8;
/// Which recordings are the favourites changes so often.
const FASHION_MS: f64 = 3_600_000.0;

/// The newest recordings, and when they became so.
pub struct Newest(Vec<u32>);

impl Newest {
    pub fn of(world: &World) -> Self {
        let mut order: Vec<u32> = (0..world.recordings.len() as u32).collect();
        order.sort_unstable_by_key(|id| world.recordings[*id as usize].visible);
        Newest(order)
    }

    /// One of the `over` newest of `time`, the favourites most often.
    fn draw(&self, world: &World, time: f64, rank: usize, over: usize) -> Option<u32> {
        let begun = (time / FASHION_MS).floor() * FASHION_MS;
        let visible = |id: &u32| f64::from(world.recordings[*id as usize].visible);
        let have = self.0.partition_point(|id| visible(id) <= begun.max(1.0));
        // At first there is nothing older than the simulated time.
        let have = if have == 0 {
            self.0.partition_point(|id| visible(id) <= time)
        } else {
            have
        };
        let window = have.min(over);
        if window == 0 {
            return None;
        }
        // Favourites lie anywhere among the newest. The factor has no divisor in common with
        // what is no multiple of it.
        let place = (rank % window).wrapping_mul(48_271) % window;
        self.0.get(have - 1 - place).copied()
    }
}

/// Of the reads on one node, and of those how many were GETs.
pub struct Reads {
    pub requests: Requests,
    pub count: u64,
    pub hits: u64,
}

/// What has been used lately is in the cache: exactly those between whose last use and now less
/// than the cache's size was brought in.
struct Cache {
    size: f64,
    brought: f64,
    used: HashMap<u32, f64>,
}

impl Cache {
    fn has(&self, id: u32) -> bool {
        let used = self.used.get(&id);
        used.is_some_and(|used| self.brought - used < self.size)
    }

    fn bring(&mut self, id: u32, bytes: f64) {
        self.brought += bytes;
        self.used.insert(id, self.brought);
    }
}

pub fn run(settings: &Settings, world: &World, newest: &Newest, zipf: &Zipf, node: u16) -> Reads {
    let mut random = writer::random(settings, node, READS);
    let mut own = newest
        .0
        .iter()
        .filter(|id| world.recordings[**id as usize].node == node)
        .peekable();
    let mut cache = Cache {
        size: settings.cache_mb * 1e6,
        brought: 0.0,
        used: HashMap::new(),
    };
    let mut reads = Reads {
        requests: Requests::default(),
        count: 0,
        hits: 0,
    };
    let load = Load::with_peak(settings.peak);
    let rate = writer::rate(settings) * settings.reads;
    let times = writer::random(settings, node, READS + 1);
    let mut read_at = |now: f64, rank: usize| {
        while let Some(id) =
            own.next_if(|id| f64::from(world.recordings[**id as usize].visible) <= now)
        {
            cache.bring(*id, f64::from(world.recordings[*id as usize].bytes));
        }
        let Some(id) = newest.draw(world, now, rank, settings.zipf_over as usize) else {
            return;
        };
        reads.count += 1;
        if cache.has(id) {
            reads.hits += 1;
            cache.bring(id, 0.0);
            return;
        }
        let bytes = f64::from(world.recordings[id as usize].bytes);
        reads.requests.add(Kind::GetForUser, 1.0, bytes, settings);
        cache.bring(id, bytes);
    };
    writer::events(settings, &load, rate, times, |now| {
        read_at(now, zipf.draw(&mut random));
    });
    reads
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::everybody;

    fn reads(cache_mb: f64) -> Reads {
        let settings = Settings {
            nodes: 4,
            per_day: 100_000.0,
            reads: 0.5,
            cache_mb,
            zipf_over: 10_000,
            ..Settings::default()
        };
        let world = everybody::write(&settings);
        let zipf = Zipf::new(10_000, settings.zipf);
        run(&settings, &world, &Newest::of(&world), &zipf, 0)
    }

    #[test]
    fn a_larger_cache_has_more_hits_and_the_rest_are_gets() {
        let (none, small, large) = (reads(0.0), reads(5.0), reads(10_000.0));
        assert!((11_500..13_500).contains(&none.count) && none.hits == 0);
        assert!(small.hits > 0 && large.hits > small.hits);
        // A quarter is the node's own; the favourites come again and again.
        assert!(large.hits > large.count * 2 / 5);
        for reads in [none, small, large] {
            let gets = reads.requests.of(Kind::GetForUser).requests;
            assert_eq!(gets, (reads.count - reads.hits) as f64);
        }
    }
}
