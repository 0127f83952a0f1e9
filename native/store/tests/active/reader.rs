//! A directory is read while another engine records into it.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use replay_store::{Filter, Format, Options, Reader, Sort};

use crate::support::*;

/// Everything that is not a finished recording, and what is in it.
fn native(dir: &Dir) -> Vec<(PathBuf, Vec<u8>, i64, i64)> {
    let mut files = dir.files();
    files.sort();
    let look = |path: PathBuf| {
        let found = std::fs::metadata(&path).unwrap();
        let content = std::fs::read(&path).unwrap();
        (path, content, found.mtime(), found.mtime_nsec())
    };
    files.into_iter().map(look).collect()
}

/// One that does not touch anything by itself.
fn quiet(dir: &Dir) -> Store {
    let options = Options {
        heartbeat: Duration::from_secs(60),
        ..options()
    };
    Store::open(dir.path(), options).unwrap()
}

#[test]
fn neither_what_is_in_flight_nor_what_a_dead_engine_left_is_touched() {
    let dir = Dir::new();
    let store = quiet(&dir);
    store
        .save(&recording(b"done", &[event(1, "event", 9)]), Format::Etf)
        .unwrap();
    let _running = clicks(&store, "running", 20);
    let crashed = dir.crash();
    for dir in [&dir, &crashed] {
        let before = native(dir);
        assert!(!dir.segments().is_empty());
        let reader = Reader::open(dir.path(), options()).unwrap();
        let page = reader
            .query(&Filter::default(), Sort::Newest, 9, None)
            .unwrap();
        assert_eq!(page.total, 1, "the one that is done");
        assert!(matches!(reader.read(b"running"), Err(Error::NotFound)));
        drop(reader);
        assert_eq!(native(dir), before);
    }
    let recovered = crashed.open();
    recovered.drain(LONG);
    assert_eq!(
        recovered.read(b"running").unwrap().bytes,
        expected("running", 20)
    );
}
