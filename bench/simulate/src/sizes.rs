//! How large a recording is.
//!
//! Measured: gzip at level 6 of the External Term Format, of the recorded sessions in
//! `test/fixtures` and of the sessions that `bench/support/traffic.ex` makes, 5 to 800 events
//! each. Within a kind the size is a constant and so much an event, to within a tenth.

use crate::random::Random;

/// A kind of session.
struct Kind {
    /// Of all sessions.
    share: f64,
    /// Of the file, without events.
    base_bytes: f64,
    event_bytes: f64,
    /// Median of their number, and sigma of its logarithm.
    events: (f64, f64),
}

const KINDS: [Kind; 4] = [
    // A short visit: `small_session/1`, 3 to 40 events, 314 to 722 bytes.
    Kind {
        share: 0.40,
        base_bytes: 270.0,
        event_bytes: 11.6,
        events: (16.0, 0.7),
    },
    // A form being typed into: `:typical`, 878 bytes with 25 events, 6 250 with 400.
    Kind {
        share: 0.30,
        base_bytes: 520.0,
        event_bytes: 14.3,
        events: (200.0, 0.9),
    },
    // The task list of the fixtures: 1 343 bytes with 5 events, 3 173 with 123, 6 918 with 403.
    Kind {
        share: 0.28,
        base_bytes: 1330.0,
        event_bytes: 14.4,
        events: (120.0, 1.0),
    },
    // Pages of fresh rows: `:large`, 31 018 bytes with 10 events, 416 000 with 100.
    Kind {
        share: 0.02,
        base_bytes: 0.0,
        event_bytes: 4000.0,
        events: (15.0, 0.8),
    },
];

const MOST_EVENTS: f64 = 10_000.0;

/// The size of a file, in bytes.
pub fn draw(random: &mut Random) -> u32 {
    let mut left = random.unit();
    let kind = KINDS.iter().find(|kind| {
        left -= kind.share;
        left < 0.0
    });
    let kind = kind.unwrap_or(&KINDS[0]);
    let (median, sigma) = kind.events;
    let events = random.lognormal(median, sigma).clamp(1.0, MOST_EVENTS);
    (kind.base_bytes + kind.event_bytes * events) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_fixtures_and_a_few_large_ones() {
        let mut random = Random::new(1, 0);
        let mut sizes: Vec<u32> = (0..100_000).map(|_| draw(&mut random)).collect();
        sizes.sort_unstable();
        let median = sizes[50_000];
        assert!((1_000..4_000).contains(&median), "{median}");
        assert!(sizes[98_500] > 20_000);
        let mean: u64 = sizes.iter().map(|size| u64::from(*size)).sum::<u64>() / 100_000;
        assert!((3_000..8_000).contains(&mean), "{mean}");
    }

    #[test]
    fn the_shares_are_all() {
        let all: f64 = KINDS.iter().map(|kind| kind.share).sum();
        assert!((all - 1.0).abs() < 1e-9);
    }
}
