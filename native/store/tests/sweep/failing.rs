//! A disk that fails.

use std::sync::atomic::{AtomicUsize, Ordering};

use replay_store::{FileSystem as _, OsFileSystem};

use crate::support::hooked::{Call, Hook, os_error};
use crate::support::*;

/// What becomes of a call that fails.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// Nothing.
    Refused,
    /// Half of what is to be written is.
    Half,
    /// It is done, as far as anybody sees, and refused all the same: content that is not synced,
    /// or an answer that is lost on its way.
    Done,
}

/// A way to fail.
#[derive(Debug)]
pub struct Fault {
    pub name: &'static str,
    errno: i32,
    manner: Manner,
    concerns: fn(Call<'_>) -> bool,
}

fn all(_: Call<'_>) -> bool {
    true
}

fn opens(call: Call<'_>) -> bool {
    use Call::*;
    matches!(
        call,
        Names(_) | Directories(_) | Read(_) | SyncDir(_) | OpenFile(_) | OpenLock(_) | Load { .. }
    ) || creates(call)
        || matches!(call, Append(..))
}

fn creates(call: Call<'_>) -> bool {
    matches!(call, Call::WriteNew { .. } | Call::CreateFile(_))
}

fn takes_space(call: Call<'_>) -> bool {
    use Call::*;
    matches!(call, CreateDir(_) | Append(..) | Allocate(..) | WriteAt(_)) || creates(call)
}

fn writes(call: Call<'_>) -> bool {
    matches!(call, Call::WriteNew { .. } | Call::Append(..))
}

fn syncs(call: Call<'_>) -> bool {
    use Call::*;
    matches!(
        call,
        WriteNew { sync: true, .. } | SyncDir(_) | SyncMapping(_)
    )
}

fn renames(call: Call<'_>) -> bool {
    matches!(call, Call::Rename(..))
}

fn removes(call: Call<'_>) -> bool {
    matches!(call, Call::Remove(_) | Call::RemoveDir(_))
}

fn reads(call: Call<'_>) -> bool {
    use Call::*;
    matches!(
        call,
        Metadata(_) | Names(_) | Directories(_) | Read(_) | WasRead(_)
    )
}

fn maps(call: Call<'_>) -> bool {
    use Call::*;
    matches!(
        call,
        OpenFile(_) | Map(_) | MapReadOnly(_) | Load { .. } | Allocate(..)
    )
}

fn opens_segments(call: Call<'_>) -> bool {
    matches!(call, Call::OpenFile(_))
}

const fn refused(name: &'static str, errno: i32, concerns: fn(Call<'_>) -> bool) -> Fault {
    Fault {
        name,
        errno,
        manner: Manner::Refused,
        concerns,
    }
}

pub static FAULTS: [Fault; 14] = [
    refused("any call, EIO", libc::EIO, all),
    refused("any call, ENOMEM", libc::ENOMEM, all),
    refused("descriptors, EMFILE", libc::EMFILE, opens),
    refused("space, ENOSPC", libc::ENOSPC, takes_space),
    refused("reading, EIO", libc::EIO, reads),
    refused("renaming, EIO", libc::EIO, renames),
    refused("removing, EIO", libc::EIO, removes),
    refused("mapping, ENOMEM", libc::ENOMEM, maps),
    refused("opening segments, EIO", libc::EIO, opens_segments),
    refused("syncing, EIO", libc::EIO, syncs),
    Fault {
        manner: Manner::Half,
        ..refused("half a write, ENOSPC", libc::ENOSPC, writes)
    },
    Fault {
        manner: Manner::Done,
        ..refused("written but not synced, EIO", libc::EIO, syncs)
    },
    Fault {
        manner: Manner::Done,
        ..refused("renamed but refused, EIO", libc::EIO, renames)
    },
    Fault {
        manner: Manner::Done,
        ..refused("removed but refused, EIO", libc::EIO, removes)
    },
];

/// Fails the calls that a fault concerns from one number on, and before another.
pub struct Failing {
    fault: &'static Fault,
    from: usize,
    until: usize,
    calls: AtomicUsize,
}

impl Failing {
    pub fn new(fault: &'static Fault, from: usize, until: usize) -> Arc<Self> {
        Arc::new(Failing {
            fault,
            from,
            until,
            calls: AtomicUsize::new(0),
        })
    }

    /// How many calls there were that the fault concerns.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn fail(&self, call: Call<'_>) -> io::Result<()> {
        let half = |content: &[u8]| content[..content.len() / 2].to_vec();
        match (self.fault.manner, call) {
            (Manner::Refused, _) => {}
            (Manner::Half, Call::WriteNew { path, content, .. }) => {
                OsFileSystem.write_new(path, &half(content), false)?;
            }
            (Manner::Half, Call::Append(path, content)) => {
                OsFileSystem.append(path, &half(content))?;
            }
            (Manner::Done, Call::WriteNew { path, content, .. }) => {
                OsFileSystem.write_new(path, content, false)?;
            }
            (Manner::Done, Call::Rename(from, to)) => OsFileSystem.rename(from, to)?,
            (Manner::Done, Call::Remove(path)) => OsFileSystem.remove(path)?,
            (Manner::Done, Call::RemoveDir(path)) => OsFileSystem.remove_dir(path)?,
            (Manner::Half | Manner::Done, _) => {}
        }
        os_error(self.fault.errno)
    }
}

impl Hook for Failing {
    fn call(&self, call: Call<'_>) -> io::Result<()> {
        if !(self.fault.concerns)(call) {
            return Ok(());
        }
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        match (self.from..self.until).contains(&number) {
            true => self.fail(call),
            false => Ok(()),
        }
    }
}
