//! What is not taken.

use std::sync::mpsc;

use replay_store::Options;

use crate::support::*;

#[test]
fn a_recording_that_ended_takes_no_more_events() {
    let dir = Dir::new();
    let store = dir.open();
    let active = clicks(&store, "a", 1);
    active.end();
    active.end();
    assert!(matches!(
        append(&active, &event(2, "event", 1)),
        Err(AppendError::Ended)
    ));
    assert_eq!(store.drain(LONG), saved(1));
    assert!(matches!(
        append(&active, &event(2, "event", 1)),
        Err(AppendError::Ended)
    ));
}

#[test]
fn too_many_events_are_refused_and_that_is_noted() {
    let dir = Dir::new();
    let store = dir.open();
    let head = recording(b"a", &[event(0, "mount", 30)]);
    let active = store.start(b"a", &head, 2, Wait::Yes).unwrap();
    for n in 1..=2 {
        append(&active, &event(n, "event", 500)).unwrap();
    }
    assert!(!active.summary().truncated);
    assert!(matches!(
        append(&active, &event(3, "event", 500)),
        Err(AppendError::Full)
    ));
    assert!(active.summary().truncated);
    active.end();
    store.drain(LONG);
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 2));
    assert!(entry(&store, "a").unwrap().truncated);
    drop(store);
    assert!(entry(&dir.open(), "a").unwrap().truncated);
}

#[test]
fn more_than_can_be_read_back_is_refused() {
    let dir = Dir::new();
    let mut options = options();
    options.limits.max_bytes = 10_000;
    let store = Store::open(dir.path(), options).unwrap();
    let active = start(&store, "a");
    let kept = (1..100)
        .take_while(|&n| append(&active, &event(n, "event", 500)).is_ok())
        .count();
    active.end();
    assert_eq!(store.drain(LONG), saved(1));
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", kept as i32));
    assert!(entry(&store, "a").unwrap().truncated);
}

#[test]
fn what_is_not_an_event_is_refused_and_leaves_no_trace() {
    let dir = Dir::new();
    let store = dir.open();
    let active = clicks(&store, "a", 1);
    for term in [
        &[][..],
        b"x",
        &atom("event"),
        &binary(b"event"),
        &event(2, "event", 1)[..6],
    ] {
        assert!(matches!(
            append(&active, term),
            Err(AppendError::NotAnEvent)
        ));
    }
    assert_eq!(active.snapshot().unwrap(), expected("a", 1));
}

#[test]
fn an_id_can_be_active_once_only() {
    let dir = Dir::new();
    let store = dir.open();
    let first = clicks(&store, "a", 1);
    let head = recording(b"a", &[]);
    let again = || store.start(b"a", &head, 10, Wait::Yes);
    assert!(matches!(again(), Err(Error::AlreadyActive)));
    first.end();
    store.drain(LONG);
    assert!(again().is_ok());
    let other_id = store.start(b"b", &head, 10, Wait::Yes);
    assert!(matches!(other_id, Err(Error::Recording(_))));
}

#[test]
fn an_event_that_is_too_large_is_refused_wherever_it_would_go() {
    let dir = Dir::new();
    let small = Options {
        max_event_bytes: 600,
        ..options()
    };
    let store = Store::open(dir.path(), small).unwrap();
    let active = clicks(&store, "a", 1);
    let refused = |result| matches!(result, Err(AppendError::TooLarge(_, 600)));
    assert!(refused(append(&active, &event(2, "event", 700))));
    assert!(refused(append(&active, &event(2, "event", 100_000))));
    assert_eq!(active.snapshot().unwrap(), expected("a", 1));
}

#[test]
fn a_start_that_would_have_to_wait_says_so() {
    let dir = Dir::new();
    let store = dir.open();
    let head = recording(b"a", &[]);
    let start = |wait| store.start(b"a", &head, 10, wait);
    assert!(matches!(start(Wait::Never), Err(Error::WouldBlock)));
    start(Wait::Yes).unwrap().discard();
    store.drain(LONG);
    assert!(start(Wait::Never).is_ok());
}

#[test]
fn what_is_refused_for_good_is_told_once_and_kept_for_a_run_with_other_limits() {
    let dir = Dir::new();
    let (id, count) = ("a", 40);
    clicks(&dir.open(), id, count);
    let mut small = options();
    small.limits.max_bytes = 10_000;
    let store = Store::open(dir.path(), small).unwrap();
    let (sender, notices) = mpsc::channel();
    store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
    (0..3).for_each(|_| assert_eq!(store.drain(LONG), saved(0)));
    let failures: Vec<_> = notices
        .try_iter()
        .filter(|notice| match notice {
            Notice::Failed {
                error, retry_in, ..
            } => {
                assert!(matches!(
                    error,
                    Error::TooLarge { .. } | Error::Recording(_)
                ));
                assert_eq!(*retry_in, None);
                true
            }
            _ => false,
        })
        .collect();
    assert_eq!(failures.len(), 1);
    assert_eq!(store.stats().unwrap().waiting, 1);
    // It hinders no other.
    clicks(&store, "b", 3).end();
    assert_eq!(store.drain(LONG), saved(1));
    drop(store);
    let store = dir.open();
    assert_eq!(store.drain(LONG), saved(1));
    assert_eq!(store.read(b"a").unwrap().bytes, expected(id, count));
}

#[test]
fn what_is_refused_for_good_can_be_deleted() {
    let dir = Dir::new();
    clicks(&dir.open(), "a", 40);
    let mut small = options();
    small.limits.max_bytes = 10_000;
    let store = Store::open(dir.path(), small).unwrap();
    store.drain(LONG);
    store.delete(b"a").unwrap();
    store.drain(LONG);
    assert!(store.active(b"a").is_none());
    assert_eq!(store.usage().used, 0);
    drop(store);
    let store = dir.open();
    store.drain(LONG);
    assert!(matches!(store.read(b"a"), Err(Error::NotFound)));
}
