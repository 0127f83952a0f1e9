use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use replay_store::{Compression, Contents, Error, Format, Options, Store, View};

use crate::support::{Dir, Recording, entry, ids, is_missing, options};

#[test]
fn a_saved_recording_is_read_and_listed() {
    let dir = Dir::new();
    let store = dir.open();
    let recording = Recording::new("one").at(77).events(3);
    store.save(&recording.etf(), Format::Etf).unwrap();

    let contents = store.read(b"one").unwrap();
    assert_eq!(
        contents,
        Contents {
            format: Format::Etf,
            bytes: recording.etf()
        }
    );

    let entry = entry(&store, "one");
    assert_eq!(*entry.view, View::Atom("Elixir.MyAppWeb.HomeLive".into()));
    assert_eq!(entry.url.as_deref(), Some(&b"http://localhost/"[..]));
    assert_eq!(
        (entry.connected_at, entry.event_count, entry.duration_ms),
        (77, 3, 20)
    );
    assert!(entry.names.iter().eq([&[b'a'; 20]]));
    assert_eq!(entry.format, Format::Etf);
    assert_eq!(entry.file_name(), "one.etf.gz");
    assert_eq!(
        entry.stamp.len,
        fs::metadata(dir.file("one.etf.gz")).unwrap().len()
    );
}

#[test]
fn the_list_is_newest_first_with_ties_by_id() {
    let dir = Dir::new();
    let store = dir.open();
    for (id, at) in [("b", 5), ("old", -3), ("a", 5), ("new", 9)] {
        store
            .save(&Recording::new(id).at(at).etf(), Format::Etf)
            .unwrap();
    }
    assert_eq!(ids(&store), ["new", "a", "b", "old"]);
    assert_eq!(ids(&dir.open()), ["new", "a", "b", "old"]);
}

#[test]
fn saving_an_id_again_replaces_it() {
    let dir = Dir::new();
    let store = dir.open();
    store
        .save(&Recording::new("x").at(1).etf(), Format::Etf)
        .unwrap();
    let second = Recording::new("x").at(2).mark(b'b');
    store.save(&second.etf(), Format::Etf).unwrap();
    assert_eq!(store.read(b"x").unwrap().bytes, second.etf());
    assert_eq!(store.list().unwrap().len(), 1);
    assert_eq!(entry(&store, "x").connected_at, 2);
}

#[test]
fn one_format_replaces_the_other_and_old_names() {
    let dir = Dir::new();
    let store = dir.open();
    let etf = Recording::new("x").etf();
    dir.write("x.etf", &etf);
    store.save(&etf, Format::Json).unwrap();
    assert_eq!(dir.names(), ["x.json.gz"]);
    let json = store.read(b"x").unwrap();
    assert_eq!(json.format, Format::Json);
    dir.write("x.json", &json.bytes);
    store.save(&etf, Format::Etf).unwrap();
    assert_eq!(dir.names(), ["x.etf.gz"]);
    assert_eq!(store.read(b"x").unwrap().bytes, etf);
}

#[test]
fn one_compression_replaces_the_other() {
    let dir = Dir::new();
    let (gzip, zstd) = (dir.open(), dir.open_with(Compression::Zstd(3)));
    let etf = Recording::new("x").etf();
    for (store, format, file) in [
        (&zstd, Format::Etf, "x.etf.zst"),
        (&gzip, Format::Etf, "x.etf.gz"),
        (&zstd, Format::Json, "x.json.zst"),
        (&zstd, Format::Etf, "x.etf.zst"),
        (&gzip, Format::Json, "x.json.gz"),
    ] {
        store.save(&etf, format).unwrap();
        assert_eq!(dir.names(), [file]);
        for store in [&gzip, &zstd] {
            assert_eq!(entry(store, "x").file_name(), file);
            assert_eq!(store.read(b"x").unwrap().format, format);
        }
    }
}

#[test]
fn a_directory_may_hold_every_kind_of_file() {
    let dir = Dir::new();
    let (gzip, zstd) = (dir.open(), dir.open_with(Compression::Zstd(3)));
    let save = |store: &Store, id, format| {
        store.save(&Recording::new(id).etf(), format).unwrap();
    };
    save(&gzip, "a", Format::Etf);
    save(&gzip, "b", Format::Json);
    save(&zstd, "c", Format::Etf);
    save(&zstd, "d", Format::Json);
    dir.write("e.etf", &Recording::new("e").etf());
    // What is in a file is seen from its content.
    dir.write(
        "f.etf.gz",
        &crate::support::zstd(&Recording::new("f").etf()),
    );
    dir.write(
        "g.etf.zst",
        &crate::support::gzip(&Recording::new("g").etf()),
    );
    for store in [&gzip, &zstd, &dir.open()] {
        assert_eq!(ids(store), ["a", "b", "c", "d", "e", "f", "g"]);
        for id in ids(store) {
            assert!(!store.read(id.as_bytes()).unwrap().bytes.is_empty());
        }
        assert_eq!(store.take_damage(), []);
    }
    gzip.clear().unwrap();
    assert_eq!(dir.names(), [""; 0]);
}

#[test]
fn of_two_files_of_one_age_the_one_that_others_read_counts() {
    let dir = Dir::new();
    let etf = Recording::new("x").mark(b'g').etf();
    dir.write("x.etf.gz", &crate::support::gzip(&etf));
    let other = Recording::new("x").mark(b'z').etf();
    dir.write("x.etf.zst", &crate::support::zstd(&other));
    let at = std::time::SystemTime::UNIX_EPOCH;
    for name in ["x.etf.gz", "x.etf.zst"] {
        let file = fs::File::options()
            .write(true)
            .open(dir.file(name))
            .unwrap();
        file.set_modified(at).unwrap();
    }
    assert_eq!(dir.open().read(b"x").unwrap().bytes, etf);
    dir.write("x.etf.zst", &crate::support::zstd(&other));
    assert_eq!(dir.open().read(b"x").unwrap().bytes, other, "the newer one");
}

#[test]
fn a_deleted_recording_is_gone_under_all_its_names() {
    let dir = Dir::new();
    let store = dir.open();
    let etf = Recording::new("x").etf();
    store.save(&etf, Format::Etf).unwrap();
    store.save(&Recording::new("y").etf(), Format::Etf).unwrap();
    dir.write("x.etf", &etf);
    dir.write("copy.etf", &etf);
    dir.write("x.json.gz", b"damaged");
    dir.write("x.etf.zst", &crate::support::zstd(&etf));
    dir.write("x.json.zst", b"damaged");
    assert_eq!(ids(&store), ["x", "y"]);
    store.delete(b"x").unwrap();
    assert_eq!(dir.names(), ["y.etf.gz"]);
    assert!(is_missing(&store, "x"));
    assert_eq!(ids(&store), ["y"]);
    store.delete(b"x").unwrap();
}

#[test]
fn clear_removes_recordings_and_nothing_else() {
    let dir = Dir::new();
    let store = dir.open();
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    store
        .save(&Recording::new("y").etf(), Format::Json)
        .unwrap();
    dir.write("damaged.etf.gz", b"");
    dir.write("legacy.json", b"{");
    dir.write("notes.txt", b"keep");
    fs::create_dir(dir.file("directory.etf.gz")).unwrap();
    store.clear().unwrap();
    assert_eq!(dir.names(), ["directory.etf.gz", "notes.txt"]);
    assert!(dir.file(".native").is_dir());
    assert!(store.list().unwrap().is_empty());
}

#[test]
fn only_the_owner_can_read_what_is_written() {
    let dir = Dir::new();
    dir.open()
        .save(&Recording::new("x").etf(), Format::Etf)
        .unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(dir.path()), 0o700);
    assert_eq!(mode(dir.file(".native")), 0o700);
    assert_eq!(mode(dir.file("x.etf.gz")), 0o600);
    assert_eq!(dir.temp_files(), [""; 0]);
}

#[test]
fn directories_around_the_stores_own_are_as_any_program_makes_them() {
    let dir = Dir::new();
    let made = |path: &str| dir.path().join(path);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    fs::create_dir_all(made("usual")).unwrap();
    let options = Options {
        native_path: Some(made("c/d/native")),
        ..Options::default()
    };
    let store = Store::open(&made("a/b/recordings"), options).unwrap();
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    store.list().unwrap();
    drop(store);
    for path in ["a", "a/b", "c", "c/d"] {
        assert_eq!(mode(&made(path)), mode(&made("usual")), "{path}");
    }
    let parts = fs::read_dir(made("c/d/native")).unwrap();
    let own = parts.map(|part| part.unwrap().path());
    let own: Vec<_> = own
        .chain(["a/b/recordings", "a/b/recordings/.native", "c/d/native"].map(made))
        .collect();
    assert_eq!(own.len(), 4);
    assert!(own.iter().all(|path| mode(path) == 0o700));
}

#[test]
fn opening_creates_the_directory_and_nothing_in_it() {
    let dir = Dir::new();
    let path = dir.path().join("a/b");
    let store = Store::open(&path, Options::default()).unwrap();
    assert_eq!(store.path(), path);
    assert_eq!(fs::read_dir(path).unwrap().count(), 0);
    assert!(store.list().unwrap().is_empty());
}

#[test]
fn a_directory_removed_under_the_store_is_empty_and_comes_back() {
    let dir = Dir::new();
    let store = dir.open();
    let etf = Recording::new("x").etf();
    store.save(&etf, Format::Etf).unwrap();
    fs::remove_dir_all(dir.path()).unwrap();
    assert!(store.list().unwrap().is_empty());
    assert!(is_missing(&store, "x"));
    store.delete(b"x").unwrap();
    store.clear().unwrap();
    store.save(&etf, Format::Etf).unwrap();
    assert_eq!(ids(&store), ["x"]);
}

#[test]
fn what_is_not_a_recording_is_not_saved() {
    let dir = Dir::new();
    let store = dir.open();
    let etf = Recording::new("x").etf();
    for format in [Format::Etf, Format::Json] {
        for bytes in [&b""[..], &[131, 106], &etf[..etf.len() - 1], b"{}"] {
            assert!(matches!(
                store.save(bytes, format),
                Err(Error::Recording(_))
            ));
        }
    }
    assert_eq!(dir.names(), [""; 0]);
}

#[test]
fn what_could_not_be_read_back_is_not_saved() {
    let dir = Dir::new();
    let etf = Recording::new("x").events(100).etf();
    let mut options = options();
    options.limits.max_bytes = etf.len();
    let store = Store::open(&dir.path(), options).unwrap();
    store.save(&etf, Format::Etf).unwrap();
    store.read(b"x").unwrap();
    let larger = Recording::new("x").events(101).etf();
    for format in [Format::Etf, Format::Json] {
        let result = store.save(&larger, format);
        assert!(matches!(result, Err(Error::TooLarge { bytes, max }) if bytes > max));
    }
}

#[test]
fn options_out_of_range_are_refused() {
    let dir = Dir::new();
    let open = |options| Store::open(&dir.path(), options).err().unwrap();
    let level = open(Options {
        compression: Compression::Gzip(13),
        ..Options::default()
    });
    assert!(matches!(level, Error::Option("compression")));
    let threads = open(Options {
        threads: 0,
        ..Options::default()
    });
    assert!(matches!(threads, Error::Option("threads")));
}

#[test]
fn a_path_that_can_not_be_a_directory_is_a_posix_error() {
    let dir = Dir::new();
    fs::write(dir.path(), b"").unwrap();
    for path in [dir.path(), dir.path().join("below")] {
        let error = Store::open(&path, options()).err().unwrap();
        assert_eq!(error.posix(), Some("enotdir"));
    }
}
