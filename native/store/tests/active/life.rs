//! A recording whose life has no accidents.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};

use replay_etf::tag;
use replay_store::{Compression, Format, Options, Retention, State};

use crate::support::*;

#[test]
fn what_was_appended_is_what_is_saved() {
    let dir = Dir::new();
    let store = dir.open();
    let active = clicks(&store, "a", 300);
    assert_eq!(active.snapshot().unwrap(), expected("a", 300));
    assert!(entry(&store, "a").is_none());
    active.end();
    assert_eq!(store.drain(LONG), saved(1));
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 300));
    assert!(store.active(b"a").is_none());
    assert!(matches!(active.snapshot(), Err(Error::NotFound)));
    let entry = entry(&store, "a").unwrap();
    assert_eq!((entry.event_count, entry.duration_ms), (301, 300));
    assert_eq!((entry.recovered, entry.truncated), (false, false));
}

#[test]
fn the_entry_of_what_was_saved_is_that_which_its_file_gives() {
    let dir = Dir::new();
    let store = dir.open();
    let active = start(&store, "a");
    // Long enough for some of them to be in two pieces.
    for n in 1..200 {
        let payload = [
            &[tag::MAP, 0, 0, 0, 2][..],
            &atom("name"),
            &binary(format!("name {}", n % 7).as_bytes()),
            &atom("params"),
            &binary(&[0; 3_000]),
        ]
        .concat();
        let event = [
            &[tag::SMALL_TUPLE, 3, tag::SMALL_INTEGER, n],
            &*atom("event"),
            &payload,
        ];
        append(&active, &event.concat()).unwrap();
    }
    active.end();
    store.drain(LONG);
    let saved = entry(&store, "a").unwrap();
    assert_eq!((saved.names.iter().len(), saved.event_count), (7, 200));
    assert_eq!(saved, entry(&dir.open(), "a").unwrap());
}

#[test]
fn what_was_cut_off_or_refused_is_noted_in_a_file_of_either_compression() {
    for compression in [Compression::Gzip(6), Compression::Zstd(3)] {
        let dir = Dir::new();
        let open = |path: &Path| {
            let options = Options {
                compression,
                ..options()
            };
            Store::open(path, options).unwrap()
        };
        let store = open(dir.path());
        let head = recording(b"a", &[event(0, "mount", 30)]);
        let active = store.start(b"a", &head, 1, Wait::Yes).unwrap();
        append(&active, &event(1, "event", 500)).unwrap();
        append(&active, &event(2, "event", 500)).unwrap_err();
        let crashed = dir.crash();
        let store = open(crashed.path());
        store.drain(LONG);
        for store in [&store, &crashed.open()] {
            let entry = entry(store, "a").unwrap();
            assert!(entry.truncated && entry.recovered);
            assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 1));
        }
    }
}

#[test]
fn a_summary_counts_as_events_come() {
    let dir = Dir::new();
    let store = dir.open();
    let active = start(&store, "a");
    assert!(!active.summary().has_user_events());
    for (offset, kind) in [(5, "handle_params"), (7, "event"), (9, "something_new")] {
        append(&active, &event(offset, kind, 10)).unwrap();
    }
    let summary = active.summary();
    assert_eq!(
        (&*summary.id, summary.connected_at, summary.duration_ms),
        (&b"a"[..], 7, 9)
    );
    let events = summary.events;
    assert_eq!(
        (
            events.mount,
            events.event,
            events.handle_params,
            events.other
        ),
        (1, 1, 1, 1)
    );
    assert!(summary.has_user_events());
    assert_eq!(summary.state, State::Running);
    assert_eq!(store.actives().len(), 1);
}

#[test]
fn events_of_all_sizes_keep_their_order() {
    let dir = Dir::new();
    let store = dir.open();
    let active = start(&store, "a");
    let mut events = vec![event(0, "mount", 30)];
    for (n, len) in [10, 4000, 70_000, 3, 600_000, 0, 90, 17_000]
        .into_iter()
        .enumerate()
    {
        let event = event(n as i32, "event", len);
        append(&active, &event).unwrap();
        events.push(event);
    }
    assert_eq!(active.snapshot().unwrap(), recording(b"a", &events));
    active.end();
    store.drain(LONG);
    assert_eq!(store.read(b"a").unwrap().bytes, recording(b"a", &events));
}

#[test]
fn a_recording_that_no_user_did_anything_in_is_dropped() {
    let dir = Dir::new();
    let store = dir.open();
    let active = start(&store, "a");
    append(&active, &event(1, "handle_params", 10)).unwrap();
    active.end();
    let drained = store.drain(LONG);
    assert_eq!((drained.saved, drained.dropped, drained.left), (0, 1, 0));
    assert!(store.active(b"a").is_none() && entry(&store, "a").is_none());
}

#[test]
fn a_discarded_recording_leaves_nothing() {
    let dir = Dir::new();
    let store = dir.open();
    let active = clicks(&store, "a", 10);
    assert_eq!(store.checkpoint(LONG), saved(1));
    store.delete(b"a").unwrap();
    assert!(store.active(b"a").is_none());
    assert!(matches!(
        append(&active, &event(2, "event", 1)),
        Err(AppendError::Ended)
    ));
    assert!(matches!(active.snapshot(), Err(Error::NotFound)));
    active.end();
    assert_eq!(store.drain(LONG), saved(0));
    assert!(entry(&store, "a").is_none());
    assert_eq!(store.usage().used, 0);
}

#[test]
fn a_checkpoint_saves_what_goes_on() {
    let dir = Dir::new();
    let store = dir.open();
    let active = clicks(&store, "a", 10);
    let _idle = start(&store, "idle");
    let checkpoint = store.checkpoint(LONG);
    assert_eq!(
        (checkpoint.saved, checkpoint.dropped, checkpoint.left),
        (1, 1, 0)
    );
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 10));
    append(&active, &event(11, "event", 500)).unwrap();
    active.end();
    assert_eq!(store.drain(LONG), saved(1));
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 11));
}

#[test]
fn recordings_are_saved_in_the_format_that_is_asked_for() {
    let dir = Dir::new();
    let json = Options {
        format: Format::Json,
        ..options()
    };
    let store = Store::open(dir.path(), json).unwrap();
    clicks(&store, "a", 3).end();
    assert_eq!(store.drain(LONG), saved(1));
    assert_eq!(store.read(b"a").unwrap().format, Format::Json);
    assert_eq!(entry(&store, "a").unwrap().event_count, 4);
}

#[test]
fn after_a_drain_all_space_is_free_and_given_back() {
    let dir = Dir::new();
    let store = dir.open();
    let running: Vec<_> = (0..50)
        .map(|n| clicks(&store, &format!("r{n}"), 100))
        .collect();
    assert!(dir.segments().len() > 5);
    running.iter().for_each(|recording| recording.end());
    assert_eq!(store.drain(LONG), saved(50));
    assert_eq!(store.usage().used, 0);
    store.trim(Duration::ZERO);
    assert!(store.usage().total <= options().segment_bytes);
    assert!(dir.segments().len() <= 1);
    drop((running, store));
    assert_eq!(dir.segments(), Vec::<std::path::PathBuf>::new());
}

/// Tells on which thread it was dropped.
struct Guard(std::sync::mpsc::Sender<ThreadId>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send(thread::current().id());
    }
}

#[test]
fn what_is_kept_for_a_recording_is_dropped_on_another_thread_when_it_is_done() {
    let dir = Dir::new();
    let store = dir.open();
    let (sender, dropped) = std::sync::mpsc::channel();
    let guard = || Box::new(Guard(sender.clone()));
    let [ended, discarded, open] = ["ended", "discarded", "open"].map(|id| clicks(&store, id, 1));
    ended.keep(guard());
    assert!(dropped.try_recv().is_err());
    ended.end();
    let elsewhere = || assert_ne!(dropped.recv_timeout(LONG).unwrap(), thread::current().id());
    elsewhere();
    ended.keep(guard());
    elsewhere();
    discarded.keep(guard());
    discarded.discard();
    elsewhere();
    open.keep(guard());
    drop(store);
    elsewhere();
}

#[test]
fn an_observer_hears_of_all_that_happens_even_before_it_came() {
    let dir = Dir::new();
    let store = dir.open();
    clicks(&store, "early", 1).end();
    store.drain(LONG);
    let (sender, notices) = std::sync::mpsc::channel();
    store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
    clicks(&store, "late", 2).end();
    start(&store, "idle").end();
    store.drain(LONG);
    let mut heard: Vec<String> = notices
        .try_iter()
        .map(|notice| match notice {
            Notice::Saved {
                id, event_count, ..
            } => format!("{} {event_count}", text(&id)),
            Notice::Dropped { id } => format!("{} dropped", text(&id)),
            other => panic!("{other:?}"),
        })
        .collect();
    heard.sort();
    assert_eq!(heard, ["early 2", "idle dropped", "late 3"]);
    static PANICKED: AtomicBool = AtomicBool::new(false);
    store.observe(Box::new(|_| {
        PANICKED.store(true, Ordering::Relaxed);
        panic!("as the test wants it");
    }));
    clicks(&store, "after", 1).end();
    assert_eq!(store.drain(LONG), saved(1));
    assert!(PANICKED.load(Ordering::Relaxed));
}

#[test]
fn retention_leaves_a_running_recording_alone_and_its_file() {
    let dir = Dir::new();
    let options = Options {
        retention: Retention {
            max_recordings: Some(1),
            ..Retention::default()
        },
        ..options()
    };
    let store = Store::open(dir.path(), options).unwrap();
    // All began at the same time, so the oldest is the last by id.
    let running = clicks(&store, "z", 3);
    assert_eq!(store.checkpoint(LONG), saved(1));
    for id in ["y", "x", "a"] {
        clicks(&store, id, 3).end();
    }
    store.drain(LONG);
    let listed = || -> Vec<_> {
        let entries = store.list().unwrap();
        entries.iter().map(|it| text(it.id()).to_owned()).collect()
    };
    while listed() != ["a", "z"] {
        std::thread::sleep(Duration::from_millis(1));
    }
    append(&running, &event(4, "event", 500)).unwrap();
    assert_eq!(running.snapshot().unwrap(), expected("z", 4));
    running.end();
    store.drain(LONG);
    while listed() != ["a"] {
        std::thread::sleep(Duration::from_millis(1));
    }
}
