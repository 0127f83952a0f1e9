//! Temporary files, and the directories of the store itself.

use super::*;

#[test]
fn temporary_files_are_removed_as_soon_as_their_writer_is_gone() {
    let dir = Dir::new();
    let writer = dir.open();
    writer
        .save(&Recording::new("x").etf(), Format::Etf)
        .unwrap();
    let own = dir.file(".native").join("tmp-0");
    std::fs::write(own.join("tmp-1-2-3"), b"half of a recording").unwrap();
    let other = dir.open();
    other.save(&Recording::new("y").etf(), Format::Etf).unwrap();
    assert_eq!(dir.temp_files(), ["tmp-1-2-3"]);
    drop((writer, other));
    assert_eq!(dir.temp_files(), ["tmp-1-2-3"]);
    let _reader = dir.open();
    assert_eq!(dir.temp_files(), [""; 0]);
    assert!(!own.exists());
}

#[test]
fn temporary_files_that_nobody_owns_are_removed_when_old() {
    let dir = Dir::new();
    dir.write("x.etf", &Recording::new("x").etf());
    let native = dir.file(".native");
    std::fs::create_dir(&native).unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3700);
    for (name, old) in [("tmp-1-2-3", true), ("tmp-4-5-6", false), ("other", true)] {
        let file = std::fs::File::create(native.join(name)).unwrap();
        if old {
            file.set_modified(long_ago).unwrap();
        }
    }
    dir.open();
    assert_eq!(dir.temp_files(), ["tmp-4-5-6"]);
    assert!(native.join("other").exists());
}

#[test]
fn a_store_that_saves_nothing_makes_no_directory_but_its_own() {
    let dir = Dir::new();
    let store = dir.open();
    store.list().unwrap();
    store.delete(b"x").unwrap();
    store.clear().unwrap();
    assert_eq!(crate::support::names_in(&dir.path()), [""; 0]);
}

#[test]
fn a_store_whose_directory_was_removed_makes_another() {
    let dir = Dir::new();
    let store = dir.open();
    let save = |store: &Store, id| store.save(&Recording::new(id).etf(), Format::Etf).unwrap();
    save(&store, "x");
    std::fs::remove_dir_all(dir.file(".native")).unwrap();
    let other = dir.open();
    save(&other, "y");
    save(&store, "z");
    drop(store);
    save(&other, "y");
    assert_eq!(ids(&other), ["x", "y", "z"]);
}
