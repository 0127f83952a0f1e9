//! Reading everything in full, and moving damage out of the way.

use std::fs::File;
use std::time::{Duration, SystemTime};

use replay_store::{Compression, Format, Notice, Options, Store, Verified};

use crate::support::{Dir, Recording, gzip, ids, names_in, options};

/// Goes through all files as a caller does.
pub fn all(
    store: &Store,
    turn: impl Fn(&[&[u8]]) -> Verified,
) -> (usize, Vec<String>, Vec<String>) {
    let files = store.recording_files().unwrap();
    let mut rest: Vec<&[u8]> = files.iter().map(|file| &**file).collect();
    let (mut checked, mut damaged, mut quarantined) = (0, Vec::new(), Vec::new());
    while !rest.is_empty() {
        let verified = turn(&rest);
        assert!(verified.checked > 0);
        checked += verified.checked;
        rest.drain(..verified.checked);
        let text = |it: &replay_store::Damage| format!("{}: {}", it.file, it.reason);
        damaged.extend(verified.damaged.iter().map(text));
        quarantined.extend(verified.quarantined.iter().map(text));
    }
    damaged.sort();
    quarantined.sort();
    (checked, damaged, quarantined)
}

/// Makes a file look as if nobody had written to it for a minute.
pub fn age(dir: &Dir, name: &str) {
    let file = File::options().write(true).open(dir.file(name)).unwrap();
    let before = SystemTime::now() - Duration::from_secs(60);
    file.set_modified(before).unwrap();
}

#[test]
fn what_is_sound_is_found_so_in_every_format() {
    let dir = Dir::new();
    let plain = Recording::new("plain").etf();
    dir.write("plain.etf", &plain);
    for compression in [Compression::Gzip(6), Compression::Zstd(3)] {
        let options = Options {
            compression,
            ..options()
        };
        let store = Store::open(&dir.path(), options).unwrap();
        for (id, format) in [("a", Format::Etf), ("b", Format::Json)] {
            let id = format!("{id}-{compression:?}");
            store.save(&Recording::new(&id).etf(), format).unwrap();
        }
        let etf = Recording::new([0xff, b'/']).etf();
        store.save(&etf, Format::Json).unwrap();
    }
    let store = dir.open();
    let files = store.list().unwrap().len();
    assert_eq!(
        all(&store, |files| store.verify(files)),
        (files, vec![], vec![])
    );
    assert_eq!(
        all(&store, |files| store.repair(files)),
        (files, vec![], vec![])
    );
}

/// A directory with damage of every kind, and what is said of it.
fn damage() -> (Dir, Vec<&'static str>) {
    let dir = Dir::new();
    let gz = gzip(&Recording::new("x").etf());
    let mut flipped = gz.clone();
    let end = flipped.len() - 6;
    flipped[end] ^= 1;
    dir.write("good.etf.gz", &gzip(&Recording::new("good").etf()));
    dir.write("cut.etf.gz", &gz[..gz.len() / 2]);
    dir.write("empty.json", b"");
    dir.write("flipped.etf.gz", &flipped);
    dir.write("other.json.gz", &gzip(b"{\"a\": [1, 2"));
    let names = [
        "cut.etf.gz",
        "empty.json",
        "flipped.etf.gz",
        "other.json.gz",
    ];
    (dir, names.to_vec())
}

pub fn names_of(damage: &[String]) -> Vec<&str> {
    damage
        .iter()
        .filter_map(|it| it.split(": ").next())
        .collect()
}

#[test]
fn damage_is_named_with_its_reason_and_left_alone() {
    let (dir, damaged) = damage();
    damaged.iter().for_each(|name| age(&dir, name));
    let before = dir.names();
    let store = dir.open();
    let (checked, found, quarantined) = all(&store, |files| store.verify(files));
    assert_eq!((checked, quarantined), (5, vec![]));
    assert_eq!(names_of(&found), damaged);
    assert_eq!(found[1], "empty.json: the file is empty");
    assert_eq!(dir.names(), before);
}

#[test]
fn repair_moves_damaged_files_out_of_the_way() {
    let (dir, damaged) = damage();
    damaged.iter().for_each(|name| age(&dir, name));
    let store = dir.open();
    let (sender, notices) = std::sync::mpsc::channel();
    store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
    let cut = std::fs::read(dir.file("cut.etf.gz")).unwrap();
    let (_, left, quarantined) = all(&store, |files| store.repair(files));
    assert_eq!((names_of(&quarantined), left), (damaged.clone(), vec![]));
    store.rebuild_index().unwrap();
    assert_eq!(dir.names(), ["good.etf.gz"]);
    let quarantine = dir.file(".native").join("quarantine");
    assert_eq!(names_in(&quarantine), damaged);
    assert_eq!(std::fs::read(quarantine.join("cut.etf.gz")).unwrap(), cut);
    let told = notices.try_iter();
    let told = told.filter(|notice| matches!(notice, Notice::Quarantined { .. }));
    assert_eq!(told.count(), 4);
    assert_eq!(ids(&store), ["good"]);
    assert_eq!(store.stats().unwrap().damaged, 0);

    dir.write("cut.etf.gz", b"again");
    age(&dir, "cut.etf.gz");
    all(&store, |files| store.repair(files));
    assert_eq!(names_in(&quarantine)[..2], ["cut.etf.gz", "cut.etf.gz.1"]);
    store.clear().unwrap();
    assert_eq!(names_in(&quarantine).len(), 5);
    assert!(dir.open().list().unwrap().is_empty());
}

#[test]
fn what_may_be_whole_is_reported_and_stays() {
    let (dir, damaged) = damage();
    dir.write(
        "large.etf.gz",
        &gzip(&Recording::new("large").events(2000).etf()),
    );
    age(&dir, "large.etf.gz");
    let mut small = options();
    small.limits.max_bytes = 10_000;
    let store = Store::open(&dir.path(), small).unwrap();
    // The others are younger than a writer may take.
    let (_, left, quarantined) = all(&store, |files| store.repair(files));
    let expected = [&damaged[..3], &["large.etf.gz"], &damaged[3..]].concat();
    assert_eq!((names_of(&left), quarantined), (expected, vec![]));
    assert!(left.contains(&"large.etf.gz: larger than the limit".to_owned()));
    assert_eq!(dir.names().len(), 6);
}

#[test]
fn what_changes_while_it_is_looked_at_stays() {
    let dir = Dir::new();
    dir.write("x.etf", b"damaged");
    age(&dir, "x.etf");
    let store = dir.open();
    let whole = Recording::new("x").etf();
    dir.write("x.etf", &whole);
    assert_eq!(
        all(&store, |files| store.repair(files)),
        (1, vec![], vec![])
    );
    assert_eq!(ids(&store), ["x"]);
}

#[test]
fn a_file_that_can_not_be_moved_is_reported() {
    let (dir, damaged) = damage();
    damaged.iter().for_each(|name| age(&dir, name));
    let store = dir.open();
    store.save(&Recording::new("y").etf(), Format::Etf).unwrap();
    std::fs::write(dir.file(".native").join("quarantine"), b"in the way").unwrap();
    let (_, left, quarantined) = all(&store, |files| store.repair(files));
    assert_eq!((names_of(&left), quarantined), (damaged, vec![]));
    assert!(
        left[1].ends_with("; not moved: not a directory"),
        "{}",
        left[1]
    );
}
