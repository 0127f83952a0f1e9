use std::path::Path;
use std::sync::Arc;
use std::{io, iter};

use super::Journal;
use super::file::{Fault, Header, Kind, SHORT, next_row};
use super::row::{self, VERSION};
use crate::disk::FileSystem;
use crate::index::Damage;
use crate::index::entry::Shared;
use crate::index::{Index, Slot};

/// A larger file is not read: it would hold millions of recordings.
const MAX_FILE_BYTES: u64 = 4 << 30;

/// Rows that are read before entries are made of them.
const BATCH: usize = 1024;

impl Journal {
    /// Puts into the index what was known when it was last written, and returns what of it can't
    /// be read.
    pub(crate) fn load(
        &self,
        fs: &dyn FileSystem,
        shared: &Shared,
        index: &mut Index,
    ) -> Vec<Damage> {
        let mut state = self.state.lock();
        let mut damage = Vec::new();
        let mut file = Vec::new();
        let snapshot = read(fs, &self.snapshot, &mut file).and_then(|()| {
            state.snapshot_bytes = file.len() as u64;
            replay(&file, Kind::Snapshot, |_| true, shared, index)
        });
        let generation = snapshot.as_ref().ok().map(|header| header.generation);
        damage.extend(snapshot.err().and_then(|flaw| flaw.damage(&self.snapshot)));
        let goes_with = |header: Header| Some(header.generation) == generation;
        let log = read(fs, &self.log, &mut file)
            .and_then(|()| replay(&file, Kind::Log, goes_with, shared, index));
        state.spoilt = match &log {
            // Rows of this version do not go behind others.
            Ok(header) => header.version != VERSION,
            Err(flaw) => !matches!(flaw, Flaw::Absent),
        };
        damage.extend(log.err().and_then(|flaw| flaw.damage(&self.log)));
        damage
    }
}

/// Why a file is of no, or no further, use.
enum Flaw {
    /// There is none.
    Absent,
    /// It is the log of another snapshot.
    Other,
    Unreadable(io::ErrorKind),
    Fault(Fault),
}

impl Flaw {
    /// What there is to report.
    fn damage(self, path: &Path) -> Option<Damage> {
        let reason = match self {
            Flaw::Absent | Flaw::Other => return None,
            Flaw::Unreadable(kind) => format!("cannot be read: {kind}"),
            Flaw::Fault(fault) => fault.to_string(),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Some(Damage {
            file: format!("{}/{name}", crate::disk::NATIVE_DIR),
            reason,
        })
    }
}

fn read(fs: &dyn FileSystem, path: &Path, into: &mut Vec<u8>) -> Result<(), Flaw> {
    match fs.read(path, MAX_FILE_BYTES, into) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Flaw::Absent),
        Err(error) => Err(Flaw::Unreadable(error.kind())),
    }
}

/// Applies what a file holds, up to the first thing that is wrong with it. Returns its header.
fn replay(
    file: &[u8],
    kind: Kind,
    wanted: impl FnOnce(Header) -> bool,
    shared: &Shared,
    index: &mut Index,
) -> Result<Header, Flaw> {
    let (header, mut rows) = Header::decode(file, kind).map_err(Flaw::Fault)?;
    if !wanted(header) {
        return Err(Flaw::Other);
    }
    let mut rows = iter::from_fn(|| next_row(&mut rows))
        .map(|row| row::read(row?, header.version).ok_or(Fault::Unknown));
    let (mut count, mut fault) = (0, None);
    loop {
        let sound = |row: Result<_, _>| row.map_err(|it| fault = Some(it)).ok();
        let batch: Vec<_> = rows.by_ref().take(BATCH).map_while(sound).collect();
        let is_last = batch.len() < BATCH;
        for entry in row::entries(batch, shared) {
            let entry = Arc::new(entry);
            index.put(entry.file(), Slot::Recording(Arc::clone(&entry)));
            count += 1;
        }
        match fault {
            Some(fault) => return Err(Flaw::Fault(fault)),
            None if is_last => break,
            None => {}
        }
    }
    match kind {
        Kind::Snapshot if count != header.count => Err(Flaw::Fault(SHORT)),
        _ => Ok(header),
    }
}
