//! What the sessions that end sync.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use replay_store::{Durability, FileSystem, Format, Options};

use crate::support::hooked::{Call, hooked, os_error};
use crate::support::*;

fn with(durability: Durability) -> Options {
    Options {
        durability,
        ..options()
    }
}

/// The real file system, which notes what is synced.
fn noting(synced: &Arc<Mutex<Vec<String>>>) -> Arc<dyn FileSystem> {
    let synced = Arc::clone(synced);
    hooked(move |call| {
        let path = match call {
            Call::WriteNew {
                path, sync: true, ..
            }
            | Call::SyncDir(path) => path,
            _ => return Ok(()),
        };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        synced.lock().unwrap().push(name);
        Ok(())
    })
}

/// The real file system, whose directories can't be synced once that is set.
fn failing() -> (Arc<dyn FileSystem>, Arc<AtomicBool>) {
    let fails = Arc::new(AtomicBool::new(false));
    let failing = Arc::clone(&fails);
    let fs = hooked(move |call| match call {
        Call::SyncDir(_) if failing.load(Ordering::Relaxed) => os_error(libc::EIO),
        _ => Ok(()),
    });
    (fs, fails)
}

#[test]
fn relaxed_sessions_end_without_a_sync() {
    let dir = Dir::new();
    let synced = Arc::default();
    let store = Store::open_on(noting(&synced), dir.path(), with(Durability::Relaxed)).unwrap();
    clicks(&store, "first", 3).end();
    assert_eq!(store.drain(LONG), saved(1));
    synced.lock().unwrap().clear();
    for n in 0..5 {
        clicks(&store, &format!("{n}"), 3).end();
    }
    assert_eq!(store.drain(LONG), saved(5));
    assert_eq!(*synced.lock().unwrap(), [""; 0]);
    // In the slab there is nothing left of them.
    assert_eq!(store.usage().used, 0);
    drop(store);
    let store = dir.open();
    assert_eq!(store.drain(LONG), saved(0));
    assert_eq!(store.read(b"4").unwrap().bytes, expected("4", 3));
}

#[test]
fn where_no_sync_succeeds_a_session_stays_in_the_slab() {
    let dir = Dir::new();
    let (fs, fails) = failing();
    let store = Store::open_on(fs, dir.path(), with(Durability::Synced)).unwrap();
    clicks(&store, "a", 3).end();
    assert_eq!(store.drain(LONG), saved(1));
    fails.store(true, Ordering::Relaxed);
    clicks(&store, "b", 3).end();
    assert_eq!(store.drain(Duration::from_millis(300)).left, 1);
    // It is in its place, and yet nobody knows for how long.
    assert_eq!(store.read(b"b").unwrap().format, Format::Etf);
    assert!(store.usage().used > 0);
}

#[test]
fn what_an_earlier_run_put_in_its_place_is_let_go_only_after_a_sync() {
    for (durability, expected) in [
        (Durability::Synced, vec!["recordings".to_owned()]),
        (Durability::Relaxed, vec![]),
    ] {
        let dir = Dir::new();
        let (fs, fails) = failing();
        let recordings = dir.path().join("recordings");
        let store = Store::open_on(fs, &recordings, with(Durability::Synced));
        let store = store.unwrap();
        clicks(&store, "first", 3).end();
        assert_eq!(store.drain(LONG), saved(1));
        fails.store(true, Ordering::Relaxed);
        clicks(&store, "a", 3).end();
        while store.stats().unwrap().counts.failed == 0 {
            std::thread::yield_now();
        }
        drop(store);
        let synced = Arc::default();
        let store = Store::open_on(noting(&synced), &recordings, with(durability)).unwrap();
        store.drain(LONG);
        assert_eq!(store.usage().used, 0);
        let mut synced = std::mem::take(&mut *synced.lock().unwrap());
        synced.retain(|name| name == "recordings");
        assert_eq!(synced, expected);
    }
}
