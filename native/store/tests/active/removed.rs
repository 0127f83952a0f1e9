//! What recordings in flight are kept in is removed under a running engine.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};

use replay_store::{Options, Recording};

use crate::support::hooked::{Call, hooked};
use crate::support::*;

/// Finds out by itself as soon as may be.
fn quick() -> Options {
    Options {
        heartbeat: Duration::from_millis(10),
        ..options()
    }
}

/// Does not find out by itself.
fn slow() -> Options {
    Options {
        heartbeat: LONG,
        ..options()
    }
}

fn observe(store: &Store) -> Receiver<Notice> {
    let (sender, notices) = mpsc::channel();
    store.observe(Box::new(move |notice| {
        let _ = sender.send(notice);
    }));
    notices
}

/// Waits until so many recordings have moved, and none is gone.
fn wait_for_moved(notices: &Receiver<Notice>, expected: usize) {
    let mut moved = 0;
    while moved < expected {
        if let Notice::Moved { count, gone } = notices.recv_timeout(LONG).unwrap() {
            assert_eq!(gone, 0);
            moved += count;
        }
    }
}

fn native(dir: &Dir) -> std::path::PathBuf {
    dir.path().join(".native")
}

/// The directories in `.native/` of which the name begins so.
fn directories(dir: &Dir, prefix: &str) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(native(dir)).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let begins = |path: &Path| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(prefix)
    };
    paths.filter(|path| begins(path)).collect()
}

fn more(recording: &Recording, from: i32, to: i32) {
    for n in from..=to {
        append(recording, &event(n, "event", 500)).unwrap();
    }
}

/// Removes a directory in which an engine may just be making again what is removed.
fn remove_one_by_one(path: &Path) {
    while let Err(error) = fs::remove_dir_all(path) {
        assert_eq!(error.kind(), io::ErrorKind::DirectoryNotEmpty);
    }
}

/// A crash leaves these, as often as the next run may crash as well.
fn assert_recovered(dir: &Dir, counts: &[(&str, i32)]) {
    let again = dir.crash();
    for crashed in [dir, &again, &again] {
        let store = crashed.open();
        assert_eq!(store.drain(LONG).left, 0);
        for (id, count) in counts {
            let read = store.read(id.as_bytes()).unwrap().bytes;
            assert!(read == expected(id, *count), "{id}");
        }
        assert_eq!(store.usage().used, 0);
    }
}

#[test]
fn whatever_is_removed_nothing_that_was_acknowledged_is_lost() {
    let removals: [&dyn Fn(&Dir); 4] = [
        &|dir| remove_one_by_one(&native(dir)),
        &|dir| {
            let slabs = directories(dir, "slab-");
            slabs.iter().for_each(|slab| remove_one_by_one(slab));
        },
        &|dir| {
            let segments = dir.segments();
            segments
                .iter()
                .for_each(|file| fs::remove_file(file).unwrap());
        },
        &|dir| {
            let native = native(dir);
            fs::rename(&native, native.with_extension("gone")).unwrap();
        },
    ];
    for remove in removals {
        let dir = Dir::new();
        let store = Store::open(dir.path(), quick()).unwrap();
        let notices = observe(&store);
        // One is idle, one has several chunks, one has ended and can't be saved yet.
        let idle = clicks(&store, "idle", 1);
        let busy = clicks(&store, "busy", 1000);
        remove(&dir);
        more(&busy, 1001, 1100);
        wait_for_moved(&notices, 1);
        while directories(&dir, "slab-").is_empty() {
            std::thread::yield_now();
        }
        more(&busy, 1101, 1200);
        while dir.crash().open().actives().len() < 2 {
            std::thread::yield_now();
        }
        let late = clicks(&store, "late", 30);
        assert_recovered(&dir.crash(), &[("idle", 1), ("busy", 1200), ("late", 30)]);
        for recording in [idle, busy, late] {
            recording.end();
        }
        assert_eq!(store.drain(LONG), saved(3));
        assert_eq!(store.read(b"busy").unwrap().bytes, expected("busy", 1200));
        assert_eq!(store.usage().used, 0);
    }
}

#[test]
fn a_lock_that_is_removed_is_made_again_and_nobody_takes_over_meanwhile() {
    let dir = Dir::new();
    let store = Store::open(dir.path(), quick()).unwrap();
    let running = clicks(&store, "a", 20);
    for lock in directories(&dir, "slab-") {
        fs::remove_file(lock.join("lock")).unwrap();
    }
    let other = dir.open();
    assert!(other.actives().is_empty());
    let slab = &directories(&dir, "slab-")[0];
    while !slab.join("lock").exists() {
        std::thread::yield_now();
    }
    more(&running, 21, 30);
    let third = dir.open();
    assert!(other.actives().is_empty() && third.actives().is_empty());
    running.end();
    assert_eq!(store.drain(LONG), saved(1));
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 30));
}

#[test]
fn who_needs_space_finds_out_at_the_latest() {
    let dir = Dir::new();
    let store = Store::open(dir.path(), slow()).unwrap();
    let running = clicks(&store, "a", 20);
    remove_dir(&native(&dir));
    // More than there is in the segments that were removed.
    more(&running, 21, 4000);
    let another = clicks(&store, "b", 20);
    assert!(!dir.segments().is_empty());
    more(&another, 21, 22);
    more(&running, 4001, 4001);
    assert_recovered(&dir.crash(), &[("a", 4001), ("b", 22)]);
}

#[test]
fn as_long_as_there_is_no_place_for_it_nothing_is_acknowledged() {
    let dir = Dir::new();
    let barred = Arc::new(AtomicBool::new(false));
    let no_directories = Arc::clone(&barred);
    let fs = hooked(move |call| match call {
        Call::CreateDir(_) if no_directories.load(Ordering::Relaxed) => {
            Err(io::ErrorKind::StorageFull.into())
        }
        _ => Ok(()),
    });
    let store = Store::open_on(fs, dir.path(), quick()).unwrap();
    let notices = observe(&store);
    let running = clicks(&store, "a", 20);
    barred.store(true, Ordering::Relaxed);
    remove_dir(&native(&dir));
    let mut acknowledged = 20;
    let refused = loop {
        match append(&running, &event(acknowledged + 1, "event", 500)) {
            Ok(()) => acknowledged += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Io(e) if e.kind() == io::ErrorKind::StorageFull));
    append(&running, &event(0, "event", 500)).unwrap_err();
    let head = recording(b"b", &[event(0, "mount", 30)]);
    let refused = store.start(b"b", &head, 10, Wait::Yes).unwrap_err();
    assert_eq!(refused.posix(), Some("enospc"));
    barred.store(false, Ordering::Relaxed);
    wait_for_moved(&notices, 1);
    more(&running, acknowledged + 1, acknowledged + 10);
    assert_recovered(&dir.crash(), &[("a", acknowledged + 10)]);
}

#[test]
fn what_an_earlier_run_left_is_saved_although_it_is_removed() {
    let dir = Dir::new();
    let store = dir.open();
    let _running = [clicks(&store, "a", 200), clicks(&store, "b", 300)];
    let crashed = dir.crash();
    let go_on = Arc::new(AtomicBool::new(false));
    let may_go_on = Arc::clone(&go_on);
    let stuck = placing(move |_| match may_go_on.load(Ordering::Relaxed) {
        true => Ok(()),
        false => Err(io::ErrorKind::StorageFull.into()),
    });
    let store = Store::open_on(stuck, crashed.path(), quick()).unwrap();
    let notices = observe(&store);
    remove_dir(&native(&crashed));
    wait_for_moved(&notices, 2);
    assert_recovered(&crashed.crash(), &[("a", 200), ("b", 300)]);
    go_on.store(true, Ordering::Relaxed);
    assert_eq!(store.drain(LONG), saved(2));
    assert!(entry(&store, "a").unwrap().recovered);
    assert_eq!(store.usage().used, 0);
}

#[test]
fn what_was_deleted_stays_so_and_an_erasure_goes_on() {
    let dir = Dir::new();
    let store = Store::open(dir.path(), slow()).unwrap();
    let _running = [clicks(&store, "a", 200), clicks(&store, "b", 300)];
    remove_dir(&native(&dir));
    store.delete(b"a").unwrap();
    let all = replay_store::Filter {
        id: Some(b"b"[..].into()),
        ..replay_store::Filter::default()
    };
    assert_eq!(store.delete_where(&all).unwrap().ids.len(), 1);
    let crashed = dir.crash().open();
    crashed.drain(LONG);
    assert!(crashed.list().unwrap().is_empty());
    assert_eq!(store.usage().used, 0);
}
