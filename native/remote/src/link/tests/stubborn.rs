//! A disk that does not do what others have decided.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use replay_store::{FileName, FileSystem, Metadata, OsFileSystem, Stamp};

use super::*;

/// A file system where some files can't be removed.
#[derive(Clone, Default)]
struct Stubborn(Arc<AtomicBool>);

impl FileSystem for Stubborn {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        OsFileSystem.create_dir(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        OsFileSystem.metadata(path)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<FileName>> {
        OsFileSystem.names(path)
    }

    fn read(&self, path: &Path, limit: u64, into: &mut Vec<u8>) -> io::Result<Stamp> {
        OsFileSystem.read(path, limit, into)
    }

    fn write_new(&self, path: &Path, content: &[u8], sync: bool) -> io::Result<Stamp> {
        OsFileSystem.write_new(path, content, sync)
    }

    fn append(&self, path: &Path, content: &[u8]) -> io::Result<u64> {
        OsFileSystem.append(path, content)
    }

    fn set_modified(&self, path: &Path, modified_ns: i64, sync: bool) -> io::Result<Stamp> {
        OsFileSystem.set_modified(path, modified_ns, sync)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OsFileSystem.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let is_stuck = path.to_string_lossy().contains("stuck");
        match is_stuck && self.0.load(Relaxed) {
            true => Err(io::ErrorKind::PermissionDenied.into()),
            false => OsFileSystem.remove(path),
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        OsFileSystem.sync_dir(path)
    }
}

fn node_on(world: &World, disk: &Stubborn, dir: TempDir) -> Node {
    let disk = Arc::new(disk.clone());
    let store = Store::open_on(disk, dir.path(), StoreOptions::default()).unwrap();
    let settings = Settings {
        node: "b".into(),
        poll: Duration::from_millis(50),
        ..Settings::default()
    };
    let link = Link::open(&store, world.bucket(), settings).unwrap();
    Node { link, store, dir }
}

fn stuck(world: &World) -> usize {
    let objects = world.objects(".etf.gz").into_iter();
    objects.filter(|it| it.contains("stuck")).count()
}

#[test]
fn what_can_not_be_deleted_here_keeps_nothing_else_waiting() {
    for is_erasure in [false, true] {
        let world = World::new();
        let (disk, a) = (Stubborn::default(), world.node("a"));
        let b = node_on(&world, &disk, tempfile::tempdir().unwrap());
        b.save("stuck", 1);
        b.drain();
        a.lists(&["stuck"]);
        let dir = b.close();
        match is_erasure {
            false => a.store.delete(b"stuck").unwrap(),
            true => {
                let filter = by_id("stuck");
                let erase = || a.store.delete_where(&filter);
                a.link.erase(&filter, LONG, erase).unwrap();
                // As if somebody had not heard of it.
                let gone = crate::gone::Gone {
                    effective: a.link.shared.clock.next(),
                    origin: a.link.shared.node.clone(),
                    ids: Vec::new(),
                    filter: filter.encode(),
                };
                let key = Key::Gone {
                    time: a.link.shared.clock.next(),
                    tag: random_tag(),
                };
                world.direct.put(&key, gone.encode().unwrap()).unwrap();
            }
        }
        a.save("y", 2);
        a.drain();

        disk.0.store(true, Relaxed);
        let b = node_on(&world, &disk, dir);
        eventually("what is new is learnt", || {
            b.ids().contains(&"y".to_owned())
        });
        b.save("z", 3);
        eventually("what is saved now is uploaded", || {
            a.ids().contains(&"z".to_owned())
        });
        assert!(b.link.status().is_complete);
        assert_eq!(
            (stuck(&world), a.ids().len()),
            (0, 2),
            "it is not there again"
        );

        disk.0.store(false, Relaxed);
        eventually("it is gone here, too", || b.ids().len() == 2);
        b.drain();
        assert_eq!((stuck(&world), a.ids().len()), (0, 2));
    }
}
