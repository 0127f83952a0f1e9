//! An id that is used again: each crash leaves the session that came last.

use replay_etf::tag;
use replay_store::{Format, Options, Recording};

use crate::support::*;

/// The recording of these events that was started so many milliseconds after the epoch.
fn recording_at(id: &str, connected_at: u8, events: &[Vec<u8>]) -> Vec<u8> {
    let mut etf = recording(id.as_bytes(), events);
    let key = atom("connected_at");
    let at = etf.windows(key.len()).position(|it| *it == key).unwrap() + key.len();
    assert_eq!(etf[at..at + 2], [tag::SMALL_INTEGER, 7]);
    etf[at + 1] = connected_at;
    etf
}

/// The events of a session: a mount, and so many of a user, which tell whose they are.
fn events(session: i32, count: i32) -> Vec<Vec<u8>> {
    let clicks = (1..=count).map(|n| event(session * 1000 + n, "event", 100));
    std::iter::once(event(0, "mount", 30))
        .chain(clicks)
        .collect()
}

fn session(store: &Store, id: &str, connected_at: u8, count: i32) -> Arc<Recording> {
    let events = events(connected_at.into(), count);
    let head = recording_at(id, connected_at, &events[..1]);
    let recording = store
        .start(id.as_bytes(), &head, 10_000, Wait::Yes)
        .unwrap();
    (events.iter().skip(1)).for_each(|event| append(&recording, event).unwrap());
    recording
}

fn content(id: &str, connected_at: u8, count: i32) -> Vec<u8> {
    recording_at(id, connected_at, &events(connected_at.into(), count))
}

/// Opens a directory twice, one after the other, and looks for the recording each time.
fn stays(dir: &Dir, id: &str, expected: &[u8]) {
    for _ in 0..2 {
        let store = dir.open();
        assert_eq!(store.drain(LONG).left, 0);
        assert!(store.read(id.as_bytes()).unwrap().bytes == expected);
        assert_eq!(store.usage().used, 0);
    }
}

#[test]
fn a_new_session_survives_a_crash_however_long_the_one_before_it_was() {
    for count in [1, 20, 21, 100] {
        let dir = Dir::new();
        let store = dir.open();
        session(&store, "a", 7, 20).end();
        assert_eq!(store.drain(LONG), saved(1));
        let _running = session(&store, "a", 9, count);
        let crashed = dir.crash();
        let expected = content("a", 9, count);
        stays(&crashed, "a", &expected);
    }
}

#[test]
fn so_does_one_that_began_in_the_same_millisecond() {
    let dir = Dir::new();
    let store = dir.open();
    clicks(&store, "a", 20).end();
    store.drain(LONG);
    let running = start(&store, "a");
    let other = event(77, "event", 300);
    append(&running, &other).unwrap();
    let crashed = dir.crash();
    let expected = recording(b"a", &[event(0, "mount", 30), other]);
    stays(&crashed, "a", &expected);
}

#[test]
fn so_does_one_that_is_saved_as_json() {
    let json = Options {
        format: Format::Json,
        ..options()
    };
    let dir = Dir::new();
    let open = |path: &Path| Store::open(path, json.clone()).unwrap();
    let store = open(dir.path());
    session(&store, "a", 7, 20).end();
    store.drain(LONG);
    let running = session(&store, "a", 9, 3);
    let crashed = dir.crash();
    running.end();
    store.drain(LONG);
    let expected = store.read(b"a").unwrap();
    for _ in 0..2 {
        let store = open(crashed.path());
        store.drain(LONG);
        assert!(store.read(b"a").unwrap() == expected);
    }
}

#[test]
fn a_file_that_has_more_than_what_is_left_in_the_slab_is_kept() {
    for format in [Format::Etf, Format::Json] {
        let dir = Dir::new();
        let of_format = Options {
            format,
            ..options()
        };
        let open = |path: &Path| Store::open(path, of_format.clone()).unwrap();
        let store = open(dir.path());
        let active = session(&store, "a", 7, 20);
        // A power cut may lose the latest events, but not what was saved of them.
        let crashed = dir.crash();
        for n in 21..=30 {
            append(&active, &event(7000 + n, "event", 100)).unwrap();
        }
        assert_eq!(store.checkpoint(LONG), saved(1));
        let file = entry(&store, "a").unwrap();
        let name = text(file.file());
        std::fs::copy(dir.path().join(name), crashed.path().join(name)).unwrap();
        for _ in 0..2 {
            let again = open(crashed.path());
            assert_eq!(again.drain(LONG).left, 0);
            assert_eq!(entry(&again, "a").unwrap().event_count, 31);
            assert!(!entry(&again, "a").unwrap().recovered);
            assert_eq!(again.usage().used, 0);
        }
    }
}

#[test]
fn of_two_sessions_with_one_id_that_a_crash_left_the_later_stays() {
    for (first, second) in [(7, 9), (9, 7)] {
        let dir = Dir::new();
        let stores = [dir.open(), dir.open()];
        let _running = [
            session(&stores[0], "a", first, 20),
            session(&stores[1], "a", second, 20),
        ];
        let crashed = dir.crash();
        let expected = content("a", 9, 20);
        stays(&crashed, "a", &expected);
    }
}

#[test]
fn an_earlier_session_that_is_found_does_not_replace_the_file_of_a_later_one() {
    let dir = Dir::new();
    let stores = [dir.open(), dir.open()];
    let _running = session(&stores[0], "a", 7, 20);
    session(&stores[1], "a", 9, 3).end();
    assert_eq!(stores[1].drain(LONG), saved(1));
    let crashed = dir.crash();
    let expected = content("a", 9, 3);
    stays(&crashed, "a", &expected);
}
