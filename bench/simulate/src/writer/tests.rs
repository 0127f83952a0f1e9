use super::*;
use crate::everybody;

fn world(change: impl Fn(&mut Settings)) -> (Settings, World) {
    let mut settings = Settings {
        nodes: 4,
        per_day: 40_000.0,
        retention_days: 1.0,
        ..Settings::default()
    };
    change(&mut settings);
    let world = everybody::write(&settings);
    (settings, world)
}

#[test]
fn there_is_a_put_for_each_recording_and_each_failure() {
    let (_, sure) = world(|settings| settings.failures = 0.0);
    let puts = |world: &World| world.requests.of(Kind::PutRecording).requests;
    assert_eq!(puts(&sure), sure.recordings.len() as f64);
    let (_, fails) = world(|settings| settings.failures = 0.5);
    let each = puts(&fails) / fails.recordings.len() as f64;
    assert!((1.9..2.1).contains(&each), "{each}");
}

#[test]
fn keys_of_a_node_grow_strictly_and_no_more_uploads_run_than_may() {
    let (_, world) = world(|settings| {
        settings.uploads_at_once = 2;
        settings.put_ms = 20_000.0;
        settings.nodes = 1;
        settings.per_day = 4_000.0;
    });
    let mut keys: Vec<&Key> = world.keys.iter().collect();
    keys.retain(|key| matches!(key.object, Object::Recording(_)));
    assert!(keys.windows(2).all(|pair| pair[0].at < pair[1].at));
    for key in &keys {
        let running = keys
            .iter()
            .filter(|other| other.at < key.at && other.visible > key.at + 300);
        assert!(running.count() <= 2);
    }
}

#[test]
fn a_batch_has_enough_rows_or_waited_and_stays_in_the_budget() {
    let (settings, busy) = world(|settings| settings.rows_quiet = 1e9);
    assert!(
        busy.rows
            .iter()
            .all(|rows| rows.count >= settings.rows_batch)
    );
    assert!(busy.unnamed < 4 * u64::from(settings.rows_batch));
    let (settings, quiet) = world(|settings| settings.rows_quiet = 10.0);
    let each = quiet.rows.len() as f64 / quiet.recordings.len() as f64;
    assert!(
        each <= settings.rows_budget + 0.001 && each > 0.09,
        "{each}"
    );
    let mut named = quiet.members.clone();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named.len(), quiet.members.len());
    assert_eq!(
        named.len() as u64 + quiet.unnamed,
        quiet.recordings.len() as u64
    );
    let (_, some) = world(|settings| {
        (settings.rows_quiet, settings.rows_budget) = (1.0, 1.0);
        settings.rows_least = 3;
    });
    assert!(some.rows.iter().all(|rows| rows.count >= 3));
    assert!(
        some.rows
            .iter()
            .any(|rows| rows.count < settings.rows_batch)
    );
}

#[test]
fn a_batch_comes_after_what_it_names() {
    let (_, world) = world(|settings| settings.rows_budget = 1.0);
    for key in &world.keys {
        if let Object::Rows(rows) = key.object {
            let named = world.named_by(&world.rows[rows as usize]);
            assert!(
                named
                    .iter()
                    .all(|id| world.recordings[*id as usize].visible < key.visible)
            );
        }
    }
}

#[test]
fn as_much_expires_as_is_new() {
    let (_, world) = world(|settings| settings.deletes = 0.0);
    let expired: u32 = world.tombstones.iter().map(|(_, ids)| ids).sum();
    assert!((38_000..=40_000).contains(&expired), "{expired}");
    let deleted = expired as usize + world.tombstones.len() + world.rows.len();
    assert_eq!(world.requests.of(Kind::Delete).requests, deleted as f64);
}
