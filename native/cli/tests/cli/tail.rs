//! `tail`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::{Dir, LARGE, fixtures};

/// Ends with the test.
struct Tail(Child, BufReader<std::process::ChildStdout>);

impl Tail {
    fn of(dir: &Dir, arguments: &[&str]) -> Self {
        let arguments = [&["tail", "--interval", "20ms"], arguments].concat();
        let mut child = dir
            .command(&arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        Tail(child, BufReader::new(out))
    }

    /// Waits for the next one.
    fn next(&mut self) -> String {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        line
    }

    fn next_id(&mut self) -> String {
        let line: Value = serde_json::from_str(&self.next()).unwrap();
        line["id"].as_str().unwrap().to_owned()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn put(dir: &Dir, name: &str) {
    let from = fixtures().join("etf").join(name);
    let part = dir.file("part");
    fs::copy(from, &part).unwrap();
    fs::rename(part, dir.file(name)).unwrap();
}

#[test]
fn what_is_saved_is_listed_as_it_comes() {
    let dir = Dir::empty();
    put(&dir, "GDGKd-AScDzhBoai0se6wQ.etf.gz");
    put(&dir, "YEOeLCeKz2bA77za38WzaA.etf.gz");
    let mut tail = Tail::of(&dir, &["--json"]);
    let first = [tail.next_id(), tail.next_id()];
    assert_eq!(
        first,
        ["GDGKd-AScDzhBoai0se6wQ", "YEOeLCeKz2bA77za38WzaA"],
        "the newest last"
    );
    put(&dir, &format!("{LARGE}.etf.gz"));
    assert_eq!(tail.next_id(), LARGE);
    // One that is saved again is news; one that is gone is none.
    fs::remove_file(dir.file("GDGKd-AScDzhBoai0se6wQ.etf.gz")).unwrap();
    put(&dir, "YEOeLCeKz2bA77za38WzaA.etf.gz");
    assert_eq!(tail.next_id(), "YEOeLCeKz2bA77za38WzaA");
}

#[test]
fn only_what_matches_is_listed() {
    let dir = Dir::empty();
    put(&dir, "gB4jxY4FG8Mhnv-x5GBV4g.etf.gz");
    for filter in [
        &["--min-events", "100"][..],
        &["--min-events", "100", "--contains", "Ada Lovelace"],
    ] {
        let mut tail = Tail::of(&dir, &[&["--json"], filter].concat());
        assert_eq!(tail.next_id(), "gB4jxY4FG8Mhnv-x5GBV4g");
        put(&dir, "YEOeLCeKz2bA77za38WzaA.etf.gz");
        put(&dir, &format!("{LARGE}.etf.gz"));
        assert_eq!(tail.next_id(), LARGE);
        fs::remove_file(dir.file(&format!("{LARGE}.etf.gz"))).unwrap();
    }
    let mut tail = Tail::of(&dir, &["--contains", "Ada Lovelace", "-n", "2"]);
    assert!(tail.next().starts_with("BEGUN "));
    assert!(tail.next().contains("gB4jxY4FG8Mhnv-x5GBV4g"));
    assert!(tail.next().contains("YEOeLCeKz2bA77za38WzaA"));
}
