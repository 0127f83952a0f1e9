//! Many threads at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::support::*;

#[test]
fn each_recording_has_its_own_events_however_many_are_written_at_once() {
    let dir = Dir::new();
    let store = dir.open();
    thread::scope(|scope| {
        for t in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..25 {
                    clicks(store, &format!("{t}-{n}"), 50 + n).end();
                }
            });
        }
    });
    assert_eq!(store.drain(LONG).left, 0);
    for (t, n) in (0..4).flat_map(|t| (0..25).map(move |n| (t, n))) {
        let id = format!("{t}-{n}");
        assert_eq!(
            store.read(id.as_bytes()).unwrap().bytes,
            expected(&id, 50 + n)
        );
    }
    assert_eq!(store.usage().used, 0);
}

#[test]
fn several_threads_can_append_to_one_recording() {
    let dir = Dir::new();
    let store = dir.open();
    let active = start(&store, "a");
    thread::scope(|scope| {
        for t in 0..4 {
            let active = &active;
            scope.spawn(move || {
                (0..500).for_each(|n| append(active, &event(t * 1000 + n, "event", 40)).unwrap());
            });
        }
    });
    assert_eq!(active.summary().events.event, 2000);
    let etf = active.snapshot().unwrap();
    for t in 0..4 {
        let mut events = (0..500).map(|n| event(t * 1000 + n, "event", 40));
        let mut rest = &etf[..];
        assert!(events.all(|event| {
            let at = rest.windows(event.len()).position(|window| window == event);
            at.is_some_and(|at| {
                rest = &rest[at + event.len()..];
                true
            })
        }));
    }
}

#[test]
fn what_is_finished_is_returned_with_all_that_was_appended() {
    let dir = Dir::new();
    let store = dir.open();
    for n in 0..100 {
        let id = format!("r{n}");
        let active = start(&store, &id);
        append(&active, &event(0, "event", 40)).unwrap();
        let (finished, appended) = thread::scope(|scope| {
            let appending = scope.spawn(|| {
                (1..)
                    .take_while(|n| append(&active, &event(*n, "event", 40)).is_ok())
                    .count()
            });
            while active.summary().events.event < 3 {
                thread::yield_now();
            }
            (active.finish().unwrap(), appending.join().unwrap())
        });
        let summary = replay_etf::summarize(&finished, &replay_etf::Limits::default()).unwrap();
        assert_eq!(summary.events.event as usize, 1 + appended);
        store.drain(LONG);
        assert_eq!(store.read(id.as_bytes()).unwrap().bytes, finished);
        assert!(matches!(active.finish(), Err(Error::NotFound)));
    }
}

#[test]
fn a_recording_is_found_at_every_moment_on_its_way_to_the_file() {
    let dir = Dir::new();
    let store = dir.open();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..200 {
                let id = format!("r{n}");
                clicks(&store, &id, 3).end();
                while store.active(id.as_bytes()).is_some() {
                    assert!(is_served(&store, &id));
                }
                assert!(is_served(&store, &id));
            }
            stop.store(true, Ordering::Relaxed);
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                store
                    .actives()
                    .iter()
                    .for_each(|active| assert!(active.summary().events.mount == 1));
            }
        });
    });
}

/// As a caller looks for it: among the running ones, then on the disk.
fn is_served(store: &Store, id: &str) -> bool {
    let running = store
        .active(id.as_bytes())
        .and_then(|active| active.snapshot().ok());
    running.or_else(|| store.read(id.as_bytes()).ok().map(|read| read.bytes))
        == Some(expected(id, 3))
}
