//! Ways in for the fuzzer, to what reads bytes that a disk had: `fuzz/` says what must hold of
//! them. No part of the engine's interface.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::codec::{Beside, Codec, Flags, beside_of};
use crate::disk::commons::Commons;
use crate::disk::owned::LOCK;
use crate::disk::owner::Owner;
use crate::disk::{OsFileSystem, Process};
use crate::error::Error;
use crate::index::entry::Shared;
use crate::index::journal::{self, Journal};
use crate::index::{Index, name};
use crate::slab::{self, Settings, Slab};
use crate::{Compression, Damage, Entry, Put, Subject, Wait, erase};

/// What is beside a recording in its file: whether it was recovered, whether events were refused,
/// and whom it belongs to.
pub type Sidecar = (bool, bool, Option<Subject>);

/// The codec of a store.
pub struct Files(Codec, Compression);

impl Files {
    /// One that compresses like this.
    pub fn new(compression: Compression) -> Self {
        Files(Codec::new(compression), compression)
    }

    /// The file of a content.
    pub fn pack(&self, content: &[u8], sidecar: Sidecar) -> io::Result<Vec<u8>> {
        let (recovered, truncated, subject) = sidecar;
        let flags = Flags {
            recovered,
            truncated,
        };
        let (mut file, beside) = (Vec::new(), Beside { flags, subject });
        let len = (self.0).compress(self.1.packing(), content, &beside, &mut file)?;
        file.truncate(len);
        Ok(file)
    }

    /// The content of a file, of at most `max` bytes, and how much memory was taken for it; `None`
    /// if it is not compressed.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn unpack(&self, file: &[u8], max: usize) -> Result<Option<(Vec<u8>, usize)>, String> {
        let mut out = Vec::new();
        let len = self.0.decompress(file, &mut out, max);
        let len = len.map_err(|flaw| flaw.to_string())?;
        Ok(len.map(|len| {
            let room = out.capacity();
            out.truncate(len);
            (out, room)
        }))
    }
}

/// What is beside the content of a file.
pub fn sidecar(file: &[u8]) -> Sidecar {
    let Beside { flags, subject } = beside_of(file);
    (flags.recovered, flags.truncated, subject)
}

/// The ids in a note of an erasure.
pub fn read_note(note: &[u8]) -> Option<Vec<Box<[u8]>>> {
    erase::decode(note).ok()
}

/// A note of an erasure.
pub fn write_note(ids: &[Box<[u8]>]) -> io::Result<Vec<u8>> {
    erase::encode(ids)
}

/// The record of an owner, written anew for the so manieth time.
pub fn rewrite_owner(record: &[u8], count: u64) -> Option<Vec<u8>> {
    Owner::decode(record).map(|owner| owner.encode(count))
}

/// What the index in this directory, `index` and `index.log`, knows, by the names of the files,
/// and what is wrong with it.
pub fn read_index(directory: &Path) -> (Vec<Arc<Entry>>, Vec<Damage>) {
    let (shared, mut index) = (Shared::new(), Index::default());
    let damage = Journal::new(directory).load(&OsFileSystem, &shared, &mut index);
    let mut entries: Vec<_> = index.recordings().cloned().collect();
    entries.sort_by(|a, b| a.file().cmp(b.file()));
    (entries, damage)
}

/// A snapshot of the index, and the log that goes with it.
pub fn write_index(entries: &[Arc<Entry>], generation: u64) -> (Vec<u8>, Vec<u8>) {
    journal::snapshot(entries, generation)
}

/// What is appended to the log for these entries.
pub fn index_rows(entries: &[Arc<Entry>]) -> Vec<u8> {
    journal::rows(entries)
}

/// The rows that another node wrote, each with its object, and what is wrong behind them.
pub fn read_batch(batch: &[u8]) -> (Vec<(Entry, Put)>, Option<String>) {
    let mut rows = Vec::new();
    let read = journal::read_batch(batch, &Shared::new(), |entry, put| rows.push((entry, put)));
    (rows, read.err())
}

/// Rows for other nodes.
pub fn write_batch(rows: &[(Entry, Put)]) -> Vec<u8> {
    journal::batch(rows.iter().map(|(entry, put)| (entry, *put)), usize::MAX)
}

/// Whether a file of this name may hold a recording.
pub fn is_recording(file: &[u8]) -> bool {
    name::parse(file).is_some()
}

/// Makes a directory for segments as a run leaves it that has ended.
pub fn abandon(directory: &Path) -> io::Result<()> {
    std::fs::create_dir_all(directory)?;
    let owner = Owner {
        period: None,
        ..Owner::new(Process::current(), Duration::ZERO)
    };
    std::fs::write(directory.join(LOCK), owner.encode(1))
}

/// What was recovered of segments.
#[derive(Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The frames of each recording, in order: kind, and the payload in two pieces.
    pub recordings: Vec<Vec<(u8, [Vec<u8>; 2])>>,
    /// What is wrong with the files.
    pub set_aside: Vec<String>,
    /// In how many directories something waits for another look.
    pub waiting: usize,
}

/// Recovers what is in abandoned directories `slab-0` and so on, and leaves it there or releases
/// it.
///
/// # Errors
///
/// What the disk says.
pub fn recover(parent: &Path, release: bool) -> Result<Recovered, Error> {
    let commons = Commons::new(Arc::new(OsFileSystem), parent, Duration::from_secs(3600));
    let adopted = slab::adopt(&commons, &mut |_, _| {}).map_err(Error::io("adopt"))?;
    // No more than it takes: memory is put behind every segment that is made.
    let settings = Settings {
        segment_bytes: 64 << 10,
        threads: 1,
        ..Settings::default()
    };
    let (slab, found) = Slab::open(&commons, adopted, settings).map_err(Error::io("open"))?;
    let mut recordings = Vec::new();
    for chain in &found.chains {
        if let Some(frames) = chain.frames().map_err(Error::io("read"))? {
            let frames = frames.iter().map(|(kind, payload)| {
                let pieces = payload.pieces().map(<[u8]>::to_vec);
                (kind as u8, pieces)
            });
            recordings.push(frames.collect());
        }
        match release {
            true => chain.release(Wait::Yes),
            false => chain.leave(),
        }
    }
    slab.trim(Duration::ZERO);
    recordings.sort();
    let set_aside = found.set_aside.into_iter().map(|it| it.reason).collect();
    Ok(Recovered {
        recordings,
        set_aside,
        waiting: found.waiting.len(),
    })
}
