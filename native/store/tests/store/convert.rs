//! Recordings in another form, and recordings from elsewhere.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use replay_store::{
    Beside, Compression, Contents, Error, Flags, Format, Limits, Options, Reader, Store, Subject,
};

use crate::hooked::{Call, hooked};
use crate::support::{Dir, Recording, entry, fixture, gzip, ids, options, zstd};

fn open(dir: &Dir, compression: Compression) -> Store {
    dir.open_with(compression)
}

fn gz() -> Compression {
    Compression::Gzip(6)
}

fn beside() -> Beside {
    Beside {
        flags: Flags {
            recovered: true,
            truncated: true,
        },
        subject: Subject::text(b"ada"),
    }
}

fn etf(id: &str) -> Contents {
    Contents {
        format: Format::Etf,
        bytes: Recording::new(id).etf(),
    }
}

#[test]
fn a_recording_gets_another_compression_and_keeps_its_content_and_what_is_beside_it() {
    let dir = Dir::new();
    let store = open(&dir, gz());
    assert!(store.import(&etf("a"), beside(), false).unwrap());
    let text = Contents {
        format: Format::Json,
        bytes: etf("b").into_json(&Limits::default()).unwrap(),
    };
    assert!(store.import(&text, beside(), false).unwrap());
    assert_eq!(dir.names(), ["a.etf.gz", "b.json.gz"]);
    let store = open(&dir, Compression::Zstd(3));
    for (id, format) in [("a", Format::Etf), ("b", Format::Json)] {
        assert!(store.convert(id.as_bytes(), format).unwrap());
        assert!(entry(&store, id).is_in(format, Compression::Zstd(3)));
        assert_eq!(entry(&store, id).beside(), beside());
    }
    assert_eq!(dir.names(), ["a.etf.zst", "b.json.zst"]);
    let read = |id: &[u8]| store.read(id).unwrap();
    assert_eq!((read(b"a"), read(b"b")), (etf("a"), text));
    // What is so already stays as it is.
    let stamp = entry(&store, "a").stamp;
    assert!(store.convert(b"a", Format::Etf).unwrap());
    assert_eq!(entry(&store, "a").stamp, stamp);
    assert!(matches!(
        store.convert(b"c", Format::Etf),
        Err(Error::NotFound)
    ));
}

#[test]
fn a_term_becomes_json_and_json_a_term_with_the_module_of_its_view() {
    let dir = Dir::new();
    let file = "4x1F5sfmxsxIadPy39mHkw";
    dir.write(
        format!("{file}.etf.gz"),
        &fixture(&format!("etf/{file}.etf.gz")),
    );
    let store = dir.open();
    let before = entry(&store, file);
    assert!(store.convert(file.as_bytes(), Format::Json).unwrap());
    assert_eq!(dir.names(), [format!("{file}.json.gz")]);
    assert!(store.convert(file.as_bytes(), Format::Etf).unwrap());
    assert_eq!(dir.names(), [format!("{file}.etf.gz")]);
    let after = entry(&store, file);
    assert_eq!(
        (&after.view, &after.names, &after.pages),
        (&before.view, &before.names, &before.pages)
    );
    assert_eq!(after.event_count, before.event_count);
    let files = store.recording_files().unwrap();
    assert_eq!(store.verify(&[&*files[0]]).damaged, []);
}

#[test]
fn what_was_written_by_old_releases_is_converted_too() {
    let dir = Dir::new();
    dir.write("a.etf", &Recording::new("a").etf());
    dir.write("b.etf", &gzip(&Recording::new("b").etf()));
    dir.write(
        "c.json",
        &zstd(&etf("c").into_json(&Limits::default()).unwrap()),
    );
    let store = dir.open();
    for id in ["a", "b", "c"] {
        let format = entry(&store, id).format;
        assert!(store.convert(id.as_bytes(), format).unwrap());
    }
    assert_eq!(dir.names(), ["a.etf.gz", "b.etf.gz", "c.json.gz"]);
    assert_eq!(ids(&store), ["a", "b", "c"]);
}

#[test]
fn what_another_engine_saves_meanwhile_is_not_taken_back() {
    let dir = Dir::new();
    let store = open(&dir, Compression::Zstd(1));
    dir.write("a.etf.gz", &gzip(&Recording::new("a").etf()));
    ids(&store);
    let other = open(&dir, gz());
    let newer = Recording::new("a").events(9);
    other.save(&newer.etf(), Format::Etf).unwrap();
    // Which of them it reads is the newer one, whatever it knew.
    assert!(store.convert(b"a", Format::Etf).unwrap());
    assert_eq!(store.read(b"a").unwrap().bytes, newer.etf());
    assert_eq!(dir.names(), ["a.etf.zst"]);
}

#[test]
fn one_that_is_there_is_kept_unless_it_is_to_be_replaced() {
    let dir = Dir::new();
    let store = dir.open();
    let old = Recording::new("a").events(1);
    store.save(&old.etf(), Format::Json).unwrap();
    let before = store.read(b"a").unwrap();
    assert!(!store.import(&etf("a"), Beside::default(), false).unwrap());
    assert_eq!(store.read(b"a").unwrap(), before);
    // A damaged file of its name is somebody's, too.
    dir.write("b.etf.gz", b"damaged");
    assert!(!store.import(&etf("b"), Beside::default(), false).unwrap());
    assert!(store.import(&etf("a"), beside(), true).unwrap());
    assert_eq!(store.read(b"a").unwrap(), etf("a"));
    assert_eq!(entry(&store, "a").beside(), beside());
    assert_eq!(dir.names(), ["a.etf.gz", "b.etf.gz"]);
}

#[test]
fn what_is_no_recording_is_not_imported() {
    let dir = Dir::new();
    let store = dir.open();
    let twice = br#"{"id": "a", "connected_at": 1, "events": []"#;
    for (format, bytes) in [
        (Format::Etf, &b"\x83j"[..]),
        (Format::Etf, b""),
        (Format::Json, b"{}"),
        (Format::Json, twice),
        (Format::Json, b"\xff"),
    ] {
        let contents = Contents {
            format,
            bytes: bytes.to_vec(),
        };
        let imported = store.import(&contents, Beside::default(), true);
        assert!(matches!(imported, Err(Error::Recording(_))), "{imported:?}");
    }
    let small = Store::open(
        &dir.path(),
        Options {
            limits: Limits::of_bytes(100),
            ..options()
        },
    );
    let imported = small.unwrap().import(&etf("a"), Beside::default(), true);
    assert!(matches!(
        imported,
        Err(Error::TooLarge { .. } | Error::Damaged { .. })
    ));
    assert_eq!(dir.names(), Vec::<String>::new());
    assert_eq!(dir.temp_files(), Vec::<String>::new());
}

#[test]
fn a_directory_is_carried_over_as_it_is() {
    let (from, to) = (Dir::new(), Dir::new());
    let store = from.open();
    for n in 0..20 {
        let format = if n % 2 == 0 {
            Format::Etf
        } else {
            Format::Json
        };
        let subject = Some(Subject::Integer(n));
        let etf = Recording::new(format!("r{n}")).at(n).etf();
        store.save_for(&etf, format, subject).unwrap();
    }
    let (reader, target) = (Reader::open(&from.path(), options()).unwrap(), to.open());
    for entry in reader.list().unwrap() {
        let contents = reader.read(entry.id()).unwrap();
        assert!(target.import(&contents, entry.beside(), false).unwrap());
    }
    assert_eq!(to.names(), from.names());
    for entry in target.list().unwrap() {
        assert_eq!(
            reader.read(entry.id()).unwrap(),
            target.read(entry.id()).unwrap()
        );
        assert_eq!(
            entry.subject.as_deref(),
            Some(&Subject::Integer(entry.connected_at))
        );
    }
}

#[test]
fn one_that_another_engine_saves_while_it_is_converted_stays_as_it_was_saved() {
    let dir = Dir::new();
    dir.write("a.etf.gz", &gzip(&Recording::new("a").etf()));
    let (path, armed) = (dir.file("a.etf.gz"), Arc::new(AtomicBool::new(false)));
    let (is_armed, newer) = (Arc::clone(&armed), Recording::new("a").events(9).etf());
    let saved = gzip(&newer);
    let fs = hooked(move |call| match call {
        Call::WriteNew { .. } if is_armed.swap(false, Ordering::Relaxed) => {
            let beside = path.with_extension("tmp");
            fs::write(&beside, &saved)?;
            fs::rename(&beside, &path)
        }
        _ => Ok(()),
    });
    let options = Options {
        compression: Compression::Zstd(1),
        ..options()
    };
    let store = Store::open_on(fs, &dir.path(), options).unwrap();
    // Its directory for temporary files is made by the first of them.
    store.save(&Recording::new("b").etf(), Format::Etf).unwrap();
    armed.store(true, Ordering::Relaxed);
    assert!(!store.convert(b"a", Format::Etf).unwrap());
    assert!(!armed.load(Ordering::Relaxed));
    assert_eq!(dir.names(), ["a.etf.gz", "b.etf.zst"]);
    assert_eq!(store.read(b"a").unwrap().bytes, newer);
    assert!(store.convert(b"a", Format::Etf).unwrap());
    assert_eq!(store.read(b"a").unwrap().bytes, newer);
}
