//! Beside a node that has the directory open, and where nothing can be written.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use replay_store::{Options, Reader, Recording, Store, Wait};

use crate::support::{Dir, LARGE, Ran, fixtures, picture};

/// One that is not among [`Dir::recorded`].
const RUNNING: &str = "HrcDxM0BY5fypBqbrqX4xQ";

const READING: [(&[&str], i32); 14] = [
    (&["ls"], 0),
    (&["ls", "--json"], 0),
    (&["show", LARGE], 0),
    (&["show", LARGE, "--json"], 0),
    (&["show", LARGE, "--at", "3"], 0),
    (&["show", LARGE, "--diff"], 0),
    (&["search", "Ada Lovelace"], 0),
    (&["stats"], 0),
    (&["verify"], 0),
    (&["export", "--format", "json"], 0),
    (&["prune", "--max-recordings", "1"], 0),
    (&["erase", "--id", LARGE], 0),
    (&["convert", "--compression", "zstd"], 0),
    (&["show", RUNNING], 1),
];

/// A node that shows that it lives only once a minute: what else it does is its own.
fn node(dir: &Path) -> Store {
    let options = Options {
        heartbeat: Duration::from_secs(60),
        segment_bytes: 256 << 10,
        ..Options::default()
    };
    Store::open(dir, options).unwrap()
}

fn term() -> Vec<u8> {
    let legacy = Reader::open(&fixtures().join("legacy"), Options::default()).unwrap();
    legacy.read(RUNNING.as_bytes()).unwrap().bytes
}

fn start(node: &Store) -> Arc<Recording> {
    node.start(RUNNING.as_bytes(), &term(), 100, Wait::Yes)
        .unwrap()
}

#[test]
fn what_only_reads_leaves_no_trace() {
    let dir = Dir::recorded();
    let node = node(dir.path());
    let running = start(&node);
    let before = picture(dir.path());
    assert!(
        before
            .keys()
            .any(|path| path.extension().is_some_and(|it| it == "seg"))
    );
    for (arguments, status) in READING {
        dir.run(arguments).ends(status);
        assert!(picture(dir.path()) == before, "{arguments:?}");
    }
    running.end();
    assert_eq!(node.drain(Duration::from_secs(60)).saved, 1);
    dir.run(&["show", RUNNING]).ends(0);
}

#[test]
fn what_changes_recordings_leaves_what_is_running_to_its_node() {
    for arguments in [
        &["repair"][..],
        &["import", fixtures().join("etf").to_str().unwrap()],
        &["prune", "--max-recordings", "1", "--yes"],
        &["erase", "--id", LARGE, "--yes"],
        &["erase", "--contains", "Ada Lovelace", "--yes"],
        &["convert", "--compression", "zstd", "--yes"],
    ] {
        let dir = Dir::recorded();
        let node = node(dir.path());
        let running = start(&node);
        let slab = |dir: &Dir| {
            let mut picture = picture(dir.path());
            picture.retain(|path, _| path.extension().is_some_and(|it| it == "seg"));
            picture
        };
        let before = slab(&dir);
        assert!(!before.is_empty());
        dir.run(arguments).ends(0);
        assert!(slab(&dir) == before, "{arguments:?}");
        assert!(
            !dir.names().iter().any(|name| name.contains(RUNNING)),
            "{arguments:?}"
        );
        running.end();
        assert_eq!(
            node.drain(Duration::from_secs(60)).saved,
            1,
            "{arguments:?}"
        );
        assert_eq!(node.read(RUNNING.as_bytes()).unwrap().bytes, term());
        assert_eq!(
            node.list().unwrap().len(),
            dir.names().len(),
            "its node knows all"
        );
    }
}

/// The directory of the process that is to be a node, and killed.
const NODE: &str = "REPLAY_TEST_NODE";

/// A directory that a node recorded into when it was killed. The node is this program once more,
/// with the test that asks for it.
fn killed(test: &str) -> Dir {
    if let Some(dir) = env::var_os(NODE) {
        let node = node(Path::new(&dir));
        let _running = start(&node);
        println!("recording");
        loop {
            thread::park();
        }
    }
    let dir = Dir::recorded();
    let mut node = Command::new(env::current_exe().unwrap());
    node.args(["--exact", test, "--nocapture"])
        .env(NODE, dir.path());
    let mut node = node.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("recording")));
    node.kill().unwrap();
    node.wait().unwrap();
    dir
}

fn segments(dir: &Dir) -> usize {
    let picture = picture(dir.path());
    let is_segment = |path: &&PathBuf| path.extension().is_some_and(|it| it == "seg");
    picture.keys().filter(is_segment).count()
}

#[test]
fn what_a_killed_node_left_is_recovered_only_where_it_may_have_to_be_erased() {
    let dir =
        killed("beside::what_a_killed_node_left_is_recovered_only_where_it_may_have_to_be_erased");
    let left = segments(&dir);
    assert!(left > 0);
    for arguments in [
        &["convert", "--compression", "zstd", "--yes"][..],
        &["repair"],
        &["prune", "--max-recordings", "5", "--yes"],
        &["import", fixtures().join("etf").to_str().unwrap()],
    ] {
        dir.run(arguments).ends(0);
        assert_eq!(segments(&dir), left, "{arguments:?}");
        dir.run(&["show", RUNNING]).ends(1);
    }
    // It is searched, too; what does not match is saved.
    dir.run(&["erase", "--id", LARGE, "--yes"]).ends(0);
    assert_eq!(segments(&dir), 0);
    let shown = dir.run(&["show", RUNNING]).ends(0).out;
    assert!(shown.contains("recovered"), "{shown}");
}

#[test]
fn what_was_running_on_a_killed_node_is_erased() {
    let dir = killed("beside::what_was_running_on_a_killed_node_is_erased");
    let erased = dir.run(&["erase", "--id", RUNNING, "--yes"]).ends(0).out;
    assert_eq!(erased, format!("{RUNNING}\n1 recording erased\n"));
    let next = node(dir.path());
    next.drain(Duration::from_secs(60));
    drop(next);
    dir.run(&["show", RUNNING]).ends(1);
}

/// The command in a mount namespace of its own, where the directory can only be read.
fn read_only(dir: &Dir, arguments: &[&str]) -> Ran {
    let script = r#"mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@""#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-ec", script, "sh"]);
    command.arg(dir.path()).arg(env!("CARGO_BIN_EXE_replay"));
    command
        .arg("--dir")
        .arg(dir.path())
        .args(arguments)
        .env_remove("REPLAY_DIR");
    Ran::of(command.output().unwrap())
}

#[test]
fn a_disk_that_can_not_be_written_is_read_and_says_why_it_is_not_changed() {
    let dir = Dir::recorded();
    let node = node(dir.path());
    let _running = start(&node);
    let before = picture(dir.path());
    for (arguments, status) in READING {
        let ran = read_only(&dir, arguments).ends(status);
        assert!(
            status == 1 || ran.err.is_empty(),
            "{arguments:?}: {}",
            ran.err
        );
    }
    for arguments in [
        &["import", fixtures().join("legacy").to_str().unwrap()][..],
        &["prune", "--max-recordings", "1", "--yes"],
        &["erase", "--id", LARGE, "--yes"],
        &["convert", "--compression", "zstd", "--yes"],
    ] {
        let ran = read_only(&dir, arguments).ends(3);
        assert!(
            ran.err.contains("ead-only file system"),
            "{arguments:?}: {}",
            ran.err
        );
    }
    assert!(picture(dir.path()) == before);
}
