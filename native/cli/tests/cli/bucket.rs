//! A directory whose node keeps the recordings in a bucket too.

use std::fs;

use replay_store::{Options, Store};

use crate::support::{Dir, LARGE, fixtures};

/// One that a node with a bucket had open.
fn with_bucket() -> Dir {
    let dir = Dir::recorded();
    let store = Store::open(dir.path(), Options::default()).unwrap();
    store.tier().identity().unwrap();
    dir
}

fn contents(dir: &Dir) -> Vec<(String, Vec<u8>)> {
    let names = dir.names().into_iter();
    names
        .map(|name| (name.clone(), fs::read(dir.file(&name)).unwrap()))
        .collect()
}

#[test]
fn what_a_bucket_would_keep_is_not_taken_away() {
    let etf = fixtures().join("etf");
    let etf = etf.to_str().unwrap();
    for (arguments, instead) in [
        (&["erase", "--id", LARGE][..], "Release.erase"),
        (&["erase", "--id", LARGE, "--yes"], "Release.erase"),
        (&["prune", "--max-recordings", "1"], "erase --to TIME"),
        (
            &["prune", "--max-recordings", "1", "--yes"],
            "erase --to TIME",
        ),
        (&["import", etf, "--replace"], "import without --replace"),
    ] {
        let dir = with_bucket();
        let before = contents(&dir);
        let refused = dir.run(arguments).ends(3);
        assert_eq!(refused.out, "", "{arguments:?}");
        assert_eq!(refused.err.lines().count(), 1, "{}", refused.err);
        for part in [
            "a bucket is behind this directory",
            "mix phoenix_replay.native.erase",
            instead,
            "--only-here",
        ] {
            assert!(refused.err.contains(part), "{part}: {}", refused.err);
        }
        assert!(contents(&dir) == before, "{arguments:?}");
        dir.run(&[arguments, &["--only-here"]].concat()).ends(0);
    }
}

#[test]
fn what_is_to_be_gone_on_this_disk_only_is() {
    let dir = with_bucket();
    let count = dir.names().len();
    let erased = dir.run(&["erase", "--id", LARGE, "--only-here", "--yes"]);
    assert_eq!(erased.ends(0).out, format!("{LARGE}\n1 recording erased\n"));
    assert_eq!(dir.names().len(), count - 1);
    let arguments = ["prune", "--max-recordings", "1", "--only-here", "--yes"];
    dir.run(&arguments).ends(0);
    assert_eq!(dir.names().len(), 1);
}

#[test]
fn what_takes_nothing_away_is_done_beside_a_bucket() {
    let dir = with_bucket();
    let etf = fixtures().join("etf");
    for arguments in [
        &["ls"][..],
        &["verify"],
        &["repair"],
        &["import", etf.to_str().unwrap()],
        &["convert", "--compression", "zstd", "--yes"],
    ] {
        dir.run(arguments).ends(0);
    }
}
