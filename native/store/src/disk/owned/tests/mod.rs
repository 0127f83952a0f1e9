//! Whose a directory is, as processes of several machines see it.

#[path = "../../../../tests/support/hooked.rs"]
#[allow(
    clippy::duplicate_mod,
    reason = "the tests of the slab have it too, and only tests do"
)]
mod hooked;
mod owning;
mod takeover;

use std::ffi::OsStr;
use std::fs;
use std::sync::atomic::AtomicI32;
use std::sync::mpsc;

use super::*;
use crate::disk::commons::Commons;
use crate::disk::lookout::Nameless;
use crate::disk::{FileName, Mapping, Metadata, OsFileSystem, Process, Stamp, Watch};
use hooked::{Call, Hook, hooked_by};

const PREFIX: &str = "a-";

/// The least there may be.
const PERIOD: Duration = Duration::from_millis(10);

/// A process on some machine, as which the real file system is seen.
struct Seat {
    process: Process,
    /// Whether no other machine can reach the disk.
    local: bool,
    /// What a lock answers instead of being one: 0 that it is locked.
    lock: Option<AtomicI32>,
    /// Whether processes of the same machine are gone.
    gone: AtomicBool,
    /// Whether it can't write just now.
    stopped: AtomicBool,
    /// What happens once before something is locked.
    before_lock: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Seat {
    /// A process of some machine, of those whose disk is elsewhere and whose locks nobody sees.
    fn remote(machine: u128, pid: u32) -> Arc<Self> {
        Arc::new(Seat {
            process: Process {
                boot: machine,
                namespace: 1,
                pid,
                start: 1,
            },
            local: false,
            lock: Some(AtomicI32::new(0)),
            gone: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            before_lock: Mutex::new(None),
        })
    }

    /// A process of some machine whose disk this is alone.
    fn local(machine: u128, pid: u32) -> Arc<Self> {
        let seat = Seat::remote(machine, pid);
        Arc::new(Seat {
            local: true,
            lock: None,
            ..Arc::into_inner(seat).unwrap()
        })
    }

    fn commons(self: &Arc<Self>, parent: &Path) -> Arc<Commons> {
        Commons::new(hooked_by(self), parent, PERIOD)
    }
}

impl Hook for Seat {
    fn call(&self, call: Call<'_>) -> io::Result<()> {
        match call {
            Call::Beat(_) if self.stopped.load(Ordering::Relaxed) => {
                Err(io::ErrorKind::TimedOut.into())
            }
            _ => Ok(()),
        }
    }

    fn try_lock(&self, file: &File) -> io::Result<bool> {
        let before = self.before_lock.lock().take();
        if let Some(before) = before {
            before();
        }
        match self.lock.as_ref().map(|lock| lock.load(Ordering::Relaxed)) {
            None => OsFileSystem.try_lock(file),
            Some(0) => Ok(true),
            Some(number) => Err(io::Error::from_raw_os_error(number)),
        }
    }

    fn is_local(&self, _: &Path) -> bool {
        self.local
    }

    fn process(&self) -> Process {
        self.process
    }

    fn is_gone(&self, _: &Process) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

/// An owner with something in its directory.
fn owner(seat: &Arc<Seat>, parent: &Path) -> Arc<Directory> {
    let directory = seat.commons(parent).create(PREFIX).unwrap();
    fs::write(directory.path().join("kept"), b"x").unwrap();
    directory
}

fn adopt(commons: &Arc<Commons>) -> Vec<Arc<Directory>> {
    commons.adopt(PREFIX, Nameless::Unsure).unwrap()
}

/// Looks until there is something to take over.
fn wait_for(commons: &Arc<Commons>) -> Arc<Directory> {
    loop {
        match adopt(commons).pop() {
            Some(directory) => return directory,
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn names(parent: &Path) -> Vec<String> {
    let names = fs::read_dir(parent).unwrap();
    let mut names: Vec<_> = names
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
