//! A part of what a crash left can't be read at the next start, and can at the one after.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, Weak, mpsc};

use replay_store::{Filter, Format, Options};

use crate::support::*;

/// Recordings that go through the same segments, and one that does not go far.
fn record(store: &Store) {
    let running: Vec<_> = (0..8).map(|n| start(store, &format!("r{n}"))).collect();
    for n in 1..=150 {
        for recording in &running {
            append(recording, &event(n, "event", 500)).unwrap();
        }
    }
    clicks(store, "short", 3);
}

/// The store after a crash, on a system that can't open one of the segments.
fn open_without_one(crashed: &Dir) -> Store {
    let segments = crashed.segments();
    assert!(segments.len() > 2);
    let missing = segments[1].clone();
    let system = opening(move |path| match path == missing {
        true => Err(io::Error::from_raw_os_error(libc::EMFILE)),
        false => Ok(()),
    });
    crashed.open_on(system)
}

#[test]
fn a_segment_that_could_not_be_opened_once_costs_nothing() {
    let dir = Dir::new();
    let store = dir.open();
    record(&store);
    let crashed = dir.crash();

    let store = open_without_one(&crashed);
    let (sender, notices) = std::sync::mpsc::channel();
    store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
    // What it records itself meets nothing of what waits.
    let _new = clicks(&store, "new", 50);
    assert_eq!(store.drain(LONG).left, 0);
    let set_aside = notices.try_iter();
    assert_eq!(
        set_aside
            .filter(|n| matches!(n, Notice::SetAside { .. }))
            .count(),
        1
    );
    drop(store);

    let store = crashed.open();
    assert_eq!(store.drain(LONG).left, 0);
    for n in 0..8 {
        let id = format!("r{n}");
        assert!(
            store.read(id.as_bytes()).unwrap().bytes == expected(&id, 150),
            "{id}"
        );
    }
    assert_eq!(store.read(b"short").unwrap().bytes, expected("short", 3));
    assert_eq!(store.read(b"new").unwrap().bytes, expected("new", 50));
}

/// What a crash leaves that comes when it is written down what is to be erased; and the note.
fn crash_while_erasing() -> (Dir, PathBuf) {
    let dir = Dir::new();
    // The note of the erasure is written, and nothing more is done.
    let stuck = placing(|path| match path.ends_with("index") {
        true => Err(io::ErrorKind::StorageFull.into()),
        false => Ok(()),
    });
    let store = dir.open_on(stuck);
    record(&store);
    let crashed = dir.crash();
    let filter = Filter {
        id: Some(b"r".as_slice().into()),
        ..Filter::default()
    };
    store.delete_where(&filter).unwrap_err();
    let note = dir.files().into_iter().find(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("erase-")
    });
    let note = note.unwrap();
    let copy = crashed.path().join(note.strip_prefix(dir.path()).unwrap());
    std::fs::copy(&note, &copy).unwrap();
    (crashed, copy)
}

#[test]
fn what_was_to_be_erased_and_could_not_be_read_is_erased_when_it_can() {
    let (crashed, note) = crash_while_erasing();
    let store = open_without_one(&crashed);
    assert_eq!(store.drain(LONG).left, 0);
    assert!(note.exists());
    drop(store);
    let store = crashed.open();
    assert_eq!(store.drain(LONG).left, 0);
    assert!(!note.exists());
    let left: Vec<_> = store.list().unwrap();
    assert_eq!(
        left.iter()
            .map(|entry| text(entry.id()))
            .collect::<Vec<_>>(),
        ["short"]
    );
    // It also happens by itself, after the last one is saved.
    store.trim(Duration::ZERO);
    assert_eq!(crashed.segments(), Vec::<PathBuf>::new());
}

#[test]
fn what_waits_is_looked_at_again_by_the_engine_that_runs_and_files_are_erased_once() {
    let (crashed, note) = crash_while_erasing();
    let missing = crashed.segments()[1].clone();
    let fails = Arc::new(AtomicBool::new(true));
    let (looked, looks) = mpsc::channel();
    let failing = Arc::clone(&fails);
    let system = opening(move |path| match path == missing {
        true if failing.load(Ordering::Relaxed) => {
            let _ = looked.send(());
            Err(io::Error::from_raw_os_error(libc::EMFILE))
        }
        _ => Ok(()),
    });
    let quick = Options {
        heartbeat: Duration::from_millis(10),
        ..options()
    };
    let store = Store::open_on(system, crashed.path(), quick).unwrap();
    assert_eq!(store.drain(LONG).left, 0);
    let again = recording(b"r0", &[event(1, "event", 30)]);
    store.save(&again, Format::Etf).unwrap();
    (0..3).for_each(|_| looks.recv_timeout(LONG).unwrap());
    assert!(note.exists());
    assert_eq!(store.read(b"r0").unwrap().bytes, again);

    fails.store(false, Ordering::Relaxed);
    while note.exists() {
        std::thread::yield_now();
    }
    assert_eq!(store.drain(LONG).left, 0);
    assert_eq!(store.read(b"r0").unwrap().bytes, again);
    let mut ids: Vec<_> = (store.list().unwrap().iter())
        .map(|entry| text(entry.id()).to_owned())
        .collect();
    ids.sort();
    assert_eq!(ids, ["r0", "short"]);
}

#[test]
fn what_is_to_be_erased_is_written_down_while_what_an_earlier_run_left_is_saved() {
    let dir = Dir::new();
    let store = dir.open();
    let other = recording(b"other", &[event(1, "event", 30)]);
    store.save(&other, Format::Etf).unwrap();
    clicks(&store, "cut", 3);
    let crashed = dir.crash();
    let left = crashed.segments().remove(0);
    let opened = Arc::new(OnceLock::<Weak<Store>>::new());
    let (save, may_save) = mpsc::channel::<()>();
    let (save, may_save) = (Mutex::new(Some(save)), Mutex::new(may_save));
    let (running, segment) = (Arc::clone(&opened), left.clone());
    let system = placing(move |path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("cut") {
            // Until the first of two notes is to be put in its place.
            let _ = may_save.lock().unwrap().recv();
        } else if name.starts_with("erase-") && save.lock().unwrap().take().is_some() {
            let store = running.get().unwrap().upgrade().unwrap();
            while segment.exists() {
                store.trim(Duration::ZERO);
            }
        }
        Ok(())
    });
    let store = Arc::new(crashed.open_on(system));
    opened.set(Arc::downgrade(&store)).unwrap();
    let filter = Filter {
        id: Some(b"other".as_slice().into()),
        ..Filter::default()
    };
    assert_eq!(store.delete_where(&filter).unwrap().ids.len(), 1);
    assert_eq!(store.drain(LONG).left, 0);
    assert_eq!(store.read(b"cut").unwrap().bytes, expected("cut", 3));
    assert!(!left.parent().unwrap().exists());
}
