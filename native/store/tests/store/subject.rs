//! Whom a recording that is saved by hand belongs to, and what else is beside it.

use std::fs;
use std::sync::Arc;

use replay_store::{Compression, Entry, Format, Store, Subject, compress};

use crate::support::{Dir, Recording, entry, gzip, zstd};

fn ada() -> Subject {
    Subject::text(b"ada").unwrap()
}

fn subject(store: &Store, id: &str) -> Option<Subject> {
    entry(store, id).subject.as_deref().cloned()
}

/// What a store knows that has to read every recording.
fn rebuilt(dir: &Dir) -> Vec<Arc<Entry>> {
    for name in ["index", "index.log"] {
        let _ = fs::remove_file(dir.file(".native").join(name));
    }
    dir.open().list().unwrap()
}

/// A file that was recovered, is not complete, and belongs to Ada.
fn flagged(dir: &Dir, recording: &Recording) {
    // As the header of gzip has it: one subfield for the flags, one for the subject.
    let content = gzip(&recording.etf());
    let mut header = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff".to_vec();
    let subject = b"\x01\x02ada".to_vec();
    let sum = crc32c::crc32c(&subject).to_le_bytes();
    let subject = [subject, sum.to_vec()].concat();
    let extra = [&b"PR\x01\0\x03PS"[..], &[subject.len() as u8, 0], &subject].concat();
    header.extend([extra.len() as u8, 0]);
    let file = [&header[..], &extra, &content[10..]].concat();
    dir.write(format!("{}.etf.gz", str(&recording.id)), &file);
}

fn str(id: &[u8]) -> &str {
    std::str::from_utf8(id).unwrap()
}

#[test]
fn it_is_in_the_file_whatever_that_is_like_and_read_from_there() {
    for compression in [Compression::Gzip(6), Compression::Zstd(1)] {
        let dir = Dir::new();
        let store = dir.open_with(compression);
        let subjects = [Some(ada()), Some(Subject::Integer(-7)), None];
        for (format, kind) in [(Format::Etf, "etf"), (Format::Json, "json")] {
            for (n, subject) in subjects.iter().enumerate() {
                let recording = Recording::new(format!("{kind}{n}")).at(n as i64);
                let saved = store.save_for(&recording.etf(), format, subject.clone());
                saved.unwrap();
                // The content is that of a file without.
                let contents = store.read(&recording.id).unwrap();
                let file = fs::read(dir.file(entry(&store, str(&recording.id)).file())).unwrap();
                let plain = compress(&contents.bytes, compression).unwrap();
                assert_eq!(subject.is_none(), file == plain);
            }
        }
        let known = store.list().unwrap();
        for (n, whose) in subjects.iter().enumerate() {
            assert_eq!(subject(&store, &format!("etf{n}")), *whose);
            assert_eq!(subject(&store, &format!("json{n}")), *whose);
        }
        let names: Vec<String> = store
            .recording_files()
            .unwrap()
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
        assert!(store.verify(&names).damaged.is_empty());
        drop(store);
        assert_eq!(
            dir.open().list().unwrap(),
            known,
            "from what was written down"
        );
        assert_eq!(rebuilt(&dir), known, "from the files");
    }
}

#[test]
fn what_was_beside_a_recording_stays_when_it_is_saved_again() {
    let dir = Dir::new();
    let recording = Recording::new("x");
    flagged(&dir, &recording);
    let is_kept = |store: &Store| {
        let entry = entry(store, "x");
        assert!(entry.recovered && entry.truncated);
        assert_eq!(entry.subject.as_deref(), Some(&ada()));
    };
    let store = dir.open();
    is_kept(&store);
    let changed = recording.mark(b'b').events(5);
    // Also where its file will be another one, and by whomever it is said to be.
    for (format, subject) in [
        (Format::Etf, None),
        (Format::Json, None),
        (Format::Etf, Some(Subject::Integer(1))),
    ] {
        store.save_for(&changed.etf(), format, subject).unwrap();
        is_kept(&store);
        assert_eq!(entry(&store, "x").event_count, 5);
    }
    let zstd = dir.open_with(Compression::Zstd(1));
    zstd.save(&changed.etf(), Format::Etf).unwrap();
    assert_eq!(dir.names(), ["x.etf.zst"]);
    is_kept(&zstd);
    drop((store, zstd));
    is_kept(&dir.open());
}

#[test]
fn another_session_under_its_id_has_nothing_of_it() {
    let dir = Dir::new();
    let recording = Recording::new("x").at(1);
    flagged(&dir, &recording);
    let store = dir.open();
    store
        .save(&recording.clone().at(2).etf(), Format::Etf)
        .unwrap();
    let entry = entry(&store, "x");
    assert_eq!((entry.recovered, entry.truncated), (false, false));
    assert_eq!(entry.subject, None);
}

#[test]
fn a_subject_that_is_damaged_is_none_and_the_recording_is_there() {
    let dir = Dir::new();
    let recording = Recording::new("x");
    flagged(&dir, &recording);
    let whole = fs::read(dir.file("x.etf.gz")).unwrap();
    for at in 21..30 {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        dir.write("x.etf.gz", &changed);
        let store = dir.open();
        assert_eq!(subject(&store, "x"), None, "{at}");
        assert!(entry(&store, "x").recovered);
        assert_eq!(store.read(b"x").unwrap().bytes, recording.etf());
        assert!(store.verify(&[b"x.etf.gz"]).damaged.is_empty());
    }
}

#[test]
fn files_with_nothing_beside_are_byte_for_byte_as_ever() {
    let dir = Dir::new();
    let recording = Recording::new("x");
    let store = dir.open();
    store.save(&recording.etf(), Format::Etf).unwrap();
    assert_eq!(
        fs::read(dir.file("x.etf.gz")).unwrap(),
        compress(&recording.etf(), Compression::Gzip(6)).unwrap()
    );
    let zstd_store = dir.open_with(Compression::Zstd(3));
    zstd_store.save(&recording.etf(), Format::Etf).unwrap();
    assert_eq!(
        fs::read(dir.file("x.etf.zst")).unwrap(),
        zstd(&recording.etf())
    );
}
