//! What is looked at again, and what of it counts.

use super::*;

#[test]
fn a_known_file_is_not_read_again_and_a_quiet_directory_not_listed() {
    let dir = Dir::new();
    for n in 0..50 {
        dir.write(format!("{n}.etf"), &Recording::new(n.to_string()).etf());
    }
    let (fs, store) = open_unwatched(&dir);
    dir.write("new.etf.gz", &gzip(&Recording::new("new").etf()));
    // So that the tick of the clock in which the directory changed is over.
    std::thread::sleep(std::time::Duration::from_millis(30));
    store.list().unwrap();
    let calls = fs.take_calls();
    assert_eq!(
        calls.iter().filter(|call| **call == Call::Names).count(),
        4,
        "open, .native, before the first snapshot, list"
    );
    assert_eq!(
        calls.iter().filter(|call| **call == Call::Read).count(),
        51 + 2,
        "the recordings, and the two files of the index"
    );
    assert_eq!(store.list().unwrap().len(), 51);
    assert_eq!(fs.take_calls(), [Call::Metadata]);
}

#[test]
fn the_names_are_not_read_again_after_own_changes_alone() {
    // On a busy machine the store may take the clock of the file system for a coarse one.
    let trusted = (0..5).any(|_| {
        let dir = Dir::new();
        let (fs, store) = open_unwatched(&dir);
        let save = |id: &str| store.save(&Recording::new(id).etf(), Format::Etf).unwrap();
        save("first");
        store.list().unwrap();
        fs.take_calls();
        for (id, expected) in [("a", 2), ("b", 3), ("c", 4)] {
            save(id);
            assert_eq!(store.list().unwrap().len(), expected);
        }
        store.delete(b"a").unwrap();
        assert_eq!(ids(&store), ["b", "c", "first"]);
        !fs.take_calls().contains(&Call::Names)
    });
    assert_eq!(
        trusted,
        has_fine_grained_times(&Dir::new()),
        "with coarse times it must not be"
    );
}

#[test]
fn a_save_during_a_scan_is_not_undone_by_what_the_scan_saw_before() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let store = Arc::new(store);
    dir.write("x.etf.gz", &gzip(&Recording::new("x").at(1).etf()));
    fs.after_read("x.etf.gz", {
        let store = Arc::clone(&store);
        move || {
            store
                .save(&Recording::new("x").at(2).etf(), Format::Etf)
                .unwrap()
        }
    });
    assert_eq!(entry(&store, "x").connected_at, 2);
    assert_eq!(store.list().unwrap(), dir.open().list().unwrap());
}

#[test]
fn a_delete_during_a_scan_is_not_undone_by_what_the_scan_saw_before() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let store = Arc::new(store);
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    dir.write("x.etf.gz", &gzip(&Recording::new("x").events(9).etf()));
    dir.write("y.etf", &Recording::new("y").etf());
    fs.after_read("x.etf.gz", {
        let store = Arc::clone(&store);
        move || store.delete(b"x").unwrap()
    });
    assert_eq!(ids(&store), ["y"]);
}

#[test]
fn a_read_does_not_undo_a_save_that_came_between() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let store = Arc::new(store);
    store
        .save(&Recording::new("x").at(1).etf(), Format::Etf)
        .unwrap();
    // So that the list at the end has no reason to look at the directory.
    store.list().unwrap();
    let foreign = Recording::new("x").at(2).events(9).etf();
    dir.write("x.etf.gz", &gzip(&foreign));
    fs.after_read("x.etf.gz", {
        let store = Arc::clone(&store);
        move || {
            store
                .save(&Recording::new("x").at(3).etf(), Format::Etf)
                .unwrap()
        }
    });
    assert_eq!(store.read(b"x").unwrap().bytes, foreign);
    assert_eq!(entry(&store, "x").connected_at, 3);
}

/// Whether each change of a directory has a time of its own, as since Linux 6.13 on most file
/// systems.
fn has_fine_grained_times(dir: &Dir) -> bool {
    let path = dir.outside();
    let mut times: Vec<i64> = (0..20)
        .map(|n| {
            std::fs::write(path.join(n.to_string()), b"").unwrap();
            OsFileSystem.metadata(path).unwrap().stamp.modified_ns
        })
        .collect();
    times.dedup();
    times.len() == 20
}
