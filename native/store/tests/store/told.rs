//! What others do in the directory is told by the operating system, and its names are not read.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::Relaxed};

use replay_store::{FileSystem as _, Format, OsFileSystem, Store, Told, Watch};

use crate::hooked::{Call, Hook, hooked_by, os_error};
use crate::support::{Dir, Recording, entry, gzip, ids, is_missing, options};

/// Counts what is asked for, and has the watch fail.
#[derive(Default)]
struct Listening {
    names: AtomicUsize,
    looks: AtomicUsize,
    /// The error number that the next watches fail with.
    refuses: AtomicI32,
    /// Whether what is told next was too much.
    overflows: Arc<AtomicBool>,
}

impl Hook for Listening {
    fn call(&self, call: Call<'_>) -> io::Result<()> {
        match call {
            Call::Names(path) if path.ends_with("recordings") => {
                self.names.fetch_add(1, Relaxed);
            }
            Call::Metadata(path) if path.extension().is_some() => {
                self.looks.fetch_add(1, Relaxed);
            }
            _ => {}
        }
        Ok(())
    }

    fn watch(&self, path: &Path) -> io::Result<Option<Box<dyn Watch>>> {
        match self.refuses.load(Relaxed) {
            0 => {}
            number => return os_error(number),
        }
        let Some(watch) = OsFileSystem.watch(path)? else {
            return Ok(None);
        };
        let overflows = Arc::clone(&self.overflows);
        Ok(Some(Box::new(Overflowing { watch, overflows })))
    }
}

struct Overflowing {
    watch: Box<dyn Watch>,
    overflows: Arc<AtomicBool>,
}

impl Watch for Overflowing {
    fn read(&self, hear: &mut dyn FnMut(Told<'_>)) {
        if self.overflows.swap(false, Relaxed) {
            self.watch.read(&mut |_| {});
            return hear(Told::Lost);
        }
        self.watch.read(hear);
    }
}

fn open(dir: &Dir) -> (Arc<Listening>, Store) {
    let fs = Arc::new(Listening::default());
    let store = Store::open_on(hooked_by(&fs), &dir.path(), options()).unwrap();
    store
        .save(&Recording::new("own").etf(), Format::Etf)
        .unwrap();
    assert_eq!(ids(&store), ["own"]);
    fs.take();
    (fs, store)
}

impl Listening {
    /// How often the names were read, and files looked at.
    fn take(&self) -> (usize, usize) {
        (self.names.swap(0, Relaxed), self.looks.swap(0, Relaxed))
    }
}

#[test]
fn what_others_do_is_seen_by_a_look_at_the_file_alone() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let at = |at| gzip(&Recording::new("x").at(at).etf());

    dir.write("x.etf.gz", &at(1));
    assert_eq!(entry(&store, "x").connected_at, 1, "added");
    dir.write("x.etf.gz", &at(2));
    assert_eq!(entry(&store, "x").connected_at, 2, "overwritten in place");
    dir.write("new", &at(3));
    fs::rename(dir.file("new"), dir.file("x.etf.gz")).unwrap();
    assert_eq!(entry(&store, "x").connected_at, 3, "replaced");
    fs::rename(dir.file("x.etf.gz"), dir.file("y.etf.gz")).unwrap();
    assert_eq!(entry(&store, "x").file_name(), "y.etf.gz", "renamed");
    fs::hard_link(dir.file("y.etf.gz"), dir.file("x.etf.gz")).unwrap();
    assert_eq!(entry(&store, "x").file_name(), "x.etf.gz", "linked");
    for name in ["x.etf.gz", "y.etf.gz"] {
        fs::remove_file(dir.file(name)).unwrap();
    }
    assert_eq!(ids(&store), ["own"], "removed");
    let outside = dir.outside().join("x");
    fs::write(&outside, at(4)).unwrap();
    symlink(&outside, dir.file("x.etf.gz")).unwrap();
    assert_eq!(entry(&store, "x").connected_at, 4, "linked by its name");
    dir.write("other.txt", b"no recording");
    assert_eq!(store.list().unwrap().len(), 2);
    assert_eq!(fs.take().0, 0, "the names");
}

#[test]
fn a_file_overwritten_by_one_of_the_same_size_and_time_is_read_again() {
    let dir = Dir::new();
    let (_fs, store) = open(&dir);
    let time = std::time::SystemTime::now();
    for at in 1..5 {
        dir.write("x.etf", &Recording::new("x").at(at).etf());
        let file = fs::File::options().write(true).open(dir.file("x.etf"));
        file.unwrap().set_modified(time).unwrap();
        assert_eq!(entry(&store, "x").connected_at, at);
    }
}

#[test]
fn own_changes_are_known() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    for n in 0..20 {
        let (id, again) = (n.to_string(), Recording::new("own").at(n));
        for recording in [Recording::new(&id), again] {
            store.save(&recording.etf(), Format::Etf).unwrap();
        }
        fs.take();
        assert_eq!(entry(&store, "own").connected_at, n);
        assert_eq!(store.list().unwrap().len(), 2);
        assert_eq!(fs.take(), (0, 0));
        store.delete(id.as_bytes()).unwrap();
        fs.take();
        assert_eq!(ids(&store), ["own"]);
        assert_eq!(fs.take(), (0, 0));
    }
}

#[test]
fn a_change_by_others_among_own_ones_of_the_same_file_is_seen() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    for n in 0..20 {
        let save = |at| store.save(&Recording::new("x").at(at).etf(), Format::Etf);
        save(1).unwrap();
        dir.write("x.etf.gz", &gzip(&Recording::new("x").at(n).etf()));
        assert_eq!(entry(&store, "x").connected_at, n);
        dir.write("x.etf.gz", &gzip(&Recording::new("x").at(-1).etf()));
        save(n).unwrap();
        assert_eq!(entry(&store, "x").connected_at, n);
        save(-1).unwrap();
        fs::remove_file(dir.file("x.etf.gz")).unwrap();
        assert_eq!(ids(&store), ["own"]);
    }
    assert_eq!(fs.take().0, 0);
}

#[test]
fn all_is_looked_at_after_more_happened_than_could_be_told() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    dir.write("own.etf.gz", &gzip(&Recording::new("own").at(7).etf()));
    fs.overflows.store(true, Relaxed);
    assert_eq!(entry(&store, "own").connected_at, 7);
    assert_eq!(fs.take().0, 1);
    // And it is told of changes again.
    dir.write("own.etf.gz", &gzip(&Recording::new("own").at(8).etf()));
    assert_eq!(entry(&store, "own").connected_at, 8);
    assert_eq!(fs.take().0, 0);
}

#[test]
fn nothing_is_missed_where_an_own_change_was_too_much_to_be_told() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    dir.write("x.etf", &Recording::new("x").etf());
    fs.overflows.store(true, Relaxed);
    store
        .save(&Recording::new("own").etf(), Format::Etf)
        .unwrap();
    assert_eq!(ids(&store), ["own", "x"]);
}

#[test]
fn the_queue_of_the_kernel_may_overflow() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let max = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let max: usize = max.trim().parse().unwrap();
    let (a, b) = (dir.file("a"), dir.file("b"));
    fs::write(&a, b"").unwrap();
    for _ in 0..max / 4 + 1 {
        fs::rename(&a, &b).unwrap();
        fs::rename(&b, &a).unwrap();
    }
    dir.write("own.etf.gz", &gzip(&Recording::new("own").at(7).etf()));
    assert_eq!(entry(&store, "own").connected_at, 7);
    assert_eq!(fs.take().0, 1);
}

#[test]
fn the_times_tell_where_no_watch_is_to_be_had() {
    // What limits of instances and of watches answer.
    for number in [libc::EMFILE, libc::ENOSPC] {
        let dir = Dir::new();
        let fs = Arc::new(Listening::default());
        fs.refuses.store(number, Relaxed);
        let store = Store::open_on(hooked_by(&fs), &dir.path(), options()).unwrap();
        for n in 0..20 {
            let id = n.to_string();
            store
                .save(&Recording::new("own").etf(), Format::Etf)
                .unwrap();
            dir.write(format!("{id}.etf"), &Recording::new(&id).etf());
            assert_eq!(store.list().unwrap().len(), n + 2);
        }
        // As soon as one is to be had again, it is.
        fs.refuses.store(0, Relaxed);
        dir.write("x.etf", &Recording::new("x").etf());
        assert_eq!(store.list().unwrap().len(), 22);
        fs.take();
        dir.write("x.etf", &Recording::new("y").etf());
        assert!(ids(&store).contains(&"y".to_string()));
        assert_eq!(fs.take().0, 0);
    }
}

/// A way to put the directory `other` in the place of the one that is watched.
type Replace = (&'static str, fn(&Dir));

#[test]
fn a_directory_in_the_place_of_another_is_read_and_watched() {
    let replace: [Replace; 3] = [
        ("it is renamed itself", |dir| {
            fs::rename(dir.path(), dir.outside().join("away")).unwrap();
            fs::rename(dir.outside().join("other"), dir.path()).unwrap();
        }),
        ("it is removed", |dir| {
            fs::remove_dir_all(dir.path()).unwrap();
            fs::rename(dir.outside().join("other"), dir.path()).unwrap();
        }),
        ("a link leads to another", |dir| {
            fs::rename(dir.path(), dir.outside().join("away")).unwrap();
            symlink(dir.outside().join("other"), dir.path()).unwrap();
        }),
    ];
    for (how, replace) in replace {
        let dir = Dir::new();
        let (fs, store) = open(&dir);
        let other = dir.outside().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("x.etf"), Recording::new("x").etf()).unwrap();
        replace(&dir);
        assert_eq!(ids(&store), ["x"], "{how}");
        fs.take();
        dir.write("y.etf", &Recording::new("y").etf());
        assert_eq!(ids(&store), ["x", "y"], "{how}");
        assert_eq!(fs.take().0, 0, "{how}");
        store.save(&Recording::new("z").etf(), Format::Etf).unwrap();
        assert_eq!(ids(&store), ["x", "y", "z"], "{how}");
    }
}

#[test]
fn a_directory_that_is_moved_with_the_one_around_it_is_noticed() {
    let dir = Dir::new();
    let (around, away) = (dir.outside().join("around"), dir.outside().join("away"));
    let recordings = around.join("recordings");
    fs::create_dir_all(&recordings).unwrap();
    let store = Store::open(&recordings, options()).unwrap();
    fs::write(recordings.join("x.etf"), Recording::new("x").etf()).unwrap();
    assert_eq!(ids(&store), ["x"]);
    fs::rename(&around, &away).unwrap();
    fs::create_dir_all(&recordings).unwrap();
    // As old as the one that was there: only its inode is another.
    let times = fs::metadata(away.join("recordings")).unwrap();
    let opened = fs::File::open(&recordings).unwrap();
    opened.set_modified(times.modified().unwrap()).unwrap();
    assert!(ids(&store).is_empty());
    assert!(is_missing(&store, "x"));
    fs::write(recordings.join("y.etf"), Recording::new("y").etf()).unwrap();
    assert_eq!(ids(&store), ["y"]);
}
