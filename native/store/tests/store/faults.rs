//! A disk that fails: every failure is a typed error, and nothing that was there is lost.

mod directories;
mod reading;
mod saving;
mod syncing;
mod watching;

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
