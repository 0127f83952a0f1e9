//! Two engines replace one recording, one right behind the other.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use replay_store::{FileName, FileSystem, Format, Metadata, Options, OsFileSystem, Stamp, Store};

use crate::support::{Dir, Recording};

/// A file system where somebody else's file takes the place of one that was just put there.
struct Rival(Mutex<Option<PathBuf>>);

impl FileSystem for Rival {
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
        OsFileSystem.rename(from, to)?;
        match to.ends_with("x.etf.gz") {
            true => {
                (self.0.lock().unwrap().take()).map_or(Ok(()), |it| OsFileSystem.rename(&it, to))
            }
            false => Ok(()),
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        OsFileSystem.remove(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        OsFileSystem.sync_dir(path)
    }
}

#[test]
fn what_another_put_in_the_place_of_ours_at_once_is_seen() {
    let (dir, elsewhere) = (Dir::new(), Dir::new());
    let later = Recording::new("x").at(2);
    elsewhere.open().save(&later.etf(), Format::Etf).unwrap();
    let other = elsewhere.path().join("x.etf.gz");
    let rival = Arc::new(Rival(Mutex::new(Some(other))));
    let store = Store::open_on(rival, &dir.path(), Options::default()).unwrap();
    store.list().unwrap();
    let earlier = Recording::new("x").at(1);
    store.save(&earlier.etf(), Format::Etf).unwrap();
    let listed = store.list().unwrap();
    assert_eq!(
        listed.iter().map(|it| it.connected_at).collect::<Vec<_>>(),
        [2]
    );
}
