//! One run: everything about so many nodes and so many recordings.

use serde::Serialize;

use crate::everybody;
use crate::load::Load;
use crate::new_node::{self, Day};
use crate::prices::{Bill, Price};
use crate::random::Zipf;
use crate::reader::{self, Outcome};
use crate::requests::{KINDS, Kind, Requests, Sum};
use crate::settings::Settings;
use crate::users::{self, Newest};
use crate::world::World;

/// What the simulation has found, for a whole day.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub nodes: u32,
    pub per_day: f64,
    pub recordings: u64,
    pub mean_bytes: f64,
    /// Recordings whose upload took longer than the overlap.
    pub late: f64,
    /// By kind, of all nodes.
    pub requests: Vec<(&'static str, Sum)>,
    pub up_bytes: f64,
    pub down_bytes: f64,
    pub stored_bytes: f64,
    pub bills: Vec<Bill>,
    /// Of the index, on each node.
    pub index_bytes: f64,
    pub index_entries: f64,
    /// In milliseconds.
    pub stale_median: u64,
    pub stale_p99: u64,
    pub stale_max: u64,
    /// Of all recordings and nodes: left to the slow walk.
    pub missed_share: f64,
    pub walk_days: f64,
    pub overrun_share: f64,
    pub busy_share: f64,
    /// On each node, a second, on average.
    pub keys_parsed: f64,
    pub keys_new: f64,
    pub listed_bytes: f64,
    pub rows_decoded: f64,
    pub node_requests: f64,
    /// Of all nodes, a second, at the day's peak.
    pub peak_writes: f64,
    pub peak_lists: f64,
    pub peak_reads: f64,
    pub new_node_list_seconds: f64,
    pub new_node_seconds: f64,
    pub new_node_requests: f64,
    pub read_hits: f64,
}

/// Simulates it all.
pub fn run(settings: &Settings, prices: &[Price]) -> Figures {
    let world = everybody::write(settings);
    let (outcome, watched) = watch(settings, &world);
    let all = f64::from(settings.nodes) / f64::from(watched);
    // Of what was simulated to a day.
    let day = days_of_load(settings);

    let mut requests = world.requests.clone();
    requests.add_times(&outcome.requests, all);
    let newest = Newest::of(&world);
    let zipf = Zipf::new(settings.zipf_over as usize, settings.zipf);
    let (mut reads, mut hits) = (0, 0);
    for node in nodes(settings, watched) {
        let node = users::run(settings, &world, &newest, &zipf, node);
        requests.add_times(&node.requests, all);
        reads += node.count;
        hits += node.hits;
    }
    let recordings = world.recordings.len() as f64;
    let bytes: f64 = world
        .recordings
        .iter()
        .map(|one| f64::from(one.bytes))
        .sum();
    let mean_bytes = bytes / recordings.max(1.0);
    let per_day = Day {
        recordings: recordings * day,
        batches: world.rows.len() as f64 * day,
        tombstones: world.tombstones.len() as f64 * day,
        unnamed: world.unnamed as f64,
        body_bytes: mean_bytes,
    };
    let mut daily = Requests::default();
    daily.add_times(&requests, day);
    let start = new_node::run(settings, per_day);
    daily.add_times(&start.requests, f64::from(settings.new_nodes));
    if settings.compact_rows > 0 {
        let objects = per_day.recordings / f64::from(settings.compact_rows);
        let rows = per_day.recordings * f64::from(settings.row_bytes);
        daily.add(Kind::PutRows, objects, rows, settings);
    }

    let stored_bytes =
        settings.retention_days * per_day.recordings * (mean_bytes + f64::from(settings.row_bytes));
    let seconds = settings.seconds * f64::from(watched);
    let in_peak = settings.peak / Load::with_peak(settings.peak).mean(settings);
    let peak = |requests: f64| requests / settings.seconds * in_peak;
    let lists = requests.of(Kind::ListPoll).requests;
    let reads_all = [
        Kind::GetRows,
        Kind::GetBody,
        Kind::GetTombstone,
        Kind::GetForUser,
    ];
    let node_keys =
        settings.retention_days * (per_day.recordings + per_day.batches + per_day.tombstones);
    let walked = 86_400.0 / settings.walk * f64::from(settings.page_keys);
    let index_entries = settings.retention_days * per_day.recordings;
    Figures {
        nodes: settings.nodes,
        per_day: settings.per_day,
        recordings: world.recordings.len() as u64,
        mean_bytes,
        late: world.late as f64 * day,
        requests: KINDS
            .iter()
            .map(|(kind, name, _)| (*name, daily.of(*kind)))
            .collect(),
        up_bytes: daily.up_bytes(),
        down_bytes: daily.down_bytes(),
        stored_bytes,
        bills: prices
            .iter()
            .map(|price| price.bill(&daily, stored_bytes))
            .collect(),
        index_bytes: index_entries * f64::from(settings.entry_bytes),
        index_entries,
        stale_median: outcome.staleness.quantile(0.5),
        stale_p99: outcome.staleness.quantile(0.99),
        stale_max: outcome.staleness.quantile(1.0),
        missed_share: outcome.missed as f64 / (recordings * f64::from(watched)).max(1.0),
        walk_days: node_keys / walked,
        overrun_share: outcome.overrun as f64 / outcome.polls.max(1) as f64,
        busy_share: outcome.busy_ms as f64 / (seconds * 1000.0),
        keys_parsed: outcome.keys as f64 / seconds,
        keys_new: outcome.new_keys as f64 / seconds,
        listed_bytes: outcome.keys as f64 / seconds * f64::from(settings.listed_bytes),
        rows_decoded: outcome.staleness.count() as f64 / seconds,
        node_requests: total(&outcome.requests) / seconds,
        peak_writes: peak(
            requests.of(Kind::PutRecording).requests + requests.of(Kind::PutRows).requests,
        ),
        peak_lists: peak(lists),
        peak_reads: peak(
            reads_all
                .iter()
                .map(|kind| requests.of(*kind).requests)
                .sum(),
        ),
        new_node_list_seconds: start.list_seconds,
        new_node_seconds: start.seconds,
        new_node_requests: total(&start.requests),
        read_hits: hits as f64 / (reads as f64).max(1.0),
    }
}

/// From what was simulated to a day of the same load: by how many recordings were due.
fn days_of_load(settings: &Settings) -> f64 {
    let mean = Load::with_peak(settings.peak).mean(settings);
    1.0 / (settings.days() * mean)
}

fn total(requests: &Requests) -> f64 {
    KINDS
        .iter()
        .map(|(kind, ..)| requests.of(*kind).requests)
        .sum()
}

/// Which nodes stand for all: not the first, which has the lease.
fn nodes(settings: &Settings, watched: u32) -> impl Iterator<Item = u16> {
    let first = settings.nodes - watched;
    (first..settings.nodes).map(|node| node as u16)
}

/// Lets some nodes read; what became of them together, and how many there were.
fn watch(settings: &Settings, world: &World) -> (Outcome, u32) {
    let watched = settings
        .watched
        .min(settings.nodes.saturating_sub(1))
        .max(1);
    let outcomes = std::thread::scope(|scope| {
        let threads: Vec<_> = nodes(settings, watched)
            .map(|node| scope.spawn(move || reader::run(settings, world, node)))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .collect::<Vec<_>>()
    });
    let mut all = Outcome::default();
    for outcome in &outcomes {
        all.merge(outcome);
    }
    (all, watched)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices;

    fn figures(change: impl Fn(&mut Settings)) -> Figures {
        let mut settings = Settings {
            nodes: 8,
            per_day: 80_000.0,
            ..Settings::default()
        };
        change(&mut settings);
        run(
            &settings,
            &prices::parse(include_str!("../prices.json")).unwrap(),
        )
    }

    fn requests(figures: &Figures, name: &str) -> f64 {
        let (_, sum) = figures
            .requests
            .iter()
            .find(|(kind, _)| *kind == name)
            .unwrap();
        sum.requests
    }

    #[test]
    fn what_all_nodes_do_is_what_the_watched_ones_do_times_their_number() {
        let (few, all) = (figures(|s| s.watched = 2), figures(|s| s.watched = 7));
        for kind in ["LIST poll", "GET rows", "GET body not named"] {
            let ratio = requests(&few, kind) / requests(&all, kind);
            assert!((0.97..1.03).contains(&ratio), "{kind} {ratio}");
        }
        let polls = 8.0 * 43_200.0;
        assert!((polls..polls * 1.01).contains(&requests(&all, "LIST poll")));
    }

    #[test]
    fn an_hour_stands_for_the_day() {
        let day = figures(|_| {});
        let peak = figures(|settings| {
            settings.from = 43_200.0 - 1_800.0;
            settings.seconds = 3_600.0;
        });
        let near = |one: f64, other: f64| (one / other - 1.0).abs() < 0.05;
        assert!(near(
            requests(&peak, "PUT recording"),
            requests(&day, "PUT recording")
        ));
        assert!(near(peak.index_entries, day.index_entries));
        assert!(near(peak.peak_writes, day.peak_writes));
    }

    #[test]
    fn a_seed_determines_the_figures() {
        let text = |seed| serde_json::to_string(&figures(|s| s.seed = seed)).unwrap();
        assert_eq!(text(5), text(5));
        assert_ne!(text(5), text(6));
    }

    #[test]
    fn memory_grows_with_what_is_kept() {
        let (one, two) = (
            figures(|s| s.retention_days = 1.0),
            figures(|s| s.retention_days = 2.0),
        );
        assert!((two.index_bytes / one.index_bytes - 2.0).abs() < 1e-9);
        assert!(two.new_node_seconds > 1.5 * one.new_node_seconds);
    }
}
