//! What it costs to open, save, read, list and find recordings among others, by how many there are.
//!
//! `cargo bench -p replay-store --bench store`. The recordings are small ones, and nothing waits
//! for the disk; `bin/bench` measures the rest.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails may stop")]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/store/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use divan::{Bencher, black_box};
use parking_lot::Mutex;
use replay_store::{Filter, Format, Sort, Store, UrlPart};
use support::{Dir, Recording, gzip, options};

const STORED: [usize; 2] = [1_000, 10_000];
/// The recordings that are saved again and again.
const SAVED: usize = 64;
const PAGE: usize = 50;

struct Filled {
    store: Store,
    dir: Dir,
}

/// They last until the end: files cost more to make when others have just been deleted.
static FILLED: Mutex<BTreeMap<usize, Arc<Filled>>> = Mutex::new(BTreeMap::new());

fn main() {
    divan::main();
    FILLED.lock().clear();
}

fn filled(count: usize) -> Arc<Filled> {
    let mut filled = FILLED.lock();
    let entry = filled.entry(count).or_insert_with(|| {
        let dir = Dir::new();
        fs::create_dir_all(dir.path()).unwrap();
        for n in 0..count {
            dir.write(format!("{}.etf.gz", id(n)), &gzip(&recording(n).etf()));
        }
        let store = dir.open();
        assert_eq!(store.list().unwrap().len(), count);
        Arc::new(Filled { store, dir })
    });
    Arc::clone(entry)
}

/// As many characters as the host's ids have.
fn id(n: usize) -> String {
    format!("{n:022}")
}

fn recording(n: usize) -> Recording {
    Recording::new(id(n))
        .at(1_000 * n as i64)
        .events(2 + (n % 37) as u16)
}

#[divan::bench(args = STORED, sample_count = 10)]
fn open(bencher: Bencher, count: usize) {
    let filled = filled(count);
    bencher.bench_local(|| Store::open(&filled.dir.path(), options()).unwrap());
}

/// Summarizing, compressing, writing and renaming a file, and replacing an entry of the index.
#[divan::bench(args = STORED)]
fn save_again(bencher: Bencher, count: usize) {
    let filled = filled(count);
    let recordings: Vec<_> = (0..SAVED).map(|n| recording(n).etf()).collect();
    let mut next = recordings.iter().cycle();
    bencher.bench_local(|| {
        let etf = next.next().unwrap();
        filled.store.save(etf, Format::Etf).unwrap();
    });
}

#[divan::bench(args = STORED)]
fn read(bencher: Bencher, count: usize) {
    let filled = filled(count);
    let mut n = 0;
    bencher.bench_local(|| {
        n = (n + 617) % count;
        filled.store.read(id(n).as_bytes()).unwrap()
    });
}

#[divan::bench(args = STORED)]
fn list(bencher: Bencher, count: usize) {
    let filled = filled(count);
    bencher.bench_local(|| filled.store.list().unwrap());
}

fn query(bencher: Bencher, count: usize, filter: &Filter, sort: Sort, total: usize) {
    let filled = filled(count);
    let page = || {
        filled
            .store
            .query(black_box(filter), sort, PAGE, None)
            .unwrap()
    };
    assert_eq!(page().total, total);
    bencher.bench_local(page);
}

#[divan::bench(args = STORED)]
fn query_newest(bencher: Bencher, count: usize) {
    query(bencher, count, &Filter::default(), Sort::Newest, count);
}

#[divan::bench(args = STORED)]
fn query_longest(bencher: Bencher, count: usize) {
    query(bencher, count, &Filter::default(), Sort::Longest, count);
}

#[divan::bench(args = STORED)]
fn query_url(bencher: Bencher, count: usize) {
    let filter = Filter {
        url: Some(UrlPart::new(b"/nowhere")),
        ..Filter::default()
    };
    query(bencher, count, &filter, Sort::Newest, 0);
}

#[divan::bench(args = STORED)]
fn query_event(bencher: Bencher, count: usize) {
    let filter = Filter {
        event: Some(vec![b"never".as_slice().into()]),
        ..Filter::default()
    };
    query(bencher, count, &filter, Sort::Newest, 0);
}

#[divan::bench(args = STORED)]
fn facets(bencher: Bencher, count: usize) {
    let filled = filled(count);
    bencher.bench_local(|| filled.store.facets(&Filter::default()).unwrap());
}
