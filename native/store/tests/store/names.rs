use std::fs;

use replay_store::{Format, file_stem};

use crate::support::{Dir, Recording, gzip, ids, is_missing, names_in};

fn hostile_ids() -> Vec<Vec<u8>> {
    let mut ids: Vec<Vec<u8>> = [
        &b""[..],
        b".",
        b"..",
        b"/",
        b"../../etc/passwd",
        b"/etc/passwd",
        b"..\\..\\windows",
        b"a/b",
        b"nul\0byte",
        b"new\nline",
        b".native",
        b".native/x",
        b"~",
        b"~a=2fb",
        b"~~e3b0",
        b"x.etf.gz",
        b"x.json",
        b"\xff\xfe",
        b"\xff/\xfe",
        b"\xf0\x9f\x8e\xac",
        b"-rf",
        b"$(id)",
    ]
    .iter()
    .map(|id| id.to_vec())
    .collect();
    ids.extend([240, 241, 255, 10_000].map(|len| vec![b'x'; len]));
    ids.extend([79, 80, 10_000].map(|len| vec![b'/'; len]));
    ids
}

#[test]
fn a_hostile_id_that_was_not_saved_is_not_found() {
    let dir = Dir::new();
    fs::write(
        dir.outside().join("passwd.etf.gz"),
        gzip(&Recording::new("secret").etf()),
    )
    .unwrap();
    let store = dir.open();
    let mut ids = hostile_ids();
    ids.push(b"../passwd".to_vec());
    for id in ids {
        assert!(is_missing(&store, &id), "{}", id.escape_ascii());
        store.delete(&id).unwrap();
    }
    assert_eq!(names_in(dir.outside()), ["passwd.etf.gz", "recordings"]);
}

#[test]
fn hostile_ids_are_saved_apart_and_read_back() {
    for format in [Format::Etf, Format::Json] {
        let dir = Dir::new();
        let store = dir.open();
        for (id, mark) in hostile_ids().iter().zip(b'A'..) {
            store
                .save(&Recording::new(id).mark(mark).etf(), format)
                .unwrap();
        }
        assert_eq!(names_in(dir.outside()), ["recordings"]);
        assert_eq!(dir.names().len(), hostile_ids().len());
        for store in [&store, &dir.open()] {
            assert_eq!(store.list().unwrap().len(), hostile_ids().len());
            for (id, mark) in hostile_ids().iter().zip(b'A'..) {
                let contents = store.read(id).unwrap();
                assert_eq!(contents.format, format);
                let marks = [mark; 20];
                let found = contents
                    .bytes
                    .windows(marks.len())
                    .any(|window| window == marks);
                assert!(found, "{}", id.escape_ascii());
            }
        }
        for id in hostile_ids() {
            store.delete(&id).unwrap();
            assert!(is_missing(&store, &id), "{}", id.escape_ascii());
        }
        assert_eq!(dir.names(), [""; 0]);
    }
}

#[test]
fn an_id_with_slashes_is_found_where_the_elixir_backend_put_it() {
    let dir = Dir::new();
    let store = dir.open();
    let etf = Recording::new("a/b").etf();
    dir.write("b.etf.gz", &gzip(&etf));
    assert_eq!(store.read(b"a/b").unwrap().bytes, etf);
    assert_eq!(
        store.read(b"b").unwrap().bytes,
        etf,
        "and under the name of the file"
    );
    assert_eq!(ids(&store), ["a/b"]);

    let newer = Recording::new("a/b").mark(b'n').etf();
    store.save(&newer, Format::Etf).unwrap();
    assert_eq!(dir.names(), ["~a=2fb.etf.gz"]);
    assert_eq!(store.read(b"a/b").unwrap().bytes, newer);
    assert!(is_missing(&store, "b"));
}

#[test]
fn deleting_an_id_spares_a_file_that_became_another_recording() {
    let dir = Dir::new();
    dir.write("b.etf.gz", &gzip(&Recording::new("a/b").etf()));
    let store = dir.open();
    let other = Recording::new("b").events(9).etf();
    dir.write("b.etf.gz", &gzip(&other));
    store.delete(b"a/b").unwrap();
    assert_eq!(store.read(b"b").unwrap().bytes, other);
    assert!(is_missing(&store, "a/b"));
}

#[test]
fn a_file_renamed_by_hand_is_found_under_both_names() {
    let dir = Dir::new();
    let etf = Recording::new("inside").etf();
    dir.write("outside.etf", &etf);
    let store = dir.open();
    assert_eq!(store.read(b"inside").unwrap().bytes, etf);
    assert_eq!(store.read(b"outside").unwrap().bytes, etf);
    store.delete(b"outside").unwrap();
    assert!(is_missing(&store, "inside"));
}

#[test]
fn an_encoded_name_does_not_give_out_another_id() {
    let dir = Dir::new();
    let stem = file_stem(b"a/b").into_owned();
    dir.write([&stem[..], b".etf"].concat(), &Recording::new("evil").etf());
    let store = dir.open();
    assert!(is_missing(&store, "a/b"));
    assert_eq!(ids(&store), ["evil"]);
}
