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
    Compression, Durability, FileSystem as _, Filter, Format, Notice, Options, OsFileSystem,
    Retention, Store, Watch,
};

use crate::hooked::{self, Hook, hooked_by, os_error};
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

/// Notes the calls, of which one kind fails.
#[derive(Default)]
struct Faulty {
    failing: Mutex<Option<(Call, i32)>>,
    calls: Mutex<Vec<Call>>,
    after_read: Mutex<Option<AfterRead>>,
    unwatched: bool,
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
            Some((failing, errno)) if failing == call => os_error(errno),
            _ => Ok(()),
        }
    }
}

impl Hook for Faulty {
    fn watch(&self, path: &Path) -> io::Result<Option<Box<dyn Watch>>> {
        match self.unwatched {
            true => Ok(None),
            false => OsFileSystem.watch(path),
        }
    }

    fn call(&self, call: hooked::Call<'_>) -> io::Result<()> {
        use hooked::Call as Of;
        match call {
            Of::CreateDir(_) => self.check(Call::CreateDir),
            Of::Metadata(_) => self.check(Call::Metadata),
            Of::Names(_) => self.check(Call::Names),
            Of::Read(path) => {
                self.check(Call::Read)?;
                let panics = path.to_string_lossy().contains("panic");
                assert!(!panics, "as the test wants it");
                Ok(())
            }
            Of::WasRead(path) => {
                let mut after_read = self.after_read.lock().unwrap();
                let action = after_read.take_if(|(name, _)| path.ends_with(name));
                drop(after_read);
                if let Some((_, action)) = action {
                    action();
                }
                Ok(())
            }
            Of::WriteNew {
                path,
                content,
                sync,
            } => {
                if let Err(error) = self.check(Call::Write) {
                    // A full disk takes a part.
                    OsFileSystem.write_new(path, &content[..content.len() / 2], false)?;
                    return Err(error);
                }
                if sync && let Err(error) = self.check(Call::Sync) {
                    OsFileSystem.write_new(path, content, false)?;
                    return Err(error);
                }
                Ok(())
            }
            Of::Append(path, content) => {
                if let Err(error) = self.check(Call::Append) {
                    OsFileSystem.append(path, &content[..content.len() / 2])?;
                    return Err(error);
                }
                Ok(())
            }
            Of::Rename(..) => self.check(Call::Rename),
            Of::Remove(_) => self.check(Call::Remove),
            Of::SyncDir(_) => self.check(Call::SyncDir),
            _ => Ok(()),
        }
    }
}

fn open(dir: &Dir) -> (Arc<Faulty>, Store) {
    open_on(dir, Faulty::default())
}

/// Only its times tell of changes to the directory.
fn open_unwatched(dir: &Dir) -> (Arc<Faulty>, Store) {
    let unwatched = Faulty {
        unwatched: true,
        ..Faulty::default()
    };
    open_on(dir, unwatched)
}

fn open_on(dir: &Dir, fs: Faulty) -> (Arc<Faulty>, Store) {
    let fs = Arc::new(fs);
    let options = Options {
        durability: Durability::Synced,
        ..options()
    };
    let store = Store::open_on(hooked_by(&fs), &dir.path(), options).unwrap();
    (fs, store)
}
