//! What is deleted because there is more than is to be kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use replay_store::{Format, Limit, Notice, Options, Removed, Retention, Store};

use crate::support::{Dir, Recording, gzip, ids, options};

const HOUR_MS: i64 = 3_600_000;

fn open(dir: &Dir, retention: Retention) -> Store {
    let options = Options {
        retention,
        ..options()
    };
    Store::open(&dir.path(), options).unwrap()
}

fn at_most(max_recordings: usize) -> Retention {
    Retention {
        max_recordings: Some(max_recordings),
        ..Retention::default()
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis() as i64
}

/// Waits until something is so, for so long that it never will be otherwise.
fn wait_until(is_so: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > Duration::from_secs(20) {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

fn save(store: &Store, id: &str, at: i64) {
    let recording = Recording::new(id).at(at);
    store.save(&recording.etf(), Format::Etf).unwrap();
}

#[test]
fn the_newest_stay_whatever_the_order_they_came_in() {
    let dir = Dir::new();
    let store = open(&dir, at_most(3));
    for (id, at) in [("c", 3), ("e", 5), ("a", 1), ("d", 4), ("f", 6), ("b", 2)] {
        save(&store, id, at);
    }
    assert!(wait_until(|| dir.names().len() == 3));
    assert_eq!(ids(&store), ["f", "e", "d"]);
}

#[test]
fn what_is_too_much_when_a_directory_is_opened_goes_and_is_told_and_counted() {
    let dir = Dir::new();
    let store = dir.open();
    (0..100).for_each(|n| save(&store, &format!("{n:03}"), n));
    let bytes = |store: &Store| store.stats().unwrap().bytes;
    let before = bytes(&store);
    drop(store);
    let store = open(&dir, at_most(10));
    let told = Arc::new(Mutex::new(Removed::default()));
    let sum = Arc::clone(&told);
    store.observe(Box::new(move |notice| {
        let Notice::Evicted { removed, limit } = notice else {
            panic!("{notice:?}")
        };
        assert_eq!(limit, Limit::MaxRecordings);
        let mut sum = sum.lock().unwrap();
        sum.count += removed.count;
        sum.bytes += removed.bytes;
    }));
    assert!(wait_until(|| told.lock().unwrap().count == 90));
    assert_eq!(dir.names().len(), 10);
    let stats = store.stats().unwrap();
    assert_eq!((stats.recordings, stats.oldest_at), (10, Some(90)));
    let removed = stats.counts.evicted.max_recordings;
    assert_eq!((removed.count, removed.bytes), (90, before - bytes(&store)));
    assert_eq!(*told.lock().unwrap(), removed);
}

#[test]
fn a_recording_goes_when_it_gets_too_old_with_nobody_looking() {
    let dir = Dir::new();
    let store = open(
        &dir,
        Retention {
            max_age_ms: Some(HOUR_MS as u64),
            ..Retention::default()
        },
    );
    save(&store, "young", now_ms());
    save(&store, "soon", now_ms() - HOUR_MS + 300);
    assert_eq!(ids(&store), ["young", "soon"]);
    assert!(wait_until(|| dir.names() == ["young.etf.gz"]));
    // It is counted once its file is gone.
    let gone = || store.stats().unwrap().counts.evicted.max_age_ms.count;
    assert!(wait_until(|| gone() == 1));
}

#[test]
fn times_beyond_all_reason_do_no_harm() {
    let dir = Dir::new();
    let store = open(
        &dir,
        Retention {
            max_age_ms: Some(u64::MAX),
            ..at_most(2)
        },
    );
    for (id, at) in [("a", i64::MIN), ("b", i64::MAX), ("c", 0)] {
        save(&store, id, at);
    }
    assert!(wait_until(|| dir.names().len() == 2));
    assert_eq!(ids(&store), ["b", "c"]);
}

#[test]
fn a_recording_goes_with_all_its_files() {
    let dir = Dir::new();
    let store = open(&dir, at_most(1));
    let old = Recording::new("old").at(1);
    dir.write("old.etf.gz", &gzip(&old.etf()));
    dir.write("copy.etf", &old.etf());
    dir.write("old.json", b"damaged");
    assert_eq!(ids(&store), ["old"]);
    save(&store, "new", 2);
    assert!(wait_until(|| dir.names() == ["new.etf.gz"]));
}

#[test]
fn never_is_there_much_more_than_a_tenth_too_many_for_long() {
    let dir = Dir::new();
    let store = open(&dir, at_most(100));
    // More than are deleted within a minute if it is not urgent.
    for n in 0..2_500 {
        save(&store, &format!("{n:04}"), n);
    }
    assert!(wait_until(|| dir.names().len() <= 110));
    let ids = ids(&store);
    let newest: Vec<_> = (0..2_500).rev().map(|n| format!("{n:04}")).collect();
    assert!(ids.len() >= 100 && newest.starts_with(&ids));
}

#[test]
fn two_stores_that_delete_at_once_leave_exactly_the_newest() {
    let dir = Dir::new();
    let stores = [open(&dir, at_most(20)), open(&dir, at_most(20))];
    let start = Barrier::new(2);
    thread::scope(|scope| {
        for (odd, store) in stores.iter().enumerate() {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                for n in 0..200 {
                    let n = 2 * n + odd;
                    save(store, &format!("{n:03}"), n as i64);
                    store.list().unwrap();
                }
            });
        }
    });
    let newest: Vec<_> = (380..400).rev().map(|n| format!("{n:03}")).collect();
    for store in &stores {
        assert!(wait_until(|| ids(store) == newest), "{:?}", ids(store));
    }
    assert_eq!(dir.names().len(), 20);
}

#[derive(Debug, Clone)]
enum Step {
    Save(u8, i64, u16),
    ForeignSave(u8, i64, u16),
    Delete(u8),
    Reopen,
}

/// Hours ago; a few minutes from the limits, which are whole hours.
fn at() -> impl Strategy<Value = i64> {
    (0..6i64).prop_map(|hours| -hours * HOUR_MS - HOUR_MS / 2)
}

fn step() -> impl Strategy<Value = Step> {
    let (id, events) = (|| b'a'..b'i', || 0..3000u16);
    prop_oneof![
        6 => (id(), at(), events()).prop_map(|(id, at, n)| Step::Save(id, at, n)),
        3 => (id(), at(), events()).prop_map(|(id, at, n)| Step::ForeignSave(id, at, n)),
        1 => id().prop_map(Step::Delete),
        1 => Just(Step::Reopen),
    ]
}

fn retention() -> impl Strategy<Value = Retention> {
    let limits = (
        option::of(0..6usize),
        option::of((1..5i64).prop_map(|hours| (hours * HOUR_MS) as u64)),
        option::of(0..30_000u64),
    );
    limits.prop_map(|(max_recordings, max_age_ms, max_bytes)| Retention {
        max_recordings,
        max_age_ms,
        max_bytes,
    })
}

/// By id: `connected_at`, and the size of the file.
type Model = BTreeMap<u8, (i64, u64)>;

/// The rule, by itself.
fn keep(model: &mut Model, retention: &Retention, now_ms: i64) {
    let mut newest_first: Vec<_> = model
        .iter()
        .map(|(&id, &(at, len))| (-at, id, len))
        .collect();
    newest_first.sort();
    let (mut count, mut bytes) = (0, 0);
    let kept = newest_first.iter().take_while(|&&(minus_at, _, len)| {
        count += 1;
        bytes += len;
        retention.max_recordings.is_none_or(|max| count <= max)
            && retention
                .max_age_ms
                .is_none_or(|max| now_ms + minus_at <= max as i64)
            && retention.max_bytes.is_none_or(|max| bytes <= max)
    });
    let kept: Vec<u8> = kept.map(|&(_, id, _)| id).collect();
    model.retain(|id, _| kept.contains(id));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn exactly_what_the_rule_keeps_is_there(
        retention in retention(),
        steps in vec(step(), 1..20),
    ) {
        let (dir, now) = (Dir::new(), now_ms());
        let mut store = open(&dir, retention);
        let mut model = Model::new();
        for step in steps {
            let recording = |id, at, n| Recording::new([id]).at(now + at).events(n);
            match step {
                Step::Save(id, at, n) => {
                    let etf = recording(id, at, n).etf();
                    store.save(&etf, Format::Etf).unwrap();
                    let scratch = Dir::new();
                    scratch.open().save(&etf, Format::Etf).unwrap();
                    let len = scratch.open().stats().unwrap().bytes;
                    model.insert(id, (now + at, len));
                }
                Step::ForeignSave(id, at, n) => {
                    let content = gzip(&recording(id, at, n).etf());
                    let file = dir.file([&[id][..], b".etf.gz"].concat());
                    let _ = std::fs::remove_file(file);
                    dir.write([&[id][..], b".etf.gz"].concat(), &content);
                    model.insert(id, (now + at, content.len() as u64));
                }
                Step::Delete(id) => {
                    store.delete(&[id]).unwrap();
                    model.remove(&id);
                }
                Step::Reopen => {
                    drop(store);
                    store = open(&dir, retention);
                }
            }
            keep(&mut model, &retention, now);
            let expected: Vec<_> = model.keys().map(|&id| char::from(id).to_string()).collect();
            let listed = || {
                let mut ids = ids(&store);
                ids.sort();
                ids
            };
            prop_assert!(wait_until(|| listed() == expected), "{:?}, not {expected:?}", listed());
            prop_assert_eq!(dir.names().len(), expected.len());
        }
    }
}
