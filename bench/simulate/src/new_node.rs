//! A node starts and knows nothing: it lists everything, reads all batches, and the recordings
//! that no batch names.

use crate::random::Random;
use crate::requests::{Kind, Requests};
use crate::settings::Settings;
use crate::slots::Slots;

const PURPOSE: u64 = 9;
/// Of what is rows only so many requests are simulated one by one; the time of more is in
/// proportion.
const MOST: f64 = 300_000.0;
/// Bytes a second that a node can take.
const BANDWIDTH: f64 = 125e6;

/// What is stored, of one day.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    pub recordings: f64,
    pub batches: f64,
    pub tombstones: f64,
    pub unnamed: f64,
    pub body_bytes: f64,
}

pub struct Start {
    pub requests: Requests,
    pub list_seconds: f64,
    /// All of it.
    pub seconds: f64,
}

pub fn run(settings: &Settings, day: Day) -> Start {
    let mut random = Random::new(settings.seed.into(), PURPOSE);
    let days = settings.retention_days;
    let mut requests = Requests::default();
    let compacted = settings.compact_rows > 0;
    let objects = match compacted {
        true => {
            (day.recordings / f64::from(settings.compact_rows)).ceil() + day.batches / days.max(1.0)
        }
        false => day.batches,
    };

    let keys = days * (day.recordings + objects + day.tombstones);
    let pages = (keys / f64::from(settings.page_keys)).ceil().max(days);
    let list_bytes = keys * f64::from(settings.listed_bytes);
    requests.add(Kind::ListNewNode, pages, list_bytes, settings);
    // Pages of a day come one after the other, days side by side.
    let side_by_side = (days.ceil() as u32).min(settings.gets_at_once);
    let list_ms = time(&mut random, settings, settings.list_ms, pages, side_by_side);
    let list_seconds = (list_ms / 1000.0).max(list_bytes / BANDWIDTH);

    let row_bytes = days * day.recordings * f64::from(settings.row_bytes);
    let tombstone_bytes = days * day.tombstones * 1000.0;
    let bodies = day.unnamed;
    let gets = days * (objects + day.tombstones) + bodies;
    let bytes = row_bytes + tombstone_bytes + bodies * day.body_bytes;
    requests.add(Kind::GetNewNode, gets, bytes, settings);
    let get_ms = time(
        &mut random,
        settings,
        settings.get_ms,
        gets,
        settings.gets_at_once,
    );
    let get_seconds = (get_ms / 1000.0).max(bytes / BANDWIDTH);
    Start {
        requests,
        list_seconds,
        seconds: list_seconds + get_seconds,
    }
}

/// How long so many requests take, `at_once` at a time, in milliseconds.
fn time(random: &mut Random, settings: &Settings, median: f64, requests: f64, at_once: u32) -> f64 {
    let some = requests.min(MOST);
    let mut slots = Slots::new(at_once, 0);
    for _ in 0..some as u64 {
        // In microseconds, so that nothing is rounded away.
        slots.run(random.lognormal(median, settings.latency_sigma) * 1000.0);
    }
    slots.end as f64 / 1000.0 * requests / some.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Day {
        Day {
            recordings: 100_000.0,
            batches: 6_250.0,
            tombstones: 100.0,
            unnamed: 40.0,
            body_bytes: 5_000.0,
        }
    }

    #[test]
    fn everything_is_listed_and_every_batch_read() {
        let settings = Settings {
            retention_days: 10.0,
            ..Settings::default()
        };
        let start = run(&settings, day());
        assert_eq!(start.requests.of(Kind::ListNewNode).requests, 1_064.0);
        assert_eq!(start.requests.of(Kind::GetNewNode).requests, 63_540.0);
        // 1064 pages of 91 ms on average, ten days at once; then 63 540 of 28 ms, 16 at once.
        assert!(
            (8.0..12.0).contains(&start.list_seconds),
            "{}",
            start.list_seconds
        );
        assert!((105.0..145.0).contains(&start.seconds), "{}", start.seconds);
    }

    #[test]
    fn compacted_days_take_far_fewer_requests() {
        let settings = Settings {
            retention_days: 10.0,
            compact_rows: 10_000,
            ..Settings::default()
        };
        let start = run(&settings, day());
        assert_eq!(start.requests.of(Kind::GetNewNode).requests, 7_390.0);
    }
}
