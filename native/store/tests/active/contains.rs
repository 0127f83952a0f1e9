//! Searching what is in recordings in flight.

use std::path::PathBuf;

use replay_etf::Needle;
use replay_store::{Filter, Format, Search, Sort};

use crate::erase::{SECRET, traces};
use crate::support::*;

fn containing(text: &[u8]) -> Filter {
    Filter {
        contains: Needle::text(text),
        ..Filter::default()
    }
}

fn secret() -> Filter {
    containing(SECRET)
}

/// A user's event with the secret at its end, behind so many bytes.
fn with_secret(offset: i32, len: usize) -> Vec<u8> {
    let payload = [vec![b'x'; len], SECRET.to_vec()].concat();
    let offset = [&[replay_etf::tag::INTEGER], &offset.to_be_bytes()[..]].concat();
    let head = &[replay_etf::tag::SMALL_TUPLE, 3][..];
    [head, &offset, &atom("event"), &binary(&payload)].concat()
}

fn finish(store: &Store, mut search: Search) -> Vec<String> {
    while !search.is_done() {
        store.search_on(&mut search);
    }
    assert_eq!(store.not_searched(&search).unwrap(), []);
    let page = search.page(Sort::Newest, 100, None).unwrap();
    let mut ids: Vec<_> = page
        .items
        .iter()
        .map(|it| text(it.id()).to_owned())
        .collect();
    ids.sort();
    ids
}

fn found(store: &Store, filter: &Filter) -> Vec<String> {
    finish(store, store.search(filter).unwrap())
}

#[test]
fn it_is_found_in_any_event_and_in_what_the_recording_began_with() {
    let dir = Dir::new();
    let store = dir.open();
    let head = recording(b"first", &[event(0, "mount", 30), with_secret(1, 0)]);
    let first = store.start(b"first", &head, 100, Wait::Yes).unwrap();
    append(&first, &event(2, "event", 30)).unwrap();
    // Events that go over from one piece of space to the next are among these.
    let long = clicks(&store, "long", 100);
    for len in [0, 3_000, 60_000] {
        append(&long, &with_secret(101, len)).unwrap();
        append(&long, &event(102, "event", 1_000)).unwrap();
    }
    clicks(&store, "other", 50);
    assert_eq!(found(&store, &secret()), ["first", "long"]);
    let named_first = Filter {
        id: Some(b"f"[..].into()),
        ..secret()
    };
    assert_eq!(found(&store, &named_first), ["first"]);
    assert_eq!(
        found(&store, &containing(b"other")),
        [""; 0],
        "the id is no content"
    );
}

#[test]
fn every_event_is_found_wherever_it_is_cut() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = start(&store, "a");
    for n in 1..=200 {
        append(&recording, &named(n, &format!("needle-{n}-end"))).unwrap();
    }
    for n in 1..=200 {
        let filter = containing(format!("needle-{n}-end").as_bytes());
        assert_eq!(found(&store, &filter), ["a"], "{n}");
    }
}

#[test]
fn names_of_events_are_asked_as_well() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = start(&store, "a");
    append(&recording, &named(1, "save")).unwrap();
    append(&recording, &with_secret(2, 0)).unwrap();
    let with_event = |name: &str| Filter {
        event: Some(vec![name.as_bytes().into()]),
        ..secret()
    };
    assert_eq!(found(&store, &with_event("save")), ["a"]);
    assert_eq!(found(&store, &with_event("other")), [""; 0]);
    let mut search = store.search(&secret()).unwrap();
    store.search_on(&mut search);
    assert_eq!(search.facets().events, [(b"save"[..].into(), 1)]);
}

#[test]
fn one_that_ends_while_the_search_goes_on_is_found_in_its_file() {
    for format in [Format::Etf, Format::Json] {
        let dir = Dir::new();
        let store = dir.open();
        for id in ["ends", "runs", "discarded"] {
            let recording = start(&store, id);
            recording.save_as(format);
            append(&recording, &with_secret(1, 100)).unwrap();
        }
        // In which nothing has been done when the search begins.
        let late = start(&store, "late");
        late.save_as(format);
        let running = Filter {
            active: Some(true),
            ..secret()
        };
        let searches = [&secret(), &running].map(|filter| store.search(filter).unwrap());
        store.active(b"ends").unwrap().end();
        append(&late, &with_secret(1, 100)).unwrap();
        late.end();
        store.active(b"discarded").unwrap().discard();
        assert_eq!(store.drain(LONG).left, 0);
        for search in searches {
            assert_eq!(search.progress().total, 4);
            assert_eq!(finish(&store, search), ["ends", "late", "runs"]);
        }
        assert_eq!(found(&store, &secret()), ["ends", "late", "runs"]);
    }
}

#[test]
fn one_that_runs_on_after_a_checkpoint_counts_once_and_as_it_is_now() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = start(&store, "a");
    append(&recording, &named(1, "first")).unwrap();
    store.checkpoint(LONG);
    append(&recording, &with_secret(2, 0)).unwrap();
    assert_eq!(found(&store, &secret()), ["a"]);
    assert_eq!(found(&store, &containing(b"first")), ["a"]);
    assert!(entry(&store, "a").is_some(), "it has a file");
}

#[test]
fn a_file_counts_as_long_as_no_user_has_done_anything_under_its_id() {
    let dir = Dir::new();
    let store = dir.open();
    let before = recording(b"a", &[event(0, "mount", 30), with_secret(1, 0)]);
    store.save(&before, Format::Etf).unwrap();
    let again = start(&store, "a");
    assert_eq!(found(&store, &secret()), ["a"]);
    append(&again, &event(1, "event", 30)).unwrap();
    assert_eq!(found(&store, &secret()), [""; 0]);
}

#[test]
fn what_is_found_is_erased_everywhere_and_the_rest_is_untouched() {
    let dir = Dir::new();
    let store = dir.open();
    for (id, format) in [("user-1", Format::Etf), ("user-2", Format::Json)] {
        let events = [event(0, "mount", 30), with_secret(1, 10)];
        store
            .save(&recording(id.as_bytes(), &events), format)
            .unwrap();
    }
    let other = recording(b"other-1", &[event(0, "mount", 30), event(1, "event", 9)]);
    store.save(&other, Format::Etf).unwrap();
    let three = start(&store, "user-3");
    append(&three, &with_secret(1, 10)).unwrap();
    store.checkpoint(LONG);
    append(&three, &event(2, "event", 300)).unwrap();
    // In which nothing was done yet, but the mount has it.
    let mount = [
        &with_secret(0, 10)[..7],
        &atom("mount"),
        &with_secret(0, 10)[14..],
    ]
    .concat();
    let head = recording(b"user-4", &[mount]);
    store.start(b"user-4", &head, 10, Wait::Yes).unwrap();
    clicks(&store, "other-2", 3);
    assert_eq!(found(&store, &secret()), ["user-1", "user-2", "user-3"]);
    let mut erased: Vec<_> = store.delete_where(&secret()).unwrap().ids;
    erased.sort();
    let erased: Vec<_> = erased.iter().map(|id| text(id)).collect();
    assert_eq!(erased, ["user-1", "user-2", "user-3", "user-4"]);
    assert_eq!(traces(dir.path()), Vec::<PathBuf>::new());
    drop(store);
    let store = dir.open();
    store.drain(LONG);
    assert_eq!(found(&store, &Filter::default()), ["other-1", "other-2"]);
    assert_eq!(traces(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn one_that_is_too_large_to_be_saved_is_found_and_erased() {
    let dir = Dir::new();
    let store = dir.open();
    let large = clicks(&store, "large", 20);
    append(&large, &with_secret(21, 10)).unwrap();
    let crashed = dir.crash();
    let mut narrow = options();
    narrow.limits.max_bytes = 5_000;
    let store = Store::open(crashed.path(), narrow).unwrap();
    store.drain(LONG);
    assert_eq!(store.stats().unwrap().waiting, 1);
    assert_eq!(found(&store, &secret()), ["large"]);
    assert_eq!(store.delete_where(&secret()).unwrap().ids.len(), 1);
    assert_eq!(traces(crashed.path()), Vec::<PathBuf>::new());
}
