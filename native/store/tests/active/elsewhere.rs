//! Running recordings and the index on another disk than the recordings.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use replay_store::{Durability, Filter, Format, Options};
use tempfile::TempDir;

use crate::support::*;

/// A directory on another disk than [`Dir`]: one in memory.
fn other_disk() -> TempDir {
    let disk = tempfile::tempdir_in("/dev/shm").unwrap();
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    assert_ne!(device(disk.path()), device(Dir::new().path()));
    disk
}

fn open(recordings: &Path, native_path: &TempDir) -> Store {
    let options = Options {
        native_path: Some(native_path.path().to_owned()),
        durability: Durability::Synced,
        ..options()
    };
    Store::open(recordings, options).unwrap()
}

fn save(store: &Store, id: &str) {
    let etf = recording(id.as_bytes(), &[event(1, "event", 30)]);
    store.save(&etf, Format::Etf).unwrap();
}

fn ids(store: &Store) -> Vec<String> {
    store.drain(LONG);
    let entries = store.list().unwrap();
    let mut ids: Vec<String> = entries.iter().map(|it| text(it.id()).to_owned()).collect();
    ids.sort();
    ids
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// The parts of it that recordings use.
fn parts(native_path: &TempDir) -> Vec<PathBuf> {
    let names = names(native_path.path()).into_iter();
    names.map(|name| native_path.path().join(name)).collect()
}

#[test]
fn what_is_in_flight_and_the_index_are_there_and_outlive_a_crash() {
    let (dir, disk) = (Dir::new(), other_disk());
    let store = open(dir.path(), &disk);
    save(&store, "a");
    clicks(&store, "cut", 3);
    let parts = parts(&disk);
    assert_eq!(parts.len(), 1);
    let there = ["index", "index.lock", "index.log", "slab-0"];
    assert_eq!(names(&parts[0]), there);
    assert_eq!(names(&dir.path().join(".native")), ["id", "tmp-0"]);
    drop(store);
    let store = open(dir.path(), &disk);
    assert_eq!(ids(&store), ["a", "cut"]);
    assert_eq!(store.read(b"cut").unwrap().bytes, expected("cut", 3));
    assert_eq!(store.take_damage(), []);
}

#[test]
fn several_directories_share_it_and_nothing_is_mixed_up() {
    let (ours, theirs, disk) = (Dir::new(), Dir::new(), other_disk());
    for (dir, id) in [(&ours, "ours"), (&theirs, "theirs")] {
        clicks(&open(dir.path(), &disk), id, 3);
    }
    assert_eq!(parts(&disk).len(), 2);
    assert_eq!(ids(&open(theirs.path(), &disk)), ["theirs"]);
    assert_eq!(ids(&open(ours.path(), &disk)), ["ours"]);
}

#[test]
fn other_recordings_at_the_same_path_have_their_own() {
    let (around, disk) = (Dir::new(), other_disk());
    let (here, away) = (around.path().join("here"), around.path().join("away"));
    clicks(&open(&here, &disk), "first", 3);
    fs::rename(&here, &away).unwrap();
    let second = open(&here, &disk);
    save(&second, "second");
    assert_eq!(ids(&second), ["second"]);
    drop(second);
    // A copy is not the same recordings either.
    copy_dir(&away, &around.path().join("copy"));
    assert_eq!(ids(&open(&around.path().join("copy"), &disk)), [""; 0]);
    fs::remove_dir_all(&here).unwrap();
    fs::rename(&away, &here).unwrap();
    assert_eq!(ids(&open(&here, &disk)), ["first"]);
}

#[test]
fn two_nodes_with_a_disk_each_share_the_recordings_and_nothing_else() {
    let (dir, disks) = (Dir::new(), [other_disk(), other_disk()]);
    let [first, second] = [0, 1].map(|n| open(dir.path(), &disks[n]));
    clicks(&first, "cut", 3);
    clicks(&second, "b", 3).end();
    assert_eq!(ids(&second), ["b"]);
    save(&first, "a");
    drop(first);
    drop(second);
    // Each finds what it left itself.
    assert_eq!(ids(&open(dir.path(), &disks[1])), ["a", "b"]);
    assert_eq!(ids(&open(dir.path(), &disks[0])), ["a", "b", "cut"]);
}

#[test]
fn erasing_works_across_the_disks() {
    let (dir, disk) = (Dir::new(), other_disk());
    let store = open(dir.path(), &disk);
    let erase = |id: &str| {
        let filter = Filter {
            id: Some(id.as_bytes().into()),
            ..Filter::default()
        };
        store.delete_where(&filter).unwrap().ids.len()
    };
    save(&store, "a");
    assert_eq!(erase("a"), 1, "before there is a slab");
    save(&store, "b");
    let _running = clicks(&store, "c", 3);
    assert_eq!(erase("b"), 1);
    assert_eq!(erase("c"), 1);
    assert_eq!(ids(&store), [""; 0]);
    let files = names(&parts(&disk)[0].join("slab-0"));
    assert!(files.iter().all(|name| !name.starts_with("erase-")));
}

#[test]
fn a_removed_native_directory_is_made_again_as_the_same() {
    let (dir, disk) = (Dir::new(), other_disk());
    let store = open(dir.path(), &disk);
    save(&store, "a");
    clicks(&store, "cut", 3);
    remove_dir(&dir.path().join(".native"));
    save(&store, "b");
    drop(store);
    assert_eq!(ids(&open(dir.path(), &disk)), ["a", "b", "cut"]);
    assert_eq!(parts(&disk).len(), 1);
}

#[test]
fn a_removed_native_directory_is_made_again_also_if_nothing_is_saved() {
    let (dir, disk) = (Dir::new(), other_disk());
    let options = Options {
        native_path: Some(disk.path().to_owned()),
        heartbeat: Duration::from_millis(10),
        ..options()
    };
    let store = Store::open(dir.path(), options).unwrap();
    clicks(&store, "cut", 3);
    let native = dir.path().join(".native");
    remove_dir(&native);
    while !native.join("id").exists() {
        std::thread::yield_now();
    }
    drop(store);
    assert_eq!(ids(&open(dir.path(), &disk)), ["cut"]);
    assert_eq!(parts(&disk).len(), 1);
}

#[test]
fn what_another_engine_left_there_is_adopted_while_running() {
    let (dir, disk) = (Dir::new(), other_disk());
    let options = Options {
        native_path: Some(disk.path().to_owned()),
        heartbeat: Duration::from_millis(10),
        ..options()
    };
    let store = Store::open(dir.path(), options).unwrap();
    let running = clicks(&store, "mine", 3);
    let other = open(dir.path(), &disk);
    clicks(&other, "cut", 3);
    drop(other);
    while entry(&store, "cut").is_none() {
        std::thread::yield_now();
    }
    append(&running, &event(4, "event", 500)).unwrap();
    running.end();
    assert_eq!(ids(&store), ["cut", "mine"]);
}
