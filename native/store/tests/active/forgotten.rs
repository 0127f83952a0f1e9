//! What was in flight and is in a file, or is deleted, does not come back: not while the disk will
//! not give it up, nor from what a power cut leaves of the memory.

use std::sync::Mutex;

use replay_store::{Durability, Filter, Format, Options};

use crate::support::hooked::{Call, Hook, hooked_by, os_error};
use crate::support::*;

/// The calls that count here, and those of them that fail.
#[derive(Default)]
struct Disk {
    failing: Mutex<&'static [&'static str]>,
    calls: Mutex<Vec<&'static str>>,
}

impl Hook for Disk {
    fn call(&self, call: Call<'_>) -> io::Result<()> {
        let is_recording = |path: &Path| !path.to_string_lossy().contains(".native");
        let name = match call {
            Call::SyncMapping(_) => "sync the slab",
            Call::SyncDir(path) if path.ends_with(".native") => "sync the names",
            Call::SyncDir(path) if is_recording(path) => "sync the directory",
            Call::WriteAt(_) => "wipe",
            Call::Rename(_, to) if is_recording(to) => "place",
            Call::Remove(path) if is_recording(path) => "remove",
            _ => return Ok(()),
        };
        self.calls.lock().unwrap().push(name);
        match self.failing.lock().unwrap().contains(&name) {
            true => os_error(libc::EIO),
            false => Ok(()),
        }
    }
}

impl Disk {
    fn fail(&self, calls: &'static [&'static str]) {
        *self.failing.lock().unwrap() = calls;
    }

    /// The calls since the last time.
    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

fn by_id(id: &str) -> Filter {
    Filter {
        id: Some(id.as_bytes().into()),
        ..Filter::default()
    }
}

#[test]
fn a_deletion_fails_as_long_as_the_disk_does_not_give_it_up() {
    type Deletion = fn(&Store) -> Result<(), Error>;
    let deletions: [Deletion; 2] = [
        |store| store.delete(b"a"),
        |store| store.delete_where(&by_id("a")).map(drop),
    ];
    let durabilities = [Durability::Synced, Durability::Relaxed];
    for (delete, durability) in deletions
        .iter()
        .flat_map(|it| durabilities.map(|how| (it, how)))
    {
        let killed = Dir::new();
        let _running = clicks(&killed.open(), "a", 3);
        let (dir, disk) = (killed.crash(), Arc::<Disk>::default());
        disk.fail(&["wipe", "place"]);
        let options = Options {
            durability,
            ..options()
        };
        let store = Store::open_on(hooked_by(&disk), dir.path(), options).unwrap();
        assert_eq!(delete(&store).unwrap_err().posix(), Some("eio"));
        disk.fail(&[]);
        delete(&store).unwrap();
        let crashed = dir.crash();
        let store = crashed.open();
        assert_eq!(store.drain(LONG), saved(0));
        assert!(entry(&store, "a").is_none());
    }
}

#[test]
fn what_was_in_flight_is_off_the_disk_before_its_file_is_changed() {
    let (dir, disk) = (Dir::new(), Arc::<Disk>::default());
    let options = Options {
        durability: Durability::Synced,
        ..options()
    };
    let store = Store::open_on(hooked_by(&disk), dir.path(), options).unwrap();
    for id in ["a", "b", "c"] {
        clicks(&store, id, 3).end();
    }
    assert_eq!(store.drain(LONG), saved(3));
    disk.calls();
    // Another one with its id and its time.
    let other = |id: &str| recording(id.as_bytes(), &[event(9, "event", 30)]);
    store.save(&other("a"), Format::Etf).unwrap();
    assert_eq!(
        disk.calls(),
        [
            "sync the slab",
            "sync the names",
            "place",
            "sync the directory"
        ]
    );
    store.delete(b"b").unwrap();
    assert_eq!(
        disk.calls(),
        [
            "sync the slab",
            "sync the names",
            "remove",
            "sync the directory"
        ]
    );
    let rewriting = store.begin_rewriting(&by_id("c")).unwrap();
    let (version, ()) = store.read_version(b"c", |_, _| ()).unwrap().unwrap();
    assert!(store.rewrite(b"c", &other("c"), &version).unwrap());
    // First for the note of it.
    assert_eq!(
        disk.calls(),
        [
            "sync the names",
            "sync the slab",
            "sync the names",
            "place",
            "sync the directory"
        ]
    );
    store.end_rewriting(rewriting.number).unwrap();
    disk.calls();
    // Nothing has to be put off the disk for one that is new.
    store.save(&other("d"), Format::Etf).unwrap();
    assert_eq!(disk.calls(), ["place", "sync the directory"]);
}

#[test]
fn what_an_earlier_run_had_in_flight_is_off_the_disk_too() {
    let (dir, disk) = (Dir::new(), Arc::<Disk>::default());
    let options = Options {
        durability: Durability::Synced,
        ..options()
    };
    let open = || Store::open_on(hooked_by(&disk), dir.path(), options.clone()).unwrap();
    let earlier = open();
    for id in ["a", "b"] {
        clicks(&earlier, id, 3).end();
    }
    assert_eq!(earlier.drain(LONG), saved(2));
    drop(earlier);
    let store = open();
    disk.calls();
    store.delete(b"a").unwrap();
    assert_eq!(
        disk.calls(),
        ["sync the names", "remove", "sync the directory"]
    );
    // This run has had nothing there since.
    store.delete(b"b").unwrap();
    assert_eq!(disk.calls(), ["remove", "sync the directory"]);
}

#[test]
fn a_deletion_that_was_not_synced_is_when_it_is_repeated() {
    let (dir, disk) = (Dir::new(), Arc::<Disk>::default());
    let options = Options {
        durability: Durability::Synced,
        ..options()
    };
    let store = Store::open_on(hooked_by(&disk), dir.path(), options).unwrap();
    let etf = recording(b"a", &[event(1, "event", 30)]);
    store.save(&etf, Format::Etf).unwrap();
    disk.fail(&["sync the directory"]);
    assert_eq!(store.delete(b"a").unwrap_err().posix(), Some("eio"));
    disk.fail(&[]);
    disk.calls();
    store.delete(b"a").unwrap();
    assert_eq!(disk.calls(), ["sync the directory"]);
}

#[test]
fn what_an_earlier_run_put_in_its_file_is_synced_before_it_is_wiped() {
    let dir = Dir::new();
    let store = dir.open();
    let _running = clicks(&store, "a", 3);
    assert_eq!(store.checkpoint(LONG), saved(1));
    let (killed, disk) = (dir.crash(), Arc::<Disk>::default());
    let options = Options {
        durability: Durability::Synced,
        ..options()
    };
    let store = Store::open_on(hooked_by(&disk), killed.path(), options).unwrap();
    // It is in its file already.
    assert_eq!(store.drain(LONG), saved(0));
    let calls = disk.calls();
    let synced = calls.iter().position(|it| *it == "sync the directory");
    // The first mark says that it is no more.
    let wiped = calls.iter().position(|it| *it == "wipe");
    assert!(synced.is_some() && synced < wiped, "{calls:?}");
}
