use super::*;
use crate::everybody;

fn outcome(change: impl Fn(&mut Settings)) -> (Settings, World, Outcome) {
    let mut settings = Settings {
        nodes: 4,
        per_day: 40_000.0,
        deletes: 0.0,
        stalls: 0.0,
        rows_quiet: 1e9,
        ..Settings::default()
    };
    change(&mut settings);
    let world = everybody::write(&settings);
    let outcome = run(&settings, &world, 0);
    (settings, world, outcome)
}

fn others(world: &World) -> u64 {
    world.recordings.iter().filter(|one| one.node != 0).count() as u64
}

#[test]
fn without_grace_almost_every_recording_is_read_before_a_batch_names_it() {
    let (_, world, outcome) = outcome(|_| {});
    let bodies = outcome.requests.of(Kind::GetBody).requests;
    assert!(bodies > 0.95 * others(&world) as f64);
    assert!(outcome.staleness.quantile(0.99) < 2_500);
    assert!(outcome.staleness.count() + 5 >= others(&world));
}

#[test]
fn with_grace_batches_name_them_and_lists_are_later() {
    let (_, world, outcome) = outcome(|settings| settings.grace = 20_000.0);
    let bodies = outcome.requests.of(Kind::GetBody).requests;
    assert!(bodies < 0.05 * others(&world) as f64, "{bodies}");
    let batches = world.rows.iter().filter(|rows| rows.node != 0).count() as f64;
    let read = outcome.requests.of(Kind::GetRows).requests;
    assert!(read <= batches && read > batches - 3.0);
    assert!(outcome.staleness.quantile(0.5) > 30_000);
}

#[test]
fn so_many_a_poll_are_read_without_grace() {
    let bodies = |free: u32| {
        let (_, world, outcome) = outcome(|settings| {
            (settings.grace, settings.bodies_free) = (20_000.0, free);
            settings.per_day = 400_000.0;
        });
        outcome.requests.of(Kind::GetBody).requests / others(&world) as f64
    };
    assert!(bodies(0) < 0.05 && bodies(1000) > 0.7);
    assert!((0.15..0.6).contains(&bodies(2)), "{}", bodies(2));
}

#[test]
fn a_poll_lists_the_overlap_again_and_in_pages() {
    let busy = |overlap: f64| {
        outcome(|settings| {
            settings.overlap = overlap;
            settings.per_day = 2_000_000.0;
            settings.seconds = 600.0;
            settings.from = 43_200.0;
            settings.page_keys = 100;
        })
    };
    let (_, _, near) = busy(2.0);
    let (_, _, far) = busy(20.0);
    assert_eq!(near.polls, 300);
    assert!(near.overrun < 10 && far.keys > 4 * near.keys);
    let pages = far.requests.of(Kind::ListPoll).requests;
    let least = far.keys as f64 / 100.0;
    assert!(pages >= least && pages <= least + far.polls as f64);
    assert!(far.new_keys >= near.new_keys && far.new_keys <= near.new_keys + 5);
}

#[test]
fn an_upload_that_takes_longer_than_the_overlap_is_missed() {
    let stalls = |overlap: f64| {
        let (_, world, outcome) = outcome(|settings| {
            settings.stalls = 0.05;
            settings.overlap = overlap;
            settings.per_day = 400_000.0;
            settings.seconds = 3_600.0;
            settings.from = 40_000.0;
            settings.rows_batch = 1_000_000;
        });
        assert!(outcome.missed <= world.late);
        outcome.missed
    };
    assert!(stalls(15.0) > 100);
    assert_eq!(stalls(65.0), 0);
}

#[test]
fn who_is_told_reads_nothing_and_knows_at_once() {
    let (_, _, outcome) = outcome(|settings| {
        settings.told = true;
        settings.poll = 60.0;
    });
    assert_eq!(outcome.requests.of(Kind::GetBody).requests, 0.0);
    assert_eq!(outcome.requests.of(Kind::GetRows).requests, 0.0);
    assert!(outcome.staleness.quantile(0.99) < 100);
}

#[test]
fn a_gatherer_leaves_one_small_page_to_the_others() {
    let settings = Settings {
        nodes: 4,
        per_day: 400_000.0,
        gather: 2.0,
        deletes: 0.0,
        stalls: 0.0,
        ..Settings::default()
    };
    let world = everybody::write(&settings);
    let outcome = run(&settings, &world, 1);
    assert_eq!(outcome.requests.of(Kind::GetBody).requests, 0.0);
    assert_eq!(
        outcome.requests.of(Kind::ListPoll).requests,
        outcome.polls as f64
    );
    assert!(outcome.staleness.quantile(0.99) < 5_000);
    assert!(outcome.staleness.count() as f64 > 0.99 * world.recordings.len() as f64 * 0.75);
}
