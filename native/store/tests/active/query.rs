//! Queries while recordings are in flight.

use replay_store::{Facts as _, Filter, Item, PathPart, Sort, UrlPart};

use crate::support::*;

fn found(store: &Store, filter: &Filter) -> Vec<String> {
    let page = store.query(filter, Sort::Newest, 100, None).unwrap();
    assert_eq!(page.total, page.items.len());
    let ids = page.items.iter().map(|item| text(item.id()).to_owned());
    ids.collect()
}

fn named_events(names: &[&str]) -> Filter {
    let names = names.iter().map(|name| name.as_bytes().into()).collect();
    Filter {
        event: Some(names),
        ..Filter::default()
    }
}

fn on(path: &str) -> Filter {
    Filter {
        path: Some(PathPart::Exact(path.as_bytes().into())),
        ..Filter::default()
    }
}

fn active(active: bool) -> Filter {
    Filter {
        active: Some(active),
        ..Filter::default()
    }
}

#[test]
fn recordings_in_flight_are_found_once_a_user_did_something() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = start(&store, "a");
    assert_eq!(found(&store, &Filter::default()), [""; 0]);
    append(&recording, &named(1, "validate")).unwrap();
    assert_eq!(found(&store, &Filter::default()), ["a"]);
    assert_eq!(found(&store, &active(true)), ["a"]);
    assert_eq!(found(&store, &active(false)), [""; 0]);
    recording.end();
    store.drain(LONG);
    assert_eq!(found(&store, &active(true)), [""; 0]);
    assert_eq!(found(&store, &active(false)), ["a"]);
}

#[test]
fn one_that_runs_on_after_a_checkpoint_counts_once_and_as_running() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = start(&store, "a");
    append(&recording, &named(1, "first")).unwrap();
    store.checkpoint(LONG);
    append(&recording, &named(2, "second")).unwrap();
    assert!(entry(&store, "a").is_some(), "it has a file");
    for filter in [
        Filter::default(),
        active(true),
        named_events(&["second"]),
        named_events(&["first"]),
    ] {
        assert_eq!(found(&store, &filter), ["a"], "{filter:?}");
    }
    // What its file says does not count.
    assert_eq!(found(&store, &active(false)), [""; 0]);
    let shorter = Filter {
        max_events: Some(2),
        ..Filter::default()
    };
    assert_eq!(found(&store, &shorter), [""; 0]);
    let facets = store.facets(&Filter::default()).unwrap();
    let counts = [(b"first"[..].into(), 1), (b"second"[..].into(), 1)];
    assert_eq!(facets.events, counts);
    assert_eq!(facets.views[0].1, 1);
    assert_eq!(facets.days, [(0, 1)]);
}

#[test]
fn names_of_events_are_those_of_the_beginning_too_and_of_any_length() {
    let dir = Dir::new();
    let store = dir.open();
    let head = recording(b"a", &[event(0, "mount", 30), named(1, "head")]);
    let recording = store.start(b"a", &head, 100_000, Wait::Yes).unwrap();
    // Enough for several chunks, so that one event goes over from one to the next.
    for n in 2..2_000 {
        append(&recording, &named(n, &format!("name{n}").repeat(20))).unwrap();
        append(&recording, &named(n, "tail")).unwrap();
    }
    for (names, expected) in [
        (&["head"][..], &["a"][..]),
        (&["tail"], &["a"]),
        (&["other", "tail"], &["a"]),
        (&["other"], &[]),
        (&[], &[]),
    ] {
        assert_eq!(found(&store, &named_events(names)), expected, "{names:?}");
    }
}

#[test]
fn recordings_in_flight_have_their_place_in_every_order() {
    let dir = Dir::new();
    let store = dir.open();
    let recordings: Vec<_> = (1..=9)
        .map(|n| clicks(&store, &format!("{n}"), n))
        .collect();
    for recording in recordings.iter().take(5) {
        recording.end();
    }
    store.drain(LONG);
    let ids = |sort| {
        let mut ids = Vec::new();
        let mut after = None;
        loop {
            let page = store
                .query(&Filter::default(), sort, 2, after.as_ref())
                .unwrap();
            assert_eq!(page.total, 9);
            ids.extend(page.items.iter().map(|item| text(item.id()).to_owned()));
            after = page.next;
            if after.is_none() {
                return ids.concat();
            }
        }
    };
    // They all began at the same moment.
    assert_eq!(ids(Sort::Newest), "123456789");
    assert_eq!(ids(Sort::Oldest), "987654321");
    assert_eq!(ids(Sort::Longest), "987654321");
    assert_eq!(ids(Sort::MostEvents), "987654321");
    // Uncompressed, those in flight are larger.
    assert!(ids(Sort::Largest).starts_with("9876"));
}

#[test]
fn a_recording_that_ends_between_pages_is_on_one_of_them() {
    let dir = Dir::new();
    let store = dir.open();
    let recordings: Vec<_> = ["a", "b", "c", "d"].map(|id| clicks(&store, id, 1)).into();
    let mut ids = Vec::new();
    let mut after = None;
    for recording in &recordings {
        let page = store
            .query(&Filter::default(), Sort::Newest, 1, after.as_ref())
            .unwrap();
        ids.extend(page.items.iter().map(|item| text(item.id()).to_owned()));
        after = page.next;
        recording.end();
        store.drain(LONG);
    }
    assert_eq!(ids, ["a", "b", "c", "d"]);
    assert!(after.is_none());
}

#[test]
fn flags_are_asked_of_recordings_in_flight_and_of_their_files() {
    let dir = Dir::new();
    let store = dir.open();
    let head = recording(b"full", &[event(0, "mount", 30), named(1, "a")]);
    let full = store.start(b"full", &head, 1, Wait::Yes).unwrap();
    append(&full, &named(2, "b")).unwrap();
    assert!(matches!(
        append(&full, &named(3, "c")),
        Err(AppendError::Full)
    ));
    let cut = clicks(&store, "cut", 1);
    let truncated = |truncated| Filter {
        truncated: Some(truncated),
        ..Filter::default()
    };
    let recovered = |recovered| Filter {
        recovered: Some(recovered),
        ..Filter::default()
    };
    assert_eq!(found(&store, &truncated(true)), ["full"]);
    assert_eq!(found(&store, &truncated(false)), ["cut"]);
    assert_eq!(found(&store, &recovered(true)), [""; 0]);

    full.end();
    store.drain(LONG);
    let crashed = dir.crash();
    drop(cut);
    let store = crashed.open();
    store.drain(LONG);
    assert_eq!(found(&store, &truncated(true)), ["full"]);
    assert_eq!(found(&store, &recovered(true)), ["cut"]);
    assert_eq!(found(&store, &recovered(false)), ["full"]);
}

#[test]
fn what_is_in_flight_can_be_told_from_what_is_stored() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = clicks(&store, "a", 3);
    let all = Filter::default();
    let one = |store: &Store| {
        let mut page = store.query(&all, Sort::Newest, 1, None).unwrap();
        page.items.pop().unwrap()
    };
    match one(&store) {
        Item::InFlight(it) => assert_eq!((it.event_count(), it.is_active()), (4, true)),
        Item::Stored(_) => panic!("it is in flight"),
    }
    recording.end();
    store.drain(LONG);
    match one(&store) {
        Item::Stored(it) => assert_eq!((it.event_count(), it.is_active()), (4, false)),
        Item::InFlight(_) => panic!("it is in its file"),
    }
}

#[test]
fn recordings_in_flight_are_found_by_their_pages_however_many() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = start(&store, "a");
    append(&recording, &named(1, "click")).unwrap();
    for n in 0..100 {
        append(&recording, &visited(n, &format!("http://a/list?page={n}"))).unwrap();
    }
    append(&recording, &visited(100, "http://a/last")).unwrap();
    let url = |part: &str| Filter {
        url: Some(UrlPart::new(part.as_bytes())),
        ..Filter::default()
    };
    let both = Filter {
        event: Some(vec![b"click"[..].into()]),
        ..on("/last")
    };
    let neither = Filter {
        event: Some(vec![b"other"[..].into()]),
        ..on("/last")
    };
    // In flight, with an older file as well, and in its file.
    for step in 0..3 {
        match step {
            0 => {}
            1 => {
                store.checkpoint(LONG);
                append(&recording, &named(101, "more")).unwrap();
            }
            _ => {
                recording.end();
                store.drain(LONG);
            }
        }
        for (filter, expected) in [
            (on("/list"), &["a"][..]),
            (on("/last"), &["a"]),
            (on("/list?page=99"), &["a"]),
            (on("/other"), &[]),
            (url("http://a/last"), &["a"]),
            (url("list?page=98"), &["a"]),
            (url("b/last"), &[]),
            (both.clone(), &["a"]),
            (neither.clone(), &[]),
        ] {
            assert_eq!(found(&store, &filter), expected, "{filter:?}");
        }
        let facets = store.facets(&Filter::default()).unwrap();
        assert_eq!(facets.paths, [(b"/list"[..].into(), 1)]);
    }
}

#[test]
fn pages_of_recordings_in_flight_are_told_where_they_are_asked_for() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = start(&store, "a");
    append(&recording, &visited(1, "http://a/1")).unwrap();
    append(&recording, &visited(2, "http://a/2")).unwrap();
    let all = Filter::default();
    let page = store.query(&all, Sort::Newest, 9, None).unwrap();
    assert_eq!(page.items[0].pages().iter().count(), 0);
    assert!(!page.items[0].pages().is_complete());
    let page = store.query_with_pages(&all, Sort::Newest, 9, None).unwrap();
    let pages = page.items[0].pages();
    assert!(pages.iter().eq([&b"http://a/1"[..], b"http://a/2"]) && pages.is_complete());
}

#[test]
fn what_matches_by_its_pages_is_erased_in_flight_too() {
    let dir = Dir::new();
    let store = dir.open();
    let recordings: Vec<_> = [("idle", "http://a/7"), ("other", "http://a/71")]
        .map(|(id, url)| (start(&store, id), url))
        .into();
    for (recording, url) in &recordings {
        append(recording, &visited(1, url)).unwrap();
    }
    let busy = clicks(&store, "busy", 3);
    (0..80).for_each(|n| append(&busy, &visited(n, &format!("http://a/{}", n + 100))).unwrap());
    append(&busy, &visited(99, "http://a/7?last")).unwrap();
    let mut erased = store.delete_where(&on("/7")).unwrap().ids;
    erased.sort();
    assert_eq!(erased, [b"busy"[..].into(), b"idle"[..].into()]);
    assert!(append(&busy, &named(100, "late")).is_err());
    assert!(append(&recordings[1].0, &named(2, "goes on")).is_ok());
}
