//! A disk that fails: every failure is a typed error, and nothing that was there is lost.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};

use replay_store::{
    Compression, FileName, FileSystem, Filter, Format, Metadata, Notice, Options, OsFileSystem,
    Retention, Stamp, Store,
};

use crate::support::{Dir, Recording, entry, gzip, ids, options};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    CreateDir,
    Metadata,
    Names,
    Read,
    Write,
    Append,
    Sync,
    Rename,
    Remove,
    SyncDir,
}

/// The real file system, except for one kind of call that fails.
#[derive(Default)]
struct Faulty {
    failing: Mutex<Option<(Call, i32)>>,
    calls: Mutex<Vec<Call>>,
    after_read: Mutex<Option<AfterRead>>,
}

type AfterRead = (&'static str, Box<dyn FnOnce() + Send>);

impl Faulty {
    fn fail(&self, call: Call, errno: i32) {
        *self.failing.lock().unwrap() = Some((call, errno));
    }

    fn recover(&self) {
        *self.failing.lock().unwrap() = None;
    }

    /// Does something right after a file of this name was read the next time.
    fn after_read(&self, name: &'static str, action: impl FnOnce() + Send + 'static) {
        *self.after_read.lock().unwrap() = Some((name, Box::new(action)));
    }

    fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn check(&self, call: Call) -> io::Result<()> {
        self.calls.lock().unwrap().push(call);
        match *self.failing.lock().unwrap() {
            Some((failing, errno)) if failing == call => Err(io::Error::from_raw_os_error(errno)),
            _ => Ok(()),
        }
    }
}

impl FileSystem for Faulty {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.check(Call::CreateDir)?;
        OsFileSystem.create_dir(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.check(Call::Metadata)?;
        OsFileSystem.metadata(path)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<FileName>> {
        self.check(Call::Names)?;
        OsFileSystem.names(path)
    }

    fn read(&self, path: &Path, limit: u64, into: &mut Vec<u8>) -> io::Result<Stamp> {
        self.check(Call::Read)?;
        assert!(
            !path.to_string_lossy().contains("panic"),
            "as the test wants it"
        );
        let result = OsFileSystem.read(path, limit, into);
        let action = self
            .after_read
            .lock()
            .unwrap()
            .take_if(|(name, _)| path.ends_with(name));
        if let Some((_, action)) = action {
            action();
        }
        result
    }

    fn write_new(&self, path: &Path, content: &[u8], sync: bool) -> io::Result<Stamp> {
        if let Err(error) = self.check(Call::Write) {
            // A full disk takes a part.
            OsFileSystem.write_new(path, &content[..content.len() / 2], false)?;
            return Err(error);
        }
        let stamp = OsFileSystem.write_new(path, content, false)?;
        if sync {
            self.check(Call::Sync)?;
        }
        Ok(stamp)
    }

    fn append(&self, path: &Path, content: &[u8]) -> io::Result<u64> {
        if let Err(error) = self.check(Call::Append) {
            OsFileSystem.append(path, &content[..content.len() / 2])?;
            return Err(error);
        }
        OsFileSystem.append(path, content)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.check(Call::Rename)?;
        OsFileSystem.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.check(Call::Remove)?;
        OsFileSystem.remove(path)
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        self.check(Call::SyncDir)
    }
}

fn open(dir: &Dir) -> (Arc<Faulty>, Store) {
    let fs = Arc::new(Faulty::default());
    let options = Options {
        sync: true,
        ..options()
    };
    let store = Store::open_on(fs.clone(), &dir.path(), options).unwrap();
    (fs, store)
}

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
    let store = Store::open_on(fs.clone(), &dir.path(), options()).unwrap();
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
    let (fs, store) = open(&dir);
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    for (call, errno, name) in [
        (Call::Metadata, libc::EIO, "eio"),
        (Call::Names, libc::EMFILE, "emfile"),
    ] {
        dir.write(format!("{name}.etf"), &Recording::new(name).etf());
        fs.fail(call, errno);
        assert_eq!(store.list().unwrap_err().posix(), Some(name));
        let opened = Store::open_on(fs.clone(), &dir.path(), options());
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
fn a_save_syncs_the_content_then_renames_then_syncs_the_directory() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let save = |id| store.save(&Recording::new(id).etf(), Format::Etf).unwrap();
    save("first");
    fs.take_calls();
    save("second");
    let calls = fs.take_calls();
    let changes: Vec<Call> = calls
        .into_iter()
        .filter(|call| *call != Call::Metadata)
        .collect();
    assert_eq!(
        changes,
        [
            Call::Write,
            Call::Sync,
            Call::Rename,
            // The index, which is a cache and not synced.
            Call::Append,
            Call::SyncDir
        ]
    );
}

/// What was told of syncs that are not supported, with what was refused.
fn unsynced(notices: &mpsc::Receiver<Notice>) -> Vec<String> {
    let told = notices.try_iter().filter_map(|notice| match notice {
        Notice::Unsynced { error } => Some(error.to_string()),
        _ => None,
    });
    told.collect()
}

#[test]
fn where_syncing_is_not_supported_saves_succeed_and_it_is_told_once() {
    let faults = [
        (Call::SyncDir, libc::EINVAL, "cannot sync the directory /"),
        (Call::SyncDir, libc::ENOTSUP, "cannot sync the directory /"),
        (Call::SyncDir, libc::EBADF, "cannot sync the directory /"),
        (Call::SyncDir, libc::ENOSYS, "cannot sync the directory /"),
        (Call::Sync, libc::EINVAL, "cannot sync a file in /"),
        (Call::Sync, libc::ENOTSUP, "cannot sync a file in /"),
        (Call::Sync, libc::ENOSYS, "cannot sync a file in /"),
    ];
    for (call, errno, told) in faults {
        let dir = Dir::new();
        let fs = Arc::new(Faulty::default());
        fs.fail(call, errno);
        let store = Store::open_on(fs.clone(), &dir.path(), Options::default()).unwrap();
        let (sender, notices) = mpsc::channel();
        store.observe(Box::new(move |notice| drop(sender.send(notice))));
        let save = |id, format| store.save(&Recording::new(id).etf(), format).unwrap();
        save("x", Format::Etf);
        save("x", Format::Json);
        save("y", Format::Etf);
        store.delete(b"y").unwrap();
        let of_x = Filter {
            id: Some(b"x"[..].into()),
            ..Filter::default()
        };
        assert_eq!(store.delete_where(&of_x).unwrap().len(), 1);
        save("z", Format::Etf);
        assert_eq!(dir.names(), ["z.etf.gz"]);
        assert_eq!(dir.temp_files(), [""; 0]);
        let unsynced = unsynced(&notices);
        assert_eq!(unsynced.len(), 1, "{unsynced:?}");
        assert!(unsynced[0].starts_with(told), "{unsynced:?}");
    }
}

#[test]
fn a_sync_that_fails_names_the_step_and_the_path() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let first = Recording::new("x").etf();
    store.save(&first, Format::Etf).unwrap();
    let text = |call| {
        fs.fail(call, libc::EIO);
        let failed = store.save(&Recording::new("x").etf(), Format::Etf);
        failed.unwrap_err().to_string()
    };
    let path = dir.path().display().to_string();
    let synced = format!("cannot sync the directory {path}: ");
    assert!(text(Call::SyncDir).starts_with(&synced));
    let placed = format!("cannot put in place {path}/x.etf.gz: ");
    assert!(text(Call::Rename).starts_with(&placed));
    let written = format!("cannot write a file into {path}/.native: ");
    assert!(text(Call::Sync).starts_with(&written));
    // A file descriptor that is none is a defect, and no file system's.
    fs.fail(Call::Sync, libc::EBADF);
    let failed = store.save(&Recording::new("x").etf(), Format::Etf);
    assert!(failed.is_err());
}

#[test]
fn without_sync_nothing_is_synced() {
    let dir = Dir::new();
    let fs = Arc::new(Faulty::default());
    let store = Store::open_on(fs.clone(), &dir.path(), options()).unwrap();
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    store.delete(b"x").unwrap();
    let calls = fs.take_calls();
    assert!(!calls.contains(&Call::Sync) && !calls.contains(&Call::SyncDir));
}

#[test]
fn an_unreadable_file_is_damage_until_it_can_be_read() {
    let dir = Dir::new();
    dir.write("x.etf", &Recording::new("x").etf());
    let fs = Arc::new(Faulty::default());
    fs.fail(Call::Read, libc::EACCES);
    let store = Store::open_on(fs.clone(), &dir.path(), options()).unwrap();
    assert!(store.list().unwrap().is_empty());
    assert_eq!(store.read(b"x").unwrap_err().posix(), Some("eacces"));
    let mut damage = store.take_damage();
    damage.retain(|damage| !damage.file.starts_with(".native/"));
    assert_eq!(damage.len(), 1);
    assert_eq!(damage[0].reason, "cannot be read: permission denied");
    fs.recover();
    assert_eq!(ids(&store), ["x"]);
    store.read(b"x").unwrap();
    assert_eq!(store.take_damage(), []);
}

#[test]
fn a_panic_over_one_file_is_damage_of_that_file() {
    let dir = Dir::new();
    for n in 0..200 {
        dir.write(format!("{n}.etf"), &Recording::new(n.to_string()).etf());
    }
    dir.write("panic.etf", &Recording::new("panic").etf());
    let (_, store) = open(&dir);
    assert_eq!(store.list().unwrap().len(), 200);
    let damage = store.take_damage();
    assert_eq!(damage.len(), 1);
    assert_eq!(
        (&*damage[0].file, &*damage[0].reason),
        ("panic.etf", "the reader failed")
    );
}

#[test]
fn temporary_files_are_removed_as_soon_as_their_writer_is_gone() {
    let dir = Dir::new();
    let writer = dir.open();
    writer
        .save(&Recording::new("x").etf(), Format::Etf)
        .unwrap();
    let own = dir.file(".native").join("tmp-0");
    std::fs::write(own.join("tmp-1-2-3"), b"half of a recording").unwrap();
    let other = dir.open();
    other.save(&Recording::new("y").etf(), Format::Etf).unwrap();
    assert_eq!(dir.temp_files(), ["tmp-1-2-3"]);
    drop((writer, other));
    assert_eq!(dir.temp_files(), ["tmp-1-2-3"]);
    let _reader = dir.open();
    assert_eq!(dir.temp_files(), [""; 0]);
    assert!(!own.exists());
}

#[test]
fn temporary_files_that_nobody_owns_are_removed_when_old() {
    let dir = Dir::new();
    dir.write("x.etf", &Recording::new("x").etf());
    let native = dir.file(".native");
    std::fs::create_dir(&native).unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3700);
    for (name, old) in [("tmp-1-2-3", true), ("tmp-4-5-6", false), ("other", true)] {
        let file = std::fs::File::create(native.join(name)).unwrap();
        if old {
            file.set_modified(long_ago).unwrap();
        }
    }
    dir.open();
    assert_eq!(dir.temp_files(), ["tmp-4-5-6"]);
    assert!(native.join("other").exists());
}

#[test]
fn a_store_that_saves_nothing_makes_no_directory_but_its_own() {
    let dir = Dir::new();
    let store = dir.open();
    store.list().unwrap();
    store.delete(b"x").unwrap();
    store.clear().unwrap();
    assert_eq!(crate::support::names_in(&dir.path()), [""; 0]);
}

#[test]
fn a_store_whose_directory_was_removed_makes_another() {
    let dir = Dir::new();
    let store = dir.open();
    let save = |store: &Store, id| store.save(&Recording::new(id).etf(), Format::Etf).unwrap();
    save(&store, "x");
    std::fs::remove_dir_all(dir.file(".native")).unwrap();
    let other = dir.open();
    save(&other, "y");
    save(&store, "z");
    drop(store);
    save(&other, "y");
    assert_eq!(ids(&other), ["x", "y", "z"]);
}

#[test]
fn a_known_file_is_not_read_again_and_a_quiet_directory_not_listed() {
    let dir = Dir::new();
    for n in 0..50 {
        dir.write(format!("{n}.etf"), &Recording::new(n.to_string()).etf());
    }
    let (fs, store) = open(&dir);
    dir.write("new.etf.gz", &gzip(&Recording::new("new").etf()));
    // So that the tick of the clock in which the directory changed is over.
    std::thread::sleep(std::time::Duration::from_millis(30));
    store.list().unwrap();
    let calls = fs.take_calls();
    assert_eq!(
        calls.iter().filter(|call| **call == Call::Names).count(),
        4,
        "open, .native, before the first snapshot, list"
    );
    assert_eq!(
        calls.iter().filter(|call| **call == Call::Read).count(),
        51 + 2,
        "the recordings, and the two files of the index"
    );
    assert_eq!(store.list().unwrap().len(), 51);
    assert_eq!(fs.take_calls(), [Call::Metadata]);
}

#[test]
fn the_names_are_not_read_again_after_own_changes_alone() {
    // On a busy machine the store may take the clock of the file system for a coarse one.
    let trusted = (0..5).any(|_| {
        let dir = Dir::new();
        let (fs, store) = open(&dir);
        let save = |id: &str| store.save(&Recording::new(id).etf(), Format::Etf).unwrap();
        save("first");
        store.list().unwrap();
        fs.take_calls();
        for (id, expected) in [("a", 2), ("b", 3), ("c", 4)] {
            save(id);
            assert_eq!(store.list().unwrap().len(), expected);
        }
        store.delete(b"a").unwrap();
        assert_eq!(ids(&store), ["b", "c", "first"]);
        !fs.take_calls().contains(&Call::Names)
    });
    assert_eq!(
        trusted,
        has_fine_grained_times(&Dir::new()),
        "with coarse times it must not be"
    );
}

#[test]
fn a_save_during_a_scan_is_not_undone_by_what_the_scan_saw_before() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let store = Arc::new(store);
    dir.write("x.etf.gz", &gzip(&Recording::new("x").at(1).etf()));
    fs.after_read("x.etf.gz", {
        let store = Arc::clone(&store);
        move || {
            store
                .save(&Recording::new("x").at(2).etf(), Format::Etf)
                .unwrap()
        }
    });
    assert_eq!(entry(&store, "x").connected_at, 2);
    assert_eq!(store.list().unwrap(), dir.open().list().unwrap());
}

#[test]
fn a_delete_during_a_scan_is_not_undone_by_what_the_scan_saw_before() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let store = Arc::new(store);
    store.save(&Recording::new("x").etf(), Format::Etf).unwrap();
    dir.write("x.etf.gz", &gzip(&Recording::new("x").events(9).etf()));
    dir.write("y.etf", &Recording::new("y").etf());
    fs.after_read("x.etf.gz", {
        let store = Arc::clone(&store);
        move || store.delete(b"x").unwrap()
    });
    assert_eq!(ids(&store), ["y"]);
}

#[test]
fn a_read_does_not_undo_a_save_that_came_between() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let store = Arc::new(store);
    store
        .save(&Recording::new("x").at(1).etf(), Format::Etf)
        .unwrap();
    // So that the list at the end has no reason to look at the directory.
    store.list().unwrap();
    let foreign = Recording::new("x").at(2).events(9).etf();
    dir.write("x.etf.gz", &gzip(&foreign));
    fs.after_read("x.etf.gz", {
        let store = Arc::clone(&store);
        move || {
            store
                .save(&Recording::new("x").at(3).etf(), Format::Etf)
                .unwrap()
        }
    });
    assert_eq!(store.read(b"x").unwrap().bytes, foreign);
    assert_eq!(entry(&store, "x").connected_at, 3);
}

/// Whether each change of a directory has a time of its own, as since Linux 6.13 on most file
/// systems.
fn has_fine_grained_times(dir: &Dir) -> bool {
    let path = dir.outside();
    let mut times: Vec<i64> = (0..20)
        .map(|n| {
            std::fs::write(path.join(n.to_string()), b"").unwrap();
            OsFileSystem.metadata(path).unwrap().stamp.modified_ns
        })
        .collect();
    times.dedup();
    times.len() == 20
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
    let store = Store::open_on(Arc::clone(&fs) as Arc<dyn FileSystem>, &dir.path(), options);
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
