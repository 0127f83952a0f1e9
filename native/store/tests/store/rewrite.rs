//! Recordings are changed afterwards.

mod crashes;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use replay_store::{
    Compression, Durability, Error, Filter, Format, Notice, Options, Rewriting, Store, Subject,
    Version,
};

use crate::hooked::{Call, hooked};
use crate::support::{Dir, Recording, entry, gzip, ids, is_missing, options};

/// What is to be masked: the name of an event, which is in the index, too.
const SECRET: u8 = b's';

fn secret(id: &str) -> Recording {
    Recording::new(id).mark(SECRET).url("http://secret/")
}

fn masked(id: &str) -> Recording {
    Recording::new(id).mark(b'x').url("http://masked/")
}

fn begin(store: &Store) -> Rewriting {
    store.begin_rewriting(&Filter::default()).unwrap()
}

fn version(store: &Store, id: &str) -> Version {
    let read = store.read_version(id.as_bytes(), |_, _| ()).unwrap();
    read.unwrap().0
}

/// Masks everything, as a user does: returns whether each was as it had been read.
fn mask_all(store: &Store) -> Result<(), Error> {
    let rewriting = store.begin_rewriting(&Filter::default())?;
    for id in &rewriting.ids {
        let id = str::from_utf8(id).unwrap();
        let version = version(store, id);
        assert!(store.rewrite(id.as_bytes(), &masked(id).etf(), &version)?);
    }
    store.end_rewriting(rewriting.number)
}

/// The files in which the secret is, in a recording or anywhere else.
fn traces(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(traces(&path));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        if has(&[SECRET; 20]) || has(b"http://secret/") {
            found.push(path);
        }
    }
    found
}

#[test]
fn it_is_changed_in_its_file_as_that_is_and_keeps_what_is_beside_it() {
    let dir = Dir::new();
    let ada = Subject::text(b"ada");
    let mut expected = Vec::new();
    for compression in [Compression::Gzip(6), Compression::Zstd(1)] {
        let store = dir.open_with(compression);
        for format in [Format::Etf, Format::Json] {
            let id = format!("{format:?}-{compression:?}");
            store
                .save_for(&secret(&id).etf(), format, ada.clone())
                .unwrap();
            expected.push((id, format));
        }
    }
    dir.write("legacy.etf", &secret("legacy").etf());
    dir.write("by hand.etf.gz", &gzip(&secret("inside").etf()));
    let names = dir.names();
    let store = dir.open();
    mask_all(&store).unwrap();
    assert_eq!(dir.names(), names);
    for (id, format) in expected {
        let entry = entry(&store, &id);
        assert_eq!(entry.format, format);
        assert_eq!(entry.subject.as_deref(), ada.as_ref());
        let magic = &fs::read(dir.file(entry.file())).unwrap()[..2];
        assert_eq!(magic == b"\x1f\x8b", entry.file_name().ends_with(".gz"));
    }
    for id in ids(&store) {
        assert_eq!(
            entry(&store, &id).url.as_deref(),
            Some(&b"http://masked/"[..])
        );
    }
    assert_eq!(store.read(b"legacy").unwrap().bytes, masked("legacy").etf());
    assert_eq!(store.read(b"inside").unwrap().bytes, masked("inside").etf());
}

#[test]
fn nothing_is_left_of_what_was_there_before() {
    let dir = Dir::new();
    let store = dir.open();
    for n in 0..20 {
        store
            .save(&secret(&format!("r{n}")).etf(), Format::Etf)
            .unwrap();
    }
    // In the format that came before, and found by its age only.
    dir.write(
        "r1.json",
        br#"{"id": "r1", "connected_at": 0, "events": [], "url": "http://secret/"}"#,
    );
    dir.write("copy.etf", &secret("r2").etf());
    let old = fs::File::open(dir.file("copy.etf")).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    let old = fs::File::open(dir.file("r1.json")).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert!(
        traces(&dir.path()).len() > 2,
        "in the index, and plain files"
    );
    mask_all(&store).unwrap();
    assert_eq!(traces(&dir.path()), Vec::<PathBuf>::new());
    assert_eq!(dir.temp_files(), [""; 0]);
    assert_eq!(dir.names().len(), 20);
}

#[test]
fn what_others_changed_since_it_was_read_is_not_written_over() {
    let dir = Dir::new();
    let (store, other) = (dir.open(), dir.open());
    store.save(&secret("x").etf(), Format::Etf).unwrap();
    let read = version(&store, "x");
    let newer = Recording::new("x").mark(b'n').etf();
    for save in [
        &|| other.save(&newer, Format::Etf).unwrap() as _,
        &|| store.save(&newer, Format::Etf).unwrap(),
        // It comes beside the one that was read.
        &|| {
            dir.write(
                "x.json.gz",
                &gzip(br#"{"id": "x", "connected_at": 1000, "events": []}"#),
            )
        },
        &|| fs::remove_file(dir.file("x.etf.gz")).unwrap(),
    ] as [&dyn Fn(); 4]
    {
        save();
        let names = dir.names();
        assert!(!store.rewrite(b"x", &masked("x").etf(), &read).unwrap());
        assert!(!store.delete_version(b"x", &read).unwrap());
        assert_eq!(dir.names(), names);
        assert!(names.iter().all(|name| {
            let content = fs::read(dir.file(name)).unwrap();
            content != gzip(&masked("x").etf())
        }));
        assert_eq!(dir.temp_files(), [""; 0]);
    }
    // Read again, it is.
    let read = version(&store, "x");
    assert!(store.rewrite(b"x", &masked("x").etf(), &read).unwrap());
    assert!(!store.rewrite(b"x", &masked("x").etf(), &read).unwrap());
}

#[test]
fn what_is_saved_while_the_new_one_is_written_counts() {
    let dir = Dir::new();
    dir.open().save(&secret("x").etf(), Format::Etf).unwrap();
    let (path, armed) = (dir.file("x.etf.gz"), Arc::new(AtomicBool::new(false)));
    let is_armed = Arc::clone(&armed);
    let newer = gzip(&Recording::new("x").mark(b'n').etf());
    let fs = hooked(move |call| match call {
        Call::WriteNew { .. } if is_armed.swap(false, Ordering::Relaxed) => {
            let beside = path.with_extension("tmp");
            fs::write(&beside, &newer)?;
            fs::rename(&beside, &path)
        }
        _ => Ok(()),
    });
    let store = Store::open_on(fs, &dir.path(), options()).unwrap();
    let read = version(&store, "x");
    armed.store(true, Ordering::Relaxed);
    assert!(!store.rewrite(b"x", &masked("x").etf(), &read).unwrap());
    assert!(!armed.load(Ordering::Relaxed));
    let newer = Recording::new("x").mark(b'n').etf();
    assert_eq!(store.read(b"x").unwrap().bytes, newer);
}

#[test]
fn what_is_dropped_is_gone_and_told_of() {
    let dir = Dir::new();
    let store = dir.open();
    for id in ["a", "b"] {
        store.save(&secret(id).etf(), Format::Etf).unwrap();
    }
    dir.write("a.json", br#"{"id": "a", "connected_at": 0, "events": []}"#);
    let file = fs::File::open(dir.file("a.json")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    let rewriting = begin(&store);
    assert!(store.delete_version(b"a", &version(&store, "a")).unwrap());
    assert_eq!(dir.names(), ["b.etf.gz"]);
    assert!(is_missing(&store, "a"));
    store.end_rewriting(rewriting.number).unwrap();
    assert_eq!(store.stats().unwrap().counts.erased, 1);
    assert!(matches!(
        store.read_version(b"a", |_, _| ()),
        Err(Error::NotFound)
    ));
}

#[test]
fn another_id_is_refused_and_so_is_what_is_no_recording() {
    let dir = Dir::new();
    let store = dir.open();
    for format in [Format::Etf, Format::Json] {
        store.save(&secret("x").etf(), format).unwrap();
        let (read, names) = (version(&store, "x"), dir.names());
        let refused = store.rewrite(b"x", &masked("y").etf(), &read);
        assert!(matches!(refused, Err(Error::Recording(_))));
        let refused = store.rewrite(b"x", b"\x83\x6a", &read);
        assert!(matches!(refused, Err(Error::Recording(_))));
        assert_eq!((dir.names(), dir.temp_files()), (names, Vec::new()));
        assert!(store.rewrite(b"x", &masked("x").etf(), &read).unwrap());
    }
}

#[test]
fn ids_that_no_file_can_be_named_after_keep_their_files() {
    let dir = Dir::new();
    let store = dir.open();
    for (id, format) in [
        (&b"../x"[..], Format::Etf),
        (b"\xff\x00", Format::Etf),
        (b"../y", Format::Json),
        (b"\xfe", Format::Json),
    ] {
        store
            .save(&Recording::new(id).mark(SECRET).etf(), format)
            .unwrap();
    }
    let names = dir.names();
    let rewriting = begin(&store);
    assert_eq!(rewriting.ids.len(), 4);
    for id in &rewriting.ids {
        let (read, ()) = store.read_version(id, |_, _| ()).unwrap().unwrap();
        let masked = Recording::new(id).mark(b'x');
        assert!(store.rewrite(id, &masked.etf(), &read).unwrap());
    }
    store.end_rewriting(rewriting.number).unwrap();
    assert_eq!(dir.names(), names);
    let entries = store.list().unwrap();
    assert!(entries.iter().all(|it| it.names.iter().eq([&[b'x'; 20]])));
}

#[test]
fn what_is_given_up_is_ended_and_what_has_ended_is_not_ended_again() {
    let dir = Dir::new();
    let store = dir.open();
    store.save(&secret("x").etf(), Format::Etf).unwrap();
    let given_up = begin(&store);
    let stamp = version(&store, "x");
    assert!(store.rewrite(b"x", &masked("x").etf(), &stamp).unwrap());
    assert!(!traces(&dir.path()).is_empty(), "in the index");
    store.abandon_rewriting(given_up.number).unwrap();
    assert_eq!(traces(&dir.path()), Vec::<PathBuf>::new());
    assert_eq!(dir.temp_files(), [""; 0]);
    // A file of its own each time that it is written anew.
    let index = || fs::metadata(dir.file(".native/index")).unwrap().ino();
    let before = index();
    store.abandon_rewriting(given_up.number).unwrap();
    assert_eq!(index(), before);
}

#[test]
fn an_end_that_belongs_to_no_beginning_does_no_harm() {
    let dir = Dir::new();
    let store = dir.open();
    store.save(&secret("x").etf(), Format::Etf).unwrap();
    store.end_rewriting(7).unwrap();
    let (one, two) = (begin(&store), begin(&store));
    assert_ne!(one.number, two.number);
    store.end_rewriting(one.number).unwrap();
    store.end_rewriting(one.number).unwrap();
    store.end_rewriting(two.number).unwrap();
    assert_eq!(dir.temp_files(), [""; 0]);
    let quiet = Arc::new(AtomicBool::new(true));
    let is_quiet = Arc::clone(&quiet);
    store.observe(Box::new(move |notice| {
        if matches!(notice, Notice::Erased { .. }) {
            is_quiet.store(false, Ordering::Relaxed);
        }
    }));
    assert!(quiet.load(Ordering::Relaxed), "nothing was erased");
}
