//! An index that was written down without pages: it is opened as it is, and completed.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bincode::config;
use crc32c::crc32c;
use replay_etf::Needle;
use replay_store::{Entry, Filter, Format, PathPart, Sort, Store, Subject};
use serde::Deserialize;

use crate::hooked::{Call, hooked, os_error};
use crate::reads::Reads;
use crate::support::{Dir, Recording, ids, index_file, options};

/// A row of version 1, which one of any later version begins with.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only its length counts")]
struct FirstRow<'a> {
    file: &'a [u8],
    id: Option<&'a [u8]>,
    view: View<'a>,
    names: Vec<&'a [u8]>,
    url: Option<&'a [u8]>,
    connected_at: i64,
    duration_ms: i64,
    event_count: u32,
    json: bool,
    recovered: bool,
    truncated: bool,
    len: u64,
    modified_ns: i64,
    inode: u64,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its length counts")]
enum View<'a> {
    Atom(&'a str),
    Name(&'a str),
    None,
}

/// A file of the index as version 1 wrote it.
fn as_version_1(file: &[u8]) -> Vec<u8> {
    let (header, mut rows) = file.split_at(32);
    let mut fields = header[..28].to_vec();
    fields[8..12].copy_from_slice(&1u32.to_le_bytes());
    let mut old = [&fields[..], &crc32c(&fields).to_le_bytes()].concat();
    while !rows.is_empty() {
        let length = u32::from_le_bytes(rows[..4].try_into().unwrap()) as usize;
        let row = &rows[8..8 + length];
        let (_, first) =
            bincode::serde::borrow_decode_from_slice::<FirstRow<'_>, _>(row, config::standard())
                .unwrap();
        let length = (first as u32).to_le_bytes();
        let framed = [&length[..], &row[..first]].concat();
        old.extend([&length[..], &crc32c(&framed).to_le_bytes(), &row[..first]].concat());
        rows = &rows[8 + row.len()..];
    }
    old
}

fn downgrade(dir: &Dir) {
    for name in ["index", "index.log"] {
        let path = index_file(dir, name);
        fs::write(&path, as_version_1(&fs::read(&path).unwrap())).unwrap();
    }
}

/// Recordings in both formats, part of them in the snapshot and part of them in the log.
fn saved(dir: &Dir, count: usize) -> Vec<Arc<Entry>> {
    let save = |store: &Store, n: usize| {
        let pages = [
            format!("http://localhost/orders/{n}"),
            "x".repeat(n % 3 * 300),
        ];
        let recording = Recording::new(format!("{n:04}")).pages(pages).at(n as i64);
        let format = [Format::Etf, Format::Json][n % 2];
        let subject = Some(Subject::Integer(n as i64));
        store.save_for(&recording.etf(), format, subject).unwrap();
    };
    let store = dir.open();
    (0..count / 2).for_each(|n| save(&store, n));
    fs::remove_file(index_file(dir, "index.log")).unwrap();
    (count / 2..count).for_each(|n| save(&store, n));
    store.list().unwrap()
}

fn of(n: usize) -> Filter {
    Filter {
        path: Some(PathPart::Exact(format!("/orders/{n}").as_bytes().into())),
        ..Filter::default()
    }
}

fn wait_until(what: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !what() {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(1));
    }
}

fn unknown(store: &Store) -> usize {
    let entries = store.list().unwrap();
    let unknown =
        |entry: &&Arc<Entry>| !entry.pages.is_complete() && entry.pages.iter().count() == 0;
    entries.iter().filter(unknown).count()
}

#[test]
fn it_is_opened_without_reading_and_completed_in_the_background() {
    let dir = Dir::new();
    let expected = saved(&dir, 40);
    downgrade(&dir);
    let reads = Reads::default();
    let store = reads.open(&dir);
    // What is there is listed all the time, each once.
    let all: Vec<_> = expected.iter().map(|entry| entry.id().to_vec()).collect();
    wait_until(|| {
        let entries = store.list().unwrap();
        let ids: Vec<_> = entries.iter().map(|entry| entry.id().to_vec()).collect();
        assert_eq!(ids, all);
        entries == expected
    });
    assert_eq!(store.take_damage(), []);
    assert_eq!(reads.count(), 40, "each once");
    drop(store);
    // It has been written down, too.
    let reads = Reads::default();
    let store = reads.open(&dir);
    assert_eq!(store.list().unwrap(), expected);
    thread::sleep(Duration::from_millis(50));
    assert_eq!(reads.count(), 0);
}

#[test]
fn a_query_does_not_wait_for_it() {
    let dir = Dir::new();
    saved(&dir, 40);
    downgrade(&dir);
    let store = dir.open();
    for n in [0, 1, 2, 17, 39] {
        let page = store.query(&of(n), Sort::Newest, 9, None).unwrap();
        let found: Vec<_> = page.items.iter().map(|item| item.id()).collect();
        assert_eq!(found, [format!("{n:04}").as_bytes()]);
    }
    assert_eq!(
        store.query(&of(40), Sort::Newest, 9, None).unwrap().total,
        0
    );
    downgrade(&dir);
    drop(store);
    let store = dir.open();
    assert_eq!(
        store.delete_where(&of(7)).unwrap().ids,
        [b"0007"[..].into()]
    );
    assert_eq!(ids(&store).len(), 39);
}

#[test]
fn subjects_that_were_not_written_down_are_found_too() {
    for with_content in [false, true] {
        let dir = Dir::new();
        saved(&dir, 40);
        downgrade(&dir);
        let store = dir.open();
        let filter = Filter {
            subject: Some([Subject::Integer(7)].into()),
            contains: Needle::text(b"aaaa").filter(|_| with_content),
            ..Filter::default()
        };
        let erased = store.delete_where(&filter).unwrap();
        assert_eq!(erased.ids, [b"0007"[..].into()]);
        assert_eq!(ids(&store).len(), 39);
    }
}

#[test]
fn one_that_can_not_be_read_stays_listed_and_does_not_keep_others() {
    let dir = Dir::new();
    saved(&dir, 20);
    downgrade(&dir);
    let fs = hooked(|call| match call {
        Call::Read(path) if path.ends_with("0018.etf.gz") => os_error(libc::EIO),
        Call::Read(path) if path.ends_with("0016.etf.gz") => panic!("as the test wants it"),
        _ => Ok(()),
    });
    let store = Store::open_on(fs, &dir.path(), options()).unwrap();
    wait_until(|| unknown(&store) == 2);
    assert_eq!(ids(&store).len(), 20);
    assert_eq!(store.take_damage(), []);
}

#[test]
fn it_goes_on_where_it_was_interrupted() {
    let dir = Dir::new();
    let expected = saved(&dir, 400);
    downgrade(&dir);
    let mut starts = 0;
    loop {
        // Slow, so that there is something to interrupt.
        let fs = hooked(|call| {
            if let Call::Read(path) = call
                && !path.parent().unwrap().ends_with(".native")
            {
                thread::sleep(Duration::from_micros(200));
            }
            Ok(())
        });
        let store = Store::open_on(fs, &dir.path(), options()).unwrap();
        let left = unknown(&store);
        assert_eq!(ids(&store).len(), 400);
        if left == 0 {
            break;
        }
        starts += 1;
        wait_until(|| unknown(&store) < left);
    }
    assert!(starts > 1);
    assert_eq!(dir.open().list().unwrap(), expected);
}

#[test]
fn a_recording_that_is_as_it_was_is_no_damage() {
    let dir = Dir::new();
    saved(&dir, 4);
    downgrade(&dir);
    let fs = hooked(|call| match call {
        // Nothing is learnt.
        Call::Read(path)
            if !path.parent().unwrap().ends_with(".native")
                && thread::current().name() == Some("replay-work") =>
        {
            os_error(libc::EIO)
        }
        _ => Ok(()),
    });
    let store = Store::open_on(fs, &dir.path(), options()).unwrap();
    let files = store.recording_files().unwrap();
    let files: Vec<&[u8]> = files.iter().map(|file| &**file).collect();
    assert_eq!(store.verify(&files).damaged, []);
    assert_eq!(unknown(&store), 4);
}
