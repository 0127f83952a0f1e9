//! What an earlier run left and this one can't save: kept, told of, and within reach of whoever
//! wants it erased.

use std::sync::mpsc;

use replay_etf::{Limits, tag};
use replay_store::{Filter, Options};

use crate::support::*;

/// Nothing else holds this.
const SECRET: &[u8] = b"what nobody can read";

fn traces(dir: &Dir) -> usize {
    let files = dir.segments().into_iter();
    let has_secret = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET);
    let read = |file| match std::fs::read(file) {
        // A segment that is out of use goes at any time.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        bytes => bytes.unwrap(),
    };
    files.map(read).filter(|bytes| has_secret(bytes)).count()
}

fn open_with(dir: &Dir, limits: Limits) -> Store {
    let options = Options {
        limits,
        ..options()
    };
    Store::open(dir.path(), options).unwrap()
}

/// Refuses what is larger than a few events.
fn narrow() -> Limits {
    Limits {
        max_bytes: 5_000,
        ..Limits::default()
    }
}

/// A crash with a recording that only a run with other limits can read, and one that any can.
fn unreadable() -> Dir {
    let deep = Limits {
        max_depth: 4_000_000,
        ..Limits::default()
    };
    let dir = Dir::new();
    let store = open_with(&dir, deep);
    let nested = [&[tag::SMALL_TUPLE, 1].repeat(2_000_000)[..], &[tag::NIL]].concat();
    let payload = [&[tag::SMALL_TUPLE, 2][..], &binary(SECRET), &nested].concat();
    let mount = [
        &[tag::SMALL_TUPLE, 3, tag::SMALL_INTEGER, 0][..],
        &atom("event"),
        &payload,
    ]
    .concat();
    let head = recording(b"deep", &[mount]);
    let _deep = store.start(b"deep", &head, 10, Wait::Yes).unwrap();
    let _plain = clicks(&store, "plain", 20);
    dir.crash()
}

#[test]
fn what_can_not_be_read_is_counted_and_kept_for_a_run_that_can() {
    let dir = unreadable();
    for _ in 0..2 {
        let store = dir.open();
        let (sender, notices) = mpsc::channel();
        store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
        assert_eq!(store.drain(LONG).left, 0);
        assert_eq!(store.read(b"plain").unwrap().bytes, expected("plain", 20));
        assert_eq!(store.stats().unwrap().unreadable, 1);
        let failed = |notice: &Notice| matches!(notice, Notice::Failed { retry_in: None, .. });
        assert_eq!(notices.try_iter().filter(failed).count(), 1);
        // No deletion of others reaches it.
        store.delete(b"plain").unwrap();
        store
            .save(&expected("plain", 20), replay_store::Format::Etf)
            .unwrap();
    }
    assert_eq!(traces(&dir), 1);
    let deep = Limits {
        max_depth: 4_000_000,
        ..Limits::default()
    };
    let store = open_with(&dir, deep);
    assert_eq!(store.drain(LONG), saved(1));
    assert_eq!(store.stats().unwrap().unreadable, 0);
    assert!(store.read(b"deep").is_ok());
}

#[test]
fn clearing_erases_what_can_not_be_read() {
    let dir = unreadable();
    let store = dir.open();
    store.drain(LONG);
    assert_eq!(traces(&dir), 1);
    store.clear().unwrap();
    assert_eq!(store.stats().unwrap().unreadable, 0);
    assert_eq!(traces(&dir), 0);
    drop(store);
    let store = dir.open();
    assert_eq!(
        (store.drain(LONG).left, store.stats().unwrap().unreadable),
        (0, 0)
    );
    assert_eq!(store.usage().used, 0);
}

#[test]
fn an_erasure_says_that_it_could_not_look_into_it() {
    let dir = unreadable();
    let store = dir.open();
    store.drain(LONG);
    let by_content = Filter {
        contains: replay_etf::Needle::text(SECRET),
        ..Filter::default()
    };
    let result = store.delete_where(&by_content).unwrap();
    assert_eq!(result.ids.len(), 0);
    let [left] = &result.not_searched[..] else {
        panic!("{result:?}");
    };
    assert_eq!(
        (&*left.file, &*left.reason),
        (
            ".native",
            "recordings in flight that an earlier run left: 1"
        )
    );
    assert_eq!(traces(&dir), 1);
}

/// A crash with a recording that is too large for a run with narrow limits.
fn too_large() -> Dir {
    let dir = Dir::new();
    let store = dir.open();
    let active = clicks(&store, "large", 20);
    append(
        &active,
        &[&event(21, "event", 10)[..11], &binary(SECRET)].concat(),
    )
    .unwrap();
    dir.crash()
}

#[test]
fn what_can_not_be_saved_is_within_reach_of_every_erasure() {
    let by_id = Filter {
        id: Some(b"large"[..].into()),
        ..Filter::default()
    };
    let erasures: [&dyn Fn(&Store); 3] = [
        &|store| store.delete(b"large").unwrap(),
        &|store| store.clear().unwrap(),
        &|store| assert_eq!(store.delete_where(&by_id).unwrap().ids.len(), 1),
    ];
    for erase in erasures {
        let dir = too_large();
        let store = open_with(&dir, narrow());
        store.drain(LONG);
        assert_eq!((traces(&dir), store.stats().unwrap().waiting), (1, 1));
        erase(&store);
        assert_eq!((traces(&dir), store.stats().unwrap().waiting), (0, 0));
        drop(store);
        for _ in 0..2 {
            let store = dir.open();
            assert_eq!(store.drain(LONG), saved(0));
            assert!(entry(&store, "large").is_none());
        }
    }
}
