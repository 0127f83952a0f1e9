//! A directory that is only read.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use replay_store::{Error, Filter, Format, Options, Reader, Sort, Subject, UrlPart};

use crate::support::{Dir, Recording, gzip, options};

/// Everything below a directory: content, time and inode.
type Picture = BTreeMap<PathBuf, (Vec<u8>, i64, i64, u64)>;

fn picture(dir: &Path) -> Picture {
    let mut picture = Picture::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for path in [dir.clone()].into_iter().chain(
            fs::read_dir(&dir)
                .unwrap()
                .map(|entry| entry.unwrap().path()),
        ) {
            let found = fs::metadata(&path).unwrap();
            let content = match found.is_dir() {
                true if path != dir => {
                    dirs.push(path);
                    continue;
                }
                true => Vec::new(),
                false => fs::read(&path).unwrap(),
            };
            picture.insert(
                path,
                (content, found.mtime(), found.mtime_nsec(), found.ino()),
            );
        }
    }
    picture
}

fn open(dir: &Dir) -> Reader {
    Reader::open(&dir.path(), options()).unwrap()
}

fn ids(reader: &Reader) -> Vec<String> {
    let entries = reader.list().unwrap();
    let ids = entries.iter().map(|entry| entry.id().to_vec());
    ids.map(|id| String::from_utf8(id).unwrap()).collect()
}

/// What can be asked of one.
fn read_all(reader: &Reader) {
    let filter = Filter {
        contains: replay_store::Needle::text(b"shop"),
        ..Filter::default()
    };
    let search = {
        let mut search = reader.search(&filter).unwrap();
        while !search.is_done() {
            reader.search_on(&mut search);
        }
        search
    };
    reader.not_searched(&search).unwrap();
    reader.query(&filter, Sort::Largest, 10, None).unwrap();
    reader.facets(&Filter::default()).unwrap();
    reader.damage().unwrap();
    for entry in reader.list().unwrap() {
        reader.read(entry.id()).unwrap();
    }
    let files = reader.recording_files().unwrap();
    let files: Vec<&[u8]> = files.iter().map(|file| &**file).collect();
    let verified = reader.verify(&files);
    assert_eq!(verified.checked, files.len());
}

#[test]
fn nothing_below_it_is_changed_whether_an_engine_was_there_or_not() {
    let dir = Dir::new();
    dir.write("a.etf.gz", &gzip(&Recording::new("a").etf()));
    dir.write("torn.etf.gz", b"");
    let before = picture(&dir.path());
    let reader = open(&dir);
    assert_eq!(ids(&reader), ["a"]);
    read_all(&reader);
    assert_eq!(reader.damage().unwrap().len(), 1);
    drop(reader);
    assert_eq!(picture(&dir.path()), before, "there is no .native");

    let store = dir.open();
    store
        .save(&Recording::new("b").etf(), Format::Json)
        .unwrap();
    drop(store);
    // What the index on the disk does not know.
    dir.write("c.etf.gz", &gzip(&Recording::new("c").at(7).etf()));
    fs::create_dir(dir.file(".native/tmp-1-0-0")).unwrap();
    fs::write(dir.file(".native/tmp-1-0-0/tmp-1-1-1"), b"left").unwrap();
    let before = picture(&dir.path());
    assert!(
        before
            .keys()
            .any(|path| path.ends_with(".native/index.log"))
    );
    let reader = open(&dir);
    assert_eq!(ids(&reader), ["a", "b", "c"]);
    read_all(&reader);
    drop(reader);
    assert_eq!(picture(&dir.path()), before);
}

#[test]
fn what_others_do_meanwhile_is_seen() {
    let dir = Dir::new();
    let store = dir.open();
    let reader = open(&dir);
    assert_eq!(ids(&reader), Vec::<String>::new());
    store.save(&Recording::new("a").etf(), Format::Etf).unwrap();
    assert_eq!(ids(&reader), ["a"]);
    assert_eq!(reader.read(b"a").unwrap().bytes, Recording::new("a").etf());
    store
        .save(&Recording::new("a").events(9).etf(), Format::Etf)
        .unwrap();
    assert_eq!(reader.list().unwrap()[0].event_count, 9);
    store.delete(b"a").unwrap();
    assert_eq!(ids(&reader), Vec::<String>::new());
    assert!(matches!(reader.read(b"a"), Err(Error::NotFound)));
}

#[test]
fn it_finds_what_a_store_finds() {
    let dir = Dir::new();
    let store = dir.open();
    let ada = Subject::text(b"ada");
    let shop = Recording::new("a").url("https://shop.test/");
    store
        .save_for(&shop.etf(), Format::Etf, ada.clone())
        .unwrap();
    store
        .save(&Recording::new("b").at(5).etf(), Format::Etf)
        .unwrap();
    let reader = open(&dir);
    for filter in [
        Filter::default(),
        Filter {
            subject: Some(ada.into_iter().collect()),
            ..Filter::default()
        },
        Filter {
            url: Some(UrlPart::new(b"shop")),
            ..Filter::default()
        },
        Filter {
            contains: replay_store::Needle::text(b"shop"),
            ..Filter::default()
        },
        Filter {
            contains: replay_store::Needle::text(b"nowhere"),
            ..Filter::default()
        },
    ] {
        let found = |page: replay_store::Page| {
            let ids = page.items.iter().map(|item| item.id().to_vec());
            (ids.collect::<Vec<_>>(), page.total)
        };
        let by_reader = found(reader.query(&filter, Sort::Newest, 10, None).unwrap());
        assert_eq!(
            by_reader,
            found(store.query(&filter, Sort::Newest, 10, None).unwrap())
        );
        assert_eq!(
            reader.facets(&filter).unwrap(),
            store.facets(&filter).unwrap()
        );
        assert_eq!(
            reader.needs_search(&filter).unwrap(),
            store.needs_search(&filter).unwrap()
        );
    }
}

#[test]
fn a_directory_has_to_be_there() {
    let dir = Dir::new();
    let kind = |path: &Path| match Reader::open(path, Options::default()) {
        Err(Error::Io { source, .. }) => source.kind(),
        other => panic!("{:?}", other.map(drop)),
    };
    assert_eq!(kind(&dir.path()), io::ErrorKind::NotFound);
    assert!(!dir.path().exists());
    dir.write("file", b"");
    assert_eq!(kind(&dir.file("file")), io::ErrorKind::NotADirectory);
}
