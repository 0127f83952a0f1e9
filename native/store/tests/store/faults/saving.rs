//! What fails while a recording is saved or deleted.

use super::*;

#[test]
fn a_failed_save_leaves_everything_as_it_was() {
    let faults = [
        (Call::Write, libc::ENOSPC, "enospc"),
        (Call::Sync, libc::EIO, "eio"),
        (Call::Rename, libc::EROFS, "erofs"),
        (Call::Write, libc::EACCES, "eacces"),
    ];
    for (call, errno, name) in faults {
        let dir = Dir::new();
        let (fs, store) = open(&dir);
        let old = Recording::new("x").at(1).etf();
        store.save(&old, Format::Etf).unwrap();
        fs.fail(call, errno);
        for (id, format) in [("x", Format::Etf), ("x", Format::Json), ("y", Format::Etf)] {
            let error = store
                .save(&Recording::new(id).at(2).etf(), format)
                .unwrap_err();
            assert_eq!(error.posix(), Some(name));
        }
        assert_eq!(dir.names(), ["x.etf.gz"]);
        assert_eq!(dir.temp_files(), [""; 0]);
        assert_eq!(entry(&store, "x").connected_at, 1);
        assert_eq!(store.read(b"x").unwrap().bytes, old);
        assert_eq!(store.list().unwrap(), dir.open().list().unwrap());
        fs.recover();
        store
            .save(&Recording::new("x").at(2).etf(), Format::Etf)
            .unwrap();
        assert_eq!(entry(&store, "x").connected_at, 2);
    }
}

#[test]
fn a_directory_that_can_not_be_written_can_be_read() {
    let dir = Dir::new();
    dir.write("x.etf", &Recording::new("x").etf());
    let fs = Arc::new(Faulty::default());
    fs.fail(Call::CreateDir, libc::EACCES);
    let store = Store::open_on(hooked_by(&fs), &dir.path(), options()).unwrap();
    let error = store
        .save(&Recording::new("y").etf(), Format::Etf)
        .unwrap_err();
    assert_eq!(error.posix(), Some("eacces"));
    fs.fail(Call::Remove, libc::EROFS);
    assert_eq!(store.delete(b"x").unwrap_err().posix(), Some("erofs"));
    assert_eq!(store.clear().unwrap_err().posix(), Some("erofs"));
    assert_eq!(ids(&store), ["x"]);
    store.read(b"x").unwrap();
}

#[test]
fn a_directory_that_can_not_be_read_is_a_typed_error() {
    let dir = Dir::new();
    let (fs, store) = open_unwatched(&dir);
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    for (call, errno, name) in [
        (Call::Metadata, libc::EIO, "eio"),
        (Call::Names, libc::EMFILE, "emfile"),
    ] {
        dir.write(format!("{name}.etf"), &Recording::new(name).etf());
        fs.fail(call, errno);
        assert_eq!(store.list().unwrap_err().posix(), Some(name));
        let opened = Store::open_on(hooked_by(&fs), &dir.path(), options());
        assert_eq!(opened.err().unwrap().posix(), Some(name));
        fs.recover();
        assert!(
            ids(&store).contains(&name.to_owned()),
            "nothing is forgotten by a failure"
        );
    }
}

#[test]
fn a_rename_that_could_not_be_made_durable_is_reported_and_listed() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    store
        .save(&Recording::new("x").at(1).etf(), Format::Etf)
        .unwrap();
    fs.fail(Call::SyncDir, libc::EIO);
    let error = store
        .save(&Recording::new("x").at(2).etf(), Format::Etf)
        .unwrap_err();
    assert_eq!(error.posix(), Some("eio"));
    assert_eq!(entry(&store, "x").connected_at, 2);
    assert_eq!(store.list().unwrap(), dir.open().list().unwrap());
}

#[test]
fn the_replaced_format_is_removed_only_after_the_new_one_is_durable() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let etf = Recording::new("x").etf();
    store.save(&etf, Format::Etf).unwrap();
    fs.fail(Call::SyncDir, libc::EIO);
    store.save(&etf, Format::Json).unwrap_err();
    assert_eq!(dir.names(), ["x.etf.gz", "x.json.gz"]);
    fs.recover();
    store.save(&etf, Format::Json).unwrap();
    assert_eq!(dir.names(), ["x.json.gz"]);
}

#[test]
fn the_file_of_the_other_compression_is_removed_only_after_the_new_one_is_durable() {
    let dir = Dir::new();
    let (fs, gzip) = open(&dir);
    let etf = Recording::new("x").etf();
    let zstd = dir.open_with(Compression::Zstd(3));
    zstd.save(&etf, Format::Etf).unwrap();
    fs.fail(Call::SyncDir, libc::EIO);
    gzip.save(&etf, Format::Etf).unwrap_err();
    assert_eq!(dir.names(), ["x.etf.gz", "x.etf.zst"]);
    for store in [&gzip, &zstd, &dir.open()] {
        assert_eq!(store.list().unwrap().len(), 1);
        assert_eq!(store.read(b"x").unwrap().bytes, etf);
    }
    fs.recover();
    gzip.save(&etf, Format::Etf).unwrap();
    assert_eq!(dir.names(), ["x.etf.gz"]);
}

#[test]
fn what_can_not_be_evicted_is_tried_again_and_keeps_no_save_from_succeeding() {
    let (dir, fs) = (Dir::new(), Arc::new(Faulty::default()));
    let retention = Retention {
        max_recordings: Some(3),
        ..Retention::default()
    };
    let options = Options {
        retention,
        ..options()
    };
    let store = Store::open_on(hooked_by(&fs), &dir.path(), options);
    let store = store.unwrap();
    fs.fail(Call::Remove, libc::EACCES);
    for n in 0..50 {
        let recording = Recording::new(format!("{n:02}")).at(n);
        store.save(&recording.etf(), Format::Etf).unwrap();
    }
    let removes = || {
        fs.calls
            .lock()
            .unwrap()
            .iter()
            .filter(|&&it| it == Call::Remove)
            .count()
    };
    while removes() < 100 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert_eq!(store.list().unwrap().len(), 50);
    fs.recover();
    while dir.names().len() > 3 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert_eq!(ids(&store), ["49", "48", "47"]);
}
