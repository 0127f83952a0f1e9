//! `repair`, `prune`, `erase` and `convert`.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use replay_store::{Format, Options, Store, Subject};

use crate::support::{Dir, LARGE, picture};

#[test]
fn damage_is_found_and_moved_away() {
    let dir = Dir::recorded();
    let count = dir.names().len();
    let sound = dir.run(&["verify"]).ends(0).out;
    assert_eq!(sound, format!("{count} files checked, 0 damaged\n"));
    let name = format!("{LARGE}.etf.gz");
    let mut torn = fs::read(dir.file(&name)).unwrap();
    torn.truncate(1000);
    fs::write(dir.file(&name), torn).unwrap();
    let verified = dir.run(&["verify", "--json"]).ends(1).json();
    assert_eq!(
        (&verified["checked"], &verified["damaged"][0]["file"]),
        (&count.into(), &name.clone().into())
    );
    // Somebody may still be writing it.
    let young = dir.run(&["repair"]).ends(1).out;
    assert!(
        young.contains(&format!("{name}: left where it is: ")),
        "{young}"
    );
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    File::options()
        .write(true)
        .open(dir.file(&name))
        .unwrap()
        .set_modified(hour_ago)
        .unwrap();
    let repaired = dir.run(&["repair"]).ends(0).out;
    assert!(
        repaired.contains(&format!("{name}: moved to .native/quarantine: ")),
        "{repaired}"
    );
    assert!(dir.file(&format!(".native/quarantine/{name}")).exists());
    assert_eq!(dir.names().len(), count - 1);
    dir.run(&["verify"]).ends(0);
    let again = dir.run(&["repair", "--json"]).ends(0).json();
    assert_eq!(again["checked"], count - 1);
}

#[test]
fn the_oldest_are_deleted_once_it_is_agreed_to() {
    let dir = Dir::recorded();
    let oldest_first = dir.ids(&["--sort", "oldest"]);
    let before = picture(dir.path());
    let count = oldest_first.len();
    let keep = (count - 3).to_string();
    let dry = dir.run(&["prune", "--max-recordings", &keep]).ends(0).out;
    assert!(
        dry.contains("\n3 recordings, ") && dry.contains("add --yes"),
        "{dry}"
    );
    for id in &oldest_first[..3] {
        assert!(dry.contains(&**id));
    }
    assert_eq!(picture(dir.path()), before);
    let done = dir
        .run(&["prune", "--max-recordings", &keep, "--yes"])
        .ends(0)
        .out;
    assert!(done.starts_with("3 of 3 recordings, "), "{done}");
    assert_eq!(dir.ids(&["--sort", "oldest"]), &oldest_first[3..]);
    dir.run(&["prune", "--max-recordings", &keep]).ends(1);
    // By size: what is left has no more bytes than this.
    dir.run(&["prune", "--max-bytes", "20KB", "--yes"]).ends(0);
    let left = dir.ids(&["--sort", "oldest"]);
    let names = dir.names();
    let bytes = names
        .iter()
        .map(|name| fs::metadata(dir.file(name)).unwrap().len());
    assert!(bytes.sum::<u64>() <= 20_000);
    assert_eq!(left, &oldest_first[count - left.len()..]);
    assert!(!left.is_empty() && left.len() < count - 3);
    // By age: all of them are from one day.
    dir.run(&["prune", "--max-age", "100000days"]).ends(1);
    dir.run(&[
        "prune",
        "--max-age",
        "1ms",
        "--max-recordings",
        "9",
        "--yes",
    ])
    .ends(0);
    assert_eq!(dir.names(), Vec::<String>::new());
}

#[test]
fn what_somebody_did_is_erased_once_it_is_agreed_to() {
    let dir = Dir::recorded();
    let all = dir.ids(&[]);
    let store = Store::open(dir.path(), Options::default()).unwrap();
    let etf = store.read(LARGE.as_bytes()).unwrap().bytes;
    store.delete(LARGE.as_bytes()).unwrap();
    store
        .save_for(&etf, Format::Etf, Subject::text(b"ada"))
        .unwrap();
    drop(store);
    let before = picture(dir.path());
    let dry = dir.run(&["erase", "--subject", "ada"]).ends(0).out;
    assert!(
        dry.contains(LARGE) && dry.contains("\n1 recording would be erased"),
        "{dry}"
    );
    assert_eq!(picture(dir.path()), before);
    let done = dir.run(&["erase", "--subject", "ada", "--yes"]).ends(0).out;
    assert_eq!(done, format!("{LARGE}\n1 recording erased\n"));
    let others: Vec<_> = all.iter().filter(|id| *id != LARGE).cloned().collect();
    assert_eq!(dir.ids(&[]), others);
    let none = dir.run(&["erase", "--subject", "ada"]).ends(1);
    assert_eq!(none.err, "no recordings match\n");
    dir.run(&["erase", "--subject", "ada", "--yes"]).ends(1);
    // By what is in them, which all have; but what can't be searched is named.
    fs::write(dir.file("torn.etf.gz"), b"\x1f\x8b\x08").unwrap();
    let all = dir
        .run(&["erase", "--contains", "Ada Lovelace", "--yes"])
        .ends(1);
    assert!(
        all.err.contains("not searched: torn.etf.gz: "),
        "{}",
        all.err
    );
    assert_eq!(dir.names(), ["torn.etf.gz"]);
}

#[test]
fn files_get_another_compression_and_format() {
    let dir = Dir::recorded();
    let count = dir.names().len();
    let session = dir.run(&["show", LARGE, "--json"]).ends(0).json();
    let before = picture(dir.path());
    let dry = dir.run(&["convert", "--compression", "zstd"]).ends(0).out;
    assert_eq!(
        dry,
        format!("{count} recordings would be converted: add --yes to do it\n")
    );
    assert_eq!(picture(dir.path()), before);
    dir.run(&["convert", "--compression", "zstd", "--yes"])
        .ends(0);
    assert!(dir.names().iter().all(|name| name.ends_with(".zst")));
    assert_eq!(dir.run(&["show", LARGE, "--json"]).ends(0).json(), session);
    dir.run(&["convert", "--compression", "zstd"]).ends(1);
    // The compression is that of the others.
    let lossy = dir.run(&["convert", "--format", "json"]).ends(0).out;
    assert!(
        lossy.contains("which loses what JSON has no words for"),
        "{lossy}"
    );
    dir.run(&["convert", "--format", "json", "--id", LARGE, "--yes"])
        .ends(0);
    assert!(dir.names().contains(&format!("{LARGE}.json.zst")));
    assert_eq!(dir.run(&["show", LARGE, "--json"]).ends(0).json(), session);
    dir.run(&[
        "convert",
        "--format",
        "etf",
        "--compression",
        "gzip",
        "--yes",
    ])
    .ends(0);
    assert!(dir.names().iter().all(|name| name.ends_with(".etf.gz")));
    assert_eq!(dir.ids(&[]).len(), count);
    dir.run(&["verify"]).ends(0);
}
