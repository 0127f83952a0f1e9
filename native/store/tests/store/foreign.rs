//! Other programs work in the same directory. Most tests are repeated: they fail now and then,
//! and not always, if a change in the same tick of the clock is missed.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use replay_store::{Format, Store, Watch};

use crate::hooked::{Call, Hook, hooked_by};
use crate::support::{Dir, Recording, entry, gzip, ids, is_missing, options};

const TIMES: usize = 50;

/// The operating system tells of changes, or the directory's times have to.
const WAYS: [fn(&Dir) -> Store; 2] = [Dir::open, open_unwatched];

struct Unwatched;

impl Hook for Unwatched {
    fn call(&self, _: Call<'_>) -> io::Result<()> {
        Ok(())
    }

    fn watch(&self, _: &Path) -> io::Result<Option<Box<dyn Watch>>> {
        Ok(None)
    }
}

fn open_unwatched(dir: &Dir) -> Store {
    Store::open_on(hooked_by(&Arc::new(Unwatched)), &dir.path(), options()).unwrap()
}

#[test]
fn a_file_written_by_another_program_is_listed_and_read() {
    for open in WAYS {
        let dir = Dir::new();
        let store = open(&dir);
        for n in 0..TIMES {
            let id = format!("{n:03}");
            let etf = Recording::new(&id).etf();
            dir.write(format!("{id}.etf.gz"), &gzip(&etf));
            if n % 2 == 0 {
                assert_eq!(store.read(id.as_bytes()).unwrap().bytes, etf);
            }
            assert_eq!(store.list().unwrap().len(), n + 1);
        }
    }
}

#[test]
fn a_file_removed_by_another_program_is_not_listed_nor_found() {
    for open in WAYS {
        let dir = Dir::new();
        let store = open(&dir);
        for n in 0..TIMES {
            store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
            store.save(&Recording::new("y").etf(), Format::Etf).unwrap();
            fs::remove_file(dir.file("x.etf.gz")).unwrap();
            if n % 2 == 0 {
                assert!(is_missing(&store, "x"));
            }
            assert_eq!(ids(&store), ["y"]);
        }
    }
}

#[test]
fn a_change_right_after_an_own_one_is_seen() {
    for open in WAYS {
        let dir = Dir::new();
        let store = open(&dir);
        for n in 0..TIMES {
            store
                .save(&Recording::new("own").at(n as i64).etf(), Format::Etf)
                .unwrap();
            dir.write(
                format!("{n:03}.etf"),
                &Recording::new(format!("{n:03}")).at(-1).etf(),
            );
            assert_eq!(store.list().unwrap().len(), n + 2);
            store
                .save(&Recording::new("own").at(n as i64).etf(), Format::Etf)
                .unwrap();
            assert_eq!(store.list().unwrap().len(), n + 2);
        }
    }
}

#[test]
fn a_file_replaced_by_another_store_is_seen() {
    for open in WAYS {
        let dir = Dir::new();
        let (ours, theirs) = (open(&dir), open(&dir));
        for n in 0..TIMES {
            let recording = Recording::new("x").at(n as i64).mark(b'a' + n as u8 % 2);
            theirs.save(&recording.etf(), Format::Etf).unwrap();
            assert_eq!(entry(&ours, "x").connected_at, n as i64);
            assert_eq!(ours.read(b"x").unwrap().bytes, recording.etf());
            ours.save(&Recording::new("y").at(n as i64).etf(), Format::Json)
                .unwrap();
            assert_eq!(entry(&theirs, "y").connected_at, n as i64);
        }
    }
}

#[test]
fn a_file_overwritten_in_place_is_read_as_it_is_and_summarized_again() {
    for open in WAYS {
        let dir = Dir::new();
        let store = open(&dir);
        store
            .save(&Recording::new("x").at(1).etf(), Format::Etf)
            .unwrap();
        let new = Recording::new("x").at(2).events(5);
        dir.write("x.etf.gz", &gzip(&new.etf()));
        assert_eq!(store.read(b"x").unwrap().bytes, new.etf());
        assert_eq!(entry(&store, "x").connected_at, 2);
    }
}

#[test]
fn a_file_overwritten_by_another_recording_is_found_under_that_id() {
    let dir = Dir::new();
    dir.write("file.etf", &Recording::new("a").etf());
    let store = dir.open();
    let b = Recording::new("b").events(7);
    dir.write("file.etf", &b.etf());
    assert!(is_missing(&store, "a"));
    assert_eq!(store.read(b"b").unwrap().bytes, b.etf());
    assert_eq!(ids(&store), ["b"]);
}

#[test]
fn a_file_completed_after_it_was_seen_half_written_is_listed() {
    for open in WAYS {
        let dir = Dir::new();
        let store = open(&dir);
        let content = gzip(&Recording::new("x").etf());
        dir.write("x.etf.gz", &content[..10]);
        assert!(store.list().unwrap().is_empty());
        // In place: the directory does not change.
        dir.write("x.etf.gz", &content);
        assert_eq!(ids(&store), ["x"]);
        assert_eq!(store.take_damage(), []);
    }
}

#[test]
fn the_newer_of_two_files_with_one_id_counts() {
    let dir = Dir::new();
    let (old, new) = (Recording::new("x").at(1), Recording::new("x").at(2));
    let time = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    for newer_first in [true, false] {
        dir.write(
            "x.etf.gz",
            &gzip(&if newer_first { new.etf() } else { old.etf() }),
        );
        dir.write("copy.etf", &if newer_first { old.etf() } else { new.etf() });
        let older = if newer_first { "copy.etf" } else { "x.etf.gz" };
        fs::File::options()
            .write(true)
            .open(dir.file(older))
            .unwrap()
            .set_modified(time)
            .unwrap();
        let store = dir.open();
        assert_eq!(store.list().unwrap().len(), 1);
        assert_eq!(entry(&store, "x").connected_at, 2);
        assert_eq!(store.read(b"x").unwrap().bytes, new.etf());
    }
}

#[test]
fn of_two_files_of_the_same_age_the_better_suffix_counts() {
    let dir = Dir::new();
    let etf = Recording::new("x").etf();
    let time = std::time::SystemTime::now();
    for suffix in ["etf", "etf.gz"] {
        let name = format!("x.{suffix}");
        dir.write(&name, &etf);
        fs::File::options()
            .write(true)
            .open(dir.file(&name))
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
    assert_eq!(entry(&dir.open(), "x").file_name(), "x.etf.gz");
}

#[test]
fn a_file_replaced_by_one_of_the_same_size_and_time_is_noticed() {
    let dir = Dir::new();
    let time = std::time::SystemTime::now();
    let put = |name: &str, at| {
        dir.write(name, &Recording::new("x").at(at).etf());
        fs::File::options()
            .write(true)
            .open(dir.file(name))
            .unwrap()
            .set_modified(time)
            .unwrap();
    };
    put("x.etf", 1);
    let store = dir.open();
    put("new", 2);
    fs::rename(dir.file("new"), dir.file("x.etf")).unwrap();
    assert_eq!(entry(&store, "x").connected_at, 2);
}
