//! The index on the disk: what is known is not read again, and whatever becomes of its files, the
//! index is the one that the directory gives.

use std::fs;
use std::sync::Arc;

use replay_store::{Entry, Format};

use crate::reads::Reads;
use crate::support::{Dir, Recording, gzip, ids, index_file};

/// Opens the directory, and returns what is in it and how many recordings were read for that.
fn open_counting(dir: &Dir) -> (Vec<Arc<Entry>>, usize) {
    let reads = Reads::default();
    let store = reads.open(dir);
    let entries = store.list().unwrap();
    (entries, reads.count())
}

/// What a store knows that has to read every recording.
fn rebuilt(dir: &Dir) -> Vec<Arc<Entry>> {
    for name in ["index", "index.log"] {
        let _ = fs::remove_file(index_file(dir, name));
    }
    open_counting(dir).0
}

/// Some recordings, part of them in the snapshot and part of them in the log.
fn some(dir: &Dir) {
    for n in 0..4 {
        let recording = Recording::new(format!("r{n}")).at(n);
        dir.write(format!("r{n}.etf.gz"), &gzip(&recording.etf()));
    }
    let store = dir.open();
    for (n, format) in [(5, Format::Etf), (6, Format::Json)] {
        let recording = Recording::new(format!("../{n}")).at(n);
        store.save(&recording.etf(), format).unwrap();
    }
    store.delete(b"r1").unwrap();
}

#[test]
fn what_is_known_is_not_read_again() {
    let dir = Dir::new();
    some(&dir);
    let (entries, reads) = open_counting(&dir);
    assert_eq!((entries.len(), reads), (5, 0));
    assert_eq!(entries, rebuilt(&dir));
    let (again, reads) = open_counting(&dir);
    assert_eq!((again, reads), (entries, 0), "also after a rebuild");
}

#[test]
fn only_what_others_changed_meanwhile_is_read() {
    let dir = Dir::new();
    some(&dir);
    dir.write("new.etf", &Recording::new("new").etf());
    dir.write("r2.etf.gz", &gzip(&Recording::new("r2").events(7).etf()));
    fs::remove_file(dir.file("r3.etf.gz")).unwrap();
    let (entries, reads) = open_counting(&dir);
    assert_eq!((entries.len(), reads), (5, 2));
    assert_eq!(entries, rebuilt(&dir));
}

#[test]
fn opening_an_empty_directory_writes_nothing_into_it() {
    let dir = Dir::new();
    let store = dir.open();
    assert!(ids(&store).is_empty());
    assert!(!dir.file(".native").exists());
}

/// Opens with a file of the index changed.
fn open_with(dir: &Dir, name: &str, content: &[u8]) -> (Vec<Arc<Entry>>, Vec<String>) {
    fs::write(index_file(dir, name), content).unwrap();
    let store = dir.open();
    let damage = store.take_damage();
    let files = damage.into_iter().map(|damage| damage.file).collect();
    (store.list().unwrap(), files)
}

/// The content of both files of the index.
fn both(dir: &Dir) -> [(&'static str, Vec<u8>); 2] {
    ["index", "index.log"].map(|name| (name, fs::read(index_file(dir, name)).unwrap()))
}

fn restore(dir: &Dir, files: &[(&str, Vec<u8>)]) {
    for (name, content) in files {
        fs::write(index_file(dir, name), content).unwrap();
    }
}

#[test]
fn cut_at_any_length_it_is_reported_and_rebuilt() {
    let dir = Dir::new();
    some(&dir);
    let whole = both(&dir);
    let expected = open_counting(&dir).0;
    for (name, content) in &whole {
        let mut silent = 0;
        for len in 0..content.len() {
            restore(&dir, &whole);
            let (entries, damage) = open_with(&dir, name, &content[..len]);
            assert_eq!(entries, expected, "{name} cut to {len}");
            match &damage[..] {
                [file] => assert_eq!(*file, format!(".native/{name}")),
                // A log that ends between two changes is just a shorter log.
                [] => silent += 1,
                _ => panic!("{damage:?}"),
            }
            assert_eq!(dir.open().take_damage(), [], "{name} at {len} is mended");
        }
        // The header alone, and the first of two rows.
        assert_eq!(silent, if *name == "index" { 0 } else { 2 }, "{name}");
    }
}

#[test]
fn with_any_byte_flipped_it_is_reported_and_rebuilt() {
    let dir = Dir::new();
    some(&dir);
    let whole = both(&dir);
    let expected = open_counting(&dir).0;
    for (name, content) in &whole {
        for at in 0..content.len() {
            restore(&dir, &whole);
            let mut flipped = content.clone();
            flipped[at] ^= 0xff;
            let (entries, damage) = open_with(&dir, name, &flipped);
            assert_eq!(entries, expected, "{name} flipped at {at}");
            assert_eq!(damage, [format!(".native/{name}")], "flipped at {at}");
        }
    }
}

#[test]
fn a_log_of_another_snapshot_is_passed_over_in_silence() {
    let dir = Dir::new();
    some(&dir);
    let [(_, old_snapshot), (_, log)] = both(&dir);
    let expected = rebuilt(&dir);
    let [(_, new_snapshot), _] = both(&dir);
    for (name, content) in [("index.log", log), ("index", old_snapshot)] {
        fs::write(index_file(&dir, "index"), &new_snapshot).unwrap();
        let (entries, damage) = open_with(&dir, name, &content);
        assert_eq!((entries, damage), (expected.clone(), vec![]));
    }
}

#[test]
fn what_every_store_of_a_directory_saves_is_known_at_the_next_start() {
    let dir = Dir::new();
    let stores = [dir.open(), dir.open()];
    for n in 0..10 {
        let recording = Recording::new(n.to_string());
        stores[n % 2].save(&recording.etf(), Format::Etf).unwrap();
    }
    assert_eq!(open_counting(&dir).1, 0);
}

#[test]
fn the_log_does_not_grow_for_ever() {
    let dir = Dir::new();
    let store = dir.open();
    // Long ids make long rows.
    let ids = [b'x', b'y'].map(|byte| [byte; 230]);
    for n in 0..3_000 {
        let recording = Recording::new(ids[n % 2]);
        store.save(&recording.etf(), Format::Etf).unwrap();
    }
    let bytes = |name| fs::metadata(index_file(&dir, name)).unwrap().len();
    assert!(bytes("index") + bytes("index.log") <= (1 << 20) + 1_000);
    assert_eq!(open_counting(&dir).1, 0);
}

#[test]
fn a_removed_native_directory_is_made_again() {
    let dir = Dir::new();
    let store = dir.open();
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    fs::remove_dir_all(dir.file(".native")).unwrap();
    for id in ["y", "z"] {
        store.save(&Recording::new(id).etf(), Format::Etf).unwrap();
    }
    assert_eq!(ids(&store).len(), 3);
    assert_eq!(open_counting(&dir).0.len(), 3);
}

#[test]
fn that_a_recording_was_removed_is_not_written_down() {
    let dir = Dir::new();
    let stores = [dir.open(), dir.open()];
    let save = |id: &str| {
        let recording = Recording::new(id);
        stores[0].save(&recording.etf(), Format::Etf).unwrap();
    };
    save("before");
    stores[1].list().unwrap();
    let snapshot = both(&dir);
    save("secret");
    assert_eq!(ids(&stores[1]).len(), 2);
    stores[0].delete(b"secret").unwrap();
    // As after an erasure, which writes the index anew.
    restore(&dir, &snapshot);
    assert_eq!(ids(&stores[1]), ["before"]);
    for (name, content) in both(&dir) {
        let told = content.windows(6).any(|part| part == b"secret");
        assert!(!told, "{name}");
    }
}
