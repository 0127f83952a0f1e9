//! What a crash cuts off.

use replay_store::State;

use crate::support::*;

#[test]
fn a_recording_that_a_crash_cut_off_is_saved_at_the_next_start() {
    let dir = Dir::new();
    let store = dir.open();
    let _running = clicks(&store, "running", 200);
    let crashed = dir.crash();
    let store = crashed.open();
    assert_eq!(store.drain(LONG).left, 0);
    assert_eq!(
        store.read(b"running").unwrap().bytes,
        expected("running", 200)
    );
    assert!(entry(&store, "running").unwrap().recovered);
    assert_eq!(store.usage().used, 0);
    drop(store);
    let store = crashed.open();
    assert!(store.actives().is_empty());
    assert!(entry(&store, "running").unwrap().recovered);
    assert_eq!(crashed.segments(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_recovered_recording_can_be_seen_before_it_is_saved() {
    let dir = Dir::new();
    let store = dir.open();
    let _running = clicks(&store, "a", 20);
    let crashed = dir.crash();
    let stuck = placing(|_| Err(io::ErrorKind::StorageFull.into()));
    let store = crashed.open_on(stuck);
    let active = store.active(b"a").unwrap();
    assert_eq!(active.snapshot().unwrap(), expected("a", 20));
    let summary = active.summary();
    assert_eq!((summary.state, summary.recovered), (State::Ended, true));
    assert_eq!((summary.events.event, summary.duration_ms), (20, 20));
    assert!(matches!(
        append(&active, &event(21, "event", 1)),
        Err(AppendError::Ended)
    ));
    let head = recording(b"a", &[]);
    assert!(matches!(
        store.start(b"a", &head, 1, Wait::Yes),
        Err(Error::AlreadyActive)
    ));
}

#[test]
fn one_that_had_ended_is_saved_but_was_not_cut_off() {
    let dir = Dir::new();
    let stuck = placing(|_| Err(io::ErrorKind::StorageFull.into()));
    let store = dir.open_on(stuck);
    clicks(&store, "a", 20).end();
    store.drain(Duration::from_millis(50));
    let crashed = dir.crash();
    let store = crashed.open();
    store.drain(LONG);
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 20));
    assert!(!entry(&store, "a").unwrap().recovered);
}

#[test]
fn what_was_cut_off_stays_so_through_a_second_crash() {
    let dir = Dir::new();
    let store = dir.open();
    let _running = clicks(&store, "a", 20);
    let first = dir.crash();
    let stuck = placing(|_| Err(io::ErrorKind::StorageFull.into()));
    let store = first.open_on(stuck);
    assert_eq!(store.drain(Duration::from_millis(50)).left, 1);
    let second = first.crash();
    let store = second.open();
    store.drain(LONG);
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 20));
    assert!(entry(&store, "a").unwrap().recovered);
}

#[test]
fn closing_the_store_leaves_running_recordings_to_the_next() {
    let dir = Dir::new();
    let store = dir.open();
    let running = clicks(&store, "a", 20);
    drop(store);
    assert!(matches!(
        append(&running, &event(21, "event", 1)),
        Err(AppendError::Ended)
    ));
    running.end();
    let store = dir.open();
    assert_eq!(store.drain(LONG).left, 0);
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 20));
}

#[test]
fn what_was_saved_but_not_freed_before_the_crash_is_not_saved_again() {
    let dir = Dir::new();
    let store = dir.open();
    let active = clicks(&store, "a", 20);
    store.checkpoint(LONG);
    let crashed = dir.crash();
    let before = std::fs::read(crashed.path().join("a.etf.gz")).unwrap();
    let again = crashed.open();
    again.drain(LONG);
    assert!(!entry(&again, "a").unwrap().recovered);
    assert_eq!(
        std::fs::read(crashed.path().join("a.etf.gz")).unwrap(),
        before
    );
    assert_eq!(again.usage().used, 0);

    append(&active, &event(21, "event", 500)).unwrap();
    let later = dir.crash();
    let again = later.open();
    again.drain(LONG);
    assert_eq!(again.read(b"a").unwrap().bytes, expected("a", 21));
    assert!(entry(&again, "a").unwrap().recovered);
}

#[test]
fn a_recovered_recording_that_no_user_did_anything_in_is_dropped() {
    let dir = Dir::new();
    let store = dir.open();
    let _running = start(&store, "a");
    let store = dir.crash();
    let store = store.open();
    assert_eq!(store.drain(LONG).left, 0);
    assert!(entry(&store, "a").is_none() && store.active(b"a").is_none());
}

#[test]
fn that_events_were_refused_survives_a_crash() {
    let dir = Dir::new();
    let store = dir.open();
    let head = recording(b"a", &[event(0, "mount", 30)]);
    let active = store.start(b"a", &head, 1, Wait::Yes).unwrap();
    append(&active, &event(1, "event", 500)).unwrap();
    append(&active, &event(2, "event", 500)).unwrap_err();
    let crashed = dir.crash();
    let store = crashed.open();
    store.drain(LONG);
    let entry = entry(&store, "a").unwrap();
    assert!(entry.truncated && entry.recovered);
}

#[test]
fn two_stores_on_one_directory_keep_apart_and_the_orphan_of_one_is_adopted() {
    let dir = Dir::new();
    let (one, two) = (dir.open(), dir.open());
    let _a = clicks(&one, "a", 20);
    let b = clicks(&two, "b", 30);
    assert!(two.active(b"a").is_none());
    b.end();
    assert_eq!(two.drain(LONG), saved(1));
    assert_eq!(one.read(b"b").unwrap().bytes, expected("b", 30));
    let _c = clicks(&two, "c", 40);
    let crashed = dir.crash();
    let store = crashed.open();
    store.drain(LONG);
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 20));
    assert_eq!(store.read(b"c").unwrap().bytes, expected("c", 40));

    drop(one);
    let third = dir.open();
    third.drain(LONG);
    assert_eq!(third.read(b"a").unwrap().bytes, expected("a", 20));
    assert!(third.active(b"c").is_none() && entry(&third, "c").is_none());
}

#[test]
fn a_store_that_is_told_not_to_recover_leaves_everything_as_it_is() {
    let dir = Dir::new();
    let store = dir.open();
    let _running = clicks(&store, "a", 20);
    let crashed = dir.crash();
    let only_reading = replay_store::Options {
        recover: false,
        ..options()
    };
    let store = Store::open(crashed.path(), only_reading).unwrap();
    assert!(store.actives().is_empty());
    clicks(&store, "b", 1).end();
    assert_eq!(store.drain(LONG), saved(1));
    drop(store);
    let store = crashed.open();
    store.drain(LONG);
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 20));
}

#[test]
fn a_damaged_segment_is_reported_and_the_rest_is_recovered() {
    let dir = Dir::new();
    let store = dir.open();
    let _running: Vec<_> = (0..20)
        .map(|n| clicks(&store, &format!("r{n}"), 100))
        .collect();
    let crashed = dir.crash();
    let segments = crashed.segments();
    assert!(segments.len() > 3);
    std::fs::write(&segments[0], b"not a segment, but longer than nothing").unwrap();
    let store = crashed.open();
    let (sender, notices) = std::sync::mpsc::channel();
    store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
    store.drain(LONG);
    let set_aside = notices
        .try_iter()
        .filter(|n| matches!(n, Notice::SetAside { .. }))
        .count();
    assert_eq!(set_aside, 1);
    let whole = (0..20).filter(|n| {
        let id = format!("r{n}");
        let read = store.read(id.as_bytes());
        read.is_ok_and(|read| read.bytes == expected(&id, 100))
    });
    assert!(whole.count() > 5);
}

#[test]
fn events_of_a_type_with_a_long_name_are_recovered_wherever_they_were_split() {
    let dir = Dir::new();
    let store = dir.open();
    let active = clicks(&store, "a", 1);
    let name = "n".repeat(200);
    (0..200).for_each(|n| append(&active, &event(n, &name, 10 + n as usize)).unwrap());
    let whole = active.snapshot().unwrap();
    let crashed = dir.crash();
    let store = crashed.open();
    assert_eq!(store.drain(LONG).left, 0);
    assert_eq!(store.read(b"a").unwrap().bytes, whole);
}

#[test]
fn a_recording_that_was_deleted_in_flight_does_not_come_back_after_a_crash() {
    let dir = Dir::new();
    let store = dir.open();
    // While the threads that save have other things to do.
    let busy: Vec<_> = (0..20)
        .map(|n| clicks(&store, &format!("busy-{n}"), 200))
        .collect();
    let _deleted = clicks(&store, "deleted", 50);
    busy.iter().for_each(|recording| recording.end());
    store.delete(b"deleted").unwrap();
    let store = dir.crash().open();
    store.drain(LONG);
    assert!(entry(&store, "deleted").is_none());
    assert!(store.active(b"deleted").is_none());
}
