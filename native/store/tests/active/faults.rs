//! A disk that fails, and code that panics, while recordings are saved.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};

use replay_store::{Durability, Filter, Options};

use crate::support::hooked::{Call, hooked, os_error};
use crate::support::*;

fn is_file_of(path: &Path, id: &str) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with(id)
}

#[test]
fn a_save_that_fails_ten_times_delays_no_other_and_succeeds_in_the_end() {
    let dir = Dir::new();
    let left = AtomicUsize::new(10);
    let failing = placing(move |path| {
        let fails = is_file_of(path, "bad")
            && left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                .is_ok();
        if fails {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    });
    let store = dir.open_on(failing);
    let (sender, notices) = mpsc::channel();
    store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
    clicks(&store, "bad", 20).end();
    // Tried once, and not before a while again.
    assert_eq!(store.drain(Duration::from_millis(20)).left, 1);
    (0..50).for_each(|n| clicks(&store, &format!("good{n}"), 5).end());
    // Each time it is tried at once, and not waited for until it is tried again.
    while store.drain(Duration::from_millis(20)).left > 0 {}
    assert_eq!(store.read(b"bad").unwrap().bytes, expected("bad", 20));
    assert_eq!(store.list().unwrap().len(), 51);
    let (mut attempts, mut delays, mut good_before) = (Vec::new(), Vec::new(), 0);
    for notice in notices.try_iter() {
        match notice {
            Notice::Failed {
                id,
                error,
                attempt,
                retry_in,
            } => {
                assert_eq!((&*id, error.posix()), (&b"bad"[..], Some("enospc")));
                attempts.push(attempt);
                delays.push(retry_in.unwrap());
            }
            Notice::Saved { id, .. } if *id == *b"bad" => break,
            Notice::Saved { .. } => good_before += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(attempts, (1..=10).collect::<Vec<_>>());
    assert_eq!(good_before, 50);
    assert!(delays.is_sorted() && delays[9] == Duration::from_secs(30));
}

#[test]
fn a_save_that_panics_is_tried_again() {
    let dir = Dir::new();
    let left = AtomicUsize::new(2);
    let failing = placing(move |path| {
        let panics = is_file_of(path, "a")
            && left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                .is_ok();
        assert!(!panics, "as the test wants it");
        Ok(())
    });
    let store = dir.open_on(failing);
    let (sender, notices) = mpsc::channel();
    store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
    clicks(&store, "a", 20).end();
    // Each time it is tried at once, and not waited for until it is tried again.
    while store.drain(Duration::from_millis(20)).left > 0 {}
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 20));
    let panics = notices
        .try_iter()
        .filter(|n| matches!(n, Notice::Panicked { .. }))
        .count();
    assert_eq!(panics, 2);
}

#[test]
fn a_checkpoint_that_fails_changes_nothing() {
    let dir = Dir::new();
    let failing = placing(|path| {
        if is_file_of(path, "bad") {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    });
    let store = dir.open_on(failing);
    let (bad, good) = (clicks(&store, "bad", 3), clicks(&store, "good", 3));
    let checkpoint = store.checkpoint(LONG);
    assert_eq!((checkpoint.saved, checkpoint.left), (1, 1));
    for active in [bad, good] {
        append(&active, &event(4, "event", 500)).unwrap();
    }
}

#[test]
fn what_is_deleted_while_it_is_saved_does_not_come_back() {
    let dir = Dir::new();
    let (reached, go_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let barriers = (Arc::clone(&reached), Arc::clone(&go_on));
    let slow = placing(move |path| {
        if is_file_of(path, "a") {
            barriers.0.wait();
            barriers.1.wait();
        }
        Ok(())
    });
    let store = dir.open_on(slow);
    clicks(&store, "a", 20).end();
    reached.wait();
    store.active(b"a").unwrap().discard();
    go_on.wait();
    assert_eq!(store.drain(LONG), saved(0));
    assert!(entry(&store, "a").is_none());
    assert!(!dir.path().join("a.etf.gz").exists());
    assert_eq!(store.usage().used, 0);
}

#[test]
fn an_append_that_is_under_way_when_the_recording_ends_is_saved() {
    let dir = Dir::new();
    let store = dir.open();
    let active = clicks(&store, "a", 20);
    let last = event(21, "event", 500);
    let mut reservation = active.reserve(Wait::Yes).unwrap();
    let (mut to, room) = reservation.space();
    if room < last.len() {
        (to, _) = reservation.grow(0, last.len()).unwrap();
    }
    active.end();
    assert_eq!(store.drain(Duration::from_millis(20)).left, 1);
    // SAFETY: there is room, and nobody else writes there before the commit.
    unsafe { to.copy_from_nonoverlapping(last.as_ptr(), last.len()) };
    reservation.commit(last.len()).unwrap();
    assert_eq!(store.drain(LONG), saved(1));
    assert_eq!(store.read(b"a").unwrap().bytes, expected("a", 21));
}

#[test]
fn recordings_in_flight_are_erased_where_directories_can_not_be_synced() {
    let dir = Dir::new();
    let system = hooked(|call| match call {
        Call::SyncDir(_) => os_error(libc::EINVAL),
        _ => Ok(()),
    });
    let options = Options {
        durability: Durability::Synced,
        ..options()
    };
    let store = Store::open_on(system, dir.path(), options).unwrap();
    let _running = clicks(&store, "a", 3);
    let filter = Filter {
        id: Some(b"a".as_slice().into()),
        ..Filter::default()
    };
    assert_eq!(store.delete_where(&filter).unwrap().ids.len(), 1);
    assert!(store.active(b"a").is_none());
}
