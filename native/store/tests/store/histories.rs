//! Whatever happened to a directory, and to the index on the disk, the index is the one that
//! reading every recording gives.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use replay_store::{Entry, Format, Options, Retention, Store};

use crate::support::{Dir, Recording, gzip, options};

#[derive(Debug, Clone)]
enum Step {
    Save(Recording, Format),
    Delete(Vec<u8>),
    /// Only so many of the newest are kept.
    Evict(usize),
    Reopen,
    Crash(Crash),
    /// In place, as the pure-Elixir backend does.
    ForeignSave(Recording),
    /// Another file with the same id inside.
    ForeignCopy(Recording),
    ForeignDamage(Vec<u8>),
    ForeignDelete(Vec<u8>),
}

/// What a crash or a power cut can leave of the index on the disk.
#[derive(Debug, Clone)]
enum Crash {
    /// Everything.
    Whole,
    /// So many thousandths of the log.
    CutLog(usize),
    /// So many thousandths of the snapshot.
    CutSnapshot(usize),
    /// Both files, or one of them, as they were at the last step of this kind.
    Old { snapshot: bool, log: bool },
}

fn id() -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::select(vec![
        b"a".to_vec(),
        b"b".to_vec(),
        b"c".to_vec(),
        b"../d".to_vec(),
    ])
}

fn plain_id() -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::select(vec![b"a".to_vec(), b"b".to_vec(), b"c".to_vec()])
}

fn recording(id: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Recording> {
    (id, 0..6i64, 0..4u16, b'a'..b'e')
        .prop_map(|(id, at, events, mark)| Recording::new(id).at(at).events(events).mark(mark))
}

fn crash() -> impl Strategy<Value = Crash> {
    prop_oneof![
        Just(Crash::Whole),
        (0..1000usize).prop_map(Crash::CutLog),
        (0..1000usize).prop_map(Crash::CutSnapshot),
        any::<(bool, bool)>().prop_map(|(snapshot, log)| Crash::Old { snapshot, log }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let format = prop_oneof![Just(Format::Etf), Just(Format::Json)];
    prop_oneof![
        6 => (recording(id()), format).prop_map(|(r, format)| Step::Save(r, format)),
        3 => id().prop_map(Step::Delete),
        1 => (1..4usize).prop_map(Step::Evict),
        1 => Just(Step::Reopen),
        3 => crash().prop_map(Step::Crash),
        3 => recording(plain_id()).prop_map(Step::ForeignSave),
        1 => recording(id()).prop_map(Step::ForeignCopy),
        1 => plain_id().prop_map(Step::ForeignDamage),
        2 => plain_id().prop_map(Step::ForeignDelete),
    ]
}

const INDEX: [&str; 2] = ["index", "index.log"];

/// The two files of the index, as far as they exist.
#[derive(Debug, Clone, Default)]
struct OnDisk([Option<Vec<u8>>; 2]);

fn path(dir: &Dir, name: &str) -> PathBuf {
    dir.file(".native").join(name)
}

fn on_disk(dir: &Dir) -> OnDisk {
    OnDisk(INDEX.map(|name| fs::read(path(dir, name)).ok()))
}

fn put_back(dir: &Dir, OnDisk(contents): &OnDisk) {
    for (name, content) in INDEX.iter().zip(contents) {
        match content {
            Some(content) if dir.file(".native").exists() => {
                fs::write(path(dir, name), content).unwrap();
            }
            _ => drop(fs::remove_file(path(dir, name))),
        }
    }
}

/// What a store finds that has nothing but the directory to go by.
fn rebuilt(dir: &Dir) -> Vec<Arc<Entry>> {
    let before = on_disk(dir);
    put_back(dir, &OnDisk::default());
    let entries = dir.open().list().unwrap();
    put_back(dir, &before);
    entries
}

fn evict(dir: &Dir, max_recordings: usize) {
    let options = Options {
        retention: Retention {
            max_recordings: Some(max_recordings),
            ..Retention::default()
        },
        ..options()
    };
    let store = Store::open(&dir.path(), options).unwrap();
    let start = Instant::now();
    while store.list().unwrap().len() > max_recordings {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "it never happens"
        );
        thread::sleep(Duration::from_millis(1));
    }
}

fn after_crash(dir: &Dir, crash: &Crash, older: &mut OnDisk) {
    let OnDisk(mut contents) = on_disk(dir);
    let whole = contents.clone();
    let cut = |content: &mut Option<Vec<u8>>, thousandths: usize| {
        if let Some(content) = content {
            content.truncate(content.len() * thousandths / 1000);
        }
    };
    let [snapshot, log] = &mut contents;
    match crash {
        Crash::Whole => {}
        Crash::CutSnapshot(thousandths) => cut(snapshot, *thousandths),
        Crash::CutLog(thousandths) => cut(log, *thousandths),
        Crash::Old {
            snapshot: old_snapshot,
            log: old_log,
        } => {
            let OnDisk([older_snapshot, older_log]) = older;
            if *old_snapshot {
                snapshot.clone_from(older_snapshot);
            }
            if *old_log {
                log.clone_from(older_log);
            }
            *older = OnDisk(whole);
        }
    }
    put_back(dir, &OnDisk(contents));
}

fn remove_forms(dir: &Dir, id: &[u8]) {
    for suffix in [".etf.gz", ".json.gz", ".etf", ".json"] {
        let _ = fs::remove_file(dir.file([id, suffix.as_bytes()].concat()));
    }
}

fn apply(step: &Step, dir: &Dir, store: &mut Option<Store>, older: &mut OnDisk) {
    let open = |store: &mut Option<Store>| {
        *store = None;
        *store = Some(dir.open());
    };
    let running = store.as_ref().unwrap();
    match step {
        Step::Save(recording, format) => running.save(&recording.etf(), *format).unwrap(),
        Step::Delete(id) => running.delete(id).unwrap(),
        Step::Evict(max_recordings) => {
            *store = None;
            evict(dir, *max_recordings);
            open(store);
        }
        Step::Reopen => open(store),
        Step::Crash(crash) => {
            *store = None;
            after_crash(dir, crash, older);
            open(store);
        }
        Step::ForeignSave(recording) => {
            let name = [&recording.id[..], b".etf.gz"].concat();
            dir.write(name, &gzip(&recording.etf()));
        }
        Step::ForeignCopy(recording) => dir.write("copy.etf", &recording.etf()),
        Step::ForeignDamage(id) => dir.write([&id[..], b".etf.gz"].concat(), b"damaged"),
        Step::ForeignDelete(id) => remove_forms(dir, id),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_index_is_the_one_that_a_rebuild_gives(steps in vec(step(), 1..25)) {
        let dir = Dir::new();
        let mut store = Some(dir.open());
        let mut older = OnDisk::default();
        for step in &steps {
            apply(step, &dir, &mut store, &mut older);
            let reopened = matches!(step, Step::Reopen | Step::Crash(_) | Step::Evict(_));
            if reopened {
                let listed = store.as_ref().unwrap().list().unwrap();
                prop_assert_eq!(listed, rebuilt(&dir), "{:?}", step);
            }
        }
        drop(store);
        let expected = rebuilt(&dir);
        prop_assert_eq!(dir.open().list().unwrap(), expected);
    }
}
